"""The same twins judged by the twin's own rule engine and validator, as a change to a world that stands."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import Graph
from rdflib.namespace import Namespace

import ontology
from kg.change import Finding
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from reasoner import compile_owl, load
from reasoner.rules import RuleEngine
from reasoner.shacl import Validator, compile_shapes

EX = Namespace("https://example.org/line#")
TWINS = tomllib.loads((Path(__file__).parent / "golden" / "twins.toml").read_text(encoding="utf-8"))
Judge = Callable[[Graph], set[tuple[str | None, str]]]


@pytest.fixture(scope="module")
def judge(pristine_world: Graph, all_shapes: Graph) -> Judge:
    """What the twin finds when the golden world becomes another one; the change is taken back afterwards."""
    terms = Graph()
    for name in ontology.modules():
        terms += ontology.load(name)
    graph = WorkingGraph()
    engine = RuleEngine(graph, load(ontology.load("rules"), also=compile_owl(terms)))
    validator = Validator(graph, compile_shapes(all_shapes))
    node = graph.terms.node
    start = Transaction(graph)
    for s, p, o in pristine_world:
        start.add(node(s), node(p), node(o), GraphName.PLANT)
    engine.start(start)
    assert validator.start(start) == ()

    def findings(changed: Graph) -> set[tuple[str | None, str]]:
        transaction = Transaction(graph)
        for s, p, o in set(pristine_world) - set(changed):
            transaction.remove(node(s), node(p), node(o), GraphName.PLANT)
        for s, p, o in set(changed) - set(pristine_world):
            transaction.add(node(s), node(p), node(o), GraphName.PLANT)
        engine.infer(transaction)
        introduced: tuple[Finding, ...] = validator.check(transaction).introduced
        transaction.rollback()
        return {(finding.code, str(finding.focus)) for finding in introduced}

    return findings


@pytest.mark.parametrize("code", TWINS)
def test_the_failing_twin_is_found(code: str, world: Graph, judge: Judge) -> None:
    """The twin finds what pySHACL finds."""
    world.update(TWINS[code]["fail"])

    assert (code, str(EX[TWINS[code]["focus"].removeprefix("ex:")])) in judge(world)


@pytest.mark.parametrize("code", [code for code, twin in TWINS.items() if "near" in twin])
def test_the_near_twin_is_not_found(code: str, world: Graph, judge: Judge) -> None:
    """On the right side of the boundary the twin finds nothing for this shape."""
    world.update(TWINS[code]["near"])

    assert code not in {found for found, _ in judge(world)}
