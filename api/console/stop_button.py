"""The stop button: in the header of every page, so always in reach; one press opens its dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import Response
from nicegui import ui

from api.console.stop_words import (
    MODES,
    NOTE,
    SPANS,
    StopRow,
    agents_of,
    button_words,
    machines_of,
    outcome_words,
    row_of,
    why_not,
)
from api.web.routes.stops import StopOrder, list_stops, release_stop, set_stop
from kg.errors import TwinError
from ontology import TW

if TYPE_CHECKING:
    from api.console.shell import Visit

_EVERY_S: Final = 1.0
_PLANT: Final = "plant"
_MACHINE: Final = "machine"
_AGENT: Final = "agent"
_PRESS: Final = "no-caps unelevated icon=pan_tool color=negative text-color=white"
_PALE: Final = "no-caps outline icon=pan_tool color=secondary aria-disabled=true"


def stop_button(visit: Visit) -> None:
    """Draws the button with its dialog; for those who may not stop, a pale one that says why."""
    reason = why_not(visit.person)
    if reason:
        with ui.button("Stop", color=None, on_click=lambda: ui.notify(reason, position="top")).props(_PALE) as pale:
            ui.tooltip(reason).classes("op-tip")
        pale.classes("op-stop-pale")
        pale.props["aria-label"] = f"Stop. {reason}"
        return
    dialog = StopDialog(visit)
    button = ui.button("Stop", color=None, on_click=dialog.open).props(_PRESS).classes("op-stop")
    button.props["aria-haspopup"] = "dialog"

    def look() -> None:
        button.set_text(button_words(visit.twin.hub.model.stops))

    look()
    ui.timer(_EVERY_S, look)


class StopDialog:
    """What, how, how long, why; and what is stopped already, with the way to release it."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        with (
            ui.dialog().props('aria-label="Stop the twin"') as self._dialog,
            ui.element("div").classes("tw-card op-dialog op-stop-dialog"),
        ):
            ui.label("Stop the twin").props("role=heading aria-level=2").classes("op-dialog-title")
            ui.label(NOTE).classes("tw-quiet")
            self._set = ui.element("div").classes("op-stop-set")
            self._draw_choices()
            self._result = ui.label().props("role=status").classes("op-stop-result")
            self._problem = ui.label().props("role=alert").classes("tw-problem")
            with ui.element("div").classes("op-dialog-acts"):
                self._go = ui.button("Stop now", color=None, on_click=self._stop).props(_PRESS)
                self._go.classes("op-stop op-stop-go")
                ui.button("Close", on_click=self._dialog.close).props("no-caps flat").classes("op-button")

    async def open(self) -> None:
        """Show it at once; what is stopped already follows as soon as it is known."""
        model = self._visit.twin.hub.model
        self._machine.set_options(machines_of(model))
        self._agent.set_options(agents_of(model))
        self._tell("", "")
        self._dialog.open()
        await self._list()

    def _draw_choices(self) -> None:
        with ui.element("fieldset").classes("op-fieldset"):
            _legend("What")
            options = {_PLANT: "Whole plant", _MACHINE: "A machine", _AGENT: "An agent"}
            self._what = ui.radio(options, value=_PLANT, on_change=self._chosen).props("inline").classes("op-radio")
            self._machine = ui.select({}, label="Machine").props("outlined").classes("op-wide-field")
            self._agent = ui.select({}, label="Agent").props("outlined").classes("op-wide-field")
        with ui.element("fieldset").classes("op-fieldset"):
            _legend("How")
            self._mode = ui.radio(dict(MODES), value="no-writes").classes("op-radio")
        with ui.element("fieldset").classes("op-fieldset"):
            _legend("For how long")
            self._span = ui.radio(dict(SPANS), value=0).props("inline").classes("op-radio")
        self._reason = ui.input("Reason (optional)").props("outlined maxlength=1000").classes("op-wide-field")
        self._chosen()

    def _chosen(self) -> None:
        self._machine.set_visibility(self._what.value == _MACHINE)
        self._agent.set_visibility(self._what.value == _AGENT)

    def _scope(self) -> str | None:
        chosen = {_PLANT: str(TW.Plant), _MACHINE: self._machine.value, _AGENT: self._agent.value}[self._what.value]
        return None if chosen is None else str(chosen)

    async def _stop(self) -> None:
        scope, span_s = self._scope(), int(self._span.value)
        if scope is None:
            self._tell("", "Choose which one is to be stopped.")
            return
        order = StopOrder(mode=self._mode.value, for_s=span_s or None, reason=str(self._reason.value or ""))
        self._go.disable()
        try:
            outcome = await set_stop(scope, order, self._visit.person, self._visit.twin, Response())
            self._tell(outcome_words(outcome), "")
        except TwinError as error:
            self._tell("", f"{error.message} {error.remedy}")
        finally:
            self._go.enable()
        await self._list()

    async def _release(self, scope: str) -> None:
        reason = str(self._reason.value or "")
        try:
            outcome = await release_stop(scope, self._visit.person, self._visit.twin, Response(), reason)
            self._tell(outcome_words(outcome), "")
        except TwinError as error:
            self._tell("", f"{error.message} {error.remedy}")
        await self._list()

    async def _list(self) -> None:
        twin = self._visit.twin
        found = await list_stops(self._visit.person, twin)
        rows = [row_of(view, twin.now_us()) for view in found.items]
        self._set.clear()
        self._set.set_visibility(bool(rows))
        with self._set:
            for row in rows:
                self._draw_row(row)

    def _draw_row(self, row: StopRow) -> None:
        with ui.element("div").classes("op-stop-row"):
            with ui.element("div"):
                ui.label(row.name).classes("op-stop-name")
                ui.label(row.sentence)
            button = ui.button("Release", on_click=lambda: self._release(row.scope)).props(
                "no-caps outline color=primary"
            )
            button.classes("op-button").props["aria-label"] = f"Release {row.name}"

    def _tell(self, result: str, problem: str) -> None:
        self._result.set_text(result)
        self._result.set_visibility(bool(result))
        self._problem.set_text(problem)
        self._problem.set_visibility(bool(problem))


def _legend(text: str) -> None:
    with ui.element("legend"):
        ui.label(text)
