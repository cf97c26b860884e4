"""Leads one visitor: looks at twin and plant, does what the buttons say in the visitor's name, keeps the tour."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from agents.explanation.story import Story, read_story
from api.acts import require_level
from api.acts.request import request_change, target_of
from api.panel import PlantTruth
from api.tour import Approved, Asked, Deed, Facts, Jammed, Killed, Opened, StepId, Tour
from api.tour.gather import effect_of, gather
from api.web.access import Action, decide, may
from api.web.proposal_view import ProposalView, view
from api.web.routes import demo
from api.web.routes.autonomy import LevelOrder, set_level
from api.web.routes.proposals import Approval, approve
from api.web.twin import Twin
from kg.errors import ServiceDown, TwinError
from kg.tokens import local_name

if TYPE_CHECKING:
    from api.console.shell import Visit

JAMS: Final = "Labeller"
JAM_S: Final = 240.0
"""Plant seconds: long enough for the filler to feel it."""
LOCAL: Final = "Packer"
FEEDS: Final = "Filler"
BETWEEN: Final = "ConveyorFL"
"""Agents can help against a jam only while the machine before it runs and the conveyor between has room."""
_ROOM: Final = 0.5
_EXECUTE: Final = 6
_JAM: Final = 1
_IN_ORDER: Final = frozenset({StepId.UNSAFE, StepId.LOCAL, StepId.KILL})
WATCHED: Final = 5.0
WAITED: Final = 20.0
REAL: Final = 1.0
_LESS: Final = 20.0
"""An ordinary request is so much below the speed that is in force."""
_LIMIT: Final = "LIM-"
"""So begin the codes of shapes that judge values; others would refuse an ordinary value just now, too."""
_COMMITTED: Final = frozenset({"confirmed", "committed"})
_EFFECTS: Final = 3

_TOURS: WeakKeyDictionary[Twin, dict[str, Tour]] = WeakKeyDictionary()


class Guide:
    """One page of one visitor. The tour itself is the same on all pages of a person, and outlives them."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.facts = Facts(at_us=visit.twin.now_us(), answers=False)
        self.note = ""
        """What the visitor is waiting for, or what has just happened of itself."""
        self._jams_at: float | None = None
        """The pace at which the machine is to jam as soon as the line is ready; None where nothing is to come."""
        self._effects: dict[str, str] = {}

    @property
    def is_waiting(self) -> bool:
        """True while the line runs fast towards a moment that the visitor waits for."""
        return self._jams_at is not None

    @property
    def tour(self) -> Tour:
        return _TOURS.get(self.visit.twin, {}).get(self.visit.person.login, Tour())

    async def look(self) -> None:
        """One look at twin and plant."""
        await self._read_effects()
        await self._gather()
        self._keep(self.tour.looking(self.facts))
        if self._jams_at is not None and _is_ready(self.facts.truth):
            await self._jam_now(self._jams_at)

    async def proposal(self, held: str | None = None) -> ProposalView | None:
        """The proposal to show: one that is `held` while a word on it counts, else the newest one for which a word
        counts, else the newest. None where there is none."""
        twin, person = self.visit.twin, self.visit.person
        found = [seen.id for seen in self.facts.decisions if seen.is_proposal][-_EFFECTS:]
        if not found or not twin.hub.release:
            return None
        stories = [await self._story(ident) for ident in reversed(found)]
        views = [view(story, twin, person.iri, twin.now_us()) for story in stories if story is not None]
        counting = [shown for shown in views if shown.word.counts]
        return next((shown for shown in counting if shown.id == held), next(iter(counting or views), None))

    # what the buttons do; each raises TwinError, and returns what happened in a sentence

    async def jam(self) -> str:
        """A jam, and the plant's word on it."""
        injection = demo.Injection(fault="jam", target=JAMS, lasts_s=JAM_S)
        self._may(Action.DEMO)
        await demo.inject(injection, self.visit.person, self.visit.twin)
        await self._did(Jammed(JAMS))
        return f"The {JAMS.lower()} jams for four minutes of plant time, unless somebody puts it right."

    async def jam_when_ready(self, pace: float) -> str:
        """A jam against which agents can do something, at this pace: as soon as the filler runs and has room behind."""
        self._may(Action.DEMO)
        self._jams_at = pace  # at once, so that nobody says yes to what the running line is about to take back
        try:
            is_ready = _is_ready(await demo.panel_of(self.visit.twin).state())
            if not is_ready:
                await self.pace(WAITED)
        except TwinError:
            self._jams_at = None
            raise
        if not self.is_waiting:
            return ""  # meanwhile it has jammed, or the visitor has moved on
        if is_ready:
            await self._jam_now(pace)
            return ""
        self.note = (
            f"The {FEEDS.lower()} must run and have room behind it first. Meanwhile the line runs {WAITED:g} times "
            f"as fast as time; then the {JAMS.lower()} jams."
        )
        return ""

    async def move_on(self) -> None:
        """The visitor goes elsewhere: what was to come of itself does not come."""
        self.note = ""
        if self._jams_at is not None:
            self._jams_at = None
            await self.pace(WATCHED)

    async def arrive(self, step: StepId) -> None:
        """The visitor comes to a step. Those after the jams begin with a line in order, at the pace of somebody who
        watches: bottles that do not flow anyway would prove nothing."""
        await self.move_on()
        if step not in _IN_ORDER or not may(self.visit.person, Action.DEMO):
            return
        truth = self.facts.truth
        machine = None if truth is None else truth.machine(JAMS)
        if truth is not None and truth.speed < WATCHED:
            self.note = await self.pace(WATCHED)
        if machine is not None and self.tour.memory.jammed is not None and machine.reason == _JAM:
            self.note = await self.clear()

    async def _jam_now(self, pace: float) -> None:
        self._jams_at = None
        try:
            await self.pace(pace)
            self.note = f"{await self.jam()} {_pace_words(pace)}"
        except TwinError as error:
            self.note = f"{error.message} {error.remedy}"

    async def clear(self) -> str:
        """Somebody at the machine puts it right."""
        self._may(Action.DEMO)
        await self.move_on()
        await demo.clear(demo.Clearing(machine=JAMS), self.visit.person, self.visit.twin)
        return f"The {JAMS.lower()} is put right and starts again."

    async def pace(self, pace: float) -> str:
        """Plant seconds in a second from now on."""
        self._may(Action.DEMO)
        shown = await demo.pace(demo.Pace(pace=pace), self.visit.person, self.visit.twin)
        return _pace_words(shown.pace)

    async def level(self, word: str) -> str:
        """All rules of the plant's agents at one level."""
        self._may(Action.AUTONOMY)
        order = LevelOrder(level=require_level(word).word, reason="Chosen on the tour.")  # type: ignore[arg-type]
        for agent in self.visit.twin.plant.agents:
            await set_level(str(agent), order, self.visit.person, self.visit.twin)
        return f"The agents are at {word}."

    async def open(self, ident: str) -> str:
        """The visitor reads a proposal."""
        await self._did(Opened(ident))
        return ""

    async def approve(self, shown: ProposalView) -> str:
        """The visitor's yes to exactly what was shown."""
        self._may(Action.APPROVE)
        await self.move_on()
        body = Approval(expect=shown.binds, reason="Approved on the tour.")
        said = await approve(shown.id, self.visit.person, self.visit.twin, body)
        await self._did(Approved(shown.id))
        missing = said.approvals.needed - len(said.approvals.given)
        return "Your yes is on record." if missing <= 0 else f"Your yes is on record; {missing} more needed."

    async def unsafe(self) -> str:
        """An unsafe value, in earnest."""
        self._may(Action.DEMO)
        told = await demo.unsafe(self.visit.person, self.visit.twin)
        machine = local_name(told.target.iri).partition(".")[0]
        await self._did(_asked(told, machine, told.value, is_unsafe=True))
        return "Refused." if not told.admitted else "It was admitted. That should not be: look at the page Explain."

    async def turn(self, *, local: bool) -> str:
        """The key at the machine."""
        self._may(Action.DEMO)
        await demo.local(demo.Selector(machine=LOCAL, on=local), self.visit.person, self.visit.twin)
        return f"The key at the {LOCAL.lower()} stands on {'local' if local else 'remote'}."

    async def ask(self) -> str:
        """An ordinary value for the machine that is local, in earnest."""
        self._may(Action.CHANGE)
        twin, person = self.visit.twin, self.visit.person
        machine = None if self.facts.truth is None else self.facts.truth.machine(LOCAL)
        if machine is None:
            raise ServiceDown("The line could not be asked for its speed.", part="plant")
        binding = target_of(twin.info, twin.plant, f"{LOCAL}.SetMachSpeed")
        value = round(machine.accepted - _LESS)
        change = request_change(binding, float(value), "The tour: does local block this?", twin.now_us())
        verdict = await twin.submit(person, change)
        shaped = [reason for reason in verdict.reasons if reason.finding is not None] or list(verdict.reasons)
        sentence = twin.info.in_words(shaped[0].sentence) if shaped else ""
        shape = shaped[0].code if shaped and shaped[0].finding is not None else None
        unit = binding.unit or ""
        await self._did(Asked(change.id, LOCAL, float(value), unit, verdict.admitted, sentence, shape))
        return f"{value:g} {unit}: {'refused.' if not verdict.admitted else 'admitted.'}"

    async def kill(self) -> str:
        """SIGKILL to core, gateway and agents."""
        self._may(Action.DEMO)
        await self._gather()
        killed = await demo.kill(demo.Kill(), self.visit.person, self.visit.twin)
        if not killed.killed:
            return "Nothing was killed: the twin is down already. Wait until it is back."
        await self._did(Killed(tuple(killed.killed)), anew=False)
        return f"Killed: {', '.join(killed.killed)}."

    def again(self, step: StepId) -> None:
        """The step from its beginning."""
        self._keep(self.tour.again(step))

    def _may(self, action: Action) -> None:
        decide(self.visit.person, action)

    async def _did(self, deed: Deed, *, anew: bool = True) -> None:
        if anew:
            await self._gather()
        self._keep(self.tour.after(deed, self.facts))

    def _keep(self, tour: Tour) -> None:
        _TOURS.setdefault(self.visit.twin, {})[self.visit.person.login] = tour

    async def _gather(self) -> None:
        twin = self.visit.twin
        truth = await self._truth()
        self.facts = gather(
            twin.hub.model,
            answers=twin.hub.connected,
            at_us=twin.now_us(),
            agents=twin.plant.agents,
            truth=truth,
            effects=self._effects,
        )

    async def _truth(self) -> PlantTruth | None:
        try:
            return await demo.panel_of(self.visit.twin).state()
        except ServiceDown:
            return None

    async def _read_effects(self) -> None:
        written = [seen.id for seen in self.facts.decisions if seen.is_proposal and seen.stage in _COMMITTED]
        for ident in written[-_EFFECTS:]:
            story = None if ident in self._effects else await self._story(ident)
            if story is not None and (told := effect_of(story)) is not None:
                self._effects[ident] = told

    async def _story(self, ident: str) -> Story | None:
        try:
            return await asyncio.to_thread(read_story, self.visit.twin.journal, ident)
        except TwinError:
            return None  # published, and not yet to be read


def _is_ready(truth: PlantTruth | None) -> bool:
    """Whether a jam now would leave agents time to act."""
    if truth is None:
        return False
    run = all((machine := truth.machine(name)) is not None and machine.state == _EXECUTE for name in (FEEDS, JAMS))
    return run and all(conveyor.fill <= _ROOM for conveyor in truth.conveyors if conveyor.name == BETWEEN)


def _pace_words(pace: float) -> str:
    return "The line runs in real time." if pace == REAL else f"The line runs {pace:g} times as fast as time."


def _asked(told: demo.Attempt, machine: str, value: float, *, is_unsafe: bool) -> Asked:
    """The attempt as the tour remembers it: the first limit that refused it speaks for all."""
    shaped = [reason for reason in told.reasons if reason.shape]
    limits = [reason for reason in shaped if reason.code.startswith(_LIMIT)]
    first = next(iter(limits or shaped or told.reasons), None)
    sentence, shape = ("", None) if first is None else (first.sentence, first.code if first.shape else None)
    return Asked(told.decision, machine, value, told.unit, told.admitted, sentence, shape, is_unsafe)
