"""The few facts that agents need: live values with quality, grants, matches. Not a graph: it is asked by key only."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Final

from rdflib import Graph, Literal, URIRef

from agents.levels import Autonomy, Level
from kg.bindings import Binding, read_bindings
from kg.change import Match, Published, Quad, ReadingFlag
from kg.names import GraphName
from kg.terms import Term
from ontology import ISA95, TW

_TRUE = Literal(True)
_LIVE: Final = frozenset({GraphName.STATE, GraphName.DESIRED, GraphName.POLICY, GraphName.KPI, GraphName.INFERRED})
_MODEL: Final = frozenset({GraphName.PLANT, GraphName.ONTOLOGY})
_PARTS: Final = frozenset({ISA95.isPartOf, TW.feeds, TW.capacity, TW.ratedSpeed, TW.maxSpeed, TW.minSpeed})
_MARKS: Final = frozenset(
    {
        *(TW.quality, TW.statusCode, TW.stale, TW.implausible, TW.pending, TW.frozen, TW.coolingDown),
        *(TW.ofAgent, TW.ofRule, TW.hasScope, TW.level, TW.writeGrant, TW.riskClass),
        *(TW.stoppedForS, TW.expectedRemainingS, TW.firstOut),
    }
)
_Facts = dict[tuple[Term, URIRef], set[Term]]


class Watch:
    """Facts in the scope of the agents, kept up to date from a snapshot and the events that follow it."""

    def __init__(self, rules: Iterable[URIRef]) -> None:
        self._rules = frozenset(rules)
        self._facts: _Facts = {}
        self._model: _Facts = {}
        self._wanted: frozenset[URIRef] = frozenset()
        self.matches: set[Match] = set()
        """The conditions that hold now."""
        self.echoes: set[Match] = set()
        """Those of them that began with nothing but a write of the twin's own coming back."""
        self.bindings: Mapping[URIRef, Binding] = {}
        self.by_value: Mapping[tuple[URIRef, URIRef], URIRef] = {}
        """The property that (equipment, predicate) is bound to."""
        self.seq = 0
        self.plant_us = 0
        self.release = ""

    def load(self, quads: Iterable[Quad], seq: int, release: str) -> None:
        """Start anew from a snapshot."""
        quads = list(quads)
        model = Graph()
        for quad in quads:
            if quad.g is GraphName.PLANT:
                model.add((quad.s, quad.p, quad.o))
        self.bindings = {binding.prop: binding for binding in read_bindings(model)}
        self.by_value = {(b.equipment, b.predicate): b.prop for b in self.bindings.values()}
        self._wanted = _MARKS | self._rules | {binding.predicate for binding in self.bindings.values()}
        self._facts, self._model, self.matches, self.echoes = {}, {}, set(), set()
        for quad in quads:
            self._take(quad)
        self.seq, self.release = seq, release

    def apply(self, event: Published, own: Container[object] = ()) -> bool:
        """Take in an event, once. False where the model itself has changed and a new snapshot is needed.

        `own` are the ids of the agents' own requests and decisions; what begins because one of them comes back from
        the controller is marked as an echo.
        """
        if event.seq <= self.seq and event.admitted:
            return True
        self.seq = max(self.seq, event.seq)
        self.plant_us = max(self.plant_us, plant_time(event))
        self.release = event.release
        if any(quad.g in _MODEL for quad in (*event.added, *event.removed)):
            return False
        for quad in event.removed:
            self._drop(quad)
        for quad in event.added:
            self._take(quad)
        self.matches.difference_update(event.unmatched)
        self.echoes.difference_update(event.unmatched)
        self.matches.update(event.matches)
        if is_echo(event, own):
            self.echoes.update(event.matches)
        return True

    def _take(self, quad: Quad) -> None:
        if quad.g in _LIVE and quad.p in self._wanted:
            self._facts.setdefault((quad.s, quad.p), set()).add(quad.o)
            if quad.p in self._rules and isinstance(quad.s, URIRef) and isinstance(quad.o, Literal):
                self.matches.add(Match(quad.p, quad.s, quad.o))
        elif quad.g in _MODEL and quad.p in _PARTS:
            self._model.setdefault((quad.s, quad.p), set()).add(quad.o)

    def _drop(self, quad: Quad) -> None:
        held = self._facts.get((quad.s, quad.p))
        if held is not None and quad.g in _LIVE:
            held.discard(quad.o)
            if quad.p in self._rules and isinstance(quad.s, URIRef) and isinstance(quad.o, Literal):
                self.matches.discard(Match(quad.p, quad.s, quad.o))

    # asking

    def value(self, prop: URIRef) -> Literal | None:
        """The live value of a bound property, or None where none has been seen."""
        binding = self.bindings.get(prop)
        return None if binding is None else self.fact(binding.equipment, binding.predicate)

    def fact(self, s: URIRef, p: URIRef) -> Literal | None:
        """A value of (s, p), live or of the model; None where there is none."""
        held = self._facts.get((s, p)) or self._model.get((s, p)) or ()
        return next((o for o in sorted(held) if isinstance(o, Literal)), None)

    def number(self, s: URIRef, p: URIRef) -> float | None:
        """A number of (s, p), or None."""
        literal = self.fact(s, p)
        value = None if literal is None else literal.value
        return None if isinstance(value, bool) or not isinstance(value, int | float) else float(value)

    def link(self, node: URIRef, predicate: URIRef) -> URIRef | None:
        """What a fact points to, the smallest IRI where there are several; None where there is none."""
        return next((o for o in sorted(self._facts.get((node, predicate), ())) if isinstance(o, URIRef)), None)

    def is_marked(self, node: URIRef, mark: URIRef) -> bool:
        """True where the node carries the mark, such as tw:pending true."""
        return _TRUE in self._facts.get((node, mark), ())

    def is_busy(self, prop: URIRef) -> bool:
        """True while a request for this property is in flight, cooling down or frozen: nothing new is started."""
        return any(self.is_marked(prop, mark) for mark in (TW.pending, TW.coolingDown, TW.frozen))

    def neighbours(self, node: URIRef) -> tuple[URIRef, ...]:
        """What the equipment feeds."""
        return tuple(sorted(o for o in self._model.get((node, TW.feeds), ()) if isinstance(o, URIRef)))

    def feeders(self, node: URIRef) -> tuple[URIRef, ...]:
        """What feeds the equipment."""
        found = (s for (s, p), held in self._model.items() if p == TW.feeds and node in held)
        return tuple(sorted(s for s in found if isinstance(s, URIRef)))

    def scopes(self, equipment: URIRef) -> Sequence[URIRef]:
        """The equipment and what it is part of, from the inside out."""
        chain, place = [equipment], equipment
        while (parent := self._part_of(place)) is not None and parent not in chain:
            chain.append(parent)
            place = parent
        return chain

    def autonomy(self) -> tuple[Autonomy, ...]:
        """The autonomy grants in force."""
        nodes = {s for (s, p), held in self._facts.items() if p == TW.level and held and isinstance(s, URIRef)}
        return tuple(self._grant(node) for node in sorted(nodes))

    def approvals_needed(self, prop: URIRef) -> int:
        """How many persons must approve a write that people approve: two from risk class 4 on, else one."""
        grants = self._facts.get((prop, TW.writeGrant), ())
        risk = max((self.number(g, TW.riskClass) or 0 for g in grants if isinstance(g, URIRef)), default=0)
        return 2 if risk >= 4 else 1

    def _grant(self, node: URIRef) -> Autonomy:
        words = [str(o) for o in self._facts.get((node, TW.level), ())]
        level = min(map(Level.of_word, words), default=Level.OFF)
        agent, rule, scope = (self.link(node, p) for p in (TW.ofAgent, TW.ofRule, TW.hasScope))
        return Autonomy(node, level, agent, rule, scope)

    def _part_of(self, node: URIRef) -> URIRef | None:
        found = self._model.get((node, ISA95.isPartOf), ())
        return next((o for o in sorted(found) if isinstance(o, URIRef)), None)


def plant_time(event: Published) -> int:
    """Plant time of an event: what it says, or its newest source timestamp."""
    return max((reading.source_us for reading in event.readings), default=0) or event.plant_us


def is_echo(event: Published, own: Container[object]) -> bool:
    """True for what an own write sends back: the outcome of an own request, or readings all flagged as own writes."""
    if event.cause in own or event.detail.get("decision") in own:
        return True
    return bool(event.readings) and all(reading.flags & ReadingFlag.OWN_WRITE for reading in event.readings)
