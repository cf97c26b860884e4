"""The graph as compiled rules look at it: now, or now and before a transaction together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from kg.errors import Undecided
from kg.graph import Restricted, Triple, WorkingGraph
from kg.terms import Node

Own = Callable[[Node, Node], bool]


class Meter:
    """Counts steps: matches looked at. Over the limit, Undecided is raised."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0

    def step(self, rule: str) -> None:
        """Count one step outside a compiled function."""
        self.spent += 1
        if self.spent > self.limit:
            self.over(0, rule)

    def over(self, steps: int, rule: str) -> NoReturn:
        self.spent += steps
        raise Undecided(
            f"Rule {rule} needed more than {self.limit} steps; nothing was derived.", rule=rule, steps=self.spent
        )


class Now:
    """The graph as it is, in the named graphs that rules may read.

    Its methods are the graph's own until a predicate that matters is *mixed*: some of its triples are in no visible
    graph. Only the triples of mixed predicates are looked at one by one. Once mixed a predicate stays so, rollback or
    not: that costs time and is never wrong.
    """

    __slots__ = (
        "_graph",
        "_mixed",
        "_reads",
        "_visible",
        "has",
        "objects",
        "own",
        "pairs",
        "predicates",
        "subjects",
        "triples",
    )

    def __init__(self, graph: WorkingGraph, visible: int, own: Own, reads: frozenset[Node] | None) -> None:
        """`reads` are the predicates that rules look up; None if it may be any."""
        self._graph = graph
        self._visible = visible
        self._reads = reads
        self._mixed: set[Node] = set()
        self.own = own
        self._point_at(graph)

    def survey(self) -> None:
        """Look at every triple that rules may read for mixed predicates. Walks them all."""
        graph, marks = self._graph, self._graph.marks
        for p in {t.p for t in graph.triples()} if self._reads is None else self._reads:
            if any(not marks(s, p, o) & self._visible for s, o in graph.pairs(p)):
                self.hide(p)

    def hide(self, *predicates: Node) -> None:
        """From here on look at each triple of these predicates."""
        self._mixed.update(predicates)
        if self._mixed and (self._reads is None or not self._mixed.isdisjoint(self._reads)):
            self._point_at(_Sifted(self._graph, self._visible, self._mixed))

    def _point_at(self, source: WorkingGraph | _Sifted) -> None:
        self.has = source.has
        self.objects = source.objects
        self.subjects = source.subjects
        self.pairs = source.pairs
        self.predicates = source.predicates
        self.triples = source.triples


class Gone:
    """Triples that held before, by predicate and end, so that looking one up costs the same however many there are."""

    __slots__ = ("by_object", "by_subject")

    def __init__(self) -> None:
        self.by_subject: dict[Node, dict[Node, list[Node]]] = {}
        self.by_object: dict[Node, dict[Node, list[Node]]] = {}

    def add(self, s: Node, p: Node, o: Node) -> None:
        self.by_subject.setdefault(p, {}).setdefault(s, []).append(o)
        self.by_object.setdefault(p, {}).setdefault(o, []).append(s)


class Before:
    """Everything that holds now or held before: what compiled rules see when they look for what may have gone."""

    __slots__ = ("_by_object", "_by_subject", "_now", "own")

    def __init__(self, now: Now, gone: Gone) -> None:
        self._now = now
        self._by_subject = gone.by_subject
        self._by_object = gone.by_object
        self.own = now.own

    def has(self, s: Node, p: Node, o: Node) -> bool:
        return self._now.has(s, p, o) or (p in self._by_subject and o in self._by_subject[p].get(s, ()))

    def objects(self, s: Node, p: Node) -> Iterable[Node]:
        if p in self._by_subject and s in self._by_subject[p]:
            return [*self._now.objects(s, p), *self._by_subject[p][s]]
        return self._now.objects(s, p)

    def subjects(self, p: Node, o: Node) -> Iterable[Node]:
        if p in self._by_object and o in self._by_object[p]:
            return [*self._now.subjects(p, o), *self._by_object[p][o]]
        return self._now.subjects(p, o)

    def pairs(self, p: Node) -> Iterable[tuple[Node, Node]]:
        yield from self._now.pairs(p)
        for s, gone in self._by_subject.get(p, {}).items():
            for o in gone:
                yield s, o

    def predicates(self, s: Node) -> Iterable[Node]:
        known = dict.fromkeys(self._now.predicates(s))
        return known | dict.fromkeys(p for p, gone in self._by_subject.items() if s in gone)

    def triples(self) -> Iterator[Triple]:
        yield from self._now.triples()
        for p in self._by_subject:
            yield from (Triple(s, p, o) for s, gone in self._by_subject[p].items() for o in gone)


class _Sifted:
    """A working graph without the triples of mixed predicates that are in no visible graph."""

    def __init__(self, graph: WorkingGraph, visible: int, mixed: set[Node]) -> None:
        self._graph = graph
        self._seen = Restricted(graph, visible)
        self._mixed = mixed

    def has(self, s: Node, p: Node, o: Node) -> bool:
        return self._seen.has(s, p, o) if p in self._mixed else self._graph.has(s, p, o)

    def objects(self, s: Node, p: Node) -> Iterable[Node]:
        return self._seen.objects(s, p) if p in self._mixed else self._graph.objects(s, p)

    def subjects(self, p: Node, o: Node) -> Iterable[Node]:
        return self._seen.subjects(p, o) if p in self._mixed else self._graph.subjects(p, o)

    def pairs(self, p: Node) -> Iterable[tuple[Node, Node]]:
        return self._seen.pairs(p) if p in self._mixed else self._graph.pairs(p)

    def predicates(self, s: Node) -> Iterable[Node]:
        return (p for p in self._graph.predicates(s) if p not in self._mixed or any(True for _ in self.objects(s, p)))

    def triples(self) -> Iterator[Triple]:
        return (t for t in self._graph.triples() if t.p not in self._mixed or self._seen.has(*t))
