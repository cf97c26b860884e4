"""The dialog in which a person approves or rejects a proposal, and hears what the Gate says to that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from nicegui import ui

from api.acts.approval import Meaning
from api.console.operate.proposal_words import CardView
from api.web.routes.proposals import Approval, Rejection, Said, approve, reject
from kg.errors import TwinError

if TYPE_CHECKING:
    from api.console.shell import Visit


class WordDialog:
    """One for the page. What is approved is what was shown: its hash goes along."""

    def __init__(self, visit: Visit, after: Callable[[], Awaitable[None]]) -> None:
        self._visit = visit
        self._after = after
        self._view: CardView | None = None
        self._meaning: Meaning = "approve"
        with (
            ui.dialog().props('aria-label="Your word on a proposal"') as self._dialog,
            ui.element("div").classes("tw-card op-dialog"),
        ):
            self._title = ui.label().props("role=heading aria-level=2").classes("op-dialog-title")
            self._change = ui.label().classes("op-card-change tw-number")
            self._why = ui.label()
            self._note = ui.label().classes("tw-quiet")
            self._reason = ui.textarea("Reason").props("outlined rows=2 maxlength=1000")
            self._problem = ui.label().classes("tw-problem").props("role=alert")
            with ui.element("div").classes("op-dialog-acts"):
                self._go = ui.button("Approve", on_click=self._say).props("no-caps unelevated color=primary")
                self._go.classes("op-button")
                ui.button("Cancel", on_click=self._dialog.close).props("no-caps flat").classes("op-button")

    @property
    def is_open(self) -> bool:
        return bool(self._dialog.value)

    def open(self, view: CardView, meaning: Meaning) -> None:
        """Ask for a word on a proposal as it is shown."""
        self._view, self._meaning = view, meaning
        approves = meaning == "approve"
        self._title.set_text(f"{'Approve' if approves else 'Reject'}: {view.what}")
        self._change.set_text(view.change)
        self._why.set_text(view.why)
        told = "It is judged again by the Gate before anything is written." if approves else "The proposal ends."
        self._note.set_text(f"{told} Your word and reason stay on record.")
        self._reason.props["label"] = "Reason (optional)" if approves else "Reason"
        self._reason.set_value("")
        self._go.set_text("Approve" if approves else "Reject")
        self._tell("")
        self._go.enable()
        self._dialog.open()

    def follow(self, view: CardView) -> None:
        """Take note that a proposal has moved on while somebody thinks about it."""
        if self.is_open and self._view is not None and self._view.id == view.id and not view.offers:
            self._tell(view.state or "Nothing is left to say about this proposal.")
            self._go.disable()

    async def _say(self) -> None:
        view, reason = self._view, str(self._reason.value or "").strip()
        if view is None:
            return
        if self._meaning == "reject" and not reason:
            self._tell("Say why: the reason helps whoever looks at the rule.")
            return
        self._go.disable()
        try:
            said = await self._word(view, reason)
        except TwinError as error:
            self._tell(f"{error.message} {error.remedy}")
            self._go.enable()
            return
        self._dialog.close()
        ui.notify(_thanks(said), position="top", timeout=6000, color="secondary")
        await self._after()

    async def _word(self, view: CardView, reason: str) -> Said:
        person, twin = self._visit.person, self._visit.twin
        if self._meaning == "approve":
            return await approve(view.id, person, twin, Approval(reason=reason, expect=view.binds))
        return await reject(view.id, person, twin, Rejection(reason=reason, expect=view.binds))

    def _tell(self, problem: str) -> None:
        self._problem.set_text(problem)
        self._problem.set_visibility(bool(problem))


def _thanks(said: Said) -> str:
    if said.meaning == "reject":
        return "Rejected; the reason is on record."
    missing = said.approvals.needed - len(said.approvals.given)
    return "Approved; the Gate judges it now." if missing <= 0 else f"Approved; {missing} more person must approve."
