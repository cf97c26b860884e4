"""Compiled rules and owlrl agree on instance facts, for random ontologies and random data."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from rdflib import BNode, Graph
from rdflib.collection import Collection
from rdflib.namespace import OWL, RDF, RDFS, Namespace

from reasoner.owl import compile_owl
from reasoner.references import owlrl_reference
from reasoner.rules import stratified

E = Namespace("http://example.org/")
CLASSES = [E[f"C{index}"] for index in range(6)]
PROPERTIES = [E[f"p{index}"] for index in range(4)]
INDIVIDUALS = [E[f"i{index}"] for index in range(4)]


class Ontology:
    """A random ontology with nested class expressions."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick
        self.graph = Graph()
        for cls in CLASSES:
            self.graph.add((cls, RDF.type, OWL.Class))
        for prop in PROPERTIES:
            self.graph.add((prop, RDF.type, OWL.ObjectProperty))
        for _ in range(pick.randint(2, 7)):
            self._axiom()

    def _list(self, members: list[Any]) -> BNode:
        node = BNode()
        Collection(self.graph, node, members)
        return node

    def _expression(self, depth: int = 0) -> Any:
        kind = self.pick.random()
        if kind < 0.35 or depth > 2:
            return self.pick.choice(CLASSES)
        node = BNode()
        # owlrl knows that a class lies below owl:Thing only where it is said to be a class
        self.graph.add((node, RDF.type, OWL.Class))
        if kind < 0.75:
            self._restriction(node, depth)
        elif kind < 0.85:
            parts = [self._expression(depth + 1), self._expression(depth + 1)]
            self.graph.add((node, OWL.intersectionOf, self._list(parts)))
        elif kind < 0.95:
            parts = [self._expression(depth + 1), self._expression(depth + 1)]
            self.graph.add((node, OWL.unionOf, self._list(parts)))
        else:
            self.graph.add((node, OWL.oneOf, self._list(self.pick.sample(INDIVIDUALS, 2))))
        return node

    def _restriction(self, node: BNode, depth: int) -> None:
        self.graph.add((node, RDF.type, OWL.Restriction))
        self.graph.add((node, OWL.onProperty, self.pick.choice(PROPERTIES)))
        kind = self.pick.choice(("some", "all", "value"))
        if kind == "some":
            filler = self.pick.choice((OWL.Thing, self._expression(depth + 1)))
            self.graph.add((node, OWL.someValuesFrom, filler))
        elif kind == "all":
            self.graph.add((node, OWL.allValuesFrom, self._expression(depth + 1)))
        else:
            self.graph.add((node, OWL.hasValue, self.pick.choice(INDIVIDUALS)))

    def _axiom(self) -> None:
        prop, other = self.pick.choice(PROPERTIES), self.pick.choice(PROPERTIES)
        chain = [self.pick.choice(PROPERTIES) for _ in range(self.pick.choice((2, 3)))]
        kind = self.pick.random()
        if kind < 0.4:
            self.graph.add((self._expression(), RDFS.subClassOf, self._expression()))
        elif kind < 0.5:
            self.graph.add((self.pick.choice(CLASSES), OWL.equivalentClass, self._expression()))
        elif kind < 0.6:
            self.graph.add((prop, self.pick.choice((RDFS.domain, RDFS.range)), self._expression()))
        elif kind < 0.7:
            self.graph.add((prop, self.pick.choice((OWL.equivalentProperty, OWL.inverseOf)), other))
        elif kind < 0.8:
            self.graph.add((prop, RDF.type, self.pick.choice((OWL.SymmetricProperty, OWL.TransitiveProperty))))
        elif kind < 0.9:
            self.graph.add((prop, OWL.propertyChainAxiom, self._list(chain)))
        else:
            self.graph.add((prop, RDFS.subPropertyOf, other))

    def facts(self) -> Graph:
        data = Graph()
        for _ in range(self.pick.randint(2, 9)):
            one, two = self.pick.choice(INDIVIDUALS), self.pick.choice(INDIVIDUALS)
            typed = self.pick.random() < 0.5
            data.add((one, RDF.type, self.pick.choice(CLASSES)) if typed else (one, self.pick.choice(PROPERTIES), two))
        return data


@pytest.mark.parametrize("seed", range(6))
def test_owlrl_finds_the_same_instance_facts(seed: int, twin: Callable[..., Any]) -> None:
    """The engine's facts, asserted ones aside, are owlrl's; and they are again after half the data has gone."""
    ontology = Ontology(random.Random(seed))
    data = ontology.facts()
    world = twin(stratified(compile_owl(ontology.graph)))
    world.start(set(data))
    half = set(sorted(data)[::2])

    assert world.derived() - set(data) == _reference(ontology.graph, data)

    world.change(removes=half)
    rest = Graph()
    for triple in set(data) - half:
        rest.add(triple)
    assert world.derived() - set(rest) == _reference(ontology.graph, rest)


def test_the_reference_leaves_the_caller_s_graph_alone() -> None:
    """owlrl closes in place; the wrapper works on a copy and gives back only what is new."""
    graph = Graph().parse(
        data="@prefix : <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
        ":A rdfs:subClassOf :B . :x a :A .",
        format="turtle",
    )
    before = set(graph)

    inferred = owlrl_reference.closure(graph)

    assert set(graph) == before
    assert (E.x, RDF.type, E.B) in inferred
    assert not inferred & before


def _reference(ontology: Graph, data: Graph) -> set[Any]:
    return owlrl_reference.instance_facts(owlrl_reference.closure(ontology + data), ontology)
