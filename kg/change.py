"""The one thing that flows: a Change, what the Gate says about it, and what is published of it.

RDF terms here are rdflib terms; only the working graph and what reads it speak in nodes. Times are microseconds
since 1970-01-01 UTC in fields that end in `_us`. Two clocks: plant time (samples, delays, KPIs) and wall time
(approvals, leases, receipts); a field says which.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, NewType, TypeAlias

from rdflib import Literal, URIRef

from kg.names import GraphName
from kg.terms import Term

ChangeId = NewType("ChangeId", str)
"""`urn:uuid:...`; the identity of a Change, of the request node in it and of the decision about it."""

TagId = NewType("TagId", int)
"""History's durable number of an equipment property."""


def new_id() -> ChangeId:
    """A fresh random ChangeId."""
    return ChangeId(uuid.uuid4().urn)


class Kind(StrEnum):
    """What a Change is. It follows from the authenticated source, never from what the sender claims."""

    OBSERVATION = "observation"
    OUTCOME = "outcome"
    """What the write gateway reports of a request."""
    CLOCK = "clock"
    """What has become true by the passing of time."""
    MEASURE = "measure"
    """A KPI or feature computed from history."""
    REQUEST = "request"
    """A setpoint or command for a controller."""
    PROPOSAL = "proposal"
    """An agent's proposal, or a step in its life."""
    APPROVAL = "approval"
    """A person's word on a proposal."""
    MANUAL = "manual"
    """A person's entry: a stop reason, a count, a correction."""
    EDIT = "edit"
    """A change to model, policy, shapes, rules or ontology."""
    STOP = "stop"
    """A stop switch set or released."""

    @property
    def is_refusable(self) -> bool:
        """False for what reports reality: it enters, and what it violates becomes a fact."""
        return self not in (Kind.OBSERVATION, Kind.OUTCOME, Kind.CLOCK, Kind.MEASURE)


class Role(StrEnum):
    """In what capacity a source speaks. The authority table (kg/authority.py) says what each may say."""

    LINK = "link"
    GATEWAY = "gateway"
    CLOCK = "clock"
    MEASURE = "measure"
    AGENT = "agent"
    IMPORTER = "importer"
    VIEWER = "viewer"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ENGINEER = "engineer"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Source:
    """Who speaks, authenticated: the IRI of a person, an agent or a part of the twin, and the role used."""

    author: URIRef
    role: Role


class Quad(NamedTuple):
    """A triple in a named graph."""

    s: Term
    p: URIRef
    o: Term
    g: GraphName


class Reading(NamedTuple):
    """One sample of a bound equipment property, as it came."""

    tag: TagId
    value: float | int | bool | str | None
    """None where the server sent no value."""
    status: int
    """The full 32-bit OPC UA status code."""
    source_us: int
    """Plant time: the controller's source timestamp."""
    server_us: int
    """The OPC UA server's timestamp."""
    received_us: int
    """Wall time of arrival."""
    flags: int = 0
    """`ReadingFlag` bits."""


class ReadingFlag:
    """Bits of Reading.flags."""

    INITIAL = 1
    REPLAYED = 2
    OVERFLOW = 4
    AFTER_GAP = 8
    IMPLAUSIBLE = 16
    OWN_WRITE = 32


class Expected(NamedTuple):
    """One line of a read set: this triple held (or did not), or this value was within `tolerance` of `o`."""

    s: URIRef
    p: URIRef
    o: Term
    present: bool = True
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A set of quads removed and a set added, or a slice of readings, with author, kind, cause and times.

    Removals are applied before additions. A Change of kind REQUEST carries its request node in `adds` (graph
    `desired`); its read set is checked again at commit.
    """

    kind: Kind
    source: Source
    adds: tuple[Quad, ...] = ()
    removes: tuple[Quad, ...] = ()
    readings: tuple[Reading, ...] = ()
    read_set: tuple[Expected, ...] = ()
    cause: str | None = None
    """The id of what led to it: a proposal, a request, an approval."""
    reason: str | None = None
    """In the author's words."""
    at_us: int = 0
    """Wall time at which it was made."""
    plant_us: int = 0
    """Plant time at which it was made; 0 where there is none."""
    id: ChangeId = field(default_factory=new_id)
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What belongs into the record but not into the graph, as plain JSON values: a frozen proof, a stage's result."""


class Severity(Enum):
    """SHACL severities; only VIOLATION blocks."""

    INFO = "Info"
    WARNING = "Warning"
    VIOLATION = "Violation"


@dataclass(frozen=True, slots=True)
class Finding:
    """One SHACL validation result, with a sentence for people.

    Two findings are the same when focus, shape, component, path and value are.
    """

    focus: Term
    shape: Term
    component: URIRef
    path: str | None
    """The property path in SPARQL syntax with full IRIs."""
    value: Term | None
    severity: Severity = field(compare=False)
    message: str = field(compare=False)
    code: str | None = field(default=None, compare=False)
    """The shape's stable code (tw:code), such as LIM-SPEED-MAX."""
    distance: float | None = field(default=None, compare=False)
    """How far beyond a limit, in the value's unit; None where the component knows no distance."""
    source: Term | None = field(default=None, compare=False)
    """The SPARQL-based constraint that found it (sh:sourceConstraint); None for all others."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a Change does to the validation results."""

    introduced: tuple[Finding, ...] = ()
    worsened: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    remaining: tuple[Finding, ...] = ()
    """Results on the touched nodes that were there before and stay."""
    undecided: tuple[str, ...] = ()
    """Shapes (IRIs) whose check ran out of its budget."""

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What refuses a request: introduced or worsened results of severity Violation."""
        return tuple(f for f in (*self.introduced, *self.worsened) if f.severity is Severity.VIOLATION)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a Change was refused: a stable code, a sentence, and the finding where a shape refused it."""

    code: str
    sentence: str
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the Gate says about a Change."""

    change: ChangeId
    admitted: bool
    seq: int
    """Of the Change if admitted, else of the graph against which it was judged."""
    release: str
    """Hash of ontology, shapes, rules, policy and model in force."""
    reasons: tuple[Reason, ...] = ()
    findings: Findings = Findings()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A rule's condition that holds: the equipment property it wants to set and the value, in the property's unit."""

    rule: URIRef
    target: URIRef
    value: Literal


Told: TypeAlias = Callable[[], tuple[tuple["Quad", ...], tuple["Quad", ...]]]
"""Writes out what was added and what was removed."""


@dataclass(frozen=True, slots=True)
class Published:
    """A recorded Change as subscribers see it, in order of `seq`, at least once.

    What was added and removed may be written out when somebody first reads it: most readings are of interest only for
    their values, and terms cost more to write than a reading costs to decide.
    """

    seq: int
    release: str
    kind: Kind
    change: ChangeId
    author: str
    cause: str | None
    at_us: int
    plant_us: int
    """The plant time of the Change, or of the newest of its readings; 0 where there is none."""
    added: tuple[Quad, ...]
    """Everything that became true in any working graph, inferred and violation facts included."""
    removed: tuple[Quad, ...]
    readings: tuple[Reading, ...] = ()
    opened: tuple[Finding, ...] = ()
    closed: tuple[Finding, ...] = ()
    matches: tuple[Match, ...] = ()
    """Conditions that began to hold."""
    unmatched: tuple[Match, ...] = ()
    """Conditions that ceased to hold."""
    admitted: bool = True
    """False for the notice of a refusal; then `reasons` tells why and `added`, `removed` are empty."""
    reasons: tuple[Reason, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)
    told: Told | None = field(default=None, repr=False, compare=False)

    @classmethod
    def later(cls, told: Told, **others: Any) -> Published:
        """With `added` and `removed` as `told` will say, which must never change; `others` are the other fields."""
        event = object.__new__(cls)
        put = object.__setattr__
        put(event, "told", told)
        for name, value in others.items():
            put(event, name, value)
        return event

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name not in ("added", "removed"):
                raise AttributeError(name)
            told = self.told
            if told is None:  # another thread has just written them out
                return object.__getattribute__(self, name)
            added, removed = told()
            object.__setattr__(self, "added", added)
            object.__setattr__(self, "removed", removed)
            object.__setattr__(self, "told", None)
            return added if name == "added" else removed
