"""Table 9: each rule about the schema derives its triple on request, and without it the instance rules know of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import OWL, RDF, RDFS

from reasoner.owl import compile_owl, rdfs_rules
from reasoner.references import owlrl_reference
from reasoner.rules import stratified
from tests.reasoner_rules.test_owl_reference import Ontology

PREFIXES = """@prefix : <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . """
SOME = "owl:onProperty :{} ; owl:someValuesFrom :{} ."
ALL = "owl:onProperty :{} ; owl:allValuesFrom :{} ."
VALUE = "owl:onProperty :{} ; owl:hasValue :v ."
#: the W3C name, ontology, the triple about the schema; data, what follows of it by the instance rules
CASES = [
    ("scm-cls", ":A a owl:Class .", ":A rdfs:subClassOf owl:Thing .", "", ""),
    ("scm-cls", ":A a owl:Class .", "owl:Nothing rdfs:subClassOf :A .", "", ""),
    ("scm-sco", ":A rdfs:subClassOf :B . :B rdfs:subClassOf :C .", ":A rdfs:subClassOf :C .", ":x a :A .", ":x a :C ."),
    ("scm-eqc1", ":A owl:equivalentClass :B .", ":B rdfs:subClassOf :A .", ":x a :B .", ":x a :A ."),
    (
        "scm-eqc2",
        ":A rdfs:subClassOf :B . :B rdfs:subClassOf :A .",
        ":A owl:equivalentClass :B .",
        ":x a :B .",
        ":x a :A .",
    ),
    ("scm-op", ":p a owl:ObjectProperty .", ":p rdfs:subPropertyOf :p .", "", ""),
    ("scm-dp", ":p a owl:DatatypeProperty .", ":p owl:equivalentProperty :p .", "", ""),
    (
        "scm-spo",
        ":p rdfs:subPropertyOf :q . :q rdfs:subPropertyOf :r .",
        ":p rdfs:subPropertyOf :r .",
        ":x :p :y .",
        ":x :r :y .",
    ),
    ("scm-eqp1", ":p owl:equivalentProperty :q .", ":q rdfs:subPropertyOf :p .", ":x :q :y .", ":x :p :y ."),
    (
        "scm-eqp2",
        ":p rdfs:subPropertyOf :q . :q rdfs:subPropertyOf :p .",
        ":p owl:equivalentProperty :q .",
        ":x :q :y .",
        ":x :p :y .",
    ),
    ("scm-dom1", ":p rdfs:domain :A . :A rdfs:subClassOf :B .", ":p rdfs:domain :B .", ":x :p :y .", ":x a :B ."),
    ("scm-dom2", ":q rdfs:domain :A . :p rdfs:subPropertyOf :q .", ":p rdfs:domain :A .", ":x :p :y .", ":x a :A ."),
    ("scm-rng1", ":p rdfs:range :A . :A rdfs:subClassOf :B .", ":p rdfs:range :B .", ":x :p :y .", ":y a :B ."),
    ("scm-rng2", ":q rdfs:range :A . :p rdfs:subPropertyOf :q .", ":p rdfs:range :A .", ":x :p :y .", ":y a :A ."),
    (
        "scm-hv",
        f":A {VALUE.format('p')} :B {VALUE.format('q')} :p rdfs:subPropertyOf :q .",
        ":A rdfs:subClassOf :B .",
        ":x a :A .",
        ":x a :B .",
    ),
    (
        "scm-svf1",
        f":A {SOME.format('p', 'C')} :B {SOME.format('p', 'D')} :C rdfs:subClassOf :D .",
        ":A rdfs:subClassOf :B .",
        ":x a :A .",
        ":x a :B .",
    ),
    (
        "scm-svf2",
        f":A {SOME.format('p', 'C')} :B {SOME.format('q', 'C')} :p rdfs:subPropertyOf :q .",
        ":A rdfs:subClassOf :B .",
        ":x a :A .",
        ":x a :B .",
    ),
    (
        "scm-avf1",
        f":A {ALL.format('p', 'C')} :B {ALL.format('p', 'D')} :C rdfs:subClassOf :D .",
        ":A rdfs:subClassOf :B .",
        ":x a :A .",
        ":x a :B .",
    ),
    (
        "scm-avf2",
        f":A {ALL.format('p', 'C')} :B {ALL.format('q', 'C')} :p rdfs:subPropertyOf :q .",
        ":B rdfs:subClassOf :A .",
        ":x a :B .",
        ":x a :A .",
    ),
    ("scm-int", ":A owl:intersectionOf (:B :C) .", ":A rdfs:subClassOf :C .", ":x a :A .", ":x a :C ."),
    ("scm-uni", ":A owl:unionOf (:B :C) .", ":C rdfs:subClassOf :A .", ":x a :C .", ":x a :A ."),
    ("prp-ap", "", "rdfs:label a owl:AnnotationProperty .", "", ""),
    ("cls-thing", "", "owl:Thing a owl:Class .", "", ""),
    ("cls-nothing1", "", "owl:Nothing a owl:Class .", "", ""),
    ("dt-type1", "", "<http://www.w3.org/2001/XMLSchema#byte> a rdfs:Datatype .", "", ""),
]
AXIOMS = (RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range, OWL.equivalentClass, OWL.equivalentProperty)


def read(text: str) -> Graph:
    return Graph().parse(data=PREFIXES + text, format="turtle")


@pytest.mark.parametrize(("name", "ontology", "triple", "data", "follows"), CASES, ids=[case[0] for case in CASES])
def test_each_schema_rule_is_accounted_for(
    name: str, ontology: str, triple: str, data: str, follows: str, twin: Callable[..., Any]
) -> None:
    """On request the triple is derived from the ontology in the graph, under its name; members need no request."""
    asked, plain = (twin(stratified(compile_owl(read(ontology), schema=schema))) for schema in (True, False))
    asked.start(set(read(ontology)))
    plain.start({*read(ontology), *read(data)})
    (wanted,) = read(triple)

    assert asked.engine.explain(*wanted).rule == f"owl2rl:{name}"
    asked.assert_proved([wanted])
    assert set(read(follows)) <= plain.derived()
    assert wanted not in plain.derived()


@pytest.mark.parametrize("seed", range(6))
def test_owlrl_finds_the_same_of_the_schema(seed: int, twin: Callable[..., Any]) -> None:
    """What follows between names of random ontologies, under recursion through descriptions without names."""
    ontology = Ontology(random.Random(500 + seed)).graph
    world = twin(stratified(compile_owl(ontology, schema=True)))

    world.start(set(ontology))

    assert named(world.derived() | world.asserted()) == named(owlrl_reference.closure(ontology) | set(ontology))


def named(facts: set[Any]) -> set[Any]:
    """What is said between classes or properties that have a name of the example."""
    ours = {fact for fact in facts if fact[1] in AXIOMS}
    return {fact for fact in ours if all(isinstance(end, URIRef) and "example" in end for end in (fact[0], fact[2]))}


def test_long_lists_are_read_to_their_end(twin: Callable[..., Any]) -> None:
    """A class of many parts lies below each of them; a rule can't be as long as any list."""
    parts = [f":C{index}" for index in range(40)]
    ontology = read(f":A owl:intersectionOf ({' '.join(parts)}) .")
    world = twin(stratified(compile_owl(ontology, schema=True)))

    world.start(set(ontology))

    assert set(read("".join(f":A rdfs:subClassOf {part} . " for part in parts))) <= world.derived()


def test_rdfs_speaks_of_all_that_is_used(twin: Callable[..., Any]) -> None:
    """On request everything is a resource, what stands as predicate is a property, what has members is a class."""
    world = twin(stratified(rdfs_rules()))
    world.start(set(read(":x :p 5 ; a :A .")))

    wanted = set(read(":x a rdfs:Resource . :p a rdf:Property, rdfs:Resource . :A a rdfs:Class ; rdfs:subClassOf :A ."))
    assert wanted <= world.derived()
    world.assert_exact()
    world.assert_proved(wanted)

    world.change(removes=set(read(":x :p 5 .")))
    assert not [fact for fact in world.derived() if fact[0] == URIRef("http://example.org/p")]


def test_a_property_without_a_name_gets_one(twin: Callable[..., Any]) -> None:
    """Members of lists, reached through a nameless property that is defined by a chain over itself."""
    ontology = """:knows owl:propertyChainAxiom (_:b rdf:first) . _:b owl:propertyChainAxiom (_:b rdf:rest) .
        :knowsAllOf rdfs:subPropertyOf _:b ."""
    world = twin(stratified(compile_owl(read(ontology))))

    world.start(set(read(":x :knowsAllOf (:a :b :c) .")))

    assert set(read(":x :knows :a, :b, :c .")) <= world.derived()
    assert all(isinstance(p, URIRef) for _, p, _ in world.derived())
    assert RDF.first not in {p for _, p, _ in world.derived()}
