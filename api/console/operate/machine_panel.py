"""The panel of one machine: its figures, what is wrong with it, and the way into the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from nicegui import ui
from rdflib import URIRef

from api.console.operate.conditions import Condition, about
from api.console.operate.lists import conditions_markup
from api.console.operate.machines import machine_view, stale_nodes

if TYPE_CHECKING:
    from api.console.shell import Visit

_ROWS = ("State", "Speed", "Set speed", "Rejects", "Power", "Remarks")


class MachinePanel:
    """A dialog at the side, kept up while it is open."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._machine: URIRef | None = None
        with (
            ui.dialog().props('position=right aria-label="Machine"') as self._dialog,
            ui.element("div").classes("tw-card op-panel"),
        ):
            self._name = ui.label().classes("op-panel-name").props("role=heading aria-level=2")
            with ui.element("dl").classes("op-panel-facts"):
                self._facts = {row: _row(row) for row in _ROWS}
            ui.label("What holds").props("role=heading aria-level=3").classes("op-panel-head")
            self._held = ui.html("", sanitize=False)
            self._link = ui.link("Open in Explore", "/explore").classes("op-link")
            ui.button("Close", on_click=self._dialog.close).props("flat no-caps").classes("op-button")

    def open(self, machine: URIRef, held: tuple[Condition, ...]) -> None:
        """Show a machine."""
        self._machine = machine
        self._link.props["href"] = f"/explore?node={quote(str(machine), safe='')}"
        self._link.update()
        self._dialog.open()
        self.tick(held)

    def tick(self, held: tuple[Condition, ...]) -> None:
        """Bring the figures up to date; nothing while it is closed."""
        if self._machine is None or not self._dialog.value:
            return
        model = self._visit.twin.hub.model
        view = machine_view(model, self._machine, stale_nodes(model))
        self._name.set_text(view.name)
        told = (
            view.word,
            f"{view.speed} per min",
            f"{view.set_speed} per min",
            view.rejects,
            f"{view.power} kW",
            ", ".join(view.marks) or "none",
        )
        for row, text in zip(_ROWS, told, strict=True):
            self._facts[row].set_text(text)
        self._held.set_content(conditions_markup(about(model, held, self._machine)))


def _row(name: str) -> ui.label:
    with ui.element("div"):
        with ui.element("dt"):
            ui.label(name)
        with ui.element("dd"):
            return ui.label()
