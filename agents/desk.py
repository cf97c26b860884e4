"""One agent at work: its matches become decisions, and each is driven through the pipeline, one step at a time.

Level-triggered: each turn compares the conditions that hold with the decisions that are open, so that a lost event
costs nothing. Only approvals and outcomes are edges; they wait in a bounded queue. Nothing here is kept over a
restart: what was not yet requested is withdrawn, what was requested belongs to the core (`agents.recovery`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from agents.contest import Contest, settle
from agents.core import Core, Samples, newest_samples
from agents.levels import Autonomy, Granted, granted
from agents.notes import read_note
from agents.patience import Looks, is_before_people, is_due_for_renewal, no_longer_helps, still_wanted
from agents.pipeline import (
    Action,
    Begun,
    Checked,
    Dropped,
    DryRun,
    End,
    Event,
    Judged,
    Lost,
    Passed,
    Record,
    Regraded,
    Request,
    State,
    TargetFree,
    Waiting,
    step,
)
from agents.proposal import Proposal, proposal_quads, proposal_to_json, request_change, stage_quads
from agents.reasoning import foresee, propose
from agents.recovery import Left, Past
from agents.rests import Rests
from agents.rules import AgentDescription
from agents.verdicts import admitted_if_free, lacks_approval_only, verdict_facts
from agents.watch import Watch
from agents.words import readable
from kg.change import Change, ChangeId, Kind, Match, Published, Role, Source, new_id
from kg.errors import CallerError, TwinError

_LOG = logging.getLogger(__name__)
_NOTES = 1024
_OWN = 3000
_OTHER_VALUE = "the rule now wants another value"
SETTLE_US = 3_000_000
"""How long a match that began with the twin's own write must hold before it counts: 3 s of wall time."""


class _Unrecorded(Exception):
    """A step could not be put into the record, so the next one is not taken."""


@dataclass(slots=True)
class Decision:
    """An open decision: the proposal, its state, how many steps are on record, and whether a request was sent."""

    proposal: Proposal
    state: State
    steps: int = 0
    sent: bool = False


@dataclass(slots=True)
class Desk:
    """The decisions of one agent."""

    agent: AgentDescription
    core: Core
    watch: Watch
    samples: Samples
    past: Past
    now_us: Callable[[], int]
    ids: Callable[[], ChangeId] = new_id
    open: dict[ChangeId, Decision] = field(default_factory=dict)
    own: dict[str, None] = field(default_factory=dict)
    """Ids of the newest decisions and requests, oldest first, by which echoes are known; shared with the watch."""
    rests: Rests = field(default_factory=Rests)
    _notes: deque[Published] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _missed: bool = False
    _since: dict[Match, int] = field(default_factory=dict)
    _grants: tuple[Autonomy, ...] = ()
    _looks: Looks = field(default_factory=Looks)

    def published(self, event: Published) -> None:
        """Take note of an event, after the watch has. Never blocks."""
        if event.kind in (Kind.APPROVAL, Kind.OUTCOME) and str(event.detail.get("decision")) in self.open:
            if len(self._notes) >= _NOTES:
                _LOG.error("%s has %d notes unread; the oldest is dropped", self.agent.label, _NOTES)
                self._notes.popleft()
            self._notes.append(event)
        self._wake.set()

    def missed_events(self) -> None:
        """The watch has begun again from a snapshot: look up what was missed, and have a turn."""
        self._missed = True
        self._wake.set()

    async def take_up(self, left: Left) -> None:
        """Go on with a decision that an earlier run left open."""
        decision = Decision(left.proposal, left.state, left.steps, left.sent)
        self._opened(decision)
        for event in left.events:
            await self._feed(decision, event)

    async def work(self) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            await self.turn()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._idle_s()):
                    await self._wake.wait()

    async def turn(self) -> None:
        """Do everything there is to do now."""
        if self._missed:
            self._missed = False
            await self._catch_up()
        while self._notes:
            await self._read(self._notes.popleft())
        matches = self._matches()
        await self._let_time_pass(matches)
        contest = settle(matches, self.agent.rules, lambda match: self._granted(match).level)
        for match, first in contest.outranked.items():
            await self._stand_back(match, first)
        for match in contest.winners:
            if self._may_start(match, contest):
                await self._start(match)

    # what there is to do

    def _matches(self) -> list[Match]:
        """This agent's conditions that hold, settled echoes among them."""
        now = self.now_us()
        holding = [match for match in self.watch.matches if match.rule in self.agent.rules]
        self._since = {match: self._since.get(match, now) for match in holding}
        self.rests.keep(holding)
        grants = self.watch.autonomy()
        if grants != self._grants:
            self._grants = grants
            self.rests.regraded()
        echoes = self.watch.echoes
        return [match for match in holding if match not in echoes or now - self._since[match] >= SETTLE_US]

    async def _let_time_pass(self, matches: list[Match]) -> None:
        now = self.now_us()
        holding = {match for match in self.watch.matches if match.rule in self.agent.rules}
        for decision in list(self.open.values()):
            match = decision.proposal.match
            await self._feed(decision, Regraded(self._granted(match)))
            if is_before_people(decision.state) and still_wanted(decision.proposal, holding):
                await self._keep_or_renew(decision, holding)
            elif match not in holding:
                changed = still_wanted(decision.proposal, matches)
                why = _OTHER_VALUE if changed else "the condition no longer holds"
                await self._feed(decision, Dropped(End.SUPERSEDED if changed else End.WITHDRAWN, why))
            if decision.state.waiting is Waiting.FREE_TARGET and not self.watch.is_busy(match.target):
                await self._feed(decision, TargetFree())
            await self._feed(decision, Passed(now))

    async def _keep_or_renew(self, decision: Decision, holding: set[Match]) -> None:
        """What is before people stays as it is, unless it is old or would not be worth their yes."""
        now = self.now_us()
        if is_due_for_renewal(decision.proposal, holding, now):
            await self._feed(decision, Dropped(End.SUPERSEDED, _OTHER_VALUE))
        elif self._looks.is_due(decision.proposal, now):
            why = await self._objection(decision.proposal)
            if why is not None:
                await self._feed(decision, Dropped(End.SUPERSEDED, why))

    async def _objection(self, proposal: Proposal) -> str | None:
        """Why an approval would now be in vain; None where it would not, or nobody can tell."""
        binding = self.watch.bindings.get(proposal.target)
        if binding is not None:
            foreseen, _ = foresee(binding, self.watch.value(proposal.target), proposal.desired, self.watch)
            if no_longer_helps(proposal.effect, foreseen):
                return f"it would no longer help: {foreseen.sentence}"
        try:
            verdict = await self.core.dry_run(request_change(proposal, self._source, self.now_us()))
        except CallerError as error:
            return f"it would now be refused: {readable(error.message)}"
        except TwinError as error:
            _LOG.warning("%s could not be held against the graph: %s", proposal.id, error)
            return None
        if verdict.admitted or lacks_approval_only(verdict):
            return None
        return f"it would now be refused: {readable(verdict.reasons[0].sentence)}"

    async def _stand_back(self, match: Match, first: Match) -> None:
        key = (match.rule, match.target)
        held = next((d for d in self.open.values() if (d.proposal.rule, d.proposal.target) == key), None)
        if held is not None:
            await self._feed(held, Dropped(End.OUTRANKED, f"{first.rule} goes first"))
        elif not self.rests.was_outranked(match) and not self.rests.is_resting(match, self.now_us()):
            await self._start(match, outranked_by=first)

    def _may_start(self, match: Match, contest: Contest) -> bool:
        taken = any(d.proposal.target == match.target for d in self.open.values())
        if taken or self.rests.is_resting(match, self.now_us()):
            return False
        return not (self._granted(match).level.may_act and self.watch.is_busy(match.target))

    # decisions

    async def _start(self, match: Match, outranked_by: Match | None = None) -> None:
        try:
            proof = await self.core.proof(match)
            if not proof:
                return
            rule = self.agent.rules[match.rule]
            proposal = propose(match, rule, self.watch, proof, self.now_us(), self.ids())
            inputs = await newest_samples(self.samples, proposal.inputs, self.watch.plant_us)
        except TwinError as error:
            _LOG.warning("no proposal for %s of %s: %s", match.target, match.rule, error)
            self.rests.after(match, End.REFUSED, self.now_us())
            return
        proposal = replace(proposal, inputs=inputs)
        decision = Decision(proposal, State(proposal.expires_us, can_compensate=proposal.prior is not None))
        self._opened(decision)
        begun = Begun(
            self._granted(match),
            self.watch.approvals_needed(match.target),
            {"proposal": proposal_to_json(proposal)},
            None if outranked_by is None else str(outranked_by.rule),
        )
        await self._feed(decision, begun)

    def _opened(self, decision: Decision) -> None:
        proposal = decision.proposal
        self.open[proposal.id] = decision
        self.own.update(dict.fromkeys((proposal.id, proposal.request_id, proposal.compensation_id)))
        while len(self.own) > _OWN:
            del self.own[next(iter(self.own))]

    async def _catch_up(self) -> None:
        for decision in [d for d in self.open.values() if d.state.waiting is Waiting.OUTCOME]:
            proposal = decision.proposal
            request = proposal.compensation_id if decision.state.compensating else proposal.request_id
            for event in await asyncio.to_thread(self.past.outcomes, proposal.id, request):
                await self._feed(decision, event)
        for decision in [d for d in self.open.values() if d.state.waiting in (Waiting.PEOPLE, Waiting.VETO)]:
            for event in await asyncio.to_thread(self.past.words, decision.proposal.id):
                await self._feed(decision, event)

    async def _read(self, event: Published) -> None:
        decision = self.open.get(ChangeId(str(event.detail.get("decision"))))
        if decision is not None:
            note = read_note(event, decision.proposal, decision.state.compensating)
            if note is not None:
                await self._feed(decision, note)

    async def _feed(self, decision: Decision, event: Event) -> None:
        """Drive a decision by an event and by everything that follows from it at once."""
        events: deque[Event] = deque([event])
        while events:
            decision.state, actions = step(decision.state, events.popleft())
            for action in actions:
                try:
                    events.extend(await self._perform(decision, action))
                except _Unrecorded as failure:
                    _LOG.warning("decision %s is dropped: %s", decision.proposal.id, failure)
                    decision.state = replace(decision.state, end=End.WITHDRAWN, waiting=None)
                    events.clear()
                    break
        if decision.state.end is not None and self.open.pop(decision.proposal.id, None) is not None:
            self.rests.after(decision.proposal.match, decision.state.end, self.now_us())

    async def _perform(self, decision: Decision, action: Action) -> tuple[Event, ...]:
        match action:
            case Record():
                await self._record(decision, action)
                return ()
            case DryRun():
                return await self._dry_run(decision)
            case Request():
                return (await self._request(decision, action.compensation),)

    async def _record(self, decision: Decision, record: Record) -> None:
        """Put a step on record. Raises _Unrecorded where that fails before anything was sent."""
        decision.steps += 1
        try:
            verdict = await self.core.submit(self._step_change(decision, record))
            failure = "" if verdict.admitted else "; ".join(reason.sentence for reason in verdict.reasons)
        except TwinError as error:
            failure = str(error)
        if failure and decision.sent:
            _LOG.error("step %s of %s is not on record: %s", record.step, decision.proposal.id, failure)
        elif failure:
            raise _Unrecorded(f"step {record.step} is not on record: {failure}")

    def _step_change(self, decision: Decision, record: Record) -> Change:
        now, proposal = self.now_us(), decision.proposal
        quads = stage_quads(proposal, record.step, decision.steps, record.ok, now)
        if decision.steps == 1:
            quads = (*proposal_quads(proposal), *quads)
        detail = {"decision": proposal.id, "stage": str(record.step), "ok": record.ok, "facts": dict(record.facts)}
        return Change(
            kind=Kind.PROPOSAL,
            source=self._source,
            adds=quads,
            cause=proposal.id,
            reason=proposal.sentence,
            at_us=now,
            plant_us=self.watch.plant_us,
            detail=detail,
        )

    async def _dry_run(self, decision: Decision) -> tuple[Event, ...]:
        change = request_change(decision.proposal, self._source, self.now_us())
        try:
            verdict = await self.core.dry_run(change)
        except CallerError as error:
            checked = Checked(False, {"reasons": [{"code": error.code, "sentence": error.message}]}, self.now_us())
        except TwinError as error:
            raise _Unrecorded(str(error)) from error
        else:
            words = (lacks_approval_only(verdict), admitted_if_free(verdict))
            checked = Checked(verdict.admitted, verdict_facts(verdict), self.now_us(), *words)
        return Regraded(self._granted(decision.proposal.match)), checked

    async def _request(self, decision: Decision, compensation: bool) -> Event:
        change = request_change(decision.proposal, self._source, self.now_us(), compensation=compensation)
        decision.sent = True
        try:
            verdict = await self.core.submit(change)
        except CallerError as error:
            return Judged(False, {"request": change.id, "reasons": [{"code": error.code, "sentence": error.message}]})
        except TwinError as error:
            return Lost(str(error))
        return Judged(verdict.admitted, {"request": change.id, **verdict_facts(verdict)})

    @property
    def _source(self) -> Source:
        return Source(self.agent.iri, Role.AGENT)

    def _granted(self, match: Match) -> Granted:
        binding = self.watch.bindings.get(match.target)
        scopes = () if binding is None else self.watch.scopes(binding.equipment)
        return granted(self._grants, self.agent.iri, match.rule, scopes)

    def _idle_s(self) -> float | None:
        """Seconds until time alone gives something to do; None where only an event can."""
        now = self.now_us()
        moments = [d.state.deadline_us for d in self.open.values()]
        moments += [self._since[m] + SETTLE_US for m in self.watch.echoes if m in self._since]
        self._looks.keep(self.open)
        moments += [self._looks.due_us(d.proposal) for d in self.open.values() if is_before_people(d.state)]
        moments.append(self.rests.next_us(now))
        due = min((moment for moment in moments if moment is not None and moment > now), default=None)
        return None if due is None else max((due - now) / 1e6, 0.01)
