"""owlrl as a reference: OWL 2 RL closure of a copy of a graph, without what owlrl adds beside it.

owlrl closes the caller's graph in place, types literals through generalised triples, declares every datatype it knows
and leaves its error nodes in the graph; none of that comes out of here. Seconds for thousands of triples.
"""

from __future__ import annotations

from collections.abc import Iterable

import owlrl
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS

from kg.terms import Term

_ERROR = URIRef("http://www.daml.org/2002/03/agents/agent-ont#error")
_SCHEMA = frozenset((RDF.Property, RDFS.Class, RDFS.Datatype, RDFS.Resource, OWL.Thing, OWL.Nothing))
_OF_INDIVIDUALS = frozenset((OWL.sameAs, OWL.differentFrom))
_NAMESPACES = (str(OWL), str(RDFS), str(RDF))


def closure(graph: Graph) -> set[tuple[Term, Term, Term]]:
    """Everything that follows from the graph and is not in it."""
    copy = Graph()
    for triple in graph:
        copy.add(triple)
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(copy)
    return {triple for triple in copy if triple not in graph}  # type: ignore[misc]  # subjects and objects are terms


def contradictions(closed: Iterable[tuple[Term, Term, Term]]) -> set[str]:
    """What owlrl says can't be, in its words, from what `closure` gave."""
    return {str(o) for _, p, o in closed if p == _ERROR}


def instance_facts(triples: Iterable[tuple[Term, Term, Term]], schema: Graph) -> set[tuple[Term, Term, Term]]:
    """What says something of individuals: no triples of the vocabularies of OWL and RDFS, about the schema, of blank
    nodes or with a literal as subject."""
    about = {s for s, p, o in schema if _is_of_schema(p, o) and not _is_individual(schema, s)}
    return {t for t in triples if _counts(t) and t[0] not in about and isinstance(t[0], URIRef)}


def _is_of_schema(p: object, o: object) -> bool:
    """Whether a subject of which this is said is a class or a property."""
    return p not in _OF_INDIVIDUALS and not (p == RDF.type and o == OWL.NamedIndividual)


def _is_individual(schema: Graph, node: object) -> bool:
    return any(not str(cls).startswith(_NAMESPACES) for cls in schema.objects(node, RDF.type))  # type: ignore[arg-type]


def _counts(triple: tuple[Term, Term, Term]) -> bool:
    s, p, o = triple
    if isinstance(s, BNode | Literal) or isinstance(o, BNode):
        return False
    if p == RDF.type:
        return o not in _SCHEMA and not str(o).startswith((*_NAMESPACES, "http://www.w3.org/2001/XMLSchema#"))
    return not str(p).startswith(_NAMESPACES)
