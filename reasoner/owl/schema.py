"""An ontology read for compilation: class expressions, and which class is a subclass of which.

Subclass edges come from rdfs:subClassOf, owl:equivalentClass, and from the comparison of restrictions (scm-hv, scm-
svf1/2, scm-avf1/2), repeated until nothing new follows. Source: OWL 2 Profiles, tables 8 and 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import OWL, RDF, RDFS

from kg.errors import BadTerm
from kg.terms import Term

Axiom = tuple[Term, Term, Term]
NAMELESS = "https://w3id.org/twinwright/nameless#p"
"""What the names begin with that are given to properties without one."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A class described by what its members' values of a property are: kind is some, all or value."""

    kind: str
    prop: Term
    filler: Term


@dataclass(frozen=True, slots=True)
class Boolean:
    """A class described by other classes or, for `one`, by its members: kind is and, or, one."""

    kind: str
    parts: tuple[Term, ...]


Expression = Restriction | Boolean

_RESTRICTIONS = {OWL.someValuesFrom: "some", OWL.allValuesFrom: "all", OWL.hasValue: "value"}
_BOOLEANS = {OWL.intersectionOf: "and", OWL.unionOf: "or", OWL.oneOf: "one"}


class Schema:
    """The class expressions and hierarchies of an ontology."""

    def __init__(self, ontology: Graph) -> None:
        self.graph = ontology
        self.expressions: dict[Term, tuple[Expression, ...]] = {}
        for node in set(ontology.subjects()):
            described = tuple(self._expressions(node))  # type: ignore[arg-type]  # subjects are IRIs or blank nodes
            if described:
                self.expressions[node] = described  # type: ignore[index]
        self.used_in: dict[Term, list[tuple[Term, Expression]]] = {}
        """For each class the descriptions whose members or their values are its members: `and` parts, `all` fillers."""
        for node, described in self.expressions.items():
            for each in described:
                for part in _passed_on(each):
                    self.used_in.setdefault(part, []).append((node, each))
        self._properties = self._closed(RDFS.subPropertyOf, OWL.equivalentProperty)
        self._direct: dict[Term, dict[Term, Axiom | None]] = {}
        for sub, sup, axiom in self._class_axioms():
            self._direct.setdefault(sub, {}).setdefault(sup, axiom)
        self._compare_restrictions()
        self._subclasses: dict[Term, list[Term]] = {}
        for sub, supers in self._direct.items():
            for sup in supers:
                self._subclasses.setdefault(sup, []).append(sub)

    def superclasses(self, cls: Term) -> dict[Term, Axiom | None]:
        """The direct superclasses with the axioms that say so; None where it follows from comparing restrictions."""
        return self._direct.get(cls, {})

    def subclasses(self, cls: Term) -> list[Term]:
        """The direct subclasses."""
        return self._subclasses.get(cls, [])

    def same_named(self, cls: Term) -> URIRef | None:
        """A class with a name that is said to be the same."""
        supers = self._direct.get(cls, {})
        return next((sup for sup in supers if isinstance(sup, URIRef) and cls in self._direct.get(sup, {})), None)

    def classes(self) -> list[Term]:
        """Everything that has a superclass or a description, in a stable order."""
        return sorted({*self._direct, *self.expressions}, key=lambda c: (isinstance(c, BNode), str(c)))

    def same_properties(self) -> list[tuple[Term, Term]]:
        """Properties said to be the same individuals, so that they are the same properties (eq-rep-p)."""
        known: set[object] = set(self.graph.predicates())
        for cls in (RDF.Property, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty):
            known.update(self.graph.subjects(RDF.type, cls))
        for predicate in (RDFS.subPropertyOf, OWL.equivalentProperty):
            known.update(end for pair in self.graph.subject_objects(predicate) for end in pair)
        return [(s, o) for s, _, o in self._same(known)]

    def _names_of_classes(self) -> set[object]:
        known: set[object] = {*self.graph.objects(None, RDF.type), *self.graph.subjects(RDF.type, OWL.Class)}
        for predicate in (RDFS.subClassOf, OWL.equivalentClass):
            known.update(end for pair in self.graph.subject_objects(predicate) for end in pair)
        return known

    def _same(self, known: set[object]) -> list[Axiom]:
        """The owl:sameAs of the ontology between what is known to be classes, or properties."""
        return [t for t in sorted(self.graph.triples((None, OWL.sameAs, None))) if known & {t[0], t[2]}]  # type: ignore[misc]

    def _expressions(self, node: Term) -> Iterator[Expression]:
        for prop in self.graph.objects(node, OWL.onProperty):
            for predicate, kind in _RESTRICTIONS.items():
                for filler in self.graph.objects(node, predicate):
                    yield Restriction(kind, prop, filler)  # type: ignore[arg-type]
        for predicate, kind in _BOOLEANS.items():
            for head in self.graph.objects(node, predicate):
                yield Boolean(kind, members(self.graph, head))  # type: ignore[arg-type]

    def _class_axioms(self) -> Iterator[tuple[Term, Term, Axiom]]:
        for s, p, o in self.graph.triples((None, RDFS.subClassOf, None)):
            yield s, o, (s, p, o)  # type: ignore[misc]
        for s, p, o in (*self.graph.triples((None, OWL.equivalentClass, None)), *self._same(self._names_of_classes())):
            yield s, o, (s, p, o)  # type: ignore[misc]
            yield o, s, (s, p, o)  # type: ignore[misc]

    def _closed(self, sub: URIRef, same: URIRef) -> dict[Term, set[Term]]:
        direct: dict[Term, set[Term]] = {}
        for s, o in self.graph.subject_objects(sub):
            direct.setdefault(s, set()).add(o)  # type: ignore[arg-type]
        for s, o in self.graph.subject_objects(same):
            direct.setdefault(s, set()).add(o)  # type: ignore[arg-type]
            direct.setdefault(o, set()).add(s)  # type: ignore[arg-type]
        return {start: _reached(start, direct) for start in direct}

    def _compare_restrictions(self) -> None:
        restrictions = [
            (node, each) for node, many in self.expressions.items() for each in many if isinstance(each, Restriction)
        ]
        changed = True
        while changed:
            changed = False
            edges = self._with_parts()
            reach = {start: _reached(start, edges) for start in edges}
            for one, a in restrictions:
                for other, b in restrictions:
                    if one != other and other not in self._direct.get(one, {}) and self._narrower(a, b, reach):
                        self._direct.setdefault(one, {})[other] = None
                        changed = True

    def _with_parts(self) -> dict[Term, set[Term]]:
        """The direct edges with those of scm-int and scm-uni."""
        edges = {sub: set(supers) for sub, supers in self._direct.items()}
        for node, many in self.expressions.items():
            for each in many:
                if isinstance(each, Boolean) and each.kind == "and":
                    edges.setdefault(node, set()).update(each.parts)
                elif isinstance(each, Boolean) and each.kind == "or":
                    for part in each.parts:
                        edges.setdefault(part, set()).add(node)
        return edges

    def _narrower(self, a: Restriction, b: Restriction, reach: dict[Term, set[Term]]) -> bool:
        """True if every member of `a` is one of `b`, for the reasons that OWL 2 RL knows."""
        if a.kind != b.kind:
            return False
        same_property, same_filler = a.prop == b.prop, a.filler == b.filler
        if a.kind == "all":
            narrower_property = same_property or a.prop in self._properties.get(b.prop, ())
        else:
            narrower_property = same_property or b.prop in self._properties.get(a.prop, ())
        if same_filler:
            return narrower_property
        wider_filler = b.filler == OWL.Thing or a.filler == OWL.Nothing or b.filler in reach.get(a.filler, ())
        return same_property and a.kind != "value" and wider_filler


def members(graph: Graph, head: Term) -> tuple[Term, ...]:
    """The members of an RDF list. Raises BadTerm where it is broken or runs in a circle."""
    seen, node = set(), head
    while node != RDF.nil:
        if node in seen or len(list(graph.objects(node, RDF.first))) != 1:
            raise BadTerm(f"The list at {head} is broken or runs in a circle.", node=str(head))
        seen.add(node)
        rests = list(graph.objects(node, RDF.rest))
        if len(rests) != 1:
            raise BadTerm(f"The list at {head} is broken or runs in a circle.", node=str(head))
        node = rests[0]  # type: ignore[assignment]  # objects of a graph are terms
    return tuple(Collection(graph, head))  # type: ignore[arg-type]


def with_named_properties(ontology: Graph) -> Graph:
    """The ontology with names for the properties that have none and are no inverses: facts need one to be written."""
    ends = {end for p in (RDFS.subPropertyOf, OWL.equivalentProperty) for s, o in ontology[:p:] for end in (s, o)}
    used = {*ends, *ontology.subjects(OWL.propertyChainAxiom)}
    nameless = sorted(n for n in used if isinstance(n, BNode) and (n, OWL.inverseOf, None) not in ontology)
    if not nameless:
        return ontology
    names = {node: URIRef(f"{NAMELESS}{index}") for index, node in enumerate(nameless, 1)}
    named = Graph()
    for s, p, o in ontology:
        named.add((names.get(s, s), p, names.get(o, o)))  # type: ignore[call-overload]  # nodes for nodes
    return named


def _passed_on(each: Expression) -> tuple[Term, ...]:
    if isinstance(each, Boolean):
        return each.parts if each.kind == "and" else ()
    return (each.filler,) if each.kind == "all" else ()


def _reached(start: Term, direct: dict[Term, set[Term]]) -> set[Term]:
    found: set[Term] = set()
    agenda = [start]
    while agenda:
        for further in direct.get(agenda.pop(), ()):
            if further not in found:
                found.add(further)
                agenda.append(further)
    return found


def is_datatype(schema: Schema, term: Term) -> bool:
    """True for classes of literals, of which no subject can be a member."""
    if isinstance(term, Literal):
        return False
    known = str(term).startswith("http://www.w3.org/2001/XMLSchema#") or term in (RDFS.Literal, RDF.langString)
    return known or (term, RDF.type, RDFS.Datatype) in schema.graph
