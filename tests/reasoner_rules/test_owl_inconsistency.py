"""What can't be by the ontology: each rule that concludes `false` finds its subject, with a proof, and lets it go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rdflib import Graph
from rdflib.namespace import RDF, Namespace

import ontology as vocabularies
import shapes
from kg.errors import BadTerm, RuleRefused
from ontology import ISA95, PACK, TW
from reasoner.owl import compile_owl
from reasoner.rules import GUARDED, check_guards, stratified
from reasoner.shacl import Validator, compile_shapes

E = Namespace("http://example.org/")
MODEL = Namespace("https://w3id.org/twinwright/shapes#")
PREFIXES = """@prefix : <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . """
#: the W3C name, ontology, data that contradicts, data that nearly does, what :x is found to be
CASES = [
    ("prp-irp", ":p a owl:IrreflexiveProperty .", ":x :p :x .", ":x :p :y .", TW.RelatedToItself),
    ("prp-asyp", ":p a owl:AsymmetricProperty .", ":x :p :y . :y :p :x .", ":x :p :y .", TW.RelatedBothWays),
    ("prp-pdw", ":p owl:propertyDisjointWith :q .", ":x :p :y ; :q :y .", ":x :p :y ; :q :z .", TW.DisjointProperties),
    (
        "prp-adp",
        "[] a owl:AllDisjointProperties ; owl:members (:o :p :q) .",
        ":x :q :y ; :o :y .",
        ":x :p :y . :y :q :x .",
        TW.DisjointProperties,
    ),
    (
        "prp-npa1",
        "[] owl:sourceIndividual :x ; owl:assertionProperty :p ; owl:targetIndividual :y .",
        ":x :p :y .",
        ":y :p :x .",
        TW.DeniedFact,
    ),
    (
        "prp-npa2",
        "[] owl:sourceIndividual :x ; owl:assertionProperty :p ; owl:targetValue 5 .",
        ":x :p 5 .",
        ":x :p 6 .",
        TW.DeniedFact,
    ),
    ("cls-nothing2", ":A rdfs:subClassOf owl:Nothing .", ":x a :A .", ":x a :B .", TW.ImpossibleMember),
    ("cls-nothing2", ":p rdfs:domain owl:Nothing .", ":x :p :y .", ":x :q :y .", TW.ImpossibleMember),
    ("cls-com", ":A owl:complementOf :B .", ":x a :A, :B .", ":x a :A .", TW.ComplementaryClasses),
    (
        "cls-com+cax-sco",
        ":A rdfs:subClassOf [ owl:complementOf :B ] .",
        ":x a :A, :B .",
        ":x a :B .",
        TW.ComplementaryClasses,
    ),
    ("cls-maxc1", ":A owl:onProperty :p ; owl:maxCardinality 0 .", ":x a :A ; :p 1 .", ":x :p 1 .", TW.TooManyValues),
    ("cls-maxc2", ":A owl:onProperty :p ; owl:maxCardinality 1 .", ":x a :A ; :p 1, 2 .", ":x :p 1, 2 .", "many"),
    (
        "cls-maxc2",
        ":A owl:onProperty :p ; owl:maxCardinality 1 .",
        ":x a :A ; :p :u, :v . :v owl:differentFrom :u .",
        ":x a :A ; :p :u, :v .",
        "many",
    ),
    (
        "cls-maxqc1",
        ":A owl:onProperty :p ; owl:onClass :B ; owl:maxQualifiedCardinality 0 .",
        ":x a :A ; :p :y . :y a :B .",
        ":x a :A ; :p :y .",
        "many",
    ),
    (
        "cls-maxqc2",
        ":A owl:onProperty :p ; owl:onClass owl:Thing ; owl:maxQualifiedCardinality 0 .",
        ":x a :A ; :p :y .",
        ":x a :A .",
        "many",
    ),
    (
        "cls-maxqc3",
        ":A owl:onProperty :p ; owl:onClass :B ; owl:maxQualifiedCardinality 1 .",
        ":x a :A ; :p :u, :v . :u a :B ; owl:differentFrom :v . :v a :B .",
        ":x a :A ; :p :u, :v . :u a :B ; owl:differentFrom :v .",
        "many",
    ),
    (
        "cls-maxqc4",
        ":A owl:onProperty :p ; owl:onClass owl:Thing ; owl:maxQualifiedCardinality 1 .",
        ":x a :A ; :p :u, :v . :u owl:differentFrom :v .",
        ":x a :A ; :p :u, :v .",
        "many",
    ),
    ("cax-dw", ":A owl:disjointWith :B .", ":x a :A, :B .", ":x a :A . :y a :B .", TW.DisjointClasses),
    (
        "cax-dw+cls-hv2",
        ":A owl:disjointWith [ owl:onProperty :p ; owl:hasValue :v ] .",
        ":x a :A ; :p :v .",
        ":x a :A ; :p :w .",
        TW.DisjointClasses,
    ),
    (
        "cax-adc",
        "[] a owl:AllDisjointClasses ; owl:members (:A :B :C) .",
        ":x a :A, :C .",
        ":x a :A, :D .",
        TW.DisjointClasses,
    ),
    ("prp-fp", ":p a owl:FunctionalProperty .", ":x :p 1, 2 .", ":x :p 1, 1.0, 1.0e0, :u, :v .", "many"),
    (
        "prp-fp",
        ":p a owl:FunctionalProperty . [] a owl:AllDifferent ; owl:members (:u :v :w) .",
        ":x :p :u, :w .",
        ":x :p :u, :z .",
        "many",
    ),
    (
        "prp-ifp",
        ":p a owl:InverseFunctionalProperty .",
        ":x :p 5 . :y :p 5 ; owl:differentFrom :x . :x owl:differentFrom :y .",
        ":x :p 5 . :y :p 5 .",
        TW.SharedKey,
    ),
    (
        "prp-key",
        ":A owl:hasKey (:p :q) .",
        ":x a :A ; :p 1 ; :q 2 ; owl:differentFrom :y . :y a :A ; :p 1 ; :q 2 .",
        ":x a :A ; :p 1 ; :q 2 ; owl:differentFrom :y . :y a :A ; :p 1 ; :q 3 .",
        TW.SharedKey,
    ),
    ("eq-diff1", ":u owl:differentFrom :v .", ":x owl:differentFrom :x .", ":x owl:differentFrom :y .", "apart"),
]


def read(text: str) -> Graph:
    return Graph().parse(data=PREFIXES + text, format="turtle")


def found(world: Any) -> set[Any]:
    return {fact for fact in world.derived() if fact[1] == TW.inconsistentBy}


@pytest.mark.parametrize(("name", "ontology", "data", "near", "kind"), CASES, ids=[case[0] for case in CASES])
def test_each_contradiction_is_a_fact_with_a_proof(
    name: str, ontology: str, data: str, near: str, kind: Any, twin: Callable[..., Any]
) -> None:
    """The subject is inconsistent by the kind, the proof bears the W3C name; a near miss is silent; it goes again."""
    kind = {"many": TW.TooManyValues, "apart": TW.SameAndDifferent}.get(kind, kind)
    world = twin(stratified(compile_owl(read(ontology))))
    world.start(set(read(near)))
    assert not found(world)

    world.change(adds=set(read(data)) - set(read(near)), removes=set(read(near)) - set(read(data)))

    assert (E.x, TW.inconsistentBy, kind) in found(world)
    assert world.engine.explain(E.x, TW.inconsistentBy, kind).rule == f"owl2rl:{name}"
    world.assert_proved()
    world.assert_exact()
    world.change(removes=set(read(data)))
    assert not found(world)


def test_the_axiom_is_part_of_the_proof(twin: Callable[..., Any]) -> None:
    """Whoever reads why a thing can't be sees which classes are said to be disjoint."""
    world = twin(stratified(compile_owl(read(":A owl:disjointWith :B ."))))
    world.start(set(read(":x a :A, :B .")))

    proof = world.engine.explain(E.x, TW.inconsistentBy, TW.DisjointClasses)

    assert {leaf.fact for leaf in proof.leaves()} == {
        *read(":x a :A, :B ."),
        *read(":A owl:disjointWith :B ."),
    }


def test_the_shape_reports_what_follows_and_what_no_longer_does(twin: Callable[..., Any]) -> None:
    """A machine that is said to be a person too is a violation as soon as that follows, and fixed when it does not."""
    world = twin(stratified(compile_owl(vocabularies.load("isa95") + vocabularies.load("packml"))))
    world.start({(E.x, RDF.type, PACK.Machine)})
    shape = shapes.load("model").cbd(MODEL["MOD-CONSISTENT"])
    validator = Validator(world.graph, compile_shapes(shape))
    assert validator.start(world.transaction()) == ()

    said = validator.check(world.change(adds={(E.x, RDF.type, ISA95.Person)}))
    unsaid = validator.check(world.change(removes={(E.x, RDF.type, ISA95.Person)}))

    assert [(finding.code, finding.focus, finding.value) for finding in said.introduced] == [
        ("MOD-CONSISTENT", E.x, None)
    ]
    assert [finding.code for finding in unsaid.fixed] == ["MOD-CONSISTENT"]


def test_an_individual_that_an_enumeration_names_is_found(twin: Callable[..., Any]) -> None:
    """A member by name of an enumeration that is disjoint with its class, and values that are both enumerated."""
    ontology = """:A owl:disjointWith [ owl:oneOf (:x :y) ] .
        :M owl:onProperty :p ; owl:onClass [ owl:oneOf (:u :v) ] ; owl:maxQualifiedCardinality 1 ."""
    world = twin(stratified(compile_owl(read(ontology))))

    world.start(
        set(read(":x a :A . :z a :A, :M ; :p :u, :v, :w . :u owl:differentFrom :v, :w . :y a :M ; :p :u, :w ."))
    )

    assert found(world) == {
        (E.x, TW.inconsistentBy, TW.DisjointClasses),
        (E.z, TW.inconsistentBy, TW.TooManyValues),
    }
    world.assert_proved()


def test_two_names_not_known_to_differ_are_no_contradiction(twin: Callable[..., Any]) -> None:
    """OWL has no unique names; equality comes from the model only, so nothing is concluded of them either way."""
    world = twin(stratified(compile_owl(read(":p a owl:FunctionalProperty, owl:InverseFunctionalProperty ."))))

    world.start(set(read(":x :p :u, :v . :y :p :u .")))

    assert world.derived() == set()


@pytest.mark.parametrize("first", ['"2024-01-01T00:00:00"^^xsd:dateTime', '"a"^^:odd', "true"])
def test_values_that_can_t_be_compared_are_no_contradiction(first: str, twin: Callable[..., Any]) -> None:
    """Only what is surely different counts."""
    world = twin(stratified(compile_owl(read(":p a owl:FunctionalProperty ."))))

    world.start(set(read(f':x :p {first}, "b"^^:odd, 4 .')))

    assert not found(world)


def test_no_user_rule_may_speak_of_equality_or_inconsistency() -> None:
    """What is equal or can't be is for the model and the ontology to say."""
    for text in (":p rdfs:subPropertyOf owl:sameAs .", f":p rdfs:subPropertyOf <{TW.inconsistentBy}> ."):
        rules = compile_owl(read(text))
        assert not [rule for rule in rules if str(rule.head.p).endswith("sameAs")]
        for rule in rules:
            with pytest.raises(RuleRefused):
                check_guards([rule], GUARDED)


@pytest.mark.parametrize("text", ["owl:hasKey _:l", "a owl:AllDifferent ; owl:members _:l"])
def test_broken_lists_are_named(text: str) -> None:
    """Keys and lists of different names stand in lists too."""
    with pytest.raises(BadTerm, match="broken or runs in a circle"):
        compile_owl(read(f":A {text} . _:l rdf:first :B ; rdf:rest _:l ."))
