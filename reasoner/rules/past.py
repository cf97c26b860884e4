"""The graph as it was before a round: what holds now, without what came, with what has gone."""

from __future__ import annotations

from collections.abc import Iterator

from kg.graph import Triple
from kg.terms import Node
from reasoner.rules.views import Gone, Now

Fact = tuple[Node, Node, Node]


class Past:
    """Exactly the triples that held before; facts that went and came back are in both lists and have held."""

    __slots__ = ("_by_object", "_by_subject", "_came", "_now", "own")

    def __init__(self, now: Now, gone: Gone, came: set[Fact]) -> None:
        self._now = now
        self._by_subject = gone.by_subject
        self._by_object = gone.by_object
        self._came = came
        self.own = now.own

    def has(self, s: Node, p: Node, o: Node) -> bool:
        if p in self._by_subject and o in self._by_subject[p].get(s, ()):
            return True
        return (s, p, o) not in self._came and self._now.has(s, p, o)

    def objects(self, s: Node, p: Node) -> Iterator[Node]:
        yield from (o for o in self._now.objects(s, p) if (s, p, o) not in self._came)
        yield from self._by_subject.get(p, {}).get(s, ())

    def subjects(self, p: Node, o: Node) -> Iterator[Node]:
        yield from (s for s in self._now.subjects(p, o) if (s, p, o) not in self._came)
        yield from self._by_object.get(p, {}).get(o, ())

    def pairs(self, p: Node) -> Iterator[tuple[Node, Node]]:
        yield from ((s, o) for s, o in self._now.pairs(p) if (s, p, o) not in self._came)
        for s, gone in self._by_subject.get(p, {}).items():
            yield from ((s, o) for o in gone)

    def predicates(self, s: Node) -> Iterator[Node]:
        yield from dict.fromkeys([*self._now.predicates(s), *(p for p, gone in self._by_subject.items() if s in gone)])

    def triples(self) -> Iterator[Triple]:
        yield from (triple for triple in self._now.triples() if triple not in self._came)
        for p, subjects in self._by_subject.items():
            yield from (Triple(s, p, o) for s, gone in subjects.items() for o in gone)
