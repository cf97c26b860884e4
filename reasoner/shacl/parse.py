"""A shapes graph read into `model.Shapes`. Whatever is not understood is refused, never skipped in silence.

Source: SHACL 2, 3.4.3 (recursion), 4.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NoReturn

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SH, XSD
from rdflib.term import Node as RdfNode

from kg.change import Severity
from kg.errors import ShapeRefused
from kg.terms import Term
from ontology.vocabulary import TW
from reasoner.shacl import model
from reasoner.shacl.lexical import is_legal
from reasoner.shacl.model import Constraint, Evidence, Order, Shape, Shapes, Target
from reasoner.shacl.parse_paths import IllFormed, read_list, read_path
from reasoner.shacl.parse_sparql import SparqlReader
from reasoner.shacl.paths import Predicate
from reasoner.shacl.queries import costly_queries
from reasoner.shacl.regex import Regex
from reasoner.shacl.values import value_of

_LOG: Final = logging.getLogger(__name__)
_SH: Final = str(SH)
_TARGETS: Final = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
_NAMES_OF_SHAPES: Final = (SH.NodeShape, SH.PropertyShape)
_KINDS: Final = frozenset((SH.IRI, SH.BlankNode, SH.Literal, SH.BlankNodeOrIRI, SH.BlankNodeOrLiteral, SH.IRIOrLiteral))
_ORDERS: Final = {
    SH.minExclusive: Order.MIN_EXCLUSIVE,
    SH.minInclusive: Order.MIN_INCLUSIVE,
    SH.maxExclusive: Order.MAX_EXCLUSIVE,
    SH.maxInclusive: Order.MAX_INCLUSIVE,
}
_SEVERITIES: Final = {SH.Info: Severity.INFO, SH.Warning: Severity.WARNING, SH.Violation: Severity.VIOLATION}
#: Constraints that only property shapes may have.
_PROPERTY_ONLY: Final = (SH.minCount, SH.maxCount, SH.lessThan, SH.lessThanOrEquals, SH.uniqueLang)
#: SHACL terms on a shape that constrain nothing; sh:rule is read where rules are read.
_HARMLESS: Final = frozenset(
    (SH.name, SH.description, SH.order, SH.group, SH.defaultValue, SH.declare, SH.prefixes, SH.rule, SH.shapesGraph)
)
_READ: Final = frozenset((*_TARGETS, *_PROPERTY_ONLY, *_ORDERS)).union(
    (SH["class"], SH.datatype, SH.nodeKind, SH.minLength, SH.maxLength, SH.pattern, SH.flags, SH.languageIn),
    (SH.equals, SH.disjoint, SH["not"], SH["and"], SH["or"], SH.xone, SH.node, SH.property, SH["in"], SH.hasValue),
    (SH.qualifiedValueShape, SH.qualifiedMinCount, SH.qualifiedMaxCount, SH.qualifiedValueShapesDisjoint),
    (SH.closed, SH.ignoredProperties, SH.path, SH.severity, SH.message, SH.deactivated, SH.sparql, SH.target),
)


def compile_shapes(graph: Graph) -> Shapes:
    """The shapes of a graph that have targets, with all they refer to.

    Raises ShapeRefused, naming shape and reason: recursion, a reference to a shape that is not there, ill-formed
    lists, paths and values, SHACL terms that are unknown or not supported.
    """
    _refuse_extensions(graph)
    reader = _ShapeReader(graph)
    shapes = [reader.shape(node) for node in sorted(reader.candidates(), key=lambda n: n.n3())]
    roots = tuple(shape for shape in shapes if shape.targets)
    costly = tuple(cost for shape in sorted(reader.done(), key=_name_of) for cost in costly_queries(shape))
    for cost in costly:
        _LOG.warning("%s", cost)
    return Shapes(
        roots,
        frozenset(node for root in roots for node in _standing(root, inherited=False)),
        {shape.node: shape.own_severity for shape in reader.done() if shape.own_severity is not None},
        costly,
    )


def read_shape(graph: Graph, node: RdfNode) -> Shape:
    """One shape of a graph, with all it refers to, whether it has targets or not. Raises ShapeRefused."""
    return _ShapeReader(graph).shape(node)


def _name_of(shape: Shape) -> str:
    return shape.node.n3()


def _standing(shape: Shape, *, inherited: bool) -> Iterator[Term]:
    is_standing = inherited or shape.standing
    if is_standing:
        yield shape.node
    for inner in shape.properties:
        yield from _standing(inner, inherited=is_standing)


def _refuse_extensions(graph: Graph) -> None:
    for regime in graph.objects(None, SH.entailment):
        reason = f"sh:entailment {regime.n3()} is not supported; what the twin's own rules infer is visible anyway"
        raise ShapeRefused(f"The shapes graph cannot be used: {reason}.", reason=reason)
    try:
        _ = SparqlReader(graph).components
    except IllFormed as error:
        raise ShapeRefused(f"The shapes graph cannot be used: {error}.", reason=str(error)) from error


_DEEPEST: Final = 60


class _ShapeReader:
    """Reads shapes one by one; each node once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._sparql = SparqlReader(graph)
        self._done: dict[RdfNode, Shape] = {}
        self._open: list[RdfNode] = []
        self._classes = _instances(graph, (RDFS.Class, OWL.Class))
        self._typed = _instances(graph, _NAMES_OF_SHAPES)

    def candidates(self) -> set[RdfNode]:
        """Nodes that are typed as shapes or have a target."""
        found = set(self._typed)
        for predicate in (*_TARGETS, SH.target):
            found.update(self._graph.subjects(predicate))
        return found

    def done(self) -> Iterable[Shape]:
        """Every shape read so far."""
        return self._done.values()

    def shape(self, node: RdfNode) -> Shape:
        """The shape with this name. Raises ShapeRefused."""
        found = self._done.get(node)
        if found is not None:
            return found
        if node in self._open:
            circle = " -> ".join(n.n3() for n in [*self._open[self._open.index(node) :], node])
            self._refuse(node, f"it refers to itself: {circle}")
        if len(self._open) > _DEEPEST:
            self._refuse(node, f"shapes are nested more than {_DEEPEST} deep")
        self._open.append(node)
        try:
            shape = self._read(node)
        except IllFormed as error:
            self._refuse(node, str(error))
        self._open.pop()
        self._done[node] = shape
        return shape

    def _refuse(self, node: RdfNode, reason: str) -> NoReturn:
        raise ShapeRefused(f"Shape {self._name(node)} cannot be used: {reason}.", shape=str(node), reason=reason)

    def _name(self, node: RdfNode) -> str:
        """The shape's IRI, or for a blank node where it hangs."""
        if not isinstance(node, BNode):
            return node.n3()
        owner = next((n for n in reversed(self._open) if isinstance(n, URIRef)), None)
        path = next((p.n3() for p in self._graph.objects(node, SH.path) if isinstance(p, URIRef)), None)
        return f"(unnamed{f', of {owner.n3()}' if owner else ''}{f', on path {path}' if path else ''})"

    def _read(self, node: RdfNode) -> Shape:
        if isinstance(node, Literal):
            self._refuse(node, "a literal cannot be a shape")
        if (node, None, None) not in self._graph:
            self._refuse(node, "the shapes graph says nothing about it, so it is missing")
        self._refuse_unknown(node)
        path = self._one(node, SH.path)
        way = None if path is None else read_path(self._graph, path)
        if path is None:
            for predicate in _PROPERTY_ONLY:
                if (node, predicate, None) in self._graph:
                    self._refuse(node, f"{_short(predicate)} needs a property shape, but there is no sh:path")
            if (node, RDF.type, SH.PropertyShape) in self._graph:
                self._refuse(node, "a property shape needs a sh:path")
        elif (node, RDF.type, SH.NodeShape) in self._graph:
            self._refuse(node, "a node shape may not have a sh:path")
        evidence = self._one(node, TW.evidence)
        severity = self._one(node, SH.severity)
        own_severity = None if severity is None else self._iri(node, SH.severity, severity)
        return Shape(
            node=node,  # type: ignore[arg-type]  # literals have been refused
            path=way,
            targets=tuple(self._targets(node)),
            constraints=(*self._constraints(node), *self._sparql.constraints(node, way)),
            properties=tuple(self.shape(p) for p in self._all(node, SH.property)),
            severity=_SEVERITIES.get(own_severity or SH.Violation, Severity.VIOLATION),
            own_severity=None if own_severity in _SEVERITIES else own_severity,
            message=self._message(node),
            code=self._text(node, TW.code),
            standing=self._flag(node, TW.standing),
            evidence=None if evidence is None else self._evidence(node, evidence),
            deactivated=self._flag(node, SH.deactivated),
        )

    def _refuse_unknown(self, node: RdfNode) -> None:
        for predicate in sorted(set(self._graph.predicates(node)), key=str):
            if predicate == SH.select and (node, SH.sparql, node) in self._graph:
                continue  # a shape that is its own constraint
            if str(predicate).startswith(_SH) and predicate not in _READ and predicate not in _HARMLESS:
                self._refuse(node, f"{_short(predicate)} is not supported")

    # targets

    def _targets(self, node: RdfNode) -> Iterator[Target]:
        for value in self._all(node, SH.targetNode):
            if isinstance(value, BNode):
                self._refuse(node, "sh:targetNode may not be a blank node")
            yield model.TargetNode(value)
        for value in self._all(node, SH.targetClass):
            yield model.TargetClass(self._iri(node, SH.targetClass, value))
        if isinstance(node, URIRef) and node in self._classes and node in self._typed:
            yield model.TargetClass(node)
        for value in self._all(node, SH.targetSubjectsOf):
            yield model.TargetSubjectsOf(self._iri(node, SH.targetSubjectsOf, value))
        for value in self._all(node, SH.targetObjectsOf):
            yield model.TargetObjectsOf(self._iri(node, SH.targetObjectsOf, value))
        yield from self._sparql.targets(node)

    # constraints

    def _constraints(self, node: RdfNode) -> Iterator[Constraint]:
        yield from self._type_constraints(node)
        yield from self._count_constraints(node)
        yield from self._range_constraints(node)
        yield from self._text_constraints(node)
        yield from self._pair_constraints(node)
        yield from self._shape_constraints(node)
        yield from self._set_constraints(node)

    def _type_constraints(self, node: RdfNode) -> Iterator[Constraint]:
        for value in self._all(node, SH["class"]):
            yield model.OfClass(self._iri(node, SH["class"], value))
        datatype = self._one(node, SH.datatype)
        if datatype is not None:
            yield model.OfDatatype(self._iri(node, SH.datatype, datatype))
        kind = self._one(node, SH.nodeKind)
        if kind is not None:
            if kind not in _KINDS:
                self._refuse(node, f"sh:nodeKind {kind.n3()} is none of SHACL's node kinds")
            yield model.OfKind(self._iri(node, SH.nodeKind, kind))

    def _count_constraints(self, node: RdfNode) -> Iterator[Constraint]:
        for predicate, least in ((SH.minCount, True), (SH.maxCount, False)):
            limit = self._integer(node, predicate)
            if limit is not None:
                yield model.Count(limit, least)

    def _range_constraints(self, node: RdfNode) -> Iterator[Constraint]:
        for predicate, order in _ORDERS.items():
            limit = self._one(node, predicate)
            if limit is None:
                continue
            if not isinstance(limit, Literal) or value_of(limit) is None:
                self._refuse(node, f"{_short(predicate)} {limit.n3()} is no value that others can be compared with")
            yield model.Bound(order, limit)

    def _text_constraints(self, node: RdfNode) -> Iterator[Constraint]:
        for predicate, least in ((SH.minLength, True), (SH.maxLength, False)):
            limit = self._integer(node, predicate)
            if limit is not None:
                yield model.Length(limit, least)
        flags = self._text(node, SH.flags) or ""
        for value in self._all(node, SH.pattern):
            if not isinstance(value, Literal) or value.datatype not in (None, XSD.string):
                self._refuse(node, f"sh:pattern {value.n3()} is not a string")
            Regex(str(value), flags, node)  # type: ignore[arg-type]  # refuses what cannot be run
            yield model.Pattern(str(value), flags)
        ranges = self._one(node, SH.languageIn)
        if ranges is not None:
            yield model.LanguageIn(tuple(str(r).lower() for r in read_list(self._graph, ranges)))
        if self._flag(node, SH.uniqueLang):
            yield model.UniqueLang()

    def _pair_constraints(self, node: RdfNode) -> Iterator[Constraint]:
        for value in self._all(node, SH.equals):
            yield model.Equals(self._iri(node, SH.equals, value))
        for value in self._all(node, SH.disjoint):
            yield model.Disjoint(self._iri(node, SH.disjoint, value))
        for value in self._all(node, SH.lessThan):
            yield model.LessThan(self._iri(node, SH.lessThan, value), or_equal=False)
        for value in self._all(node, SH.lessThanOrEquals):
            yield model.LessThan(self._iri(node, SH.lessThanOrEquals, value), or_equal=True)

    def _shape_constraints(self, node: RdfNode) -> Iterator[Constraint]:
        for value in self._all(node, SH["not"]):
            yield model.Not(self.shape(value))
        several: tuple[tuple[URIRef, Callable[[tuple[Shape, ...]], Constraint]], ...]
        several = ((SH["and"], model.And), (SH["or"], model.Or), (SH.xone, model.Xone))
        for predicate, kind in several:
            for value in self._all(node, predicate):
                yield kind(tuple(self.shape(member) for member in read_list(self._graph, value)))
        for value in self._all(node, SH.node):
            yield model.HasShape(self.shape(value))
        yield from self._qualified(node)

    def _qualified(self, node: RdfNode) -> Iterator[Constraint]:
        if self._one(node, SH.path) is None:
            return  # the W3C case node/qualified-001 wants them ignored on node shapes
        least, most = self._integer(node, SH.qualifiedMinCount), self._integer(node, SH.qualifiedMaxCount)
        shapes = self._all(node, SH.qualifiedValueShape)
        if not shapes and (least is not None or most is not None):
            self._refuse(node, "sh:qualifiedMinCount and sh:qualifiedMaxCount need a sh:qualifiedValueShape")
        if shapes and least is None and most is None:
            self._refuse(node, "sh:qualifiedValueShape needs sh:qualifiedMinCount or sh:qualifiedMaxCount")
        siblings = self._siblings(node) if self._flag(node, SH.qualifiedValueShapesDisjoint) else set()
        for value in shapes:
            others = tuple(self.shape(s) for s in sorted(siblings - {value}, key=lambda n: n.n3()))
            for limit, is_least in ((least, True), (most, False)):
                if limit is not None:
                    yield model.Qualified(self.shape(value), limit, is_least, others)

    def _siblings(self, node: RdfNode) -> set[RdfNode]:
        return {
            shape
            for parent in self._graph.subjects(SH.property, node)
            for sibling in self._graph.objects(parent, SH.property)
            for shape in self._graph.objects(sibling, SH.qualifiedValueShape)
        }

    def _set_constraints(self, node: RdfNode) -> Iterator[Constraint]:
        if self._flag(node, SH.closed):
            ignored = self._one(node, SH.ignoredProperties)
            allowed = [] if ignored is None else read_list(self._graph, ignored)
            paths = [self.shape(p).path for p in self._all(node, SH.property)]
            own = [path.iri for path in paths if isinstance(path, Predicate)]
            yield model.Closed(frozenset([self._iri(node, SH.ignoredProperties, p) for p in allowed] + own))
        for value in self._all(node, SH.hasValue):
            yield model.HasValue(value)
        members = self._one(node, SH["in"])
        if members is not None:
            yield model.In(tuple(read_list(self._graph, members)))

    # single values

    def _all(self, node: RdfNode, predicate: URIRef) -> list[Term]:
        objects: Iterable[Term] = self._graph.objects(node, predicate)  # type: ignore[assignment]  # objects are terms
        return sorted(objects, key=lambda n: n.n3())

    def _one(self, node: RdfNode, predicate: URIRef) -> Term | None:
        found = self._all(node, predicate)
        if len(found) > 1:
            self._refuse(node, f"{_short(predicate)} is given more than once")
        return found[0] if found else None

    def _iri(self, node: RdfNode, predicate: URIRef, value: Term) -> URIRef:
        if not isinstance(value, URIRef):
            self._refuse(node, f"{_short(predicate)} {value.n3()} is not an IRI")
        return value

    def _integer(self, node: RdfNode, predicate: URIRef) -> int | None:
        value = self._one(node, predicate)
        if value is None:
            return None
        if not (isinstance(value, Literal) and value.datatype == XSD.integer and is_legal(str(value), XSD.integer)):
            self._refuse(node, f"{_short(predicate)} {value.n3()} is not an integer")
        if int(str(value)) < 0:
            self._refuse(node, f"{_short(predicate)} {value.n3()} is negative")
        return int(str(value))

    def _flag(self, node: RdfNode, predicate: URIRef) -> bool:
        """True for "true" alone; the W3C case uniqueLang-002 wants "1" to be no flag."""
        value = self._one(node, predicate)
        if value is None:
            return False
        if not (isinstance(value, Literal) and value.datatype == XSD.boolean and is_legal(str(value), XSD.boolean)):
            self._refuse(node, f"{_short(predicate)} {value.n3()} is not a boolean")
        return str(value) == "true"

    def _text(self, node: RdfNode, predicate: URIRef) -> str | None:
        value = self._one(node, predicate)
        if value is not None and not isinstance(value, Literal):
            self._refuse(node, f"{_short(predicate)} {value.n3()} is not a string")
        return None if value is None else str(value)

    def _message(self, node: RdfNode) -> str | None:
        """The message in English or without a language; else the first one by language."""
        found = [m for m in self._all(node, SH.message) if isinstance(m, Literal)]
        found.sort(key=lambda m: (m.language not in (None, "en"), m.language or ""))
        return str(found[0]) if found else None

    def _evidence(self, node: RdfNode, value: Term) -> Evidence:
        try:
            return Evidence(str(value))
        except ValueError:
            self._refuse(node, f'tw:evidence {value.n3()} is neither "asserted" nor "entailed"')


def _short(predicate: RdfNode) -> str:
    text = str(predicate)
    if text.startswith(_SH):
        return "sh:" + text.removeprefix(_SH)
    return "tw:" + text.removeprefix(str(TW)) if text.startswith(str(TW)) else f"<{text}>"


def _instances(graph: Graph, classes: tuple[URIRef, ...]) -> set[RdfNode]:
    """SHACL instances: rdf:type/rdfs:subClassOf* within the graph."""
    below = {c for cls in classes for c in graph.transitive_subjects(RDFS.subClassOf, cls)}
    return {node for cls in below for node in graph.subjects(RDF.type, cls)}
