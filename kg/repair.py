"""What would make a refused Change pass: suggestions of single triples, edits, repairs, and the answer as a whole.

A *suggestion* speaks of the graph as it would be: this triple gone, that one there. An *edit* says where that is
brought about, in the Change or in what holds already, and by whom. A *repair* is a smallest set of edits with which
the Gate admits the Change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from rdflib import URIRef

from kg.change import Expected, Quad, Verdict
from kg.proof import Json
from kg.terms import Term, term_text


class Fact(NamedTuple):
    """A triple in terms, whatever graph holds it."""

    s: Term
    p: URIRef
    o: Term


class Sense(StrEnum):
    """How a new value stands to what was asked for."""

    INSTEAD = "instead"
    AT_MOST = "at-most"
    """The largest value that the constraint accepts."""
    AT_LEAST = "at-least"


class Suggestion(NamedTuple):
    """One step that mends a result, or brings it nearer: `old` goes, `new` comes; at least one is given."""

    old: Fact | None = None
    new: Fact | None = None
    sense: Sense = Sense.INSTEAD


class Part(StrEnum):
    """What an edit changes."""

    ADDS = "adds"
    """What the Change adds; for a request its node."""
    REMOVES = "removes"
    """What the Change removes."""
    READ_SET = "read-set"
    """What the Change rests on."""
    FACTS = "facts"
    """What holds already."""
    APPROVALS = "approvals"
    """Who has approved."""


class By(StrEnum):
    """Who can bring an edit about."""

    SENDER = "sender"
    PERSON = "person"
    """Somebody with the authority for another Change."""
    APPROVER = "approver"
    ITSELF = "itself"
    """Nobody by a Change: a controller reports it, or time brings it. Told, and never proposed as an edit."""


Line: TypeAlias = Quad | Expected


@dataclass(frozen=True, slots=True)
class Edit:
    """One quad (or line of a read set) added, removed, or changed into another. `None` stands for absence."""

    part: Part
    old: Line | None
    new: Line | None
    by: By = field(compare=False, default=By.SENDER)
    who: str = field(compare=False, default="")
    """Half a sentence: who can do this, or why nobody can."""
    sense: Sense = field(compare=False, default=Sense.INSTEAD)
    cost: float = field(compare=False, default=1.0)
    """Ranks repairs of the same size: below 1 for what the sender wrote, above it for what others would have to do."""
    unit: str | None = field(compare=False, default=None)

    def to_json(self) -> dict[str, Json]:
        return {
            "part": self.part.value,
            "remove": _line_to_json(self.old),
            "add": _line_to_json(self.new),
            "by": self.by.value,
        }


class RepairKind(StrEnum):
    ASK = "ask-instead"
    """Edits of the Change alone: what its sender could ask instead."""
    HOLD = "would-have-to-hold"
    """Something else would have to be so."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Edits with which the Gate admits the Change, none of which can be left out."""

    edits: tuple[Edit, ...]
    verdict: Verdict
    """What the Gate said of the Change with these edits: admitted."""
    sentence: str

    @property
    def kind(self) -> RepairKind:
        return RepairKind.ASK if all(edit.by is By.SENDER for edit in self.edits) else RepairKind.HOLD

    @property
    def cost(self) -> float:
        return sum(edit.cost for edit in self.edits)

    def to_json(self) -> dict[str, Json]:
        return {
            "kind": self.kind.value,
            "sentence": self.sentence,
            "edits": [edit.to_json() for edit in self.edits],
        }


class Stopped(StrEnum):
    """What ended a search."""

    EXHAUSTED = "exhausted"
    """Every candidate was judged."""
    ENOUGH = "enough"
    """As many repairs were found as were asked for."""
    CANDIDATES = "candidates"
    """As many candidates were judged as the bound allows."""
    TIME = "time"
    """The time was up."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How far a search goes. While it goes on, the Gate decides nothing else."""

    candidates: int = 32
    """Sets of edits that are judged."""
    largest: int = 3
    """Edits in a set."""
    repairs: int = 4
    """Repairs after which it ends."""
    longest_s: float = 0.035
    """Wall seconds after which no further candidate is judged, but for the first few."""
    grace_s: float = 0.02
    """Wall seconds more that these may take; the first search after a start is slow."""


BOUND: Final = Bound()


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What would make a Change pass, best first."""

    verdict: Verdict
    """On the Change as it is."""
    repairs: tuple[Repair, ...] = ()
    judged: int = 0
    stopped: Stopped = Stopped.EXHAUSTED
    bound: Bound = BOUND

    @property
    def sentence(self) -> str:
        """What was found, in one line."""
        if self.verdict.admitted:
            return "Nothing is in the way: it would be admitted."
        if self.repairs:
            return f"{_counted(len(self.repairs), 'way')} found among {_counted(self.judged, 'candidate')}."
        told = f"None found within {_counted(self.bound.candidates, 'candidate')}"
        if self.stopped is Stopped.TIME:
            return f"{told}: the time was up after {self.judged}."
        if self.judged == 0:
            return f"{told}: nothing that could be asked or changed mends the reasons."
        return f"{told} of at most {_counted(self.bound.largest, 'edit')} each; {self.judged} judged."

    def to_json(self) -> dict[str, Json]:
        return {
            "admitted": self.verdict.admitted,
            "seq": self.verdict.seq,
            "sentence": self.sentence,
            "repairs": [repair.to_json() for repair in self.repairs],
            "judged": self.judged,
            "candidates": self.bound.candidates,
            "stopped": self.stopped.value,
        }


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _line_to_json(line: Line | None) -> Json:
    if line is None:
        return None
    told: dict[str, Json] = {"s": term_text(line.s), "p": term_text(line.p), "o": term_text(line.o)}
    if isinstance(line, Quad):
        return told | {"g": line.g.value}
    return told | {"present": line.present, "tolerance": line.tolerance}
