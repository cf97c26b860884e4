"""Safe bands of shapes: between which values a live value may move so that no result of any shape changes.

For each unit that a new value of a predicate leads to, every constraint on the value must either look at its form and
number alone, or change its verdict only at known points: constants, and values beside it that it is compared with.
Where the unit holds no result the value is then judged the same before and after. Anything else has no band.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from rdflib import Literal, URIRef
from rdflib.namespace import RDF, RDFS

from kg.bands import Band, Watch, narrowed
from kg.graph import WorkingGraph
from kg.terms import Node, Term
from reasoner.shacl import model
from reasoner.shacl.footprint import Read, asks_queries
from reasoner.shacl.model import Constraint, Shape
from reasoner.shacl.paths import Predicate
from reasoner.shacl.triggers import Triggers
from reasoner.shacl.units import Unit
from reasoner.shacl.values import Values, to_double, value_of

_FORM: Final = (model.OfClass, model.OfDatatype, model.OfKind, model.LanguageIn)
"""Constraints on one value that judge all numbers of one form alike."""
_UNDERSTOOD: Final = (
    *_FORM,
    *(model.Count, model.Bound, model.HasValue, model.In, model.LessThan, model.Disjoint, model.Closed),
    *(model.UniqueLang, model.Not, model.And, model.Or, model.Xone, model.HasShape),
)
_LOCAL: Final = (*_UNDERSTOOD, model.Equals, model.Qualified, model.Length, model.Pattern)
"""Constraints that read nothing but what the unit's reads name."""
_TARGETS: Final = (model.TargetNode, model.TargetClass, model.TargetSubjectsOf, model.TargetObjectsOf)


class _Opaque(Exception):
    """A shape looks at the value in a way that has no band. Never leaves this module."""


@dataclass(slots=True)
class _Found:
    """What the units say of one predicate."""

    points: set[float] = field(default_factory=set)
    beside: set[Node] = field(default_factory=set)
    """Predicates with whose values on the same subject a value is compared."""
    own: list[Unit] = field(default_factory=list)
    """Units whose focus node is the subject of the value."""
    others: list[Unit] = field(default_factory=list)
    """Units whose focus nodes lead to it."""


class Bands:
    """The watches of all shapes over one graph, made when first asked for."""

    def __init__(self, triggers: Triggers, graph: WorkingGraph) -> None:
        self._triggers = triggers
        self._graph = graph
        self._values = Values(graph.terms)
        self._watches: dict[Node, Watch | None] = {}

    def of(self, predicate: Node) -> Watch | None:
        """The watch of a predicate; None where some shape looks at its values in a way that has no band."""
        if predicate not in self._watches:
            self._watches[predicate] = self._made(predicate)
        return self._watches[predicate]

    def _made(self, predicate: Node) -> Watch | None:
        iri = self._graph.term(predicate)
        if not isinstance(iri, URIRef) or iri in (RDF.type, RDFS.subClassOf):
            return None
        found = _Found()
        try:
            for unit in dict.fromkeys(t.unit for table in self._triggers.tables for t in table.of(predicate)):
                _Look(unit, iri, self._graph.terms.node).into(found)
        except _Opaque:
            return None
        if predicate in found.beside:
            return None
        if not (found.own or found.others):
            return Watch()
        shapes = frozenset(unit.shape.node for unit in found.others)
        return Watch(self._narrow(found), frozenset(found.beside), shapes=shapes)

    def _narrow(self, found: _Found) -> Callable[[Node, float, float, float], Band | None]:
        points = tuple(sorted(found.points))
        objects, value_at = self._graph.objects, self._values.of
        beside, own, others = tuple(found.beside), [u.held for u in found.own], [u.held for u in found.others]

        def narrow(s: Node, value: float, low: float, high: float) -> Band | None:
            for held in own:
                if held and s in held:
                    return None
            for held in others:
                if held:
                    return None
            band = narrowed(value, low, high, points)
            for predicate in beside:
                for node in objects(s, predicate):
                    other = node if isinstance(node, float) else _double(value_at(node))
                    if band is not None and other is not None:
                        band = narrowed(value, *band, (other,))
            return band

        return narrow


class _Look:
    """One unit, looked at for one predicate."""

    def __init__(self, unit: Unit, predicate: URIRef, node_of: Callable[[Term], Node]) -> None:
        self._unit = unit
        self._predicate = predicate
        self._node_of = node_of

    def into(self, found: _Found) -> None:
        """Add what the unit says. Raises _Opaque."""
        unit = self._unit
        if unit.targets.queries or asks_queries(unit.shape):
            raise _Opaque
        reads = [read for read in unit.reads if read.predicate in (self._predicate, None)]
        constraints = unit.shape.constraints
        if all(read.by_presence for read in reads) and all(isinstance(c, _LOCAL) for c in constraints):
            return  # a value is there before and after
        is_value = unit.shape.path == Predicate(self._predicate)
        if not all(isinstance(constraint, _UNDERSTOOD) for constraint in constraints):
            raise _Opaque
        if not all(isinstance(target, _TARGETS) for target in unit.root.targets):
            raise _Opaque
        if not all(self._is_understood(read, is_value) for read in reads):
            raise _Opaque
        if is_value:
            for constraint in unit.shape.constraints:
                self._judge(constraint, found)
        for constraint in unit.shape.constraints:
            if isinstance(constraint, model.LessThan | model.Disjoint) and constraint.predicate == self._predicate:
                if not isinstance(unit.shape.path, Predicate):
                    raise _Opaque
                found.beside.add(self._node_of(unit.shape.path.iri))
        (found.own if unit.prefix is None else found.others).append(unit)

    def _is_understood(self, read: Read, is_value: bool) -> bool:
        unit = self._unit
        if read.opaque:
            return False
        if read.predicate is None:
            is_closed = any(isinstance(constraint, model.Closed) for constraint in unit.shape.constraints)
            return self._predicate in read.allowed or (is_closed and read.prefix is None)
        if not read.forward or read.guard is not None:
            return False
        if read.by_presence:
            return True
        if read.prefix != unit.prefix:
            return False
        is_other = any(
            isinstance(constraint, model.LessThan | model.Disjoint) and constraint.predicate == self._predicate
            for constraint in unit.shape.constraints
        )
        return is_value or (is_other and unit.prefix is None)

    def _judge(self, constraint: Constraint, found: _Found) -> None:
        """Where the verdict on a value may change. Of values reached from elsewhere several may become one."""
        is_far = self._unit.prefix is not None
        match constraint:
            case model.Count(limit=limit, least=least):
                if is_far and not (least and limit <= 1):
                    raise _Opaque
            case model.UniqueLang():
                pass
            case model.HasValue(value=value):
                found.points |= _points((value,))
            case model.LessThan(predicate=other) | model.Disjoint(predicate=other):
                if is_far:
                    raise _Opaque
                found.beside.add(self._node_of(other))
            case _:
                found.points |= set(_each(constraint))


def _each(constraint: Constraint) -> Iterator[float]:
    """The points of a constraint that judges each value for itself."""
    match constraint:
        case model.Bound(limit=limit):
            yield from _points((limit,))
        case model.In(values=values):
            yield from _points(values)
        case model.HasValue(value=value):
            yield from _points((value,))
        case model.Not(shape=shape) | model.HasShape(shape=shape):
            yield from _within(shape)
        case model.And(shapes=shapes) | model.Or(shapes=shapes) | model.Xone(shapes=shapes):
            for shape in shapes:
                yield from _within(shape)
        case model.Count():
            pass  # of the value itself there is one
        case _ if isinstance(constraint, _FORM):
            pass
        case _:
            raise _Opaque


def _within(shape: Shape) -> Iterator[float]:
    if shape.deactivated:
        return
    if shape.path is not None or shape.properties:
        raise _Opaque
    for constraint in shape.constraints:
        yield from _each(constraint)


def _points(terms: Iterable[Term]) -> set[float]:
    values = (value_of(term) for term in terms if isinstance(term, Literal))
    doubles = (None if value is None else to_double(value) for value in values)
    return {double for double in doubles if double is not None}


def _double(value: object) -> float | None:
    return None if value is None else to_double(value)  # type: ignore[arg-type]  # what `Values.of` gives
