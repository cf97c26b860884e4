"""What a shape sees of the graph, with every look-up counted against a work budget."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, Protocol

from kg.errors import Undecided
from kg.graph import View, WorkingGraph
from kg.terms import Node

#: A limit that no check reaches.
UNLIMITED: Final = 1 << 62


class Meter:
    """Work units spent: one for each look-up and one for each node it returned."""

    __slots__ = ("limit", "spent")

    def __init__(self) -> None:
        self.spent = 0
        self.limit = UNLIMITED

    def halve(self) -> int:
        """Let at most half of what is left be spent, so that one hostile shape can't starve the others.

        Returns the limit as it was, for the caller to put back.
        """
        whole = self.limit
        self.limit = self.spent + (whole - self.spent >> 1)
        return whole

    def overspent(self) -> Undecided:
        return Undecided(f"The check needs more than {self.limit} work units.", limit=self.limit)


class Reader(Protocol):
    """What paths are walked on."""

    def objects(self, s: Node, p: Node) -> Collection[Node]: ...
    def subjects(self, p: Node, o: Node) -> Collection[Node]: ...


class Sight:
    """The part of a working graph that is held by one of the `visible` named graphs. Implements Reader."""

    __slots__ = (
        "_below",
        "_graph",
        "_marks",
        "_sub_class_of",
        "_type",
        "asserted",
        "entailed",
        "meter",
        "version",
        "visible",
    )

    def __init__(self, graph: WorkingGraph, visible: int, meter: Meter, type_: Node, sub_class_of: Node) -> None:
        self._graph = graph
        self._marks = graph.marks
        self.visible = visible
        self._type = type_
        self._sub_class_of = sub_class_of
        self._below: dict[Node, frozenset[Node]] = {}
        self.version = 0
        """Counts how often the classes were forgotten."""
        self.meter = meter
        self.asserted: Sight = self
        self.entailed: Sight = self

    def has(self, s: Node, p: Node, o: Node) -> bool:
        meter = self.meter
        meter.spent += 1
        if meter.spent > meter.limit:
            raise meter.overspent()
        return bool(self._marks(s, p, o) & self.visible)

    def objects(self, s: Node, p: Node) -> list[Node]:
        meter = self.meter
        found = self._graph.seen_objects(s, p, self.visible)
        meter.spent += 1 + len(found)
        if meter.spent > meter.limit:
            raise meter.overspent()
        return found

    def subjects(self, p: Node, o: Node) -> list[Node]:
        meter = self.meter
        found = self._graph.seen_subjects(p, o, self.visible)
        meter.spent += 1 + len(found)
        if meter.spent > meter.limit:
            raise meter.overspent()
        return found

    def pairs(self, p: Node) -> Iterator[tuple[Node, Node]]:
        for s, o in self._graph.pairs(p):
            if self._marks(s, p, o) & self.visible:
                self.meter.spent += 1
                yield s, o

    def predicates(self, s: Node) -> list[Node]:
        return [p for p in list(self._graph.predicates(s)) if self.objects(s, p)]

    def all_predicates(self) -> list[Node]:
        """Every predicate that a triple may have."""
        return self._graph.all_predicates()

    # classes

    def below(self, cls: Node) -> frozenset[Node]:
        """The classes t with t rdfs:subClassOf* cls; remembered until `forget_classes`."""
        found = self._below.get(cls)
        if found is None:
            found = self._below[cls] = frozenset(self._find_below(cls))
        return found

    def _find_below(self, cls: Node) -> set[Node]:
        seen = {cls}
        todo = [cls]
        while todo:
            for t in self.subjects(self._sub_class_of, todo.pop()):
                if t not in seen:
                    seen.add(t)
                    todo.append(t)
        return seen

    def forget_classes(self) -> None:
        """Called after a change of rdfs:subClassOf."""
        self._below.clear()
        self.version += 1

    def is_a(self, node: Node, cls: Node) -> bool:
        """Whether node rdf:type/rdfs:subClassOf* cls."""
        types = self.objects(node, self._type)
        return bool(types) and not self.below(cls).isdisjoint(types)

    def instances(self, cls: Node) -> Iterator[Node]:
        """The instances of a class and its subclasses, some of them more than once."""
        for t in self.below(cls):
            yield from self.subjects(self._type, t)


class Trace:
    """A view, such as the graph before and after a transaction together, with look-ups counted. Implements Reader."""

    __slots__ = ("_view", "meter")

    def __init__(self, view: View, meter: Meter) -> None:
        self._view = view
        self.meter = meter

    def objects(self, s: Node, p: Node) -> list[Node]:
        return self._counted(list(self._view.objects(s, p)))

    def subjects(self, p: Node, o: Node) -> list[Node]:
        return self._counted(list(self._view.subjects(p, o)))

    def _counted(self, found: list[Node]) -> list[Node]:
        meter = self.meter
        meter.spent += 1 + len(found)
        if meter.spent > meter.limit:
            raise meter.overspent()
        return found
