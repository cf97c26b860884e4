"""The footprints of all units, compiled and indexed by predicate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rdflib import RDF, RDFS, Literal

from kg.terms import Node, Terms
from reasoner.shacl.checks import Compiler
from reasoner.shacl.footprint import Read
from reasoner.shacl.model import Evidence
from reasoner.shacl.paths import Path, occurrences, reverse
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


class Triggers:
    """Answers which units read triples of a predicate, and how to get from such a triple to their focus nodes."""

    def __init__(self, units: Iterable[Unit], compiler: Compiler, terms: Terms) -> None:
        self._compiler = compiler
        self._by_predicate: dict[tuple[Evidence, Node], list[Trigger]] = {}
        self._wildcards: dict[Evidence, list[Trigger]] = {}
        self._backs: dict[Path, Walk] = {}
        self._booleans = frozenset(terms.node(Literal(value)) for value in (True, False))
        self.sub_class_of = terms.node(RDFS.subClassOf)
        self.walked_back: set[Node] = {terms.node(RDF.type), self.sub_class_of}
        """Predicates that are walked from object to subject, so that the graph must index them."""
        seen: set[Evidence] = set()
        for unit in units:
            for read in unit.reads:
                seen.add(read.evidence)
                self._enter(unit, read)
        self.evidences = tuple(evidence for evidence in Evidence if evidence in seen)

    def _enter(self, unit: Unit, read: Read) -> None:
        node = self._compiler.node
        trigger = Trigger(
            unit,
            None if read.prefix is None else self._back(read.prefix),
            read.forward,
            None if read.guard is None else node(read.guard),
            read.blind,
            read.by_presence,
            frozenset(node(p) for p in read.allowed),
        )
        if read.predicate is None:
            self._wildcards.setdefault(read.evidence, []).append(trigger)
            return
        predicate = node(read.predicate)
        self._by_predicate.setdefault((read.evidence, predicate), []).append(trigger)
        if not read.forward:
            self.walked_back.add(predicate)

    def _back(self, prefix: Path) -> Walk:
        way = reverse(prefix)
        self.walked_back.update(self._compiler.node(p.predicate) for p in occurrences(way) if not p.forward)
        found = self._backs.get(way)
        if found is None:
            found = self._backs[way] = compile_path(way, self._compiler.node)
        return found

    def of(self, evidence: Evidence, predicate: Node) -> Sequence[Trigger]:
        """The triggers of a predicate, those of closed shapes included."""
        own = self._by_predicate.get((evidence, predicate), [])
        wild = [t for t in self._wildcards.get(evidence, ()) if predicate not in t.allowed]
        return [*own, *wild] if wild else own

    def form(self, node: Node) -> int:
        """1 for doubles, 2 for integers, 3 for booleans in canonical form, 0 for everything else."""
        if isinstance(node, float):
            return 1
        if node & 3 == 3:
            return 2
        return 3 if node in self._booleans else 0
