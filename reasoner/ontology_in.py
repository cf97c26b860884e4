"""The ontology that stands among the data of a working graph: its axioms, its rules, and what would alter them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rdflib import RDF, RDFS, Graph, URIRef
from rdflib.namespace import OWL
from rdflib.term import Node as RdfNode

from kg.graph import Triple, WorkingGraph
from kg.terms import Node
from reasoner.owl import compile_owl
from reasoner.rules import Rule

_SCHEMA: Final = frozenset(
    (RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range, RDF.first, RDF.rest)
) | frozenset(URIRef(str(OWL) + name) for name in OWL.__annotations__)
"""Predicates of axioms."""
_KINDS: Final = frozenset((RDFS.Class, RDFS.Datatype, RDF.Property)) | _SCHEMA
"""Classes whose members axioms speak of."""


class OntologyIn:
    """The axioms that some graph with one of the `given` marks holds, compiled once; a snapshot."""

    def __init__(self, graph: WorkingGraph, given: int, beside: Iterable[Rule]) -> None:
        """`beside` are the rules that share what equal names share. Raises BadTerm where a list is broken."""
        node = graph.terms.node
        self._graph = graph
        self._given = given
        self._schema = frozenset(map(node, _SCHEMA))
        self._kinds = frozenset(map(node, _KINDS))
        self._type, self._same = node(RDF.type), node(OWL.sameAs)
        axioms = self.axioms()
        self._has_equals = (None, OWL.sameAs, None) in axioms
        self._words = frozenset(self._words_used()) if self._has_equals else frozenset()
        self._spoken_of = self._words | {node(term) for term in _spoken_of(axioms)} if self._has_equals else self._words
        if self._has_equals:
            for triple in self._samples():
                axioms.add(self._terms(triple))
        self.rules = compile_owl(axioms, beside=tuple(beside))

    def axioms(self) -> Graph:
        """The asserted triples that the ontology is made of."""
        graph, found = self._graph, Graph(bind_namespaces="none")
        triples = [Triple(s, p, o) for p in self._schema for s, o in graph.pairs(p)]
        triples += [Triple(s, self._type, kind) for kind in self._kinds for s in graph.subjects(self._type, kind)]
        for triple in triples:
            if graph.marks(*triple) & self._given:
                found.add(self._terms(triple))
        return found

    def is_altered_by(self, changes: Iterable[tuple[Triple, int, int]]) -> bool:
        """Whether other rules would be compiled after the changes (triple, marks before, marks after).

        Where names are equal, rules are written out for every predicate and class in use, so that one that comes or
        goes counts as well; a further owl:sameAs counts where it names a word that is used or that axioms speak of.
        """
        return any(self._alters(triple, now) for triple, then, now in changes if (then ^ now) & self._given)

    def _alters(self, triple: Triple, now: int) -> bool:
        s, p, o = triple
        if self._has_equals:
            if self._comes(triple) if now & self._given else self._goes(triple):
                return True
            if p == self._same:
                return s in self._spoken_of or o in self._spoken_of
        return p in self._schema or (p == self._type and o in self._kinds)

    def _comes(self, triple: Triple) -> bool:
        """Whether the triple uses a word that was not in use."""
        return triple.p not in self._words or (triple.p == self._type and triple.o not in self._words)

    def _goes(self, triple: Triple) -> bool:
        """Whether a word that the triple used is not in use any more."""
        graph, p, given = self._graph, triple.p, self._given
        if p == self._type:
            return not any(graph.marks(s, p, triple.o) & given for s in graph.subjects(p, triple.o))
        return not any(graph.marks(s, p, o) & given for s, o in graph.pairs(p))

    def _words_used(self) -> Iterator[Node]:
        """The predicates that some triple has, and the classes with members."""
        yield from (p for p in self._graph.all_predicates() if any(True for _ in self._graph.pairs(p)))
        yield from (cls for _, cls in self._graph.pairs(self._type))

    def _samples(self) -> Iterator[Triple]:
        """A triple for each predicate and each class, so that the compiler knows of them; nothing is derived yet."""
        classes: set[Node] = set()
        for p in self._graph.all_predicates():
            for s, o in self._graph.pairs(p):
                if p != self._type:
                    yield Triple(s, p, o)
                    break
                if o not in classes:
                    classes.add(o)
                    yield Triple(s, p, o)

    def _terms(self, triple: Triple) -> tuple[URIRef, URIRef, URIRef]:
        term = self._graph.terms.term
        return term(triple.s), term(triple.p), term(triple.o)  # type: ignore[return-value]  # rdflib takes any term


def _spoken_of(axioms: Graph) -> Iterator[RdfNode]:
    """What axioms name, other than those that only tell names of individuals apart or together."""
    for s, p, o in axioms:
        if p not in (OWL.sameAs, OWL.differentFrom) and o != OWL.NamedIndividual:
            yield from (s, o)


__all__ = ["OntologyIn"]
