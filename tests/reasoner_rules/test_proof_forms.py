"""Proofs as PROV-O, DOT and SVG, and as JSON that can be read and checked again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from rdflib import PROV, RDF, RDFS, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import Namespace

from kg.errors import BadTerm
from kg.names import GraphName
from kg.proof import NESTED_STEPS, Proof
from ontology import TW
from reasoner.drawings import dot, svg
from reasoner.proofs import check, indented, stamped
from reasoner.provenance import provenance

E = Namespace("http://example.org/")
SVG = "{http://www.w3.org/2000/svg}"
FEEDS = (
    "CONSTRUCT { ?x :reaches ?y } WHERE { ?x :feeds ?y }",
    "CONSTRUCT { ?x :reaches ?z } WHERE { ?x :feeds ?y . ?y :reaches ?z }",
)
CALM = "CONSTRUCT { ?x a :Calm } WHERE { ?x a :Machine ; :label ?l FILTER NOT EXISTS { ?x :alarm ?a FILTER(?a > 2) } }"
SAFE = "CONSTRUCT { ?x a :Safe } WHERE { ?x :reaches ?y . ?y a :Calm . ?x :feeds ?y }"
HOSTILE = '</title> "quoted" \\n \x01 <b>&amp;'
DOUBLING = "CONSTRUCT { ?y a :Live } WHERE { ?x :feeds ?y ; a :Live . ?x :pours ?y ; a :Warm }"


@pytest.fixture
def plant(rules: Callable[..., Any], twin: Callable[..., Any]) -> Any:
    """a feeds b, which is calm: `a feeds b` stands twice in the proof that a is safe."""
    world = twin(rules(*FEEDS, CALM, SAFE))
    world.start([(E.a, E.feeds, E.b), (E.b, RDF.type, E.Machine), (E.b, E.label, Literal(HOSTILE, lang="en"))])
    return world


@pytest.fixture
def safe(plant: Any) -> Proof:
    return stamped(plant.engine.explain(E.a, RDF.type, E.Safe), 41)


@pytest.fixture(scope="module")
def thicket(rules: Callable[..., Any], twin: Callable[..., Any]) -> Any:
    """Each fact rests twice on the one before: 60 steps that would be 2 to the power of 30 as a tree."""
    live = "CONSTRUCT { ?y a :Live } WHERE { ?x :feeds ?y ; a :Live ; a :Warm }"
    world = twin(rules(live, "CONSTRUCT { ?x a :Warm } WHERE { ?x a :Live ; :label ?l }"))
    nodes = [E[f"n{number}"] for number in range(31)]
    links = [(x, E.feeds, y) for x, y in pairwise(nodes)]
    world.start([(nodes[0], RDF.type, E.Live), *((x, E.label, Literal("x")) for x in nodes), *links])
    return world


def again(proof: Proof) -> Proof:
    """Through JSON text and back."""
    return Proof.from_json(json.loads(json.dumps(proof.to_json())))


def test_a_recorded_proof_is_read_and_checked_again(plant: Any, safe: Proof) -> None:
    """JSON holds all of a proof: lexical forms, language, bindings, absences and their seq."""
    back = again(safe)

    assert back == safe
    assert hash(back) == hash(safe)
    assert back != replace(safe, premises=safe.premises[:1])
    assert check(back, plant.rules, plant.graph, plant.visible) == []
    assert again(safe.premises[0].premises[0]) == Proof((E.a, E.feeds, E.b), "plant")
    assert "from 3" in repr(safe)


def test_a_thicket_stays_as_small_as_its_steps(thicket: Any) -> None:
    """What stands in many places is written once, in JSON, text and pictures; and is checked once."""
    proof = thicket.engine.explain(E.n30, RDF.type, E.Live)

    assert proof.measure().size > 2**30
    assert sum(1 for _ in proof.steps()) < 200
    assert again(proof) == proof
    assert check(again(proof), thicket.rules, thicket.graph, thicket.visible) == []
    told = indented(proof)
    assert len(told.splitlines()) < 300
    assert "(as above)" in told
    assert len(dot(proof)) < 30_000
    assert "told elsewhere" in svg(proof, most=150)


def test_the_list_of_steps_is_used_only_where_a_tree_would_be_too_much(plant: Any, thicket: Any, safe: Proof) -> None:
    """Small proofs nest as they always have; a step that is taken from the list says which fact it gives."""
    assert "steps" not in safe.to_json()
    tree = thicket.engine.explain(E.n20, RDF.type, E.Live).to_json()
    assert thicket.engine.explain(E.n20, RDF.type, E.Live).measure().size > NESTED_STEPS

    taken = next(premise for premise in tree["premises"] if "step" in premise)

    assert set(taken) == {"fact", "rule", "step"}
    assert tree["steps"][taken["step"]]["fact"] == taken["fact"]


def broken(tree: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {**tree, **others}


@pytest.mark.parametrize(
    "others",
    [
        {"fact": ["<urn:a>", "<urn:b>"]},
        {"fact": ["<urn:a>", "<urn:b>", "no term"]},
        {"fact": None},
        {"rule": 7},
        {"premises": [{"no": "fact"}]},
        {"premises": 3},
        {"premises": [{"fact": ["<urn:a>", "<urn:b>", "<urn:c>"], "rule": "urn:r", "step": 0}]},
        {"bindings": {"x": 1}},
        {"bindings": ["x"]},
        {"absent": 4},
        {"seq": "late"},
        {"groups": [{"keys": {}}]},
        {"steps": 5},
    ],
)
def test_what_is_no_proof_is_refused(safe: Proof, others: dict[str, Any]) -> None:
    """Anything that `to_json` would not write is a BadTerm, whatever is wrong with it."""
    with pytest.raises(BadTerm):
        Proof.from_json(broken(safe.to_json(), **others))


def test_a_step_must_be_the_fact_it_is_used_for(thicket: Any) -> None:
    """A place in the list that holds another fact, or comes later, is refused: no circles can be written."""
    tree = thicket.engine.explain(E.n20, RDF.type, E.Live).to_json()
    place = next(index for index, premise in enumerate(tree["premises"]) if "step" in premise)

    for wrong in (0, 10_000, -1, "0", None):
        premises = list(tree["premises"])
        premises[place] = {**premises[place], "step": wrong}
        with pytest.raises(BadTerm, match="not a proof"):
            Proof.from_json(broken(tree, premises=premises))
    steps = [dict(step) for step in tree["steps"]]
    steps[0]["premises"] = [{"fact": steps[-1]["fact"], "rule": steps[-1]["rule"], "step": len(steps) - 1}]
    with pytest.raises(BadTerm, match="no step"):
        Proof.from_json(broken(tree, steps=steps))


def test_provenance_tells_what_each_inference_used(safe: Proof) -> None:
    """One activity for each inference, with its rule as a plan, what it used, and what it generated."""
    graph = provenance(safe, {E.a: "The filler"})

    activities = set(graph.subjects(RDF.type, PROV.Activity))
    assert len(activities) == 3
    (root,) = graph.subjects(RDFS.label, Literal("The filler is a Safe"))
    activity = graph.value(root, PROV.wasGeneratedBy)
    used = {str(graph.value(entity, RDFS.label)) for entity in graph.objects(activity, PROV.used)}
    assert used == {"The filler reaches b", "b is a Calm", "The filler feeds b"}
    assert graph.value(root, TW.rule) == URIRef(E.r4)
    assert graph.value(graph.value(activity, PROV.qualifiedAssociation), PROV.hadPlan) == URIRef(E.r4)
    assert (root, RDF.object, E.Safe) in graph
    home = URIRef(GraphName.PLANT.iri)
    assert len(set(graph.objects(home, PROV.hadMember))) == 3
    absence = next(o for o in graph.objects(None, PROV.used) if "NOT EXISTS" in str(graph.value(o, RDFS.label)))
    assert "as of seq 41" in str(graph.value(absence, RDFS.label))


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
def test_provenance_is_a_closed_document_that_round_trips(safe: Proof) -> None:
    """Every node of ours that is pointed to is described; Turtle and JSON-LD read back the same; IRIs are stable."""
    graph = provenance(safe)

    ours = {o for o in graph.objects() if isinstance(o, URIRef) and str(o).startswith("urn:twinwright:")}
    assert all((node, RDF.type, None) in graph for node in ours)
    for form in ("turtle", "json-ld"):
        assert isomorphic(Graph().parse(data=graph.serialize(format=form), format=form), graph)
    assert isomorphic(provenance(safe), graph)


def test_dot_holds_each_step_once(safe: Proof) -> None:
    """One node a step, dashed ones for absences, an arrow for each premise; labels are escaped."""
    text = dot(safe)

    nodes = re.findall(r"^  (\w+) \[label=", text, re.MULTILINE)
    arrows = re.findall(r"^  (\w+) -> (\w+);", text, re.MULTILINE)
    assert len(nodes) == len(set(nodes)) == sum(1 for _ in safe.steps()) + 1
    assert {end for arrow in arrows for end in arrow} == set(nodes)
    assert text.count("style=dashed") == 1
    assert '\\"quoted\\"' in text
    assert "\\\\n" in text
    assert all(line.count('"') - line.count('\\"') in (0, 2) for line in text.splitlines())


def test_svg_is_one_box_a_step(safe: Proof) -> None:
    """Well-formed whatever the labels hold, with the fact as its title, and bounded."""
    root = ElementTree.fromstring(svg(safe, {E.a: HOSTILE}))

    assert "quoted" in str(root[0].text)
    words = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "sort"]
    assert sorted(words) == ["follows"] * 3 + ["known"] * 4 + ["not found"]
    small = ElementTree.fromstring(svg(safe, most=2))
    assert any("more" in str(group.get("class")) for group in small.iter(f"{SVG}g"))


def test_what_a_group_gave_is_told_in_every_form(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A sum of twelve members, ten of which are shown: JSON round trip, text, PROV-O, DOT and SVG."""
    total = "SELECT ?l (SUM(?v) AS ?t) WHERE { ?m :line ?l ; :makes ?v } GROUP BY ?l"
    world = twin(rules(f"CONSTRUCT {{ ?l :total ?t }} WHERE {{ {{ {total} }} }}"))
    machines = [E[f"m{number}"] for number in range(12)]
    world.start([*((m, E.line, E.l1) for m in machines), *((m, E.makes, Literal(2)) for m in machines)])

    proof = world.engine.explain(E.l1, E.total, Literal(24)).stamped(9)

    words = "SUM(?v) is 24 for ?l l1, from 12 members, 10 of them shown  (as of seq 9)"
    assert again(proof) == proof
    assert check(again(proof), world.rules, world.graph, world.visible) == []
    assert words in indented(proof)
    assert words in dot(proof)
    assert "counted" in svg(proof)
    (group,) = provenance(proof).subjects(RDFS.label, Literal(words))
    assert len(set(provenance(proof).objects(None, PROV.used))) == 21
    assert (None, PROV.used, group) in provenance(proof)
    assert len(world.engine.explain_all(E.l1, E.total, Literal(24), 3).proofs) == 1
