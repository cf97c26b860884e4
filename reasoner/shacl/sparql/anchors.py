"""From a query to the places at which it reads the graph, each with the way that leads there from the focus node.

The argument is about an evaluation that looks triples up one by one, always from a node it has reached from the focus
node. As long as no triple changes at a node so reached, before or after, each look-up gives what it gave before, so
the evaluation runs as it ran before and the results are the same. Results do not depend on how a query is evaluated;
hence it is enough that such an evaluation exists. It does for a pattern with an end that is the focus node, or that
is reached by a path from a pattern looked up before; values pass from one operator into another only where the facts
of `algebra` allow it, and into EXISTS. NOT EXISTS, OPTIONAL, UNION, `*` paths and aggregates are covered by the same
argument, because it never asks which way a look-up turned the result.

Every other pattern is *opaque*: any change to a triple of its predicate can matter to every focus node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rdflib import URIRef
from rdflib.term import Variable

from reasoner.shacl.paths import Alternative, Path, Repeat, join, occurrences, reverse, settle
from reasoner.shacl.sparql import algebra
from reasoner.shacl.sparql.algebra import (
    Bgp,
    Expression,
    Op,
    Pattern,
    Query,
    Slot,
    Unlisted,
    Variables,
    handed,
    is_nullable,
)

Reached: TypeAlias = dict[Variable, Path | None]
"""Variables with the path from the focus node to their values; None for the focus node itself."""


@dataclass(frozen=True, slots=True)
class Place:
    """Triples that a query reads."""

    prefix: Path | None
    """From the focus node to their subject, or to their object where not `forward`."""
    predicate: URIRef | None
    """None for every predicate but `allowed`."""
    forward: bool = True
    allowed: frozenset[URIRef] = frozenset()
    opaque: bool = False
    """Without a way back: a change concerns every focus node."""


def places_of(
    query: Query, prebound: Mapping[Variable, Path | None], given: Mapping[Variable, Path | None]
) -> tuple[Place, ...]:
    """Every place at which the query reads the data graph.

    Both say how the values of variables are reached: of those that are pre-bound, and of those that are given where
    the query lets them be.
    """
    walk = _Walk(query)
    env = {v: path for v, path in prebound.items() if v in query.prebound}
    walk.reach(query.op, env, _restricted(dict(given), query.givable))
    return tuple(dict.fromkeys(walk.places))


class _Walk:
    """Goes through a query as the evaluation would, with paths in the place of values."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self.places: list[Place] = []

    def reach(self, op: Op, env: Reached, given: Reached) -> Reached:
        """Notes what an operator reads. Returns the variables that each of its rows binds to nodes reached."""
        match op:
            case Bgp(patterns=patterns):
                return self._patterns(patterns, env, given)
            case algebra.Join(left=left, right=right):
                mine = self.reach(left, env, _passed(given, left))
                gifts = _restricted(mine, handed(left.facts, right.facts))
                return self.reach(right, env, _passed(given, right) | gifts) | mine
            case algebra.LeftJoin(left=left, right=right, condition=condition):
                mine = self.reach(left, env, _passed(given, left))
                gifts = _restricted(mine, handed(left.facts, right.facts))
                theirs = self.reach(right, env, _passed(given, right) | gifts)
                self._exists(condition, env | theirs | mine)
                return mine
            case algebra.Filter(condition=condition, inner=inner):
                mine = self.reach(inner, env, _passed(given, inner))
                self._exists(condition, env | mine)
                return mine
            case algebra.Union(left=left, right=right):
                one = self.reach(left, env, _passed(given, left))
                other = self.reach(right, env, _passed(given, right))
                return {v: _either(path, other[v]) for v, path in one.items() if v in other}
            case algebra.Extend(inner=inner, variable=variable, expression=expression):
                mine = self.reach(inner, env, _passed(given, inner))
                self._exists(expression, env | mine)
                known = env | mine
                if isinstance(expression.tree, Variable) and expression.tree in known:
                    mine = mine | {variable: known[expression.tree]}
                return mine
            case algebra.InShapes(inner=inner):
                return {v: path for v, path in given.items() if v in inner.facts.certain}
            case _:
                return self._modified(op, env, given)

    def _modified(self, op: Op, env: Reached, given: Reached) -> Reached:
        match op:
            case algebra.Project(inner=inner, variables=variables):
                inside = _restricted(env, variables | self._query.prebound)
                mine = self.reach(inner, inside, _restricted(_passed(given, inner), variables))
                return _restricted(mine, variables)
            case algebra.Group(inner=inner, keys=keys, aggregates=aggregates):
                mine = self.reach(inner, env, _passed(given, op))
                for aggregate in aggregates:
                    self._exists(aggregate.over, env | mine)
                return _restricted(mine, frozenset(keys))
            case algebra.Order(inner=inner, conditions=conditions):
                mine = self.reach(inner, env, _passed(given, inner))
                for condition, _ in conditions:
                    self._exists(condition, env | mine)
                return mine
            case algebra.Distinct(inner=inner):
                return self.reach(inner, env, _passed(given, inner))
            case algebra.Slice(inner=inner):
                return self.reach(inner, env, {})
            case _:
                raise AssertionError(f"an operator without a footprint: {op}")

    def _exists(self, expression: Expression | None, env: Reached) -> None:
        for pattern in () if expression is None else expression.patterns:
            self.reach(pattern, env, {})

    # triple patterns

    def _patterns(self, patterns: tuple[Pattern, ...], env: Reached, given: Reached) -> Reached:
        reached = dict(given)
        left = list(patterns)
        while left:
            known = env | reached
            pattern = next((p for p in left if p.subject in known), None)
            pattern = pattern or next((p for p in left if p.object in known), None)
            if pattern is None:
                self.places += [place for p in left for place in _opaque(p)]
                break
            left.remove(pattern)
            end, path = self._look_up(pattern, known)
            if path is not None and isinstance(end, Variable) and end not in known:
                reached[end] = path
        return reached

    def _look_up(self, pattern: Pattern, known: Reached) -> tuple[Slot, Path | None]:
        """Notes what looking the pattern up from its known end reads. Returns the other end and the path there."""
        forward = pattern.subject in known
        start, end = (pattern.subject, pattern.object) if forward else (pattern.object, pattern.subject)
        prefix = known[start]  # type: ignore[index]  # what is known is a variable
        match pattern.predicate:
            case Variable():
                self.places.append(Place(prefix, None, forward))
                return end, None
            case Unlisted(forward=onwards, backward=backwards):
                if onwards is not None:
                    self.places.append(Place(prefix, None, forward, onwards))
                if backwards is not None:
                    self.places.append(Place(prefix, None, not forward, backwards))
                return end, None
            case path:
                way = settle(path) if forward else reverse(path)
                self.places += [Place(*place) for place in occurrences(way, prefix)]
                return end, join(prefix, way)


def _opaque(pattern: Pattern) -> Iterator[Place]:
    match pattern.predicate:
        case Variable():
            yield Place(None, None, opaque=True)
        case Unlisted(forward=onwards, backward=backwards):
            for allowed in (onwards, backwards):
                if allowed is not None:
                    yield Place(None, None, allowed=allowed, opaque=True)
        case path:
            if is_nullable(path):  # with both ends open it leads from every node there is to itself
                yield Place(None, None, opaque=True)
            else:
                yield from (Place(None, place.predicate, opaque=True) for place in occurrences(path))


def _either(one: Path | None, other: Path | None) -> Path | None:
    if one == other:
        return one
    if one is None or other is None:
        path = other if one is None else one
        assert path is not None  # noqa: S101
        return Repeat(path, "?")
    return Alternative((one, other))


def _passed(reached: Reached, op: Op) -> Reached:
    return _restricted(reached, op.facts.passable)


def _restricted(reached: Reached, variables: Variables) -> Reached:
    return {v: path for v, path in reached.items() if v in variables}
