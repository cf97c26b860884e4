"""The line agent's rules on hand-made states of the bottling line, evaluated by the engines that the core uses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import Literal, URIRef

import plants
from api.core.engines import agent_rules, rule_engines
from kg.graph import Transaction, WorkingGraph
from kg.names import WORKING, GraphName
from kg.plantfolder import PlantFolder, load
from kg.terms import Term, Terms, double_literal
from ontology import PACK, TW

BOT = "https://w3id.org/twinwright/plants/bottling#"
MACHINES = ("Depalletiser", "Filler", "Labeller", "Packer", "Palletiser")
Wishes = dict[str, float]


def bot(name: str) -> URIRef:
    return URIRef(BOT + name)


@pytest.fixture(scope="module")
def plant() -> PlantFolder:
    return load(Path(plants.__file__).parent / "bottling")


class Line:
    """The line running calmly at rated speed, until a test says otherwise."""

    def __init__(self, plant: PlantFolder) -> None:
        self._rules = agent_rules(plant)
        self._graph = WorkingGraph(Terms())
        self._domain, self._conditions = rule_engines(self._graph, plant)
        transaction = Transaction(self._graph)
        node = self._graph.terms.node
        for quad in plant.quads():
            if quad.g in WORKING:
                transaction.add(node(quad.s), node(quad.p), node(quad.o), quad.g)
        for machine in MACHINES:
            self._put(transaction, machine, PACK.stateCurrent, Literal(6))
            self._put(transaction, machine, PACK.equipmentBlocked, Literal(False))
        for conveyor, ratio in (("DF", 0.9), ("FL", 0.4), ("LP", 0.2), ("PP", 0.2)):
            self._put(transaction, f"Conveyor{conveyor}", TW.fillRatio, double_literal(ratio))
        self._put(transaction, "Filler", PACK.machSpeed, double_literal(400.0))
        self._put(transaction, "Filler", PACK.setMachSpeed, double_literal(400.0))
        self._put(transaction, "Filler", TW.fillWeightInControl, Literal(True))
        self._put(transaction, "Filler", TW.productTemperatureC, double_literal(8.0))
        self._put(transaction, "Line", TW.currentSku, Literal("SKU-LAGER-050"))
        self._put(transaction, "Line", TW.powerKw, double_literal(120.0))
        self._domain.start(transaction)
        self._conditions.start(transaction)

    def now(self, **facts: dict[URIRef, Term | float]) -> Wishes:
        """What the rules want, by rule, after these facts have changed. Floats become doubles."""
        transaction = Transaction(self._graph)
        for equipment, values in facts.items():
            for predicate, value in values.items():
                term = double_literal(value) if isinstance(value, float) else value
                self._put(transaction, equipment, predicate, term)
        self._domain.infer(transaction)
        self._conditions.infer(transaction)
        return self.wishes()

    def wishes(self) -> Wishes:
        graph, node = self._graph, self._graph.terms.node
        target = node(bot("Filler.SetMachSpeed"))
        return {
            str(rule).rpartition("#")[2]: float(str(graph.term(value)))
            for rule in self._rules
            for value in graph.objects(target, node(rule))
        }

    def stop(self, machine: str, state: int, stopped_s: float, remaining_s: float, origin: str | None = None) -> Wishes:
        """Let a machine stand: in its own state, for so long, because of the machine in which the stop began."""
        first = origin or machine
        return self.now(
            **{
                machine: {PACK.stateCurrent: Literal(state), TW.stoppedForS: stopped_s, TW.firstOut: bot(first)},
            },
        ) if first != machine and not self.now(
            **{first: {PACK.stateCurrent: Literal(11), TW.stoppedForS: stopped_s, TW.expectedRemainingS: remaining_s}}
        ) and False else self.now(
            **{
                machine: {PACK.stateCurrent: Literal(state), TW.stoppedForS: stopped_s, TW.firstOut: bot(first)},
                **({} if first == machine else {first: {PACK.stateCurrent: Literal(11)}}),
            },
        )

    def _put(self, transaction: Transaction, equipment: str, predicate: URIRef, value: Term) -> None:
        graph = GraphName.KPI if predicate in _KPI else GraphName.STATE
        node = self._graph.terms.node
        transaction.replace(node(bot(equipment)), node(predicate), node(value), graph)


_KPI = {TW.stoppedForS, TW.expectedRemainingS, TW.firstOut}


@pytest.fixture
def line(plant: PlantFolder) -> Line:
    return Line(plant)


def test_x(line: Line) -> None:
    print(line.wishes())
    print(line.now(ConveyorFL={TW.fillRatio: 0.2}))
    g=line._graph; n=g.terms.node
    for p in (TW.skuRatedSpeed, TW.skuMaxSpeed, TW.running):
        print(p, [str(g.term(o)) for o in g.objects(n(bot("Filler")), n(p))])
