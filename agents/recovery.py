"""What an earlier run of the agents left open, read from the journal.

A proposal without a request is withdrawn: nothing was sent, and if its condition still holds it will be made anew. A
request that was admitted belongs to the core; its decision is taken up again and followed to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from rdflib import URIRef

from agents.awaited import Awaited, Ledger
from agents.notes import report, word
from agents.pipeline import Dropped, End, Event, Judged, Reported, Stage, State, Waiting
from agents.proposal import Proposal, json_to_proposal
from kg.change import Kind
from kg.errors import BadTerm
from kg.journal import JournalReader
from kg.record import EntryKind, Recorded

RECENT = 20_000
"""Entries at the end of the journal in which open decisions are looked for."""
_ENDS = frozenset(str(end) for end in End)


@dataclass(frozen=True, slots=True)
class Left:
    """An open decision as it was left, and the events with which it goes on."""

    proposal: Proposal
    state: State
    steps: int
    sent: bool
    events: tuple[Event, ...]


@dataclass(slots=True)
class _Story:
    proposal: Proposal | None = None
    steps: int = 0
    ended: bool = False
    compensating: bool = False
    judged: bool | None = None
    outcomes: list[tuple[str | None, Mapping[str, Any]]] = field(default_factory=list)


def left_open(entries: Iterable[Recorded], agents: frozenset[URIRef]) -> list[Left]:
    """The open decisions of these agents, oldest first. `entries` are the journal's newest, in order."""
    stories: dict[str, _Story] = {}
    for recorded in entries:
        entry = recorded.entry
        if entry.subject is not None and entry.kind in (EntryKind.CHANGE, EntryKind.REFUSAL):
            _take(stories.setdefault(entry.subject, _Story()), entry.kind, entry.body)
    open_stories = ((s, s.proposal) for s in stories.values() if s.proposal is not None and not s.ended)
    return [_left(story, proposal) for story, proposal in open_stories if proposal.agent in agents]


class Past(Protocol):
    """What happened while nobody listened. May block."""

    def left(self) -> Sequence[Left]:
        """What an earlier run left open."""

    def outcomes(self, decision: str, request: str) -> Sequence[Event]:
        """What the gateway has reported of a request of a decision."""

    def words(self, decision: str) -> Sequence[Event]:
        """What people have said to a decision."""

    def unmeasured(self) -> Sequence[Awaited]:
        """Confirmed writes whose prediction was not held against the counts yet."""


class NoPast:
    """For agents without a journal at hand: what was missed shows when its time is over."""

    def left(self) -> Sequence[Left]:
        return ()

    def outcomes(self, decision: str, request: str) -> Sequence[Event]:
        return ()

    def words(self, decision: str) -> Sequence[Event]:
        return ()

    def unmeasured(self) -> Sequence[Awaited]:
        return ()


class JournalPast:
    """The past as the twin's own journal tells it, read-only."""

    def __init__(self, journal: JournalReader, agents: Iterable[URIRef]) -> None:
        self._journal = journal
        self._agents = frozenset(agents)

    def left(self) -> Sequence[Left]:
        after = max(self._journal.head().index - RECENT, 0)
        kinds = (EntryKind.CHANGE, EntryKind.REFUSAL)
        return left_open(self._journal.of_kind(*kinds, after=after), self._agents)

    def outcomes(self, decision: str, request: str) -> Sequence[Event]:
        story = _Story()
        for recorded in self._journal.of_subject(decision):
            _take(story, recorded.entry.kind, recorded.entry.body)
        return _reports(story, request)

    def words(self, decision: str) -> Sequence[Event]:
        entries = (recorded.entry for recorded in self._journal.of_subject(decision))
        return [
            word(str(entry.body["author"]), _detail(entry.body), entry.at_us)
            for entry in entries
            if entry.kind is EntryKind.CHANGE and entry.body.get("kind") == Kind.APPROVAL
        ]

    def unmeasured(self) -> Sequence[Awaited]:
        ledger, after = Ledger(), max(self._journal.head().index - RECENT, 0)
        for recorded in self._journal.of_kind(EntryKind.CHANGE, after=after):
            body = recorded.entry.body
            if body.get("kind") == Kind.PROPOSAL:
                ledger.take(body.get("detail") or {}, int(str(body.get("plant_us") or 0)))  # type: ignore[arg-type]
        return [held for held in ledger.awaited() if held.proposal.agent in self._agents]


def _detail(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return body.get("detail") or {}


def _take(story: _Story, kind: EntryKind, body: Mapping[str, Any]) -> None:
    detail, told = body.get("detail") or {}, body.get("kind")
    if told == Kind.PROPOSAL and kind is EntryKind.CHANGE:
        _take_step(story, detail)
    elif told == Kind.REQUEST:
        story.judged = kind is EntryKind.CHANGE
    elif told == Kind.OUTCOME:
        story.outcomes.append((detail.get("request") or body.get("cause"), detail))


def _take_step(story: _Story, detail: Mapping[str, Any]) -> None:
    stage, facts = detail.get("stage"), detail.get("facts") or {}
    story.steps += 1
    if stage == Stage.REASONED and "proposal" in facts:
        try:
            story.proposal = json_to_proposal(facts["proposal"])
        except (KeyError, TypeError, ValueError, BadTerm):
            story.ended = True  # written by another version; it can be explained, not taken up
    story.ended = story.ended or stage in _ENDS
    if stage == "clamped":
        story.ended, story.compensating = False, True


def _left(story: _Story, proposal: Proposal) -> Left:
    state = State(proposal.expires_us, stage=Stage.REASONED, can_compensate=proposal.prior is not None)
    if story.judged is None:
        why = "the agents' process ended before a request was made"
        return Left(proposal, state, story.steps, False, (Dropped(End.WITHDRAWN, why),))
    sent = replace(state, stage=Stage.APPROVED, waiting=Waiting.VERDICT, compensating=story.compensating)
    if story.compensating:
        sent = replace(sent, waiting=Waiting.OUTCOME)
        # whether the compensation was sent is not known, and nothing is sent twice
        stands = Reported(None, False, {"why": "the agents' process ended"}, "clamped")
        events = (*_reports(story, proposal.compensation_id), stands)
        return Left(proposal, sent, story.steps, True, events)
    facts = {"request": str(proposal.request_id), "read_back": "from the journal"}
    reports = _reports(story, proposal.request_id)
    return Left(proposal, sent, story.steps, True, (Judged(story.judged, facts), *reports))


def _reports(story: _Story, request: str) -> list[Event]:
    found = (report(dict(detail)) for about, detail in story.outcomes if about in (request, None))
    return [event for event in found if event is not None]
