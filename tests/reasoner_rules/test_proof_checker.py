"""The checker finds every way in which a sound proof can be corrupted, at every step of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from rdflib import Literal
from rdflib.namespace import RDF, Namespace

from kg.names import GraphName
from kg.proof import Proof
from reasoner.proofs import check
from reasoner.rules import Rule, Var
from reasoner.rules.ir import Atom

E = Namespace("http://example.org/")
TEXTS = (
    "CONSTRUCT { ?x :reaches ?y } WHERE { ?x :feeds ?y }",
    "CONSTRUCT { ?x :reaches ?z } WHERE { ?x :feeds ?y . ?y :reaches ?z }",
    "CONSTRUCT { ?x a :Calm } WHERE { ?x a :Machine FILTER NOT EXISTS { ?x :alarm ?a FILTER(?a > 2) } }",
    "CONSTRUCT { ?x a :Slow } WHERE { ?x :speed ?v BIND(?v * 2 AS ?w) FILTER(?w < 100) }",
    "CONSTRUCT { ?x a :Sheltered } WHERE { ?x :reaches ?y . ?y a :Calm , :Slow }",
)
AXIOM = (E.Sheltered, E.under, E.Fine)


@pytest.fixture
def plant(rules: Callable[..., Any], twin: Callable[..., Any]) -> Any:
    """A fact that rests on recursion, absence, arithmetic and an axiom of the ontology."""
    x = Var("x")
    compiled = Rule("owl2rl:cax", Atom(x, RDF.type, E.Fine), (Atom(x, RDF.type, E.Sheltered),), axioms=(AXIOM,))
    world = twin(rules(*TEXTS, compiled))
    world.start(
        [
            *((E.a, E.feeds, E.b), (E.b, E.feeds, E.c), (E.c, E.feeds, E.d), (E.a, E.feeds, E.other)),
            *((E.d, RDF.type, E.Machine), (E.d, E.speed, Literal(40)), (E.d, E.alarm, Literal(1))),
            *((E.other, RDF.type, E.Machine), (E.other, E.speed, Literal(400))),
        ]
    )
    return world


@pytest.fixture
def proof(plant: Any) -> Proof:
    return plant.engine.explain(E.a, RDF.type, E.Fine)


def corrupted(step: Proof, root: Proof, world: Any) -> Iterator[tuple[str, Proof]]:
    """Every corruption of one step, with its name."""
    stranger = Proof((E.a, E.feeds, E.other), "plant")
    known = Proof((E.d, E.alarm, Literal(1)), "plant")
    yield "another fact", replace(step, fact=(E.other, *step.fact[1:]))
    yield "another object", replace(step, fact=(*step.fact[:2], E.nowhere))
    if step.rule is None:
        for graph in ("state", "ontology", "inferred", "violations", "decisions", "elsewhere", "", None):
            if (step.fact, graph) != (AXIOM, "ontology"):
                yield f"wrong graph {graph}", replace(step, graph=graph)
        yield "a leaf that rests on something", replace(step, premises=(known,))
        yield "a leaf with bindings", replace(step, bindings=(("x", E.a),))
        yield "a leaf with an absence", replace(step, absent=("NOT EXISTS { }",))
        return
    yield "an inferred fact as asserted", Proof(step.fact, "plant")
    yield "an inferred fact in the inferred graph", Proof(step.fact, "inferred")
    yield "asserted and inferred", replace(step, graph="plant")
    for other in {str(E.r1), str(E.r2), str(E.r3), str(E.r5), "owl2rl:cax", str(E.unknown), ""} - {step.rule}:
        yield f"wrong rule {other}", replace(step, rule=other)
    for index, premise in enumerate(step.premises):
        others = step.premises[:index], step.premises[index + 1 :]
        yield "missing premise", replace(step, premises=(*others[0], *others[1]))
        yield "wrong premise", replace(step, premises=(*others[0], stranger, *others[1]))
        yield (
            "premise of another subject",
            replace(step, premises=(*others[0], replace(premise, fact=(E.other, *premise.fact[1:])), *others[1])),
        )
    yield "premise too many", replace(step, premises=(*step.premises, known))
    yield "no premises", replace(step, premises=())
    for index, (name, term) in enumerate(step.bindings):
        others = step.bindings[:index], step.bindings[index + 1 :]
        wrong = Literal(7) if isinstance(term, Literal) else E.other
        yield "wrong binding", replace(step, bindings=(*others[0], (name, wrong), *others[1]))
        yield "missing binding", replace(step, bindings=(*others[0], *others[1]))
    yield "binding of no variable", replace(step, bindings=(*step.bindings, ("zz", E.a)))
    yield "absence of nothing", replace(step, absent=(*step.absent, "NOT EXISTS { ?x ?y ?z . }"))
    if step.absent:
        yield "absence left out", replace(step, absent=())
        yield "false absence", replace(step, absent=(step.absent[0].replace("> 2", "> 0"),))
    yield "a circle of one", replace(step, premises=(*step.premises, step))
    yield "a circle over the root", replace(step, premises=(replace(step.premises[0], fact=root.fact),))
    yield "a circle by the root", replace(step, premises=(root, *step.premises[1:]))


def with_step(root: Proof, old: Proof, new: Proof) -> Proof:
    """The proof with one of its steps replaced."""
    done: dict[int, Proof] = {}
    for step in root.upwards():
        premises = tuple(done[id(premise)] for premise in step.premises)
        done[id(step)] = new if step is old else replace(step, premises=premises)
    return done[id(root)]


def test_every_corruption_of_every_step_is_found(plant: Any, proof: Proof) -> None:
    """Wrong, missing and surplus premises, bindings, rules, graphs and absences; circles; leaves that are none."""
    steps = list(proof.steps())
    kinds = set()

    assert check(proof, plant.rules, plant.graph, plant.visible) == []
    for step in steps:
        for kind, bad in corrupted(step, proof, plant):
            assert check(with_step(proof, step, bad), plant.rules, plant.graph, plant.visible), (kind, step)
            kinds.add(kind.split(" graph ")[0])
    assert len(steps) == 13
    assert len(kinds) > 20


def test_an_unchanged_copy_is_sound(plant: Any, proof: Proof) -> None:
    """The corruptions are found, not the copying; nor is the order of premises an error."""
    for step in proof.steps():
        same = replace(step, premises=tuple(reversed(step.premises)))
        assert check(with_step(proof, step, same), plant.rules, plant.graph, plant.visible) == []


@pytest.mark.parametrize(
    "change",
    [
        {"removes": [(E.b, E.feeds, E.c)]},
        {"removes": [(E.d, E.speed, Literal(40))]},
        {"adds": [(E.d, E.alarm, Literal(3))]},
        {"removes": [(E.d, RDF.type, E.Machine)]},
    ],
)
def test_a_proof_of_yesterday_is_not_one_of_today(plant: Any, proof: Proof, change: dict[str, Any]) -> None:
    """A leaf that has gone, and an absence that no longer holds, are found."""
    plant.change(**change)

    assert check(proof, plant.rules, plant.graph, plant.visible)


def test_a_fact_that_moved_to_another_graph_is_found(plant: Any, proof: Proof) -> None:
    """The graph that a leaf names must be the one that asserts it now."""
    plant.change(removes=[(E.b, E.feeds, E.c)])
    plant.change(adds=[(E.b, E.feeds, E.c)], name=GraphName.STATE)

    assert check(proof, plant.rules, plant.graph, plant.visible) == ["b feeds c is not asserted in plant."]


def test_a_circle_between_two_facts_is_told(plant: Any, proof: Proof) -> None:
    """Each step fires by itself; together they prove nothing."""
    one = Proof((E.a, E.reaches, E.b), None, str(E.r1), (("x", E.a), ("y", E.b)))
    two = Proof((E.b, E.reaches, E.a), None, str(E.r1), (("x", E.b), ("y", E.a)), (one,))

    found = check(replace(one, premises=(two,)), plant.rules, plant.graph, plant.visible)

    assert "a reaches b stands among its own premises." in found
