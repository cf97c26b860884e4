"""A small line in Turtle with its shapes and rules, and random ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from rdflib import OWL, RDF, RDFS, BNode, Graph, Literal, Namespace
from rdflib.term import Node as RdfNode

EX = Namespace("http://example.org/")
Fact = tuple[RdfNode, RdfNode, RdfNode]
PREFIXES = """
@prefix ex: <http://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
LINE = """
ex:Filler rdfs:subClassOf ex:Machine .
ex:feeds a owl:TransitiveProperty .
ex:f1 a ex:Filler ; ex:speed 5.0 ; ex:feeds ex:f2 .
ex:f2 a ex:Machine ; ex:speed 2 ; ex:feeds ex:f3 .
ex:f3 a ex:Machine ; ex:speed 1 .
"""
SHAPES = """
ex:Fed a sh:NodeShape ; sh:targetClass ex:Machine ; sh:property ex:Speed ;
    sh:property [ sh:path ex:feeds ; sh:minCount 1 ; sh:severity sh:Warning ] .
ex:Speed sh:path ex:speed ; sh:maxExclusive 3 ; sh:minCount 1 ; sh:message "{$this} is too fast or silent." .
"""
RULES = """
ex:Fast a sh:SPARQLRule ; sh:construct \"\"\"
    CONSTRUCT { ?m a ex:FastMachine }
    WHERE { ?m a ex:Machine ; ex:speed ?s FILTER(?s > 3) FILTER NOT EXISTS { ?m ex:off true } }\"\"\" .
"""

_RANDOM_SHAPES = (
    "sh:targetClass ex:C0 ; sh:property [ sh:path ex:p ; sh:minCount 1 ; sh:maxCount 2 ]",
    "sh:targetClass ex:C1 ; sh:property [ sh:path ( ex:p ex:q ) ; sh:class ex:C0 ]",
    "sh:targetSubjectsOf ex:q ; sh:property [ sh:path [ sh:zeroOrMorePath ex:p ] ; sh:hasValue ex:n0 ]",
    "sh:targetObjectsOf ex:p ; sh:nodeKind sh:IRI ; sh:not [ sh:class ex:C2 ]",
    "sh:targetNode ex:n1 ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property [ sh:path ex:p ]",
    "sh:targetClass ex:C2 ; sh:xone ( [ sh:class ex:C0 ] [ sh:property [ sh:path ex:q ; sh:maxCount 0 ] ] )",
    "sh:targetClass ex:C0 ; sh:property [ sh:path ex:p ; sh:qualifiedMinCount 1 ;"
    " sh:qualifiedValueShape [ sh:class ex:C1 ] ]",
    "sh:targetSubjectsOf ex:v ; sh:property [ sh:path ex:v ; sh:datatype xsd:integer ; sh:maxInclusive 4 ]",
    "sh:targetClass ex:C1 ; sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:disjoint ex:q ; sh:maxCount 1 ]",
)
_RANDOM_RULES = (
    "CONSTRUCT { ?x ex:q ?y } WHERE { ?x ex:p ?y . ?y a ex:C1 }",
    "CONSTRUCT { ?x ex:r ?z } WHERE { ?x ex:r ?y . ?y ex:r ?z }",
    "CONSTRUCT { ?x ex:r ?y } WHERE { ?x ex:q ?y }",
    "CONSTRUCT { ?x a ex:C2 } WHERE { ?x ex:v ?n FILTER(?n > 3) }",
    "CONSTRUCT { ?x ex:v ?m } WHERE { ?x ex:w ?n BIND(?n + 1 AS ?m) }",
    "CONSTRUCT { ?x ex:alone true } WHERE { ?x a ex:C0 FILTER NOT EXISTS { ?x ex:r ?y } }",
)
NODES = [EX.n0, EX.n1, EX.n2, EX.n3, BNode("b0"), BNode("b1")]
CLASSES = [EX.C0, EX.C1, EX.C2]
PROPERTIES = [EX.p, EX.q, EX.r, EX.s]
_AXIOMS: list[Fact] = [
    (EX.C0, RDFS.subClassOf, EX.C1),
    (EX.C1, RDFS.subClassOf, EX.C2),
    (EX.p, RDF.type, OWL.TransitiveProperty),
    (EX.q, RDF.type, OWL.SymmetricProperty),
    (EX.p, RDFS.domain, EX.C0),
    (EX.q, OWL.inverseOf, EX.p),
    (EX.p, RDFS.subPropertyOf, EX.q),
    (EX.n0, OWL.sameAs, EX.n2),
    (EX.n2, OWL.sameAs, EX.n3),
    (EX.C0, OWL.sameAs, EX.C1),
    (EX.C2, OWL.sameAs, EX.C0),
    (EX.p, OWL.sameAs, EX.q),
    (EX.r, OWL.sameAs, EX.s),
    (EX.C0, OWL.disjointWith, EX.C2),
]


@dataclass
class World:
    """Random data, shapes and rules over few words, so that they meet."""

    pick: random.Random
    owl: bool = field(init=False)
    shapes: Graph = field(init=False)
    rules: Graph = field(init=False)

    def __post_init__(self) -> None:
        pick = self.pick
        self.owl = pick.random() < 0.6
        chosen = pick.sample(_RANDOM_SHAPES, 4)
        self.shapes = parsed("".join(f"ex:S{i} a sh:NodeShape ; {text} .\n" for i, text in enumerate(chosen)))
        rules = pick.sample(_RANDOM_RULES, pick.randint(0, 4))
        self.rules = parsed(
            "".join(f'ex:R{i} a sh:SPARQLRule ; sh:construct "{text}" .\n' for i, text in enumerate(rules))
        )

    def fact(self) -> Fact:
        pick = self.pick
        kind = pick.random()
        if kind < 0.3:
            return pick.choice(NODES), RDF.type, pick.choice(CLASSES)
        if kind < 0.4 and self.owl:
            return pick.choice(_AXIOMS)
        if kind < 0.5:
            return pick.choice(NODES), pick.choice([EX.v, EX.w]), Literal(pick.randint(1, 6))
        return pick.choice(NODES), pick.choice([EX.p, EX.q, EX.r]), pick.choice(NODES)

    def facts(self, count: int) -> list[Fact]:
        return [self.fact() for _ in range(count)]


@dataclass
class Few:
    """Facts of few individuals under many words, with equality among all of them."""

    pick: random.Random

    def fact(self) -> Fact:
        pick, kind = self.pick, self.pick.random()
        words = pick.choice([NODES[:4], CLASSES, PROPERTIES])
        if kind < 0.3:
            return pick.choice(NODES), RDF.type, pick.choice(CLASSES)
        if kind < 0.55:
            return pick.choice(NODES), pick.choice(PROPERTIES), pick.choice(NODES)
        if kind < 0.7:
            return pick.choice(words), OWL.sameAs, pick.choice(words)
        if kind < 0.8:
            return pick.choice(CLASSES), RDFS.subClassOf, pick.choice(CLASSES)
        if kind < 0.9:
            return pick.choice(PROPERTIES), pick.choice([RDFS.domain, RDFS.range]), pick.choice(CLASSES)
        return pick.choice(PROPERTIES), pick.choice([RDFS.subPropertyOf, OWL.inverseOf]), pick.choice(PROPERTIES)

    def facts(self, count: int) -> list[Fact]:
        return [self.fact() for _ in range(count)]


def parsed(text: str) -> Graph:
    """Turtle with the usual prefixes."""
    return Graph().parse(data=PREFIXES + text, format="turtle")


@pytest.fixture
def turtle() -> Callable[[str], Graph]:
    """Parses Turtle with the usual prefixes."""
    return parsed


@pytest.fixture
def line() -> tuple[Graph, Graph, Graph]:
    """The line, its shapes and its rules."""
    return parsed(LINE), parsed(SHAPES), parsed(RULES)


@pytest.fixture
def world() -> Callable[[int], World]:
    """world(seed): random data, shapes and rules."""
    return lambda seed: World(random.Random(seed))


@pytest.fixture
def few() -> Callable[[int], Few]:
    """few(seed): random facts that hardly repeat a word."""
    return lambda seed: Few(random.Random(seed))
