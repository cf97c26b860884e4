"""CONSTRUCT rules mean what SPARQL says they mean, and documents are read with their prefixes and switches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rdflib import Graph, Literal
from rdflib.namespace import RDF, Namespace

from reasoner.rules import load

E = Namespace("http://example.org/")
DATA = """@prefix : <http://example.org/> .
:a :speed 412.0e0 ; :limit 400 ; :part :line ; :near :b, :a ; :name "Filler" ; :ok true ; a :Machine .
:b :speed 300.5 ; :limit 4.0e2 ; :part :line ; :near :c ; :name "Label"@en ; :ok false ; a :Machine, :Old .
:c :speed 12 ; :limit "x" ; :part :line2 ; :name "filler" ; :of :line ; a :Old .
:line :part :area ; :speed 7.5e0, 8 . :line2 :part :area . :area :part :site .
"""
#: Queries that rdflib's own evaluator answers too.
QUERIES = [
    "CONSTRUCT { ?x :over ?v } WHERE { ?x :speed ?v ; :limit ?l FILTER(?v > ?l) }",
    "CONSTRUCT { ?x :over ?v } WHERE { ?x :speed ?v ; :limit ?l FILTER(!(?v <= ?l)) }",
    "CONSTRUCT { ?x :r ?y } WHERE { ?x :part/:part ?y }",
    "CONSTRUCT { ?x :r ?y } WHERE { ?x ^:part/:part ?y }",
    "CONSTRUCT { ?x :r ?y } WHERE { ?x :near/^:near ?y FILTER(?x != ?y) }",
    "CONSTRUCT { ?x :r ?y } WHERE { ?x (:part/:part)/:part ?y }",
    "CONSTRUCT { ?x :r ?x } WHERE { ?x :near ?x }",
    "CONSTRUCT { ?x :r 1 . ?x :s ?y } WHERE { { ?x a :Old ; :part ?y } UNION { ?y :part :area . ?x :part ?y } }",
    "CONSTRUCT { ?x a :New } WHERE { ?x a :Machine FILTER NOT EXISTS { ?x a :Old } }",
    "CONSTRUCT { ?x a :New } WHERE { ?x a :Machine FILTER(!EXISTS { ?x a :Old }) }",
    "CONSTRUCT { ?x a :New } WHERE { ?x a :Machine FILTER(!(NOT EXISTS { ?x a :Old })) }",
    "CONSTRUCT { ?x a :New } WHERE { ?x :name ?n FILTER EXISTS { ?x :part ?y . ?y :speed ?s FILTER(?s > 7) } }",
    "CONSTRUCT { ?x a :New } WHERE { ?x :part ?y FILTER NOT EXISTS { ?y :speed ?s FILTER(?s > 7.9) } }",
    "CONSTRUCT { ?x a :New } WHERE { ?x :speed ?v FILTER NOT EXISTS { ?y :speed ?w FILTER(?w > ?v) } }",
    "CONSTRUCT { ?x a :New } WHERE { ?x :speed ?v FILTER NOT EXISTS { ?x :near ?y . ?y :near ?z } }",
    "CONSTRUCT { ?x :r ?n } WHERE { ?x :name ?n FILTER(CONTAINS(LCASE(?n), 'fill') && STRLEN(?n) = 6) }",
    "CONSTRUCT { ?x :r ?n } WHERE { ?x :name ?n FILTER(STRSTARTS(?n, 'F') || STRENDS(?n, 'l')) }",
    "CONSTRUCT { ?x :r ?n } WHERE { ?x :name ?n FILTER(LANG(?n) = 'en') }",
    "CONSTRUCT { ?x :r ?l } WHERE { ?x :limit ?l FILTER(ISNUMERIC(?l)) }",
    "CONSTRUCT { ?x :r ?o } WHERE { ?x :near ?o FILTER(ISIRI(?o) && !ISLITERAL(?o) && !ISBLANK(?o)) }",
    "CONSTRUCT { ?x :r ?o } WHERE { ?x :ok ?o FILTER(?o) }",
    "CONSTRUCT { ?x :r ?v } WHERE { ?x :speed ?v FILTER(?v IN (12, 8, 300.5)) }",
    "CONSTRUCT { ?x :r ?v } WHERE { ?x :speed ?v FILTER(?v NOT IN (12, 8)) }",
    "CONSTRUCT { ?x :r ?v } WHERE { ?x :speed ?v FILTER(?v > 100 || ?nothing) ?x :near ?nothing }",
    "CONSTRUCT { ?x :r ?y } WHERE { ?x :near [ :part ?y ] }",
    "CONSTRUCT { ?x :r ?_1 } WHERE { ?x :part ?_1 ; :near [ :near ?z ] FILTER EXISTS { ?x :speed ?v } }",
    "CONSTRUCT { ?x ?q ?v } WHERE { ?x :speed ?v }".replace("?q", ":r"),
    "CONSTRUCT { ?x :r ?v } WHERE { ?y :of ?x . ?x ?p ?v }",
    "CONSTRUCT { ?x :r ?p } WHERE { ?x ?p :line }",
    "CONSTRUCT { :plant :r ?x } WHERE { ?x a ?c . ?x :near ?y . ?y a ?c }",
    "CONSTRUCT { ?x :r ?d } WHERE { ?x :limit ?l BIND(DATATYPE(?l) AS ?d) }",
    "CONSTRUCT { ?x :r ?t } WHERE { ?x :name ?n BIND(CONCAT(STR(?n), '!') AS ?t) }",
    "CONSTRUCT { ?x :r ?t } WHERE { ?x :speed ?v BIND(IF(?v > 100, :fast, :slow) AS ?t) }",
    "CONSTRUCT { ?x :r ?t . ?x :s 1 } WHERE { ?x :limit ?v BIND(?v + 1 AS ?e) BIND(COALESCE(?e, 0) AS ?t) }",
    "CONSTRUCT { ?x :s 1 } WHERE { ?x :limit ?v BIND(?v + 1 AS ?e) FILTER(!BOUND(?e)) }",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_rule_derives_what_sparql_constructs(query: str, rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """The engine's facts are those of rdflib's evaluator, numbers compared by value."""
    data = Graph().parse(data=DATA, format="turtle")
    world = twin(rules(query))
    world.start(set(data))

    constructed = set(data.query(f"PREFIX : <{E}> {query}"))

    assert {_by_value(fact) for fact in world.derived()} == {_by_value(fact) for fact in constructed}
    world.assert_exact()
    world.assert_proved()


def _by_value(fact: Any) -> Any:
    s, p, o = fact
    return s, p, o.toPython() if isinstance(o, Literal) and o.datatype is not None else o


def test_documents_bring_their_prefixes() -> None:
    """sh:declare wins over the document's own prefixes, those over the standard ones."""
    text = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix my: <http://mine.example/> . @prefix : <http://e/> .
    :r a sh:SPARQLRule ; sh:prefixes :p ;
        sh:construct "CONSTRUCT { ?x my:a x:b } WHERE { ?x tw:feeds ?y ; rdfs:label 'l' }" .
    :p sh:declare [ sh:prefix "x" ; sh:namespace "http://declared.example/" ] .
    :off a sh:SPARQLRule ; sh:deactivated true ; sh:construct "CONSTRUCT { ?x my:a x:b } WHERE { }" ."""

    (rule,) = load(Graph().parse(data=text, format="turtle")).rules

    assert str(rule) == (
        "?x <http://mine.example/a> <http://declared.example/b> <- "
        '?x <https://w3id.org/twinwright/core#feeds> ?y . ?x <http://www.w3.org/2000/01/rdf-schema#label> "l" .'
    )


def test_an_agent_s_condition_gives_a_match(twin: Callable[..., Any]) -> None:
    """The rule's own IRI is the head's predicate, its subject the target, its object the desired value."""
    text = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <http://example.org/> .
    @prefix tw: <https://w3id.org/twinwright/core#> .
    :RuleX a tw:AgentRule, sh:SPARQLRule ; sh:construct '''CONSTRUCT { ?prop :RuleX ?value } WHERE {
        ?prop tw:predicate ?p ; :isPropertyOf ?machine . ?machine ?p ?v ; :limit ?l
        FILTER(?v > ?l) FILTER NOT EXISTS { ?machine tw:stopInForce ?mode } BIND(?l * 0.9e0 AS ?value) }''' ."""
    world = twin(load(Graph().parse(data=text, format="turtle")))
    world.start(
        set(
            Graph().parse(
                data="""@prefix : <http://example.org/> . @prefix tw: <https://w3id.org/twinwright/core#> .
    :P tw:predicate :speed ; :isPropertyOf :M . :M :speed 90.0e0 ; :limit 80.0e0 .""",
                format="turtle",
            )
        )
    )

    ((subject, predicate, value),) = world.derived()

    assert (subject, predicate, value.value) == (E.P, E.RuleX, 72.0)
    world.assert_proved()


def test_variable_predicates_leave_out_what_the_set_derives(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """A variable predicate ranges over what is given, whatever else the same rules derive."""
    world = twin(
        rules(
            "CONSTRUCT { ?x :linked ?y } WHERE { ?x ?p ?y . ?y a :Machine }",
            "CONSTRUCT { ?x :near ?y } WHERE { ?x :touches ?y }",
            "CONSTRUCT { ?y a :Machine } WHERE { ?x :touches ?y }",
        )
    )
    world.start([(E.a, E.touches, E.b)])
    assert {p for _, p, _ in world.derived()} == {E.linked, E.near, RDF.type}
    assert (E.a, E.linked, E.b) in world.derived()

    world.change(adds=[(E.c, E.near, E.b)])

    assert (E.c, E.linked, E.b) not in world.derived()
    world.assert_exact()
