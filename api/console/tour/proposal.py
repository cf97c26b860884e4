"""The newest proposal of the agents on the tour: what it wants, and behind a button why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from api.console.tour.guide import Guide
from api.web.access import Action, may
from api.web.proposal_view import ProposalView, Quantity

_SHOWN: Final = "(event) => emit(event.currentTarget.dataset.shown)"
Act = Callable[[Callable[[], Awaitable[str]]], Awaitable[None]]


class ProposalBox:
    """Kept up while its step is shown. With `is_for_word` there is a button to approve."""

    def __init__(self, guide: Guide, act: Act, *, is_for_word: bool) -> None:
        self._guide = guide
        self._act = act
        self._view: ProposalView | None = None
        self._is_open = False
        with ui.element("div").classes("tour-proposal").props('role=region aria-label="Newest proposal"'):
            self._title = ui.label().classes("tour-wish")
            self._state = ui.label().classes("tw-quiet")
            self._read = ui.button("Read why", on_click=self._open, color=None)
            self._read.props("no-caps outline").classes("tour-button tour-other")
            with ui.element("dl").classes("tour-why") as self._why:
                self._lines = {term: _line(term) for term in ("Why", "What it expects", "If nothing is done", "Rule")}
                self._link = ui.link("The whole explanation, down to samples", "/explain", new_tab=True)
            self._approve = ui.button("Approve exactly this", color=None)
            self._approve.props("no-caps unelevated").classes("tour-button tour-first")
            self._approve.on("click", self._say, js_handler=_SHOWN)
        self._approve.set_visibility(is_for_word)
        self._is_for_word = is_for_word
        self._show()

    async def tick(self) -> None:
        """What is newest now. One that is being read stays: for good, or as long as a word on it counts."""
        held = self._view if self._is_open else None
        shown = await self._guide.proposal(None if held is None else held.id)
        if shown is None or (held is not None and shown.id != held.id and not self._is_for_word):
            return
        self._is_open = held is not None and shown.id == held.id
        self._view = shown
        self._show()

    async def _open(self) -> None:
        if self._view is None:
            return
        self._is_open = True
        ident = self._view.id
        self._show()
        await self._act(lambda: self._guide.open(ident))

    async def _say(self, event: GenericEventArguments) -> None:
        """The yes is to what the page showed when the button was pressed, not to what came since."""
        shown = self._view
        if shown is not None:
            await self._act(lambda: self._approve_if(shown, str(event.args)))

    async def _approve_if(self, shown: ProposalView, seen: str) -> str:
        if shown.id != seen:
            return "Nothing was approved: another proposal has just taken the place of that one."
        return await self._guide.approve(shown)

    def _show(self) -> None:
        view = self._view
        self._why.set_visibility(view is not None and self._is_open)
        self._read.set_visibility(view is not None and not self._is_open)
        if view is None:
            self._title.set_text("No proposal yet. It comes some seconds after a jam, while the filler still runs.")
            self._approve.set_enabled(False)
            return
        self._title.set_text(f"{view.target.label}: {_told(view.desired)} instead of {_told(view.prior)}")
        self._state.set_text(view.word.sentence if view.end is None else f"Ended: {view.end_in_words}.")
        told = (view.sentence, view.prediction.sentence, view.if_nothing or "Nothing is said.")
        for term, text in zip(self._lines, (*told, "" if view.rule is None else view.rule.label), strict=True):
            self._lines[term].set_text(text)
        self._approve.props(f"data-shown={view.id}")
        self._link.props(f'href="/explain/{view.id.removeprefix("urn:uuid:")}"')
        # while the line runs fast to where a jam can be shown, nobody could say yes in time
        counts = view.word.counts and not self._guide.is_waiting
        self._approve.set_enabled(counts and may(self._guide.visit.person, Action.APPROVE))


def _line(term: str) -> ui.label:
    with ui.element("dt"):
        ui.label(term)
    with ui.element("dd"):
        return ui.label()


def _told(quantity: Quantity | None) -> str:
    if quantity is None:
        return "an unknown value"
    value = f"{quantity.value:g}" if isinstance(quantity.value, float) else str(quantity.value)
    return f"{value} {quantity.unit or ''}".strip()
