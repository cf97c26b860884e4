"""One step on the page: what to do, the buttons that do it, what was seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from nicegui import ui

from api.console.tour.guide import JAMS, LOCAL, REAL, WATCHED, Guide
from api.console.tour.proposal import ProposalBox
from api.tour import Step, StepId, unsafe_wish
from api.web.access import ALLOWED, Action, may
from kg.errors import TwinError


@dataclass(frozen=True, slots=True)
class Deed:
    """A button."""

    text: str
    action: Action
    do: Callable[[], Awaitable[str]]
    is_first: bool = False


class StepCard:
    """Drawn when a step is chosen, then kept up."""

    def __init__(
        self, guide: Guide, step: Step, number: int, choose: Callable[[int], Awaitable[None]], seen: ui.element
    ) -> None:
        """Draws where it is made, and what was seen into `seen`."""
        self._guide = guide
        self._step = step
        self._marks: dict[str, tuple[ui.element, ui.label, ui.label]] = {}
        self._proposal: ProposalBox | None = None
        ui.html(f'<h2 id="tour-step">{number + 1}. {step.title}</h2>', sanitize=False)
        ui.label(step.do).classes("tour-do")
        ui.label(step.look).classes("tw-quiet")
        deeds = _deeds(guide, step.id)
        with ui.element("div").classes("tour-deeds"):
            for deed in deeds:
                self._button(deed)
        _who_may(guide, deeds)
        if step.id in (StepId.READ, StepId.APPROVE):
            self._proposal = ProposalBox(guide, self._act, is_for_word=step.id is StepId.APPROVE)
        self._note = ui.label().classes("tour-told").props("role=status aria-live=polite")
        self._told = ui.label().classes("tour-told").props("role=status aria-live=polite")
        with seen, ui.element("ol").classes("tour-marks"):
            for mark in step.marks:
                self._marks[mark.id] = _mark(mark.text)
        with ui.element("div").classes("tour-deeds"):
            onward = ui.button("Next step", on_click=lambda: choose(number + 1), color=None)
            onward.props("no-caps outline").classes("tour-button tour-other")
            onward.set_visibility(step.id is not StepId.KILL)
            anew = ui.button("Begin this step anew", on_click=lambda: guide.again(step.id), color=None)
            anew.props("no-caps flat").classes("tour-button tour-other")

    async def tick(self) -> None:
        """Bring the marks and the proposal up to date."""
        reached = self._guide.tour.reached
        self._note.set_text(self._guide.note)
        for ident, (item, word, seen) in self._marks.items():
            is_reached = ident in reached
            item.classes(add="tour-reached" if is_reached else "", remove="" if is_reached else "tour-reached")
            word.set_text("seen" if is_reached else "not yet")
            seen.set_text(reached.get(ident, ""))
        if self._proposal is not None:
            await self._proposal.tick()

    def _button(self, deed: Deed) -> None:
        button = ui.button(deed.text, on_click=lambda: self._act(deed.do), color=None)
        button.props(f"no-caps {'unelevated' if deed.is_first else 'outline'}")
        button.classes(f"tour-button {'tour-first' if deed.is_first else 'tour-other'}")
        button.set_enabled(may(self._guide.visit.person, deed.action))

    async def _act(self, do: Callable[[], Awaitable[str]]) -> None:
        """Do it and say what came of it; a refusal is told with what to do about it."""
        try:
            self._guide.note = ""
            told, is_bad = await do(), False
        except TwinError as error:
            told, is_bad = f"{error.message} {error.remedy}", True
        self._told.set_text(told)
        self._told.classes(add="tw-problem" if is_bad else "", remove="" if is_bad else "tw-problem")
        await self.tick()


def _mark(text: str) -> tuple[ui.element, ui.label, ui.label]:
    with ui.element("li") as item:
        ui.label(text).classes("tour-mark")
        word = ui.label("not yet").classes("tour-word")
        seen = ui.label().classes("tour-seen tw-number")
    return item, word, seen


def _deeds(guide: Guide, step: StepId) -> Sequence[Deed]:
    """The buttons of a step."""
    machine = JAMS.lower()
    match step:
        case StepId.ORDER:
            return ()
        case StepId.JAM:
            return (
                Deed(f"Let the {machine} jam", Action.DEMO, guide.jam, is_first=True),
                Deed(f"Put the {machine} right", Action.DEMO, guide.clear),
            )
        case StepId.READ:
            return (
                Deed(f"Let the {machine} jam", Action.DEMO, lambda: guide.jam_when_ready(WATCHED)),
                Deed(f"Put the {machine} right", Action.DEMO, guide.clear),
            )
        case StepId.APPROVE:
            return (
                Deed("Agents ask for approval", Action.AUTONOMY, lambda: guide.level("approve"), is_first=True),
                Deed(f"Let the {machine} jam, in real time", Action.DEMO, lambda: guide.jam_when_ready(REAL)),
                Deed(f"Put the {machine} right", Action.DEMO, guide.clear),
                Deed(f"Back to {WATCHED:g} times", Action.DEMO, lambda: guide.pace(WATCHED)),
                Deed("Agents back to shadow", Action.AUTONOMY, lambda: guide.level("shadow")),
            )
        case StepId.UNSAFE:
            wish = unsafe_wish(guide.visit.twin.plant)
            text = f"Ask for {wish.value:g} {wish.binding.unit or ''}"
            return (Deed(text, Action.DEMO, guide.unsafe, is_first=True),)
        case StepId.LOCAL:
            return (
                Deed(f"Turn the {LOCAL.lower()} to local", Action.DEMO, lambda: guide.turn(local=True), is_first=True),
                Deed("Ask for an ordinary speed", Action.CHANGE, guide.ask),
                Deed("Turn it back", Action.DEMO, lambda: guide.turn(local=False)),
            )
        case StepId.KILL:
            return (Deed("Kill core, gateway and agents", Action.DEMO, guide.kill, is_first=True),)


def _who_may(guide: Guide, deeds: Sequence[Deed]) -> None:
    """Says who could press the buttons that this person cannot."""
    person = guide.visit.person
    barred = {deed.action for deed in deeds if not may(person, deed.action)}
    if barred:
        roles = sorted(frozenset.intersection(*(ALLOWED[action] for action in barred)))
        ui.label(f"You are {person.label}, {person.role}. Some of this is for: {', '.join(roles)}.").classes("tw-quiet")
        ui.link("Sign in as somebody else", "/sign-in?to=/tour")
