"""Each compiled OWL 2 RL rule: what it derives, what it must not, and under which W3C name the proof shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import Namespace

from kg.errors import BadTerm
from kg.proof import Proof
from reasoner.owl import compile_owl
from reasoner.proofs import indented
from reasoner.rules import stratified

E = Namespace("http://example.org/")
PREFIXES = """@prefix : <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . """
#: name, ontology, data, a fact that follows, a fact that does not
CASES = [
    ("cax-sco", ":A rdfs:subClassOf :B .", ":x a :A .", ":x a :B .", ":y a :B ."),
    ("cax-eqc1", ":A owl:equivalentClass :B .", ":x a :A .", ":x a :B .", ":x a :C ."),
    ("cax-eqc2", ":A owl:equivalentClass :B .", ":x a :B .", ":x a :A .", ":x a :C ."),
    ("prp-dom", ":p rdfs:domain :A .", ":x :p :y .", ":x a :A .", ":y a :A ."),
    ("prp-rng", ":p rdfs:range :A .", ":x :p :y .", ":y a :A .", ":x a :A ."),
    ("prp-trp", ":p a owl:TransitiveProperty .", ":x :p :y . :y :p :z .", ":x :p :z .", ":z :p :x ."),
    ("prp-symp", ":p a owl:SymmetricProperty .", ":x :p :y .", ":y :p :x .", ":x :p :x ."),
    ("prp-inv1", ":p owl:inverseOf :q .", ":x :p :y .", ":y :q :x .", ":y :p :x ."),
    ("prp-inv2", ":p owl:inverseOf :q .", ":x :q :y .", ":y :p :x .", ":x :p :y ."),
    ("prp-spo1", ":p rdfs:subPropertyOf :q .", ":x :p :y .", ":x :q :y .", ":y :q :x ."),
    ("prp-spo2", ":p owl:propertyChainAxiom (:a :b) .", ":x :a :y . :y :b :z .", ":x :p :z .", ":x :p :y ."),
    ("prp-eqp1", ":p owl:equivalentProperty :q .", ":x :p :y .", ":x :q :y .", ":y :q :x ."),
    ("prp-eqp2", ":p owl:equivalentProperty :q .", ":x :q :y .", ":x :p :y .", ":y :p :x ."),
    ("cls-hv1", ":A owl:onProperty :p ; owl:hasValue :v .", ":x a :A .", ":x :p :v .", ":v :p :x ."),
    ("cls-hv2", ":A owl:onProperty :p ; owl:hasValue :v .", ":x :p :v .", ":x a :A .", ":v a :A ."),
    ("cls-svf1", ":A owl:onProperty :p ; owl:someValuesFrom :B .", ":x :p :y . :y a :B .", ":x a :A .", ":y a :A ."),
    ("cls-svf2", ":A owl:onProperty :p ; owl:someValuesFrom owl:Thing .", ":x :p :y .", ":x a :A .", ":y a :A ."),
    ("cls-avf", ":A owl:onProperty :p ; owl:allValuesFrom :B .", ":x a :A ; :p :y .", ":y a :B .", ":x a :B ."),
    ("cls-int1", ":A owl:intersectionOf (:B :C) .", ":x a :B, :C . :y a :B .", ":x a :A .", ":y a :A ."),
    ("cls-int2", ":A owl:intersectionOf (:B :C) .", ":x a :A .", ":x a :C .", ":x a :D ."),
    ("cls-uni", ":A owl:unionOf (:B :C) .", ":x a :C .", ":x a :A .", ":x a :B ."),
    ("cls-oo", ":A owl:oneOf (:u :v) .", ":x a :B .", ":v a :A .", ":x a :A ."),
    (
        "cax-sco+cls-avf",
        ":A rdfs:subClassOf [ owl:onProperty :p ; owl:allValuesFrom :B ] .",
        ":x a :A ; :p :y .",
        ":y a :B .",
        ":x a :B .",
    ),
    (
        "cls-svf1+cax-eqc2",
        ":A owl:equivalentClass [ owl:onProperty :p ; owl:someValuesFrom :B ] .",
        ":x :p :y . :y a :B .",
        ":x a :A .",
        ":y a :A .",
    ),
    (
        "cls-int1+cls-hv2+cax-sco",
        "[ owl:intersectionOf (:B [ owl:onProperty :p ; owl:hasValue :v ]) ] rdfs:subClassOf :A .",
        ":x a :B ; :p :v . :y a :B .",
        ":x a :A .",
        ":y a :A .",
    ),
]


def read(text: str) -> Graph:
    return Graph().parse(data=PREFIXES + text, format="turtle")


def fact(text: str) -> Any:
    return next(iter(read(text)))


@pytest.mark.parametrize(("name", "ontology", "data", "follows", "not_so"), CASES, ids=[case[0] for case in CASES])
def test_each_rule_derives_what_its_table_says(
    name: str, ontology: str, data: str, follows: str, not_so: str, twin: Callable[..., Any]
) -> None:
    """The conclusion holds, its proof bears the W3C name, a near miss does not hold, and it goes with its premise."""
    world = twin(stratified(compile_owl(read(ontology))))
    world.start(set(read(data)))

    assert fact(follows) in world.derived()
    assert fact(not_so) not in world.derived()
    proof = world.engine.explain(*fact(follows))
    assert f"owl2rl:{name}" in _rules(proof), indented(proof)
    world.assert_proved()
    if name != "cls-oo":
        world.change(removes=set(read(data)))
        assert world.derived() == set()


def test_membership_of_nameless_classes_is_not_materialised(twin: Callable[..., Any]) -> None:
    """What goes through a class without a name leaves no fact about a blank node."""
    ontology = ":A rdfs:subClassOf [ owl:onProperty :p ; owl:hasValue :v ] . [ owl:onProperty :p ; owl:hasValue :v ] "
    world = twin(stratified(compile_owl(read(ontology + "rdfs:subClassOf :B ."))))

    world.start(set(read(":x a :A .")))

    assert world.derived() == set(read(":x :p :v . :x a :B ."))


def test_the_axiom_stands_in_the_proof(twin: Callable[..., Any]) -> None:
    """A subclass step names the axiom it was compiled from as a premise in the ontology."""
    world = twin(stratified(compile_owl(read(":A rdfs:subClassOf :B ."))))
    world.start(set(read(":x a :A .")))

    proof = world.engine.explain(*fact(":x a :B ."))

    assert [(leaf.fact, leaf.graph) for leaf in proof.leaves()] == [
        (fact(":x a :A ."), "plant"),
        (fact(":A rdfs:subClassOf :B ."), "ontology"),
    ]


def test_equivalences_and_cycles_end(twin: Callable[..., Any]) -> None:
    """A circle of subclasses is a recursive component; it opens and closes with its only member."""
    ontology = ":A rdfs:subClassOf :B . :B rdfs:subClassOf :C . :C rdfs:subClassOf :A . :C owl:equivalentClass :D ."
    world = twin(stratified(compile_owl(read(ontology))))
    world.start(set(read(":x a :B .")))
    assert {str(o)[-1] for _, _, o in world.derived()} == {"A", "B", "C", "D"}
    world.assert_proved()

    world.change(removes=set(read(":x a :B .")))

    assert world.derived() == set()


def test_ranges_of_literals_give_no_rule() -> None:
    """No rule is spent on values that no fact can be about."""
    assert compile_owl(read(":p rdfs:range xsd:double . :q a owl:DatatypeProperty ; rdfs:range :Odd .")) == ()


def test_guarded_terms_are_left_out() -> None:
    """An ontology can't derive an approval either."""
    ontology = read(":p rdfs:subPropertyOf :approvedBy . :q rdfs:domain :Request . :r rdfs:domain :Fine .")

    rules = compile_owl(ontology, guarded=frozenset((URIRef(E.approvedBy), URIRef(E.Request))))

    assert [str(rule.head.o) for rule in rules] == [str(E.Fine)]


@pytest.mark.parametrize("text", ["_:l rdf:first :B ; rdf:rest _:l .", "_:l rdf:first :B .", "_:l rdf:rest rdf:nil ."])
def test_a_broken_list_is_named(text: str) -> None:
    """Lists that run in a circle or lack a part are refused, not walked for ever."""
    prefix = "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . "

    with pytest.raises(BadTerm, match="broken or runs in a circle"):
        compile_owl(read(f"{prefix} :A owl:intersectionOf _:l . {text}"))


def _rules(proof: Proof) -> list[str]:
    names = [] if proof.rule is None else [proof.rule]
    return names + [name for premise in proof.premises for name in _rules(premise)]
