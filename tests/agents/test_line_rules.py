"""The line agent's rules as the core evaluates them, through a stop and the recovery from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Literal, URIRef

import plants
from agents.reasoning import leaf_facts
from agents.rules import read_agents
from api.core.engines import agent_rules, rule_engines
from kg.errors import PlantIncomplete
from kg.graph import Transaction, WorkingGraph
from kg.names import WORKING, GraphName
from kg.plantfolder import PlantFolder, load
from kg.terms import Term, Terms, double_literal
from ontology import PACK, TW

BOT = "https://w3id.org/twinwright/plants/bottling#"
TARGET = URIRef(BOT + "Filler.SetMachSpeed")
FEATURES = {TW.stoppedForS, TW.expectedRemainingS, TW.firstOut}
Facts = dict[tuple[str, URIRef], Term | float | int | bool | str]
CALM: Facts = {
    **{(machine, PACK.stateCurrent): 6 for machine in ("Depalletiser", "Filler", "Labeller", "Packer", "Palletiser")},
    ("Labeller", PACK.equipmentBlocked): False,
    ("ConveyorDF", TW.fillRatio): 0.9,
    ("ConveyorFL", TW.fillRatio): 0.4,
    ("Filler", PACK.machSpeed): 400.0,
    ("Filler", TW.fillWeightInControl): True,
    ("Filler", TW.productTemperatureC): 8.0,
    ("Line", TW.currentSku): "SKU-LAGER-050",
    ("Line", TW.powerKw): 120.0,
}


class Line:
    """The bottling line in the core's working graph, with its engines."""

    def __init__(self, plant: PlantFolder) -> None:
        self.rules = agent_rules(plant)
        self.graph = WorkingGraph(Terms())
        self.domain, self.conditions = rule_engines(self.graph, plant)
        transaction = Transaction(self.graph)
        node = self.graph.terms.node
        for quad in plant.quads():
            if quad.g in WORKING:
                transaction.add(node(quad.s), node(quad.p), node(quad.o), quad.g)
        self._put(transaction, CALM)
        self.domain.start(transaction)
        self.conditions.start(transaction)

    def after(self, facts: Facts, gone: Facts | None = None) -> dict[str, float]:
        """What the rules want, by rule, once these facts have come and those have gone."""
        transaction = Transaction(self.graph)
        self._put(transaction, facts)
        node = self.graph.terms.node
        for (equipment, predicate), value in (gone or {}).items():
            transaction.remove(node(URIRef(BOT + equipment)), node(predicate), node(_term(value)), GraphName.KPI)
        self.domain.infer(transaction)
        self.conditions.infer(transaction)
        return self.wishes()

    def wishes(self) -> dict[str, float]:
        graph, node = self.graph, self.graph.terms.node
        return {
            rule.removeprefix(BOT): float(str(graph.term(value)))
            for rule in self.rules
            for value in graph.objects(node(TARGET), node(rule))
        }

    def _put(self, transaction: Transaction, facts: Facts) -> None:
        node = self.graph.terms.node
        for (equipment, predicate), value in facts.items():
            graph = GraphName.KPI if predicate in FEATURES else GraphName.STATE
            transaction.replace(node(URIRef(BOT + equipment)), node(predicate), node(_term(value)), graph)


def _term(value: Term | float | int | bool | str) -> Term:
    if isinstance(value, URIRef):
        return value
    return double_literal(value) if isinstance(value, float) else Literal(value)


@pytest.fixture(scope="module")
def plant() -> PlantFolder:
    return load(Path(plants.__file__ or "").parent / "bottling")


def test_a_calm_line_needs_nothing(plant: PlantFolder) -> None:
    """At rated speed with healthy buffers no rule wants anything."""
    assert Line(plant).wishes() == {}


def test_through_a_stop_and_back(plant: PlantFolder) -> None:
    """The packer blocks the labeller: slow down; the conveyor fills on: nothing more; all runs again: back to rated."""
    line = Line(plant)
    features: Facts = {
        ("Labeller", TW.stoppedForS): 20.0,
        ("Labeller", TW.firstOut): URIRef(BOT + "Packer"),
        ("Packer", TW.expectedRemainingS): 90.0,
    }
    stopped: Facts = {
        ("Packer", PACK.stateCurrent): 11,
        ("Labeller", PACK.stateCurrent): 5,
        ("Labeller", PACK.equipmentBlocked): True,
    }

    assert line.after({**stopped, **features}) == {"SlowFillerBeforeBlock": 320.0}
    assert line.after({("Filler", PACK.machSpeed): 320.0}) == {}
    assert line.after({("ConveyorFL", TW.fillRatio): 0.6, ("Packer", TW.expectedRemainingS): 60.0}) == {}
    running: Facts = {("Packer", PACK.stateCurrent): 6, ("Labeller", PACK.stateCurrent): 6}
    gone = {**features, ("Packer", TW.expectedRemainingS): 60.0}
    back = {**running, ("Labeller", PACK.equipmentBlocked): False}
    assert line.after(back, gone) == {"RecoverFiller": 400.0}
    assert line.after({("Filler", PACK.machSpeed): 400.0}) == {}


def test_every_rule_has_an_agent_a_goal_and_words(plant: PlantFolder) -> None:
    """The plant describes one agent with all rules, each with goal, priority, sentence and consequence."""
    (agent,) = read_agents(plant.graphs[GraphName.PLANT] + plant.graphs[GraphName.RULES])

    assert set(agent.rules) == agent_rules(plant)
    for rule in agent.rules.values():
        assert rule.goal is not None
        assert rule.priority > 0
        assert "{value}" in rule.sentence
        assert rule.if_nothing


def test_the_proof_of_a_match_ends_in_named_graphs(plant: PlantFolder) -> None:
    """Every leaf of a match's proof names the graph that asserts it."""
    line = Line(plant)
    assert line.after({("ConveyorFL", TW.fillRatio): 0.2}) == {"CatchUp": 410.0}

    proof = line.conditions.explain(TARGET, URIRef(BOT + "CatchUp"), double_literal(410.0))

    assert proof is not None
    graphs = {graph for _, _, _, graph in leaf_facts(proof.to_json())}
    assert graphs == {"state", "plant"}


def test_a_tolerance_names_its_input(plant: PlantFolder) -> None:
    """Each input tolerance of a rule is for one of its inputs; one that names none is an error of the plant."""
    described = plant.graphs[GraphName.PLANT] + plant.graphs[GraphName.RULES]
    (agent,) = read_agents(described)
    for rule in agent.rules.values():
        assert set(rule.input_tolerances) <= set(described.objects(rule.iri, TW.input))
        assert rule.tolerance is not None

    described.add((URIRef(BOT + "CatchUp"), TW.inputTolerance, URIRef(BOT + "Nothing")))

    with pytest.raises(PlantIncomplete, match="needs one tw:input"):
        read_agents(described)
