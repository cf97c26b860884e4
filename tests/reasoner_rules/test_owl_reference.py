"""Compiled rules and owlrl agree on instance facts, for random ontologies and random data."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from rdflib import BNode, Graph, Literal
from rdflib.collection import Collection
from rdflib.namespace import OWL, RDF, RDFS, XSD, Namespace

from ontology import TW
from reasoner.owl import compile_owl
from reasoner.references import owlrl_reference
from reasoner.rules import stratified

E = Namespace("http://example.org/")
CLASSES = [E[f"C{index}"] for index in range(6)]
PROPERTIES = [E[f"p{index}"] for index in range(4)]
INDIVIDUALS = [E[f"i{index}"] for index in range(4)]
NEGATIVE = (OWL.sourceIndividual, OWL.assertionProperty, OWL.targetIndividual)
ZERO = Literal(0, datatype=XSD.nonNegativeInteger)
#: Random ontologies with equality; a hundred and more have been run.
SEEDS = int(os.environ.get("TWINWRIGHT_OWL_SEEDS", "5"))


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


class Contested(Ontology):
    """A random ontology that also says what can't be, and facts with equal and different names."""

    def __init__(self, pick: random.Random) -> None:
        super().__init__(pick)
        for _ in range(pick.randint(1, 3)):
            self._denial()

    def _denial(self) -> None:
        pick, add = self.pick, self.graph.add
        prop, other = pick.sample(PROPERTIES, 2)
        one, two = pick.choice(INDIVIDUALS), pick.choice(INDIVIDUALS)
        kind, node = pick.randrange(8), BNode()
        if kind < 2:
            predicate = (OWL.disjointWith, OWL.complementOf)[kind]
            add((self._expression(), predicate, self._expression()))
        elif kind == 2:
            add((prop, RDF.type, pick.choice((OWL.IrreflexiveProperty, OWL.AsymmetricProperty))))
        elif kind == 3:
            add((prop, OWL.propertyDisjointWith, other))
        elif kind == 4:
            add((self._expression(), RDFS.subClassOf, OWL.Nothing))
        elif kind == 5:
            add((node, RDF.type, OWL.AllDisjointClasses))
            add((node, OWL.members, self._list(pick.sample(CLASSES, 3))))
        elif kind == 6:
            for predicate, value in zip(NEGATIVE, (one, prop, two), strict=True):
                add((node, predicate, value))
        else:
            add((self._expression(), RDFS.subClassOf, node))
            add((node, OWL.onProperty, prop))
            if pick.random() < 0.5:
                add((node, OWL.onClass, pick.choice((OWL.Thing, *CLASSES))))
                add((node, OWL.maxQualifiedCardinality, ZERO))
            else:
                add((node, OWL.maxCardinality, ZERO))

    def facts(self) -> Graph:
        data = super().facts()
        for _ in range(self.pick.choice((0, 1, 1, 2, 3))):
            data.add((self.pick.choice(INDIVIDUALS), OWL.sameAs, self.pick.choice(INDIVIDUALS)))
        if self.pick.random() < 0.4:
            data.add((self.pick.choice(INDIVIDUALS), OWL.differentFrom, self.pick.choice(INDIVIDUALS)))
        return data


@pytest.mark.parametrize("seed", range(SEEDS))
def test_owlrl_finds_the_same_equal_names_and_contradictions(seed: int, twin: Callable[..., Any]) -> None:
    """Facts that equal names share, which names are equal and whether anything can't be: through random changes, the
    same incrementally, recomputed and by owlrl; each fact has a sound proof."""
    ontology = Contested(random.Random(1000 + seed))
    data = set(ontology.facts())
    model = ontology.facts()
    model.add((E.i0, OWL.sameAs, E.i1))
    world = twin(stratified(compile_owl(ontology.graph, model=model)))
    world.start(data)
    for _ in range(3):
        world.assert_exact()
        _assert_like_owlrl(world, ontology.graph, data)
        goes = set(ontology.pick.sample(sorted(data), min(3, len(data))))
        comes = set(ontology.facts()) - data
        world.change(adds=comes, removes=goes)
        data = (data - goes) | comes
    world.assert_proved()


def _assert_like_owlrl(world: Any, ontology: Graph, data: set[Any]) -> None:
    graph = Graph()
    for triple in data:
        graph.add(triple)
    closed = owlrl_reference.closure(ontology + graph)
    contradictions = {fact for fact in world.derived() if fact[1] == TW.inconsistentBy}
    assert bool(contradictions) == bool(owlrl_reference.contradictions(closed))
    if any(o == OWL.Nothing for _, _, o in world.derived()):
        return  # by owlrl such a thing is a member of every class and everything follows; a contradiction ends here
    derived = {fact for fact in world.derived() - data if not str(fact[1]).startswith((str(TW._NS), str(OWL)))}
    assert derived - set(ontology) == owlrl_reference.instance_facts(closed, ontology)
    equal = {(s, o) for s, p, o in world.derived() if p == TW.equalTo and s != o}
    assert equal == {(s, o) for s, p, o in closed | data if p == OWL.sameAs and s != o and {s, o} <= set(INDIVIDUALS)}


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
