"""Proofs: the shortest there is, acyclic, down to asserted facts, checkable, and readable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from rdflib import Literal
from rdflib.namespace import RDF, Namespace

from kg.graph import Transaction
from kg.names import GraphName
from kg.proof import Proof
from reasoner.proofs import check, indented, sentence, stamped
from reasoner.rules import explain

E = Namespace("http://example.org/")
FEEDS = (
    "CONSTRUCT { ?x :reaches ?y } WHERE { ?x :feeds ?y }",
    "CONSTRUCT { ?x :reaches ?z } WHERE { ?x :feeds ?y . ?y :reaches ?z }",
)
CALM = "CONSTRUCT { ?x a :Calm } WHERE { ?x a :Machine FILTER NOT EXISTS { ?x :alarm ?a FILTER(?a > 2) } }"


@pytest.fixture
def plant(rules: Callable[..., Any], twin: Callable[..., Any]) -> Any:
    """A short way and a long way from a to d, and a machine without an alarm."""
    world = twin(rules(*FEEDS, CALM, "CONSTRUCT { ?x a :Sheltered } WHERE { ?x :reaches ?y . ?y a :Calm }"))
    way = [(E.a, E.feeds, E.b), (E.b, E.feeds, E.c), (E.c, E.feeds, E.d), (E.a, E.feeds, E.d)]
    world.start([*way, (E.d, RDF.type, E.Machine)])
    return world


def test_the_shortest_proof_is_given(plant: Any) -> None:
    """One step over the direct edge, not three over the chain; and three when the direct edge has gone."""
    fact = (E.a, E.reaches, E.d)
    assert explain.height(plant.engine.explain(*fact)) == 1

    plant.change(removes=[(E.a, E.feeds, E.d)])

    assert explain.height(plant.engine.explain(*fact)) == 3
    plant.assert_proved()


def test_an_asserted_fact_proves_itself(plant: Any) -> None:
    """A fact that is asserted and derived is shown as asserted, with its graph."""
    plant.change(adds=[(E.a, E.reaches, E.b)])

    assert plant.engine.explain(E.a, E.reaches, E.b) == Proof((E.a, E.reaches, E.b), "plant")


def test_what_does_not_hold_has_no_proof(plant: Any) -> None:
    """Neither unknown terms nor facts that have gone are explained."""
    assert plant.engine.explain(E.a, E.reaches, E.nowhere) is None
    plant.change(removes=[(E.a, E.feeds, E.b)])
    assert plant.engine.explain(E.a, E.reaches, E.b) is None


def test_absences_are_recorded_as_text_with_their_seq(plant: Any) -> None:
    """The pattern that matched nothing stands in the proof, its known variables filled in."""
    proof = plant.engine.explain(E.d, RDF.type, E.Calm)

    (absent,) = proof.absent
    assert absent == f"NOT EXISTS {{ <{E.d}> <{E.alarm}> ?a . FILTER((?a > 2)) }}"
    assert stamped(proof, 41).to_json()["seq"] == 41
    assert check(proof, plant.rules, plant.graph, plant.visible) == []
    plant.change(adds=[(E.d, E.alarm, Literal(3))])
    assert check(proof, plant.rules, plant.graph, plant.visible) != []


def test_the_checker_finds_every_kind_of_fault(plant: Any) -> None:
    """A wrong rule, a missing premise, a leaf that is not asserted, a circle: each is told."""
    proof = plant.engine.explain(E.a, RDF.type, E.Sheltered)
    reach, calm = proof.premises
    faulty = [
        (replace(proof, rule=str(E.r3)), "does not follow"),
        (replace(proof, premises=(reach,)), "does not follow"),
        (replace(proof, premises=(*proof.premises, reach.premises[0])), "does not follow"),
        (replace(proof, bindings=(("x", E.b),)), "does not follow"),
        (replace(proof, premises=(reach, replace(calm, absent=()))), "does not follow"),
        (replace(proof, premises=(Proof(reach.fact, "plant"), calm)), "is not asserted in plant"),
        (replace(proof, premises=(replace(reach, premises=(proof,)), calm)), "own premises"),
    ]

    assert check(proof, plant.rules, plant.graph, plant.visible) == []
    for bad, fault in faulty:
        assert any(fault in line for line in check(bad, plant.rules, plant.graph, plant.visible)), fault


def test_proofs_read_well(plant: Any) -> None:
    """A tree for the terminal and one line for an operator."""
    proof = plant.engine.explain(E.a, RDF.type, E.Sheltered)

    assert indented(stamped(proof, 7)).splitlines() == [
        "a is a Sheltered  by r4",
        "  a reaches d  by r1",
        "    a feeds d  [plant]",
        "  d is a Calm  by r3",
        f"    NOT EXISTS {{ <{E.d}> <{E.alarm}> ?a . FILTER((?a > 2)) }}  (as of seq 7)",
        "    d is a Machine  [plant]",
    ]
    assert sentence(proof, {E.a: "The filler", E.feeds: "feeds into"}) == (
        "The filler is a Sheltered, because The filler feeds into d and d is a Machine and there is none of "
        f"{{ <{E.d}> <{E.alarm}> ?a . FILTER((?a > 2)) }} (by r4, r1, r3)."
    )
    assert sentence(proof.premises[0].premises[0]) == "a feeds d is asserted in plant."


def test_json_is_plain(plant: Any) -> None:
    """Rule, bindings and premises with terms in N-Triples form."""
    tree = plant.engine.explain(E.b, E.reaches, E.c).to_json()

    assert tree == {
        "fact": [f"<{E.b}>", f"<{E.reaches}>", f"<{E.c}>"],
        "rule": str(E.r1),
        "bindings": {"x": f"<{E.b}>", "y": f"<{E.c}>"},
        "premises": [{"fact": [f"<{E.b}>", f"<{E.feeds}>", f"<{E.c}>"], "graph": "plant"}],
    }


def test_in_a_thicket_proofs_follow_the_ranks(
    rules: Callable[..., Any], twin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more derivations than are collected, proofs are still finite, acyclic and sound."""
    monkeypatch.setattr(explain, "DERIVATIONS", 5)
    near = "CONSTRUCT { ?x :near ?z } WHERE { ?x :near ?y . ?y :near ?z }"
    world = twin(rules(near, "CONSTRUCT { ?y :near ?x } WHERE { ?x :near ?y }"))
    nodes = [E[f"n{index}"] for index in range(6)]
    world.start([(x, E.near, y) for x, y in pairwise(nodes)])
    world.change(removes=[(nodes[2], E.near, nodes[3])], adds=[(nodes[0], E.near, nodes[3])])

    world.assert_proved()


def test_a_fact_that_others_derived_has_no_proof_here(plant: Any) -> None:
    """An inferred fact that none of these rules gives is not explained by them, and is no error."""
    node = plant.graph.terms.node
    transaction = Transaction(plant.graph)
    transaction.add(node(E.a), node(E.advised), node(Literal(5)), GraphName.INFERRED)

    assert plant.engine.explain(E.a, E.advised, Literal(5)) is None
