"""Triple patterns looked up in what a shape sees, each look-up and each triple counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from rdflib.term import Variable

from kg.terms import Node, Term
from reasoner.shacl.paths import Path, Predicate
from reasoner.shacl.sight import Sight
from reasoner.shacl.sparql.algebra import Pattern, Slot, Unlisted, Variables, is_nullable
from reasoner.shacl.sparql.ways import Ways

Value: TypeAlias = Node | Term
"""A node, or a term that the graph has never seen."""
Row: TypeAlias = dict[Variable, Value]
Env: TypeAlias = Mapping[Variable, Value]


class Lookups:
    """Looks patterns up from the ends that are known."""

    def __init__(self, ways: Ways, sight: Sight) -> None:
        self._ways = ways
        self._sight = sight
        self._meter = sight.meter

    def spend(self, units: int) -> None:
        """Count work. Raises Undecided beyond the budget."""
        meter = self._meter
        meter.spent += units
        if meter.spent > meter.limit:
            raise meter.overspent()

    def match(self, patterns: Sequence[Pattern], env: Env, row: Row, at: int = 0) -> Iterator[Row]:
        """The rows in which all patterns hold, looked up one after the other."""
        if at == len(patterns):
            self.spend(1)
            yield row
            return
        for found in self._triples(patterns[at], env, row):
            yield from self.match(patterns, env, found, at + 1)

    def _triples(self, pattern: Pattern, env: Env, row: Row) -> Iterator[Row]:
        s, o = self.known(pattern.subject, env, row), self.known(pattern.object, env, row)
        match pattern.predicate:
            case Variable() as name:
                p = self.known(name, env, row)
                for found_s, found_p, found_o in self._any(s, p, o):
                    bound = _bind(row, pattern.subject, s, found_s)
                    bound = _bind(bound, name, _known_in(bound, name, p), found_p)
                    bound = _bind(bound, pattern.object, _known_in(bound, pattern.object, o), found_o)
                    if bound is not None:
                        yield bound
                return
            case Unlisted() as unlisted:
                ends = self._unlisted(s, unlisted, o)
            case path:
                ends = self._along(s, path, o)
        for found_s, found_o in ends:
            bound = _bind(row, pattern.subject, s, found_s)
            bound = _bind(bound, pattern.object, _known_in(bound, pattern.object, o), found_o)
            if bound is not None:
                yield bound

    def known(self, slot: Slot, env: Env, row: Row) -> Value | None:
        """The value that a place of a pattern has in a row; None where it has none yet."""
        if not isinstance(slot, Variable):
            return self._ways.node(slot)
        found = row.get(slot)
        return env.get(slot) if found is None else found

    def _along(self, s: Value | None, path: Path, o: Value | None) -> Iterator[tuple[Value, Value]]:
        ways = self._ways
        if isinstance(s, str) or isinstance(o, str):  # the graph has never seen this term: it leads only to itself
            if is_nullable(path) and (s is None or o is None or s == o):
                end = o if s is None else s
                assert end is not None  # noqa: S101
                yield end, end
            return
        if s is not None:
            for end in ways.ends(path, self._sight, s):
                self.spend(1)
                if o is None or end == o:
                    yield s, end
        elif o is not None:
            for end in ways.starts(path, self._sight, o):
                self.spend(1)
                yield end, o
        elif isinstance(path, Predicate):
            for start, end in self._sight.pairs(ways.node(path.iri)):
                self.spend(1)
                yield start, end
        else:
            for start in self._all_nodes():
                yield from self._along(start, path, None)

    def _all_nodes(self) -> dict[Node, None]:
        nodes: dict[Node, None] = {}
        for s, _, o in self._any(None, None, None):
            nodes[s] = nodes[o] = None  # type: ignore[index]  # triples have nodes
        return nodes

    def _any(self, s: Value | None, p: Value | None, o: Value | None) -> Iterator[tuple[Value, Value, Value]]:
        if isinstance(s, str) or isinstance(p, str) or isinstance(o, str):
            return
        sight = self._sight
        if p is not None:
            predicates = [p]
        else:
            predicates = sight.all_predicates() if s is None else sight.predicates(s)
            self.spend(len(predicates))
        for predicate in predicates:
            if s is not None:
                ends: Iterable[tuple[Node, Node]] = ((s, end) for end in sight.objects(s, predicate))
            elif o is not None:
                ends = ((start, o) for start in sight.subjects(predicate, o))
            else:
                ends = sight.pairs(predicate)
            for start, end in ends:
                self.spend(1)
                if o is None or end == o:
                    yield start, predicate, end

    def _unlisted(self, s: Value | None, unlisted: Unlisted, o: Value | None) -> Iterator[tuple[Value, Value]]:
        node = self._ways.node
        if unlisted.forward is not None:
            barred = {node(iri) for iri in unlisted.forward}
            yield from ((start, end) for start, p, end in self._any(s, None, o) if p not in barred)
        if unlisted.backward is not None:
            barred = {node(iri) for iri in unlisted.backward}
            yield from ((end, start) for start, p, end in self._any(o, None, s) if p not in barred)


def _bind(row: Row | None, slot: Slot, known: Value | None, found: Value) -> Row | None:
    """The row with the slot bound; None where it has another value."""
    if row is None or known is not None:
        return row if known is None or known == found else None
    return {**row, slot: found} if isinstance(slot, Variable) else row


def _known_in(row: Row | None, slot: Slot, known: Value | None) -> Value | None:
    """What a slot is known to be after other slots of the pattern were bound."""
    if known is not None or row is None or not isinstance(slot, Variable):
        return known
    return row.get(slot)


def ordered(patterns: tuple[Pattern, ...], known: Variables) -> Iterator[Pattern]:
    """Most known ends first: greedy, and the same each time."""
    left, bound = list(patterns), set(known)
    while left:
        best = min(left, key=lambda pattern: _cost(pattern, bound))
        left.remove(best)
        yield best
        bound.update(v for v in (best.subject, best.predicate, best.object) if isinstance(v, Variable))


def _cost(pattern: Pattern, bound: set[Variable]) -> tuple[int, bool]:
    has_subject = not isinstance(pattern.subject, Variable) or pattern.subject in bound
    has_object = not isinstance(pattern.object, Variable) or pattern.object in bound
    is_plain = isinstance(pattern.predicate, Predicate)
    if not (has_subject or has_object):
        return (3 if is_plain else 4), not is_plain
    return (0 if has_subject and has_object else 1 if has_subject else 2), not is_plain
