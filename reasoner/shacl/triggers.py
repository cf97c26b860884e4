"""The footprints of all units, compiled and indexed by predicate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rdflib import RDF, RDFS, Literal

from kg.terms import Node, Terms
from reasoner.shacl.checks import Compiler
from reasoner.shacl.footprint import Read
from reasoner.shacl.model import Evidence
from reasoner.shacl.paths import Path, occurrences, reverse
from reasoner.shacl.sight import Sight
from reasoner.shacl.units import Unit
from reasoner.shacl.walk import Walk, compile_path


@dataclass(frozen=True, slots=True)
class Trigger:
    """A read, compiled: the way back from a changed triple to the focus nodes."""

    unit: Unit
    back: Walk | None
    """None where the subject (or object) of the triple is the focus node itself."""
    forward: bool
    guard: Node | None
    blind: bool
    by_presence: bool
    allowed: frozenset[Node]
    """For closed shapes the predicates that do not matter."""
    opaque: bool = False
    """No way leads back: every target of the unit is concerned."""


class Table:
    """The triggers of all shapes that see the same kind of evidence."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.by_predicate: dict[Node, list[Trigger]] = {}
        self.wildcards: list[Trigger] = []
        self._merged: dict[Node, Sequence[Trigger]] = {}
        self._guarded: set[Node] = set()
        self._led: dict[tuple[Node, ...], Sequence[Trigger]] = {}
        self._version = 0

    def of(self, predicate: Node) -> Sequence[Trigger]:
        """The triggers of a predicate, those of closed shapes included; put together when first asked for."""
        found = self._merged.get(predicate)
        if found is None:
            wild = [t for t in self.wildcards if predicate not in t.allowed]
            found = self._merged[predicate] = (*self.by_predicate.get(predicate, ()), *wild)
            if any(trigger.guard is not None for trigger in found):
                self._guarded.add(predicate)
        return found

    def led_by(self, predicate: Node, objects: Sequence[Node], sight: Sight) -> Sequence[Trigger]:
        """The triggers of a predicate that a change to these objects sets off: its guard, if any, lets one pass.

        Most triggers of rdf:type are guarded by a class, so that what is left is remembered for as long as the class
        tree is. The class tree as it is now suffices: of the edges that a class lost on its way up, the last one has
        its object still below the guard, so that edge leads back to every instance that was lost.
        """
        triggers = self.of(predicate)
        if predicate not in self._guarded:
            return triggers
        if self._version != sight.version or len(self._led) > _MOST_LED:
            self._led.clear()
            self._version = sight.version
        key = (predicate, *objects)
        found = self._led.get(key)
        if found is None:
            found = self._led[key] = [t for t in triggers if t.guard is None or passing(t.guard, objects, sight)]
        return found


_MOST_LED: Final = 10_000


def passing(guard: Node, objects: Sequence[Node], sight: Sight) -> list[Node]:
    """The objects that are the class or one below it."""
    below = sight.below(guard)
    return [o for o in objects if o in below]


class Triggers:
    """Answers which units read triples of a predicate, and how to get from such a triple to their focus nodes."""

    def __init__(self, units: Iterable[Unit], compiler: Compiler, terms: Terms) -> None:
        self._compiler = compiler
        self._backs: dict[Path, Walk] = {}
        self._booleans = frozenset(terms.node(Literal(value)) for value in (True, False))
        self.sub_class_of = terms.node(RDFS.subClassOf)
        self.walked_back: set[Node] = {terms.node(RDF.type), self.sub_class_of}
        """Predicates that are walked from object to subject, so that the graph must index them."""
        self.remembered: set[Node | None] = {self.sub_class_of}
        """Predicates whose change makes stale what is remembered of classes and targets; None: every predicate."""
        tables = {evidence: Table(evidence) for evidence in Evidence}
        for unit in units:
            for read in unit.reads:
                self._enter(unit, read, tables[read.evidence])
        self.tables = tuple(table for table in tables.values() if table.by_predicate or table.wildcards)

    def _enter(self, unit: Unit, read: Read, table: Table) -> None:
        node = self._compiler.node
        if read.opaque and unit.targets.queries:
            self.remembered.add(None if read.predicate is None else node(read.predicate))
        trigger = Trigger(
            unit,
            None if read.prefix is None else self._back(read.prefix),
            read.forward,
            None if read.guard is None else node(read.guard),
            read.blind,
            read.by_presence,
            frozenset(node(p) for p in read.allowed),
            read.opaque,
        )
        if read.predicate is None:
            table.wildcards.append(trigger)
            return
        predicate = node(read.predicate)
        table.by_predicate.setdefault(predicate, []).append(trigger)
        if not read.forward:
            self.walked_back.add(predicate)

    def _back(self, prefix: Path) -> Walk:
        way = reverse(prefix)
        self.walked_back.update(self._compiler.node(p.predicate) for p in occurrences(way) if not p.forward)
        found = self._backs.get(way)
        if found is None:
            found = self._backs[way] = compile_path(way, self._compiler.node)
        return found

    def form(self, node: Node) -> int:
        """1 for doubles, 2 for integers, 3 for booleans in canonical form, 0 for everything else."""
        if isinstance(node, float):
            return 1
        if node & 3 == 3:
            return 2
        return 3 if node in self._booleans else 0
