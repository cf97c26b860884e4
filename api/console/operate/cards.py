"""What agents propose, one card each, with a person's word. A card that waits never moves under the hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from nicegui import ui

from api.console.operate.decisions import Mark, mark_of
from api.console.operate.proposal_words import CardView, card_of
from api.console.operate.word_dialog import WordDialog
from api.web.access import Action, may
from api.web.proposals import State
from api.web.routes.proposals import get_proposal, list_proposals
from kg.errors import TwinError

if TYPE_CHECKING:
    from api.console.shell import Visit

_SHOWN: Final = 6
_STAYS_US: Final = 20_000_000
"""So long the outcome of a proposal stays where the proposal was."""
_ANYHOW_US: Final = 10_000_000


class Cards:
    """The open proposals, in the order in which they were made; new ones at the end."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._cards: dict[str, _Card] = {}
        self._mark: Mark | None = None
        self._asked_us = 0
        self._is_touched = False
        self._dialog = WordDialog(visit, self._said)
        with ui.element("section").classes("tw-card op-proposals").props('aria-label="Proposals"'):
            with ui.element("div").classes("op-head"):
                ui.html("<h2>Proposals</h2>", sanitize=False)
                self._count = ui.label().classes("tw-quiet").props("role=status aria-live=polite")
            self._problem = ui.label().classes("tw-problem").props("role=alert")
            self._none = ui.label("No proposal is open.").classes("tw-quiet op-note")
            self._place = ui.element("div").classes("op-cards")
        self._problem.set_visibility(False)
        self._count.set_text("")
        for event, touched in (("mouseenter", True), ("mouseleave", False), ("focusin", True), ("focusout", False)):
            self._place.on(event, lambda touched=touched: self._touch(touched), args=[])

    def tick(self) -> None:
        """Count down; take away what ended a while ago, unless a hand is on the list."""
        now_us = self._visit.twin.now_us()
        over = [card for card in self._cards.values() if card.ended_us and now_us - card.ended_us > _STAYS_US]
        if not self._is_touched and not self._dialog.is_open:
            for card in over:
                card.root.delete()
                del self._cards[card.view.id]
            for card in self._cards.values():
                card.shrink()
        for card in self._cards.values():
            card.count_down(now_us, self._visit.twin.hub.connected)
        waiting = sum(1 for card in self._cards.values() if card.view.offers and not card.view.is_mine)
        self._count.set_text(f"{waiting} wait{'s' if waiting == 1 else ''} for your word" if waiting else "")
        self._none.set_visibility(not self._cards)

    async def ask(self) -> None:
        """Read the open proposals where something has happened, and every ten seconds anyhow."""
        hub, now_us = self._visit.twin.hub, self._visit.twin.now_us()
        mark = mark_of(hub.model)
        if not hub.connected or (mark == self._mark and now_us - self._asked_us < _ANYHOW_US):
            return
        try:
            await self._read()
            self._mark, self._asked_us, problem = mark, now_us, ""
        except TwinError as error:
            problem = f"The proposals could not be read: {error.message} {error.remedy}"
        self._problem.set_text(problem)
        self._problem.set_visibility(bool(problem))

    async def _read(self) -> None:
        twin, person = self._visit.twin, self._visit.person
        allowed, me = may(person, Action.APPROVE), str(person.iri)
        found = await list_proposals(person, twin, State.OPEN, _SHOWN)
        views = {view.id: card_of(view, allowed, me) for view in reversed(found.items)}
        for ident in [ident for ident, card in self._cards.items() if ident not in views and not card.ended_us]:
            views[ident] = card_of(await get_proposal(ident, person, twin), allowed, me)
        for ident, view in views.items():
            self._show(ident, view)
        self.tick()

    def _show(self, ident: str, view: CardView) -> None:
        card = self._cards.get(ident)
        if card is None:
            with self._place:
                card = self._cards[ident] = _Card(view, self._dialog)
        card.show(view, self._visit.twin.now_us(), self._visit.twin.hub.connected)
        self._dialog.follow(view)

    async def _said(self) -> None:
        self._mark = None
        await self.ask()

    def _touch(self, touched: bool) -> None:
        self._is_touched = touched


class _Card:
    """One proposal. Its place and its buttons stay; only texts change."""

    def __init__(self, view: CardView, dialog: WordDialog) -> None:
        self.view = view
        self.ended_us = 0
        with ui.element("article").classes("op-card") as self.root:
            with ui.element("div").classes("op-card-head"):
                ui.label(view.what).classes("op-card-what").props("role=heading aria-level=3")
                self._left = ui.label().classes("op-card-left tw-number")
            ui.label(view.change).classes("op-card-change tw-number")
            ui.label(view.why).classes("op-card-why")
            with ui.element("dl").classes("op-card-facts"):
                self._gain, self._band = _fact("Gain"), _fact("Range")
                self._nothing = _fact("If nothing is done")
            self._level = ui.label().classes("tw-quiet op-card-why")
            self._state = ui.label().classes("op-card-state").props("role=status")
            with ui.element("div").classes("op-card-acts") as self._acts:
                self._yes = _act("Approve", "color=primary unelevated", lambda: dialog.open(self.view, "approve"), view)
                _act("Reject", "outline color=secondary", lambda: dialog.open(self.view, "reject"), view)

    def show(self, view: CardView, now_us: int, connected: bool) -> None:
        """Bring the texts up to date."""
        self.view = view
        self._gain.set_text(view.gain)
        self._band.set_text(view.band)
        self._nothing.set_text(view.if_nothing or "not told")
        self._level.set_text(view.level)
        self._state.set_text(view.state)
        self._state.set_visibility(bool(view.state))
        self._yes.set_visibility(not view.is_mine)
        if view.ended and not self.ended_us:
            self.ended_us = now_us
            self.root.classes(add="op-card-ended")
        self.count_down(now_us, connected)

    def shrink(self) -> None:
        """What has ended needs little room; not while a hand is on the list, for that would move what is below."""
        if self.ended_us:
            self.root.classes(add="op-card-small")

    def count_down(self, now_us: int, connected: bool) -> None:
        """The time left, and no buttons when it is over or nobody would hear."""
        left = self.view.left(now_us)
        self._left.set_text(left)
        self._acts.set_visibility(self.view.offers and connected and left != "expired")


def _fact(name: str) -> ui.label:
    with ui.element("div"):
        with ui.element("dt"):
            ui.label(name)
        with ui.element("dd"):
            return ui.label()


def _act(word: str, props: str, act: Callable[[], None], view: CardView) -> ui.button:
    button = ui.button(word, on_click=act).props(f"no-caps {props}").classes("op-button")
    button.props["aria-label"] = f"{word}: {view.what}, {view.change}"
    return button
