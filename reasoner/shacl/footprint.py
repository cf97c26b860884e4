"""The footprint of a shape: every place at which it reads the graph, with the path that leads there from the focus.

A changed triple at such a place can change the shape's results on exactly the focus nodes that the reversed path
reaches, walked over the graph before and after the change together. Nothing is left out by the polarity of a
constraint: the affected focus nodes are checked again as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef
from rdflib.namespace import RDF, RDFS

from kg.errors import ShapeRefused
from kg.terms import Term
from reasoner.shacl import model
from reasoner.shacl.model import Constraint, Evidence, Shape
from reasoner.shacl.paths import Path, Predicate, Repeat, join, occurrences
from reasoner.shacl.sparql.anchors import Place, places_of
from reasoner.shacl.sparql.translate import THIS, VALUE

_TYPE: Final = Predicate(RDF.type)
_UPWARDS: Final = Repeat(Predicate(RDFS.subClassOf), "*")
_MOST_READS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Read:
    """One place at which a shape reads triples."""

    evidence: Evidence
    prefix: Path | None
    """From the focus node to the place; None where the focus node is the place."""
    predicate: URIRef | None
    """None where all predicates are read but `allowed`."""
    forward: bool = True
    """Whether the prefix leads to the subject of the triples read, or to their object."""
    guard: Term | None = None
    """Only triples matter whose object is this class or one below it."""
    allowed: frozenset[URIRef] = frozenset()
    blind: bool = False
    """Exchanging a value by one of the same form (two doubles, two integers, two booleans) changes nothing here."""
    by_presence: bool = False
    """Only matters whether there is such a triple at all."""
    opaque: bool = False
    """No way leads back: a change concerns every target of the shape."""


def reads_of(shape: Shape, prefix: Path | None, evidence: Evidence) -> Iterator[Read]:
    """What the shape reads to judge focus nodes at the end of `prefix`, with everything below it."""
    if shape.deactivated:
        return
    evidence = shape.evidence or evidence
    yield from own_reads(shape, prefix, evidence)
    for inner in shape.properties:
        yield from reads_of(inner, join(prefix, shape.path), evidence)


def own_reads(shape: Shape, prefix: Path | None, evidence: Evidence) -> Iterator[Read]:
    """What the shape reads for its path and its own constraints; `evidence` is what the shape sees."""
    if shape.path is not None:
        blind = prefix is None and is_blind(shape)
        for place in occurrences(shape.path, prefix):
            yield Read(evidence, *place, blind=blind)
    for constraint in shape.constraints:
        yield from _constraint_reads(constraint, prefix, join(prefix, shape.path), evidence)


def path_reads(path: Path, prefix: Path | None, evidence: Evidence) -> Iterator[Read]:
    """What walking a path after `prefix` reads."""
    return (Read(evidence, *place) for place in occurrences(path, prefix))


def class_reads(cls: Term, prefix: Path | None, evidence: Evidence) -> Iterator[Read]:
    """What it takes to tell whether the node at the end of `prefix` is an instance of the class."""
    yield Read(evidence, prefix, RDF.type, guard=cls)
    yield Read(evidence, join(prefix, _TYPE, _UPWARDS), RDFS.subClassOf, guard=cls)


def target_reads(shape: Shape, evidence: Evidence) -> Iterator[Read]:
    """What decides whether a node is a target of the shape. Nodes named by sh:targetNode are always targets."""
    for target in shape.targets:
        match target:
            case model.TargetClass(cls=cls):
                yield from class_reads(cls, None, evidence)
            case model.TargetSubjectsOf(predicate=predicate):
                yield Read(evidence, None, predicate, by_presence=True)
            case model.TargetObjectsOf(predicate=predicate):
                yield Read(evidence, None, predicate, forward=False)
            case model.TargetQuery(query=query):
                yield from _query_reads(places_of(query, {}, {THIS: None}), evidence)
            case model.TargetNode():
                pass


def _query_reads(places: Iterable[Place], evidence: Evidence) -> Iterator[Read]:
    for place in places:
        yield Read(evidence, place.prefix, place.predicate, place.forward, allowed=place.allowed, opaque=place.opaque)


def _constraint_reads(
    constraint: Constraint, focus: Path | None, values: Path | None, evidence: Evidence
) -> Iterator[Read]:
    match constraint:
        case model.OfClass(cls=cls):
            yield from class_reads(cls, values, evidence)
        case model.Equals(predicate=other) | model.Disjoint(predicate=other) | model.LessThan(predicate=other):
            yield Read(evidence, focus, other)
        case model.Closed(allowed=allowed):
            yield Read(evidence, values, None, allowed=allowed)
        case model.Sparql(query=query):
            yield from _query_reads(places_of(query, {THIS: focus, VALUE: values}, {}), evidence)
        case _:
            for shape in shapes_in(constraint):
                yield from reads_of(shape, values, evidence)


def shapes_in(constraint: Constraint) -> tuple[Shape, ...]:
    """The shapes that a constraint refers to."""
    match constraint:
        case model.Not(shape=shape) | model.HasShape(shape=shape):
            return (shape,)
        case model.And(shapes=shapes) | model.Or(shapes=shapes) | model.Xone(shapes=shapes):
            return shapes
        case model.Qualified(shape=shape, siblings=siblings):
            return (shape, *siblings)
        case _:
            return ()


def asks_queries(shape: Shape) -> bool:
    """Whether judging the shape, with all it refers to, takes a SPARQL query."""
    return any(
        isinstance(constraint, model.Sparql) or any(map(asks_queries, shapes_in(constraint)))
        for constraint in shape.constraints
    ) or any(map(asks_queries, shape.properties))


def is_blind(shape: Shape) -> bool:
    """Whether exchanging a value at the end of the shape's path by one of the same form can't change its results.

    It holds for a single predicate and constraints on number and form alone, for as long as none of them is violated:
    the results would name the new value.
    """
    return isinstance(shape.path, Predicate) and all(_judges_form(c) for c in shape.constraints)


def _judges_form(constraint: Constraint) -> bool:
    match constraint:
        case model.Count() | model.OfDatatype() | model.OfKind() | model.OfClass():
            return True
        case model.UniqueLang() | model.LanguageIn():
            return True
        case model.Not() | model.And() | model.Or() | model.Xone() | model.HasShape() | model.Qualified():
            return all(
                shape.deactivated
                or (shape.path is None and not shape.properties and all(_judges_form(c) for c in shape.constraints))
                for shape in shapes_in(constraint)
            )
        case _:
            return False


def distinct(reads: Iterator[Read], shape: Shape) -> list[Read]:
    """The reads without repetition. Raises ShapeRefused for a shape that refers to others in too many ways."""
    found: dict[Read, None] = {}
    for number, read in enumerate(reads):
        if number >= _MOST_READS:
            reason = f"it reads the graph in more than {_MOST_READS} places"
            raise ShapeRefused(
                f"Shape {shape.node.n3()} cannot be used: {reason}.", shape=str(shape.node), reason=reason
            )
        found[read] = None
    return list(found)
