"""Shapes compiled into functions that find what violates them.

A compiled shape sees the graph through a `Sight`; nodes are numbers. Source: SHACL 3.4 (validation), 4 (constraints).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeAlias

from rdflib import Literal, URIRef

from kg.terms import Node, Term, Terms
from reasoner.shacl import model
from reasoner.shacl.hits import Hit, Place
from reasoner.shacl.model import Constraint, Evidence, Shape, component_of
from reasoner.shacl.paths import text_of
from reasoner.shacl.queries import find_by_query
from reasoner.shacl.sight import Sight
from reasoner.shacl.sparql import Engine
from reasoner.shacl.value_tests import compile_distance, compile_test
from reasoner.shacl.values import Values, compare, distance
from reasoner.shacl.walk import compile_path

Find: TypeAlias = Callable[[Sight, Node, Collection[Node], list[Hit]], None]
"""Appends the hits of one constraint on a focus node with these value nodes."""
Conforms: TypeAlias = Callable[[Sight, Node], bool]


class Compiler:
    """Compiles the shapes of one release for the terms of one graph."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._values = Values(terms)
        self._keys: dict[tuple[Term, URIRef, str | None], int] = {}
        self._conforms: dict[Shape, Conforms] = {}
        self.engine = Engine(terms)

    def node(self, term: Term) -> Node:
        return self._terms.node(term)

    def finders(self, shape: Shape, code: str | None) -> list[Find]:
        """The constraints of a shape, without those of the property shapes below it."""
        return [self._find(constraint, self._place(shape, constraint, code)) for constraint in shape.constraints]

    def conforms(self, shape: Shape) -> Conforms:
        """Whether a node conforms to a shape and everything below it."""
        found = self._conforms.get(shape)
        if found is None:
            found = self._conforms[shape] = self._compile_conforms(shape)
        return found

    def _compile_conforms(self, shape: Shape) -> Conforms:
        if shape.deactivated:
            return lambda _sight, _node: True
        walk = compile_path(shape.path, self.node)
        finders = self.finders(shape, None)
        inner = [self.conforms(p) for p in shape.properties]
        pick = seen_by(shape.evidence)

        def conforms(sight: Sight, node: Node) -> bool:
            sight = pick(sight)
            values = walk(sight, node)
            hits: list[Hit] = []
            for find in finders:
                find(sight, node, values, hits)
                if hits:
                    return False
            return all(below(sight, value) for below in inner for value in values)

        return conforms

    def _place(self, shape: Shape, constraint: Constraint, code: str | None) -> Place:
        path = None if shape.path is None else text_of(shape.path)
        component = component_of(constraint)
        where = (shape.node, component, path)
        key = self._keys.setdefault(where, len(self._keys))
        return Place(key, *where, constraint, shape.severity, shape.message, code)

    # constraints

    def _find(self, constraint: Constraint, place: Place) -> Find:
        test = compile_test(constraint, self._terms, self._values, place.shape)
        if test is not None:
            return _each(place, test, compile_distance(constraint, self._terms, self._values))
        match constraint:
            case model.Count(limit=limit, least=least):
                return _counted(place, limit, least)
            case model.HasValue(value=value):
                return _has_value(place, self.node(value))
            case model.UniqueLang():
                return _unique_lang(place, self._terms)
            case model.Equals(predicate=predicate):
                return _equals(place, self.node(predicate))
            case model.Disjoint(predicate=predicate):
                return _disjoint(place, self.node(predicate))
            case model.LessThan(predicate=predicate, or_equal=or_equal):
                return _less_than(place, self.node(predicate), or_equal, self._values)
            case model.Sparql():
                return find_by_query(constraint, place, self.engine)
            case model.Closed(allowed=allowed):
                return _closed(place, frozenset(self.node(p) for p in allowed))
            case _:
                return self._find_by_shapes(constraint, place)

    def _find_by_shapes(self, constraint: Constraint, place: Place) -> Find:
        match constraint:
            case model.Not(shape=shape):
                holds = self.conforms(shape)
                return _each(place, lambda sight, value: not holds(sight, value))
            case model.HasShape(shape=shape):
                return _each(place, self.conforms(shape))
            case model.And(shapes=shapes):
                parts = [self.conforms(s) for s in shapes]
                return _each(place, lambda sight, value: all(part(sight, value) for part in parts))
            case model.Or(shapes=shapes):
                parts = [self.conforms(s) for s in shapes]
                return _each(place, lambda sight, value: any(part(sight, value) for part in parts))
            case model.Xone(shapes=shapes):
                parts = [self.conforms(s) for s in shapes]
                return _each(place, lambda sight, value: sum(part(sight, value) for part in parts) == 1)
            case model.Qualified(shape=shape, limit=limit, least=least, siblings=siblings):
                return _qualified(place, self.conforms(shape), [self.conforms(s) for s in siblings], limit, least)
            case _:
                raise AssertionError(f"a constraint without a check: {constraint}")


def seen_by(evidence: Evidence | None) -> Callable[[Sight], Sight]:
    """From the sight of the referring shape to that of a shape that declares this evidence."""
    match evidence:
        case None:
            return lambda sight: sight
        case Evidence.ASSERTED:
            return lambda sight: sight.asserted
        case Evidence.ENTAILED:
            return lambda sight: sight.entailed


def _each(place: Place, test: Conforms, distance_of: Callable[[Node], float | None] | None = None) -> Find:
    key = place.key

    def find(sight: Sight, focus: Node, values: Collection[Node], hits: list[Hit]) -> None:
        for value in values:
            if test(sight, value):
                continue
            hits.append(Hit(key, focus, value, None, distance_of(value) if distance_of else None, place))

    return find


def _counted(place: Place, limit: int, least: bool) -> Find:
    def find(_sight: Sight, focus: Node, values: Collection[Node], hits: list[Hit]) -> None:
        beyond = limit - len(values) if least else len(values) - limit
        if beyond > 0:
            hits.append(Hit(place.key, focus, None, None, float(beyond), place))

    return find


def _has_value(place: Place, wanted: Node) -> Find:
    def find(_sight: Sight, focus: Node, values: Collection[Node], hits: list[Hit]) -> None:
        if wanted not in values:
            hits.append(Hit(place.key, focus, None, None, None, place))

    return find


def _unique_lang(place: Place, terms: Terms) -> Find:
    def find(_sight: Sight, focus: Node, values: Collection[Node], hits: list[Hit]) -> None:
        seen: dict[str, int] = {}
        for value in values if len(values) > 1 else ():
            term = terms.term(value)
            if isinstance(term, Literal) and term.language:
                tag = term.language.lower()
                seen[tag] = seen.get(tag, 0) + 1
        hits.extend(Hit(place.key, focus, None, None, None, place) for n in seen.values() if n > 1)

    return find


def _equals(place: Place, predicate: Node) -> Find:
    def find(sight: Sight, focus: Node, values: Collection[Node], hits: list[Hit]) -> None:
        mine, others = set(values), set(sight.objects(focus, predicate))
        hits.extend(Hit(place.key, focus, v, None, None, place) for v in mine ^ others)

    return find


def _disjoint(place: Place, predicate: Node) -> Find:
    def find(sight: Sight, focus: Node, values: Collection[Node], hits: list[Hit]) -> None:
        others = set(sight.objects(focus, predicate))
        hits.extend(Hit(place.key, focus, v, None, None, place) for v in values if v in others)

    return find


def _less_than(place: Place, predicate: Node, or_equal: bool, known: Values) -> Find:
    bound = 0 if or_equal else -1

    def find(sight: Sight, focus: Node, values: Collection[Node], hits: list[Hit]) -> None:
        for other in sight.objects(focus, predicate) if values else ():
            limit = known.of(other)
            for value in values:
                own = known.of(value)
                if own is None or limit is None:
                    hits.append(Hit(place.key, focus, value, None, None, place))
                elif (sign := compare(own, limit)) is None or sign > bound:
                    hits.append(Hit(place.key, focus, value, None, distance(own, limit), place))

    return find


def _closed(place: Place, allowed: frozenset[Node]) -> Find:
    def find(sight: Sight, focus: Node, values: Collection[Node], hits: list[Hit]) -> None:
        for value in values:
            for predicate in sight.predicates(value):
                if predicate not in allowed:
                    objects = sight.objects(value, predicate)
                    hits.extend(Hit(place.key, focus, o, predicate, None, place) for o in objects)

    return find


def _qualified(place: Place, wanted: Conforms, siblings: list[Conforms], limit: int, least: bool) -> Find:
    def find(sight: Sight, focus: Node, values: Collection[Node], hits: list[Hit]) -> None:
        found = sum(wanted(sight, v) and not any(other(sight, v) for other in siblings) for v in values)
        beyond = limit - found if least else found - limit
        if beyond > 0:
            hits.append(Hit(place.key, focus, None, None, float(beyond), place))

    return find
