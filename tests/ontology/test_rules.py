"""Each domain rule fires on its twin and stays silent on the near miss. Judged by plain SPARQL, one rule at a time."""

from __future__ import annotations

import pytest
from rdflib import RDF, Graph, URIRef
from rdflib.namespace import SH, Namespace

import ontology
from ontology import TW

TWR = Namespace("https://w3id.org/twinwright/rules#")
PREFIXES = """
@prefix ex: <https://example.org/line#> .
@prefix isa95: <https://w3id.org/twinwright/isa95#> .
@prefix pack: <https://w3id.org/twinwright/packml#> .
@prefix tw: <https://w3id.org/twinwright/core#> .
"""
REQUEST = """
ex:r a tw:Request ; tw:agent ex:Agent ; tw:rule ex:Rule ; tw:target ex:Filler.Set .
ex:Filler.Set isa95:isPropertyOf ex:Filler ; tw:writeGrant ex:Grant .
ex:Grant tw:minValue 100.0e0 ; tw:maxValue 440.0e0 ; tw:maxStep 120.0e0 .
ex:Filler isa95:isPartOf ex:Line, ex:Site . ex:Line isa95:isPartOf ex:Site .
"""
ON_SITE = 'ex:a tw:ofAgent ex:Agent ; tw:ofRule ex:Rule ; tw:hasScope ex:Site ; tw:level "autonomous" .'
ON_LINE = 'ex:b tw:ofAgent ex:Agent ; tw:ofRule ex:Rule ; tw:hasScope ex:Line ; tw:level "shadow" .'
ON_FILLER = 'ex:c tw:ofAgent ex:Agent ; tw:ofRule ex:Rule ; tw:hasScope ex:Filler ; tw:level "approve" .'
SKU = 'ex:Lager a tw:Sku ; isa95:id "LAGER" ; tw:ratedSpeed 400.0e0 ; tw:maxSpeed 410.0e0 .'

#: Rule, what is given, what follows, and what is given where nothing follows.
TWINS = [
    ("StopAtItsScope", "ex:x tw:stopped tw:NoWrites .", "ex:x tw:stopInForce tw:NoWrites .", "ex:x a tw:Agent ."),
    (
        "StopBelow",
        "ex:Line tw:stopped tw:ReadOnly . ex:Filler isa95:isPartOf ex:Line .",
        "ex:Filler tw:stopInForce tw:ReadOnly .",
        "ex:Filler tw:stopped tw:ReadOnly . ex:Filler isa95:isPartOf ex:Line .",
    ),
    (
        "StopAllEquipment",
        "tw:Plant tw:stopped tw:NoWrites . ex:Filler a isa95:Equipment .",
        "ex:Filler tw:stopInForce tw:NoWrites .",
        "ex:Line tw:stopped tw:NoWrites . ex:Filler a isa95:Equipment .",
    ),
    (
        "StopAllAgents",
        "tw:Plant tw:stopped tw:NoWrites . ex:Agent a tw:Agent .",
        "ex:Agent tw:stopInForce tw:NoWrites .",
        "ex:Line tw:stopped tw:NoWrites . ex:Agent a tw:Agent .",
    ),
    (
        "StopAllRequests",
        "tw:Plant tw:stopped tw:NoWrites . ex:r a tw:Request .",
        "ex:r tw:stopInForce tw:NoWrites .",
        "tw:Plant tw:stopped tw:NoWrites . ex:r a tw:AdmittedRequest .",
    ),
    ("Running", "ex:m pack:stateCurrent 6 .", "ex:m tw:running true .", "ex:m pack:stateCurrent 5 ."),
    ("Held", "ex:m pack:stateCurrent 11 .", "ex:m tw:held true .", "ex:m pack:stateCurrent 2 ."),
    ("Suspended", "ex:m pack:stateCurrent 5 .", "ex:m tw:suspended true .", "ex:m pack:stateCurrent 11 ."),
    (
        "SkuSpeed",
        SKU + 'ex:Line tw:currentSku "LAGER" ; tw:constraint ex:Filler .',
        "ex:Filler tw:skuRatedSpeed 400.0e0 ; tw:skuMaxSpeed 410.0e0 .",
        SKU + 'ex:Line tw:currentSku "PILS" ; tw:constraint ex:Filler .',
    ),
    (
        "GrantLimits",
        REQUEST,
        "ex:r tw:grantMin 100.0e0 ; tw:grantMax 440.0e0 ; tw:grantStep 120.0e0 .",
        REQUEST.replace("tw:Request", "tw:AdmittedRequest"),
    ),
    ("AutonomyHere", REQUEST + ON_FILLER, 'ex:r tw:autonomyInForce "approve" .', REQUEST + ON_LINE),
    ("AutonomyAbove", REQUEST + ON_SITE, 'ex:r tw:autonomyInForce "autonomous" .', REQUEST + ON_SITE + ON_FILLER),
    ("AutonomyAbove", REQUEST + ON_LINE + ON_SITE, 'ex:r tw:autonomyInForce "shadow" .', REQUEST + ON_FILLER),
]


def graph_of(turtle: str) -> Graph:
    return Graph().parse(data=PREFIXES + turtle, format="turtle")


def derived(rule: str, given: str) -> set[tuple[object, object, object]]:
    """What one application of a rule gives."""
    text = ontology.load("rules").value(TWR[rule], SH.construct)
    return set(graph_of(given).query(str(text)))


@pytest.mark.parametrize(("rule", "given", "expected", "_near"), TWINS)
def test_a_rule_derives_exactly_what_it_says(rule: str, given: str, expected: str, _near: str) -> None:
    """Premises that hold give the conclusion and nothing else."""
    assert derived(rule, given) == set(graph_of(expected))


@pytest.mark.parametrize(("rule", "_given", "_expected", "near"), TWINS)
def test_a_rule_is_silent_on_the_near_miss(rule: str, _given: str, _expected: str, near: str) -> None:
    """Premises that nearly hold give nothing."""
    assert derived(rule, near) == set()


def test_every_rule_has_twins_and_explains_itself() -> None:
    """No rule goes untested; each has a code, a label and its premises and conclusion in one line."""
    rules = ontology.load("rules")
    named = set(rules.subjects(RDF.type, TW.DomainRule))

    assert named == {TWR[rule] for rule, *_ in TWINS}
    for rule in named:
        assert isinstance(rule, URIRef)
        assert (rule, RDF.type, SH.SPARQLRule) in rules
        assert str(rules.value(rule, TW.code)).startswith("RULE-")
        assert "->" in str(rules.value(rule, Namespace("http://www.w3.org/2004/02/skos/core#").definition))
