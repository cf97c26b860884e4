"""In a twin an alias gains nothing and escapes nothing."""

from __future__ import annotations

from copy import copy

import pytest
from rdflib import OWL, Graph, Namespace

from api.core.engines import rule_engines
from kg.graph import Transaction, WorkingGraph
from kg.names import WORKING, GraphName
from kg.plantfolder import PlantFolder
from ontology import TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")


@pytest.mark.parametrize("at_release", [True, False])
def test_an_alias_does_not_pass_on_what_is_granted(bottling: PlantFolder, at_release: bool) -> None:
    """An owl:sameAs between agents, or between machines, is told and changes nothing, whenever it comes."""
    aliases = [(BOT.LineAgent, OWL.sameAs, BOT.Stranger), (BOT.Filler, OWL.sameAs, BOT.Conveyor)]
    plant = copy(bottling)
    if at_release:
        model = Graph()
        model += bottling.graphs[GraphName.PLANT]
        for alias in aliases:
            model.add(alias)
        object.__setattr__(plant, "graphs", {**bottling.graphs, GraphName.PLANT: model})
    graph = WorkingGraph()
    node, transaction = graph.terms.node, Transaction(graph)
    for quad in plant.quads():
        if quad.g in WORKING:
            transaction.add(node(quad.s), node(quad.p), node(quad.o), quad.g)
    domain, _ = rule_engines(graph, plant)
    domain.start(transaction)
    for alias in aliases:
        transaction.add(*map(node, alias), GraphName.PLANT)
    domain.infer(transaction)

    for name in (BOT.LineAgent, BOT.Filler):
        assert graph.has(node(name), node(TW.inconsistentBy), node(TW.EqualityNotInForce))
    for stranger in (BOT.Stranger, BOT.Conveyor):
        said = {graph.term(p) for p in graph.predicates(node(stranger))}
        assert said <= {OWL.sameAs}, said
        assert not any(list(graph.subjects(p, node(stranger))) for p in map(node, (TW.ofAgent, TW.hasScope)))
