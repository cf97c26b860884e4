"""How far the agents may go, in words; whoever may moves a level, with a reason that stays on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from api.acts import grants_in
from api.console.operate.levels import MEANINGS, LevelChoice, choices_of, levels_of, summary
from api.console.operate.lists import agent_rules
from api.web.access import Action, may
from api.web.routes.autonomy import LevelOrder, set_level
from kg.errors import TwinError

if TYPE_CHECKING:
    from api.console.shell import Visit


class AgentsPanel:
    """The levels in force, and the dialog that moves them."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._choices: tuple[LevelChoice, ...] = ()
        self._names = agent_rules(visit)
        with ui.element("section").classes("tw-card op-agents").props('aria-label="Autonomy"'):
            with ui.element("div").classes("op-head"):
                ui.html("<h2>Autonomy of the agents</h2>", sanitize=False)
                self._level = ui.label().classes("op-agents-level")
            self._sentence = ui.label()
            with ui.element("details"):
                with ui.element("summary"):
                    ui.label("By rule")
                self._rules = ui.element("ul").classes("op-rules")
            if may(visit.person, Action.AUTONOMY):
                ui.button("Change a level …", on_click=self._open).props("no-caps outline color=secondary").classes(
                    "op-button"
                )
                self._draw_dialog()
            else:
                ui.label("Supervisors and engineers change this.").classes("tw-quiet")
        self._shown: tuple[str, ...] = ()

    def tick(self) -> None:
        """Bring the words up to date."""
        model = self._visit.twin.hub.model
        grants = grants_in(model)
        views = levels_of(model, grants, self._names)
        level, sentence = summary(views)
        self._choices = choices_of(model, grants, self._names)
        self._level.set_text(level)
        self._sentence.set_text(sentence)
        lines = tuple(view.sentence for view in views)
        if lines != self._shown:
            self._shown = lines
            self._rules.clear()
            with self._rules:
                for line in lines:
                    with ui.element("li"):
                        ui.label(line)

    def _draw_dialog(self) -> None:
        with ui.dialog().props('aria-label="Autonomy"') as self._dialog, ui.element("div").classes("tw-card op-dialog"):
            ui.label("How far may the agents go?").props("role=heading aria-level=2").classes("op-dialog-title")
            self._about = ui.select({}, label="For", on_change=self._chosen).props("outlined")
            self._to = ui.radio({word: f"{word}: {text}" for word, text in MEANINGS.items()}).classes("op-radio")
            self._to.props('aria-label="Level"')
            self._reason = ui.textarea("Reason").props("outlined rows=2 maxlength=1000")
            self._problem = ui.label().classes("tw-problem").props("role=alert")
            with ui.element("div").classes("op-dialog-acts"):
                self._go = ui.button("Change", on_click=self._change).props("no-caps unelevated color=primary")
                self._go.classes("op-button")
                ui.button("Cancel", on_click=self._dialog.close).props("no-caps flat").classes("op-button")

    def _open(self) -> None:
        options = {choice.about: choice.label for choice in self._choices}
        first = next(iter(options), None)
        self._about.set_options(options, value=first)
        self._chosen()
        self._reason.set_value("")
        self._tell("" if options else "The policy holds no level that could be changed.")
        self._dialog.open()

    def _chosen(self) -> None:
        found = next((choice for choice in self._choices if choice.about == self._about.value), None)
        self._to.set_value(found.levels[0] if found is not None and len(found.levels) == 1 else None)

    async def _change(self) -> None:
        about, level, reason = self._about.value, self._to.value, str(self._reason.value or "").strip()
        if not about or not level or not reason:
            self._tell("Choose what, choose a level, and say why.")
            return
        self._go.disable()
        try:
            order = LevelOrder(level=level, reason=reason)
            outcome = await set_level(about, order, self._visit.person, self._visit.twin)
        except TwinError as error:
            self._tell(f"{error.message} {error.remedy}")
            return
        finally:
            self._go.enable()
        self._dialog.close()
        told = f"{outcome.moved} moved to {level}." if outcome.moved else f"Already at {level}; nothing had to change."
        ui.notify(told, position="top", timeout=6000, color="secondary")

    def _tell(self, problem: str) -> None:
        self._problem.set_text(problem)
        self._problem.set_visibility(bool(problem))
