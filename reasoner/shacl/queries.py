"""SPARQL constraints and targets compiled: from a query's rows to hits and focus nodes.

Source: SHACL 5.3.2 and 6.3 (from solutions to results), SHACL-AF 3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

from rdflib import URIRef
from rdflib.term import Variable

from kg.errors import BadTerm, Undecided
from kg.terms import Node, Term
from reasoner.shacl.footprint import own_reads, target_reads
from reasoner.shacl.hits import Hit, Place
from reasoner.shacl.messages import fill_holes
from reasoner.shacl.model import Costly, Evidence, Shape, Sparql, TargetQuery
from reasoner.shacl.sight import Sight
from reasoner.shacl.sparql import Engine
from reasoner.shacl.sparql.lookup import Row, Value
from reasoner.shacl.sparql.translate import THIS, VALUE, is_true

_MESSAGE: Final = Variable("message")
_STEP: Final = Variable("path")
_FAILURE: Final = Variable("failure")


class QueryTarget:
    """The focus nodes that a query selects.

    Where the query lets ?this be given, one node is asked about alone; else the whole set is remembered for each kind
    of evidence until `forget`.
    """

    __slots__ = ("_engine", "_is_local", "_known", "_shape", "_target")

    def __init__(self, target: TargetQuery, shape: Term, engine: Engine) -> None:
        self._target = target
        self._shape = shape
        self._engine = engine
        self._is_local = THIS in target.query.givable
        self._known: dict[int, frozenset[Node]] = {}

    def holds(self, sight: Sight, node: Node) -> bool:
        """Whether the query selects the node. Raises Undecided beyond the budget."""
        if not self._is_local:
            return node in self.all(sight)
        return any(row.get(THIS) == node for row in self._rows(sight, {THIS: node}))

    def all(self, sight: Sight) -> frozenset[Node]:
        """All nodes that the query selects. Raises Undecided beyond the budget."""
        found = self._known.get(sight.visible)
        if found is None:
            engine = self._engine
            values = [row[THIS] for row in self._rows(sight, {}) if THIS in row]
            found = frozenset(_node(value, engine) for value in values)
            if not self._is_local:
                self._known[sight.visible] = found
        return found

    def forget(self) -> None:
        """Called after a change of what the query reads."""
        self._known.clear()

    def _rows(self, sight: Sight, seed: Row) -> list[Row]:
        with _Naming(self._shape):
            return self._engine.solve(self._target.query, sight, {}, seed)


def find_by_query(
    constraint: Sparql, place: Place, engine: Engine
) -> Callable[[Sight, Node, Collection[Node], list[Hit]], None]:
    """The check of a SPARQL constraint on a focus node with its value nodes."""
    return _asked(constraint, place, engine) if constraint.asks else _selected(constraint, place, engine)


def _asked(
    constraint: Sparql, place: Place, engine: Engine
) -> Callable[[Sight, Node, Collection[Node], list[Hit]], None]:
    query = constraint.query

    def find(sight: Sight, focus: Node, values: Collection[Node], hits: list[Hit]) -> None:
        for value in values:
            with _Naming(place.shape):
                holds = bool(engine.solve(query, sight, {THIS: focus, VALUE: value}))
            if not holds:
                said = _Said(constraint, place, engine, {THIS: focus, VALUE: value})
                hits.append(Hit(place.key, focus, value, None, None, place, said.text()))

    return find


def _selected(
    constraint: Sparql, place: Place, engine: Engine
) -> Callable[[Sight, Node, Collection[Node], list[Hit]], None]:
    query = constraint.query

    def find(sight: Sight, focus: Node, _values: Collection[Node], hits: list[Hit]) -> None:
        with _Naming(place.shape):
            rows = engine.solve(query, sight, {THIS: focus})
        found: dict[Hit, None] = {}
        for row in rows:
            if _FAILURE in row and is_true(engine.term(row[_FAILURE])):
                raise Undecided(f"The query of shape {place.shape.n3()} reports a failure.", shape=str(place.shape))
            value = row.get(VALUE, None if place.path is not None else focus)
            step = row.get(_STEP)
            is_predicate = step is not None and isinstance(engine.term(step), URIRef)
            said = _Said(constraint, place, engine, {THIS: focus} | row)
            found[
                Hit(
                    place.key,
                    focus,
                    None if value is None else _node(value, engine),
                    _node(step, engine) if is_predicate and step is not None else None,
                    None,
                    place,
                    said.text(),
                )
            ] = None
        hits.extend(sorted(found, key=lambda hit: (str(hit.value), str(hit.step), hit.said or "")))

    return find


def _node(value: Value, engine: Engine) -> Node:
    try:
        return engine.terms.node(value) if isinstance(value, str) else value
    except BadTerm as error:
        raise Undecided(f"A query makes a term that the graph cannot hold: {error.message}") from error


class _Said:
    """The sentence for one solution: its ?message, else that of the constraint, else that of the shape."""

    def __init__(self, constraint: Sparql, place: Place, engine: Engine, row: Mapping[Variable, Value]) -> None:
        self._constraint = constraint
        self._place = place
        self._engine = engine
        self._row = row

    def text(self) -> str | None:
        """None where nobody wrote one."""
        own = self._row.get(_MESSAGE)
        template = self._constraint.message or self._place.message if own is None else str(self._engine.term(own))
        return None if template is None else fill_holes(template, self._term, self._place.path)

    def _term(self, name: str) -> Term | None:
        value = self._row.get(Variable(name))
        if value is not None:
            return self._engine.term(value)
        return next((term for variable, term in self._constraint.query.constants if str(variable) == name), None)


class _Naming:
    """Names the shape in an Undecided that its query causes."""

    __slots__ = ("_shape",)

    def __init__(self, shape: Term) -> None:
        self._shape = shape

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        if isinstance(error, Undecided) and "shape" not in error.facts:
            name = self._shape.n3()
            raise Undecided(f"A query of shape {name}: {error.message}", shape=str(self._shape)) from error


def costly_queries(shape: Shape) -> Iterator[Costly]:
    """The queries of a shape that no change can be led back through."""
    for constraint in shape.constraints:
        if isinstance(constraint, Sparql):
            name = "sh:sparql" if constraint.source is not None else str(constraint.component)
            yield from _costly(shape, name, replace(shape, constraints=(constraint,), properties=(), targets=()))
    for target in shape.targets:
        if isinstance(target, TargetQuery):
            yield from _costly(shape, "sh:target", replace(shape, constraints=(), properties=(), targets=(target,)))


def _costly(shape: Shape, query: str, part: Shape) -> Iterator[Costly]:
    reads = (*own_reads(part, None, Evidence.ENTAILED), *target_reads(part, Evidence.ENTAILED))
    opaque = {read.predicate for read in reads if read.opaque}
    if opaque:
        named = sorted(predicate for predicate in opaque if predicate is not None)
        yield Costly(shape.node, query, None if None in opaque else tuple(named))
