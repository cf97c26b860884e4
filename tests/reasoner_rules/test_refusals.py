"""Rule sets that are unsafe, not stratifiable, endless or outside the fragment are refused with the culprit's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, Namespace

from kg.errors import RuleRefused
from ontology import TW
from reasoner.rules import Atom, Rule, Var, guarded_by, load, load_conditions, stratified

E = Namespace("http://example.org/")
HEADER = """@prefix : <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix tw: <https://w3id.org/twinwright/core#> . """

#: what is wrong, the text, what the message must name
OUTSIDE = [
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o OPTIONAL { ?s :r ?x } }", "OPTIONAL"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o MINUS { ?s :r ?o } }", "MINUS"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o VALUES ?s { :a } }", "VALUES"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o } VALUES ?s { :a }", "VALUES"),
    ("CONSTRUCT { ?s :p ?o } WHERE { GRAPH ?g { ?s :q ?o } }", "GRAPH"),
    ("CONSTRUCT { ?s :p ?o } WHERE { SERVICE <http://elsewhere.example/> { ?s :q ?o } }", "SERVICE"),
    ("CONSTRUCT { ?s :p ?o } FROM <http://elsewhere.example/> WHERE { ?s :q ?o }", "FROM"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o } LIMIT 3", "LIMIT"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o } ORDER BY ?s", "ORDER BY"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o { SELECT ?s WHERE { ?s :r ?o } } }", "sub-SELECT"),
    ("CONSTRUCT WHERE { ?s :q ?o }", "CONSTRUCT WHERE"),
    ("SELECT ?s WHERE { ?s :q ?o }", "SELECT instead of CONSTRUCT"),
    ("CONSTRUCT { ?s :p [] } WHERE { ?s :q ?o }", "blank node"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q* ?o }", r"property path with \*"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q|:r ?o }", r"property path with \|"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s !:q ?o }", "negated property set"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o FILTER(?o > NOW()) }", "NOW .time is an input"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o FILTER(?o > RAND()) }", "RAND"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o FILTER(REGEX(?o, 'a+')) }", "REGEX .* stall"),
    ("CONSTRUCT { ?s :p ?n } WHERE { ?s :q ?o BIND(IRI(?o) AS ?n) }", "IRI .* new nodes"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o FILTER(:mine(?o)) }", "http://example.org/mine"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o FILTER(?o = 1 || EXISTS { ?s :r 2 }) }", "inside an expression"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o FILTER NOT EXISTS { FILTER(?o = 1) } }", "without a triple pattern"),
    (
        "CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o FILTER NOT EXISTS { ?s :r ?x FILTER NOT EXISTS { ?x :r ?o } } }",
        "inside NOT EXISTS",
    ),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o BIND(1 AS ?o) }", r"BIND on \?o, which is bound already"),
    ("CONSTRUCT { ?s :p ?n } WHERE { BIND(?o + 1 AS ?n) ?s :q ?o }", r"from \?o, which nothing before it binds"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o { ?s :r ?x FILTER(?o > ?x) } }", r"nested group on \?o"),
    ("CONSTRUCT { ?s nowhere:p ?o } WHERE { ?s :q ?o }", "prefix nowhere:"),
    ("CONSTRUCT { ?s <p> ?o } WHERE { ?s :q ?o }", "relative IRI <p>"),
    ("CONSTRUCT { ?s :p ?o WHERE", "does not parse"),
]
UNSAFE = [
    ("CONSTRUCT { ?s :p ?x } WHERE { ?s :q ?o }", r"\?x stands in the head"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o FILTER(?x > 3) }", r"\?x stands in a filter"),
    ("CONSTRUCT { ?s :p ?o } WHERE { ?s :q ?o FILTER NOT EXISTS { ?s :r ?z FILTER(?z > ?x) } }", r"\?x stands in"),
    ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", r"\?p stands as predicate in the head"),
    ("CONSTRUCT { ?s :p ?k } WHERE { ?s :q ?o FILTER NOT EXISTS { ?s :r ?k } }", r"\?k stands in the head"),
]


@pytest.mark.parametrize(("text", "named"), OUTSIDE, ids=[named for _, named in OUTSIDE])
def test_what_leaves_the_fragment_is_named(text: str, named: str, rules: Callable[..., Any]) -> None:
    """The message names the rule and the construct; nothing is silently ignored."""
    with pytest.raises(RuleRefused, match=named) as caught:
        rules(text)

    assert caught.value.facts["rule"] == str(E.r1)


@pytest.mark.parametrize(("text", "named"), UNSAFE, ids=[named for _, named in UNSAFE])
def test_an_unsafe_variable_is_named(text: str, named: str, rules: Callable[..., Any]) -> None:
    """Every variable of head, filters and absences must be bound by the body."""
    with pytest.raises(RuleRefused, match=named) as caught:
        rules(text)

    assert caught.value.facts["rule"] == str(E.r1)
    assert "variable" in caught.value.facts


def test_a_cycle_through_absence_is_shown(rules: Callable[..., Any]) -> None:
    """The whole way round is in the message, with the rules that make it."""
    with pytest.raises(RuleRefused, match="can't be stratified") as caught:
        rules(
            "CONSTRUCT { ?x a :Free } WHERE { ?x a :Machine FILTER NOT EXISTS { ?x a :Busy } }",
            "CONSTRUCT { ?x a :Busy } WHERE { ?x :runs ?y . ?y :ready true }",
            "CONSTRUCT { ?y :ready true } WHERE { ?x :feeds ?y . ?x a :Free }",
        )

    message = caught.value.message
    assert all(part in message for part in ("absence", "Free>", "Busy>", "ready>", str(E.r1), str(E.r2), str(E.r3)))
    assert caught.value.facts["cycle"][0] == caught.value.facts["cycle"][-1]


def test_types_are_stratified_by_class(rules: Callable[..., Any]) -> None:
    """The absence of one class may decide another; only a variable class makes all types one."""
    fine = "CONSTRUCT { ?x a :Fine } WHERE { ?x a :Machine FILTER NOT EXISTS { ?x a :Broken } }"
    assert len(rules(fine).components) == 1

    with pytest.raises(RuleRefused, match="can't be stratified"):
        rules(fine, "CONSTRUCT { ?x a ?c } WHERE { ?x :kind ?c }")


def test_computing_values_in_a_circle_is_refused(rules: Callable[..., Any]) -> None:
    """Counting up from one's own results may never end; passing values on may."""
    count = "CONSTRUCT { ?x :n ?m } WHERE { ?x :n ?k BIND(?k + 1 AS ?m) }"
    with pytest.raises(RuleRefused, match=r"computes \?m for its head") as caught:
        rules(count)
    assert caught.value.facts["variable"] == "?m"

    rules("CONSTRUCT { ?x :n ?m } WHERE { ?y :n ?k . ?x :after ?y BIND(IF(?k > 3, ?k, 0) AS ?m) }")
    rules(
        "CONSTRUCT { ?x :n ?m } WHERE { ?x :k ?k BIND(?k + 1 AS ?m) }", "CONSTRUCT { ?x :n ?k } WHERE { ?x :m/:n ?k }"
    )


@pytest.mark.parametrize("head", ["?s tw:approvedBy ?o", "?s a tw:Request", "?s tw:quality ?o", "?s :curMachSpeed ?o"])
def test_no_rule_derives_what_is_guarded(head: str) -> None:
    """Approvals, requests, quality and bound live values are not for rules to say."""
    model = Graph()
    model.add((E["Filler.Speed"], TW.predicate, E.curMachSpeed))

    with pytest.raises(RuleRefused, match="no rule may derive") as caught:
        load(document(f"CONSTRUCT {{ {head} }} WHERE {{ ?s :q ?o }}"), guarded=guarded_by(model))

    assert caught.value.facts["rule"] == str(E.r)


def test_a_condition_gives_its_own_match_only() -> None:
    """The head's predicate of an agent's rule is the rule's IRI; nobody gives another's match."""
    load_conditions(document("CONSTRUCT { ?s :r ?o } WHERE { ?s :q ?o }"))

    with pytest.raises(RuleRefused, match="must be its own IRI"):
        load_conditions(document("CONSTRUCT { ?s :other ?o } WHERE { ?s :q ?o }"))


def test_no_rule_derives_types_of_any_class() -> None:
    """A variable class could be a guarded one."""
    with pytest.raises(RuleRefused, match="name the classes"):
        load(document("CONSTRUCT { ?s a ?c } WHERE { ?s :kind ?c }"))


def test_an_order_that_contradicts_the_strata_is_refused() -> None:
    """sh:order may not ask for an absence before the rule that may fill it."""
    text = (
        HEADER + ':late a sh:SPARQLRule ; sh:order 2 ; sh:construct "CONSTRUCT { ?x :a 1 } WHERE { ?x :b 1 }" .'
        ":early a sh:SPARQLRule ; sh:order 1 ; "
        'sh:construct "CONSTRUCT { ?x :c 1 } WHERE { ?x :d 1 FILTER NOT EXISTS { ?x :a 1 } }" .'
    )
    with pytest.raises(RuleRefused, match="sh:order") as caught:
        load(Graph().parse(data=text, format="turtle"))

    assert caught.value.facts["rule"] == str(E.early)
    load(Graph().parse(data=text.replace("sh:order 2", "sh:order 0"), format="turtle"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (":r a sh:SPARQLRule .", "exactly one sh:construct; it has 0"),
        (':r a sh:SPARQLRule ; sh:construct "CONSTRUCT {} WHERE {}", "CONSTRUCT { } WHERE { }" .', "it has 2"),
        ("[] a sh:SPARQLRule .", "without an IRI"),
        (':r a sh:SPARQLRule ; sh:construct "C" ; sh:condition [] .', "sh:condition"),
        (':r a sh:SPARQLRule ; sh:order "soon" ; sh:construct "CONSTRUCT {:a :b :c} WHERE {}" .', "sh:order must be"),
        (
            ':r a sh:SPARQLRule ; sh:prefixes [ sh:declare [ sh:prefix "x" ] ] ; sh:construct "C" .',
            "lacks prefix or namespace",
        ),
    ],
)
def test_malformed_documents_are_named(text: str, named: str) -> None:
    """Each fault of a rule document has its sentence."""
    with pytest.raises(RuleRefused, match=named):
        load(Graph().parse(data=HEADER + text, format="turtle"))


def test_a_rule_of_too_many_patterns_is_refused(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """Python nests no deeper; the message says to split the rule."""
    body = " . ".join(f"?x{index} :p ?x{index + 1}" for index in range(20))

    with pytest.raises(RuleRefused, match="joins more than"):
        twin(rules(f"CONSTRUCT {{ ?x0 :q ?x20 }} WHERE {{ {body} }}"))


def test_rules_made_by_hand_are_checked_too() -> None:
    """The IR is checked, not only the text it came from."""
    x, y = Var("x"), Var("y")
    with pytest.raises(RuleRefused, match="literal as subject"):
        stratified([Rule("r", Atom(Literal(1), RDF.type, URIRef(E.A)), ())])
    with pytest.raises(RuleRefused, match="which no triple can match"):
        stratified(
            [Rule("r", Atom(x, RDF.type, URIRef(E.A)), (Atom(x, RDF.type, y), Atom(Literal(1), URIRef(E.p), x)))]
        )


def document(construct: str) -> Graph:
    return Graph().parse(data=HEADER + f':r a sh:SPARQLRule ; sh:construct "{construct}" .', format="turtle")
