"""The line as the published Changes tell it: the newest values, open proposals, last decisions, stops."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rdflib import RDF, Literal, URIRef

from agents.layout import Layout, read_layouts
from api.live.facts import Facts
from api.live.lines import Line, read_lines
from api.live.words import ENDS
from kg.change import Kind
from kg.names import GraphName
from kg.tokens import local_name
from kg.wire import text_to_quads
from ontology import TW, UA

_LIVE = {GraphName.STATE, GraphName.INFERRED, GraphName.KPI, GraphName.POLICY, GraphName.DESIRED}
_SHOWN = frozenset(_LIVE | {GraphName.PLANT})
_KEPT = 50


@dataclass(slots=True)
class Shown:
    """A decision as the terminal shows it."""

    id: str
    at_us: int
    target: str = "?"
    value: str = "?"
    sentence: str = ""
    stage: str = "proposed"
    who: str = ""

    @property
    def is_open(self) -> bool:
        return self.stage not in ENDS


@dataclass(slots=True)
class LineModel:
    """Everything that the picture needs. One thread feeds it."""

    facts: Facts = field(default_factory=Facts)
    """Of every graph but ontology, violations and decisions."""
    layout: Layout | None = None
    decisions: OrderedDict[str, Shown] = field(default_factory=OrderedDict)
    violations: dict[tuple[str, str], None] = field(default_factory=dict)
    server: str | None = None
    seq: int = 0
    at_us: int = 0
    plant_us: int = 0
    refused: int = 0

    def start(self, snapshot: Mapping[str, Any]) -> None:
        """Begin from the core's snapshot."""
        quads = text_to_quads(snapshot["quads"])
        self.facts.clear()
        self.violations.clear()
        self._add(read_lines(snapshot["quads"]))
        layouts = read_layouts(quads)
        self.layout = layouts[0] if layouts else None
        self.server = next((str(q.s) for q in quads if q.p == RDF.type and q.o == UA.Server), None)
        self.seq, self.plant_us = snapshot["seq"], snapshot.get("plant_us", 0)

    def apply(self, event: Mapping[str, Any]) -> None:
        """Take in a published Change, as JSON."""
        self.seq, self.at_us = event["seq"], event["at_us"] or self.at_us
        self.plant_us = max(self.plant_us, event["plant_us"], *(r[3] for r in event["readings"]), 0)
        self._remove(read_lines(event["removed"]))
        self._add(read_lines(event["added"]))
        if event["kind"] in (Kind.PROPOSAL, Kind.REQUEST, Kind.OUTCOME, Kind.APPROVAL):
            self._decide(event)
        if not event["admitted"]:
            self.refused += 1

    def get(self, subject: object, predicate: URIRef) -> Any:
        """The value of a fact, or None."""
        return self.facts.get((str(subject), str(predicate)))

    def number(self, subject: object, predicate: URIRef) -> float | None:
        """The value as a number, or None."""
        value = self.get(subject, predicate)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def connected(self) -> bool | None:
        return None if self.server is None else self.get(self.server, TW.connected)

    @property
    def stops(self) -> list[tuple[str, str]]:
        """(scope, mode) of the stop switches that are set."""
        return sorted((s, local_name(str(o))) for s, o in self.facts.of(TW.stopped).items())

    @property
    def frozen(self) -> list[str]:
        return sorted(s for s, o in self.facts.of(TW.frozen).items() if o is True)

    def losses(self) -> list[tuple[float, str, str]]:
        """(minutes, machine, reason), the largest first."""
        rows = [
            (float(minutes), str(self.get(node, TW.ofEquipment)), str(self.get(node, TW.lossReason)))
            for node, minutes in self.facts.of(TW.lossMinutes).items()
            if isinstance(minutes, int | float)
        ]
        return sorted(rows, reverse=True)

    def _add(self, lines: Iterable[Line]) -> None:
        for s, p, value, g in lines:
            if g in _SHOWN:
                self.facts[s, p] = value
            elif g is GraphName.VIOLATIONS:
                self.violations[s, str(value)] = None

    def _remove(self, lines: Iterable[Line]) -> None:
        for s, p, value, g in lines:
            if g in _SHOWN and self.facts.get((s, p)) == value:
                del self.facts[s, p]
            elif g is GraphName.VIOLATIONS:
                self.violations.pop((s, str(value)), None)

    def _decide(self, event: Mapping[str, Any]) -> None:
        detail = event["detail"]
        ident = str(detail.get("decision") or event["change"])
        shown = self.decisions.setdefault(ident, Shown(ident, event["at_us"], who=local_name(event["author"])))
        self.decisions.move_to_end(ident)
        for quad in text_to_quads(event["added"]):
            if quad.p == TW.target and shown.target == "?":
                shown.target = local_name(str(quad.o))
            elif quad.p == TW.desiredValue:
                shown.value = _short(quad.o)
            elif quad.p in (TW.sentence, TW.reason) and not shown.sentence:
                shown.sentence = str(quad.o)
        shown.stage = _stage(event, shown.stage)
        while len(self.decisions) > _KEPT:
            self.decisions.popitem(last=False)


def _stage(event: Mapping[str, Any], before: str) -> str:
    """How far a decision has come after an event; an end that is known stays."""
    detail = event["detail"]
    if event["kind"] == Kind.OUTCOME:
        told = detail.get("outcome") or detail.get("stage")
    elif event["kind"] == Kind.APPROVAL:
        told = "approved" if detail.get("meaning") == "approve" else "rejected"
    elif event["kind"] == Kind.REQUEST:
        told = "requested" if event["admitted"] else "refused"
    else:
        told = detail.get("stage")
    word = str(told or before)
    return before if before in ENDS and word not in ENDS else word


def _short(term: object) -> str:
    value = term.value if isinstance(term, Literal) else term
    return f"{value:g}" if isinstance(value, float) else str(value)
