"""The life of a proposal as a pure state machine: state x event -> state, actions. No clock, no I/O, no chance.

    reasoned -> checked -> simulated -> negotiated -> approved -> requested
             -> leased -> prechecked -> intent -> written -> feedback -> effect -> committed | compensated | unknown

Each action is carried out by `agents.desk`, in order: a step is recorded before the next one is taken. From the moment
a request is admitted it belongs to the core and its gateway; here it is only followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from agents.levels import Granted, Level
from kg.proof import Json

Facts: TypeAlias = Mapping[str, Json]

VETO_WINDOW_US = 15_000_000
"""How long people have to object at the level veto-window: 15 s of wall time."""
OVERDUE_US = 60_000_000
"""How long after its expiry an admitted request without an outcome is taken for unknown."""


class Stage(StrEnum):
    """How far a proposal has come. In this order; stages may be left out, never gone back to."""

    REASONED = "reasoned"
    CHECKED = "checked"
    SIMULATED = "simulated"
    NEGOTIATED = "negotiated"
    APPROVED = "approved"
    REQUESTED = "requested"
    LEASED = "leased"
    PRECHECKED = "prechecked"
    INTENT = "intent"
    WRITTEN = "written"
    FEEDBACK = "feedback"
    EFFECT = "effect"

    @property
    def order(self) -> int:
        return _ORDER[self]


_ORDER = {stage: number for number, stage in enumerate(Stage)}


class End(StrEnum):
    """How a decision ended."""

    SHADOW = "shadow"
    """Only recorded: the level is shadow."""
    ADVISED = "advised"
    """Shown to people: the level is advise."""
    OUTRANKED = "outranked"
    """Another rule for the same target went first."""
    SUPERSEDED = "superseded"
    """The same rule now wants another value."""
    WITHDRAWN = "withdrawn"
    """The condition ceased, the level was lowered, or the agents' process ended before a request."""
    EXPIRED = "expired"
    REJECTED = "rejected"
    """A person said no."""
    REFUSED = "refused"
    """The Gate, the gateway or the controller said no. Nothing was changed."""
    COMMITTED = "committed"
    """Written, confirmed by the controller's feedback."""
    COMPENSATED = "compensated"
    """The controller took another value, and the prior one was restored by a new request."""
    CLAMPED = "clamped"
    """The controller took another value, which is known, and stands."""
    UNKNOWN = "unknown"
    """Nobody knows what the controller did: frozen, never sent again."""


class Waiting(StrEnum):
    """What an open decision waits for."""

    CHECK = "check"
    PEOPLE = "people"
    VETO = "veto"
    VERDICT = "verdict"
    OUTCOME = "outcome"
    FREE_TARGET = "free-target"
    """A compensation waits until the target's cool-down is over."""


@dataclass(frozen=True, slots=True)
class State:
    """A decision. Immutable; `end` is set once, and then nothing changes any more."""

    expires_us: int
    stage: Stage | None = None
    waiting: Waiting | None = None
    end: End | None = None
    level: Level = Level.OFF
    granted_by: str | None = None
    approvals_needed: int = 1
    approvers: frozenset[str] = frozenset()
    veto_until_us: int | None = None
    can_compensate: bool = False
    """True where the value before is known."""
    compensating: bool = False

    @property
    def may_be_dropped(self) -> bool:
        """True while nothing has been sent, so that the proposal can still be taken back."""
        return self.end is None and not self.is_sent

    @property
    def is_sent(self) -> bool:
        return self.waiting in (Waiting.VERDICT, Waiting.OUTCOME, Waiting.FREE_TARGET)

    @property
    def deadline_us(self) -> int | None:
        """Wall time at which a Passed event will matter; None where time alone changes nothing."""
        if self.end is not None:
            return None
        if self.waiting is Waiting.VETO and self.veto_until_us is not None:
            return min(self.veto_until_us, self.expires_us)
        return self.expires_us + (OVERDUE_US if self.is_sent else 0)


# events


@dataclass(frozen=True, slots=True)
class Begun:
    """A proposal was made, at a level; `outranked_by` where another rule's match for the target goes first."""

    granted: Granted
    approvals_needed: int
    facts: Facts
    outranked_by: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What the Gate would say. `lacks_approval_only`: people's approval is all that is missing."""

    admitted: bool
    facts: Facts
    at_us: int
    lacks_approval_only: bool = False
    admitted_if_free: bool = False
    """Nothing but the agent's own level stands in the way."""


@dataclass(frozen=True, slots=True)
class Said:
    """A person approves or rejects."""

    person: str
    approves: bool
    valid_until_us: int
    at_us: int


@dataclass(frozen=True, slots=True)
class Passed:
    """Wall time has passed."""

    at_us: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """The proposal is no longer meant: WITHDRAWN, SUPERSEDED or OUTRANKED."""

    end: End
    why: str


@dataclass(frozen=True, slots=True)
class Regraded:
    """The level in force has changed."""

    granted: Granted


@dataclass(frozen=True, slots=True)
class Judged:
    """The Gate's verdict on the request, final."""

    admitted: bool
    facts: Facts


@dataclass(frozen=True, slots=True)
class Lost:
    """The core did not answer the request: it may or may not have been admitted. It is followed, never sent again."""

    why: str


@dataclass(frozen=True, slots=True)
class Reported:
    """The gateway reports a stage, or with `outcome` the end of the write."""

    stage: Stage | None
    ok: bool
    facts: Facts
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class TargetFree:
    """The target's cool-down is over."""


Event: TypeAlias = Begun | Checked | Said | Passed | Dropped | Regraded | Judged | Lost | Reported | TargetFree

# actions


@dataclass(frozen=True, slots=True)
class Record:
    """Put a step into the record."""

    step: str
    ok: bool
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DryRun:
    """Ask the Gate what it would say; answer with Checked."""


@dataclass(frozen=True, slots=True)
class Request:
    """Send the request, once; answer with Judged or Lost."""

    compensation: bool = False


Action: TypeAlias = Record | DryRun | Request
Step: TypeAlias = tuple[State, tuple[Action, ...]]


def step(state: State, event: Event) -> Step:
    """What follows. A decision that has ended, and an event that does not fit, change nothing."""
    if state.end is not None:
        return state, ()
    match event:
        case Begun() if state.stage is None:
            return _begin(state, event)
        case Checked() if state.waiting is Waiting.CHECK:
            return _checked(state, event)
        case Said() if state.waiting in (Waiting.PEOPLE, Waiting.VETO):
            return _said(state, event)
        case Passed():
            return _passed(state, event.at_us)
        case Dropped() if state.may_be_dropped:
            return _ended(state, event.end, {"why": event.why})
        case Regraded() if state.may_be_dropped:
            return _regraded(state, event.granted)
        case Judged() if state.waiting is Waiting.VERDICT:
            return _judged(state, event)
        case Lost() if state.waiting is Waiting.VERDICT:
            return replace(state, waiting=Waiting.OUTCOME), (Record("requested", False, {"lost": event.why}),)
        case Reported() if state.is_sent:
            return _reported(state, event)
        case TargetFree() if state.waiting is Waiting.FREE_TARGET:
            return replace(state, waiting=Waiting.VERDICT), (Request(compensation=True),)
        case _:
            return state, ()


def _begin(state: State, event: Begun) -> Step:
    level, by = event.granted.level, event.granted.by
    state = replace(
        state,
        stage=Stage.REASONED,
        level=level,
        granted_by=None if by is None else str(by),
        approvals_needed=event.approvals_needed,
    )
    reasoned = Record(Stage.REASONED, True, event.facts)
    if event.outranked_by is not None:
        state, actions = _ended(state, End.OUTRANKED, {"by": event.outranked_by})
        return state, (reasoned, *actions)
    if level is Level.OFF:
        state, actions = _ended(state, End.WITHDRAWN, {"why": "the agent's level is off"})
        return state, (reasoned, *actions)
    return replace(state, waiting=Waiting.CHECK), (reasoned, DryRun())


def _checked(state: State, event: Checked) -> Step:
    state = replace(state, stage=Stage.NEGOTIATED, waiting=None)
    notes: tuple[Action, ...] = (
        Record(Stage.CHECKED, event.admitted, event.facts),
        Record(Stage.SIMULATED, True, {"evaluated": False, "why": "no surrogate of this line is in service"}),
        Record(Stage.NEGOTIATED, True, {"evaluated": False, "why": "a single agent has claims on this target"}),
    )
    state, actions = _graded(state, event)
    return state, (*notes, *actions)


def _graded(state: State, event: Checked) -> Step:
    """What the level makes of a proposal that has been judged."""
    if not state.level.may_act:
        end = End.ADVISED if state.level is Level.ADVISE else End.SHADOW
        return _ended(state, end, {"would_be_admitted": event.admitted or event.admitted_if_free}, ok=True)
    if not event.admitted and not event.lacks_approval_only:
        return _ended(state, End.REFUSED, {"by": "gate", "at": "checked"})
    if state.level is Level.APPROVE or event.lacks_approval_only:
        return replace(state, waiting=Waiting.PEOPLE), ()
    if state.level is Level.VETO_WINDOW:
        return replace(state, waiting=Waiting.VETO, veto_until_us=event.at_us + VETO_WINDOW_US), ()
    return _approved(state, "policy")


def _said(state: State, event: Said) -> Step:
    if event.at_us >= state.expires_us:
        return _ended(state, End.EXPIRED, {})
    if not event.approves:
        return _ended(state, End.REJECTED, {"by": event.person})
    if event.valid_until_us <= event.at_us:
        return state, ()
    state = replace(state, approvers=state.approvers | {event.person})
    if len(state.approvers) < state.approvals_needed:
        return state, ()
    return _approved(state, "people")


def _approved(state: State, how: str) -> Step:
    facts: dict[str, Json] = {"how": how, "level": state.level.word, "policy": state.granted_by}
    if how == "people":
        facts["persons"] = [str(person) for person in sorted(state.approvers)]
    state = replace(state, stage=Stage.APPROVED, waiting=Waiting.VERDICT)
    return state, (Record(Stage.APPROVED, True, facts), Request())


def _passed(state: State, at_us: int) -> Step:
    deadline = state.deadline_us
    if deadline is None or at_us < deadline:
        return state, ()
    if state.waiting is Waiting.FREE_TARGET:
        return _ended(state, End.CLAMPED, {"why": "the prior value could not be restored in time"})
    if state.is_sent:
        return _ended(state, End.UNKNOWN, {"why": "no outcome was reported"})
    if at_us >= state.expires_us:
        return _ended(state, End.EXPIRED, {})
    return _approved(state, "nobody objected")


def _regraded(state: State, granted: Granted) -> Step:
    """Lowered: what no longer may act ends. Raised: an open proposal keeps the level under which it was shown."""
    if granted.level >= state.level:
        return state, ()
    if state.waiting is Waiting.CHECK:
        return replace(state, level=granted.level, granted_by=None if granted.by is None else str(granted.by)), ()
    if not granted.level.may_act:
        return _ended(state, End.WITHDRAWN, {"why": f"the agent's level is now {granted.level.word}"})
    return replace(state, level=granted.level, waiting=Waiting.PEOPLE, veto_until_us=None), ()


def _judged(state: State, event: Judged) -> Step:
    record = Record("compensation" if state.compensating else Stage.REQUESTED, event.admitted, event.facts)
    if event.admitted:
        stage = state.stage if state.compensating else Stage.REQUESTED
        return replace(state, stage=stage, waiting=Waiting.OUTCOME), (record,)
    end, facts = (End.CLAMPED, {}) if state.compensating else (End.REFUSED, {"by": "gate", "at": "requested"})
    state, actions = _ended(state, end, facts)
    return state, (record, *actions)


def _reported(state: State, event: Reported) -> Step:
    if event.outcome is not None:
        return _outcome(state, event.outcome, event.facts)
    if event.stage is None or (state.stage is not None and event.stage.order <= state.stage.order):
        return state, ()
    waiting = Waiting.OUTCOME if state.waiting is Waiting.VERDICT else state.waiting
    return replace(state, stage=event.stage, waiting=waiting), ()


def _outcome(state: State, outcome: str, facts: Facts) -> Step:
    if state.waiting is Waiting.FREE_TARGET:
        return state, ()  # the first write's outcome, told again
    match outcome:
        case "confirmed":
            return _ended(state, End.COMPENSATED if state.compensating else End.COMMITTED, facts, ok=True)
        case "clamped" if state.can_compensate and not state.compensating:
            return replace(state, waiting=Waiting.FREE_TARGET, compensating=True), (Record("clamped", False, facts),)
        case "clamped":
            return _ended(state, End.CLAMPED, facts)
        case "refused" | "blocked" | "expired":
            return _ended(state, End.CLAMPED if state.compensating else End.REFUSED, {**facts, "by": "gateway"})
        case _:
            return _ended(state, End.UNKNOWN, facts)


def _ended(state: State, end: End, facts: Facts, ok: bool = False) -> Step:
    return replace(state, end=end, waiting=None), (Record(end, ok, facts),)
