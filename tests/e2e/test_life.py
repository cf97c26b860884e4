"""Servers, gateways and twins that come and go: nothing is claimed that is not so, and the line runs on."""

from __future__ import annotations

import asyncio

import pytest
from rdflib import RDF, Namespace

from api.core.build import build
from api.core.feed import working_quads
from kg.errors import DataDirectoryLocked
from kg.journal import verify
from kg.names import GraphName
from kg.plantfolder import load
from kg.store import DataDirectory, DataPaths
from ontology import PACK, TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")


def gaps(twin) -> list[object]:
    graph = twin.core.parts.gate.graph
    node = graph.terms.node
    return [graph.term(s) for s in graph.subjects(node(RDF.type), node(TW.Gap))]


@pytest.mark.timeout(300)
async def test_server_that_vanishes_for_a_minute_and_returns(twin):
    """While the server is away the graph says so and requests are refused; then come a gap and present values."""
    twin.plant.inject("restart+60s")
    await twin.until(lambda: twin.value(BOT.LineServer, TW.connected) is False, "the loss")
    refused = await twin.submit(twin.request(440.0, "Labeller"))
    await twin.until(lambda: twin.value(BOT.LineServer, TW.connected) is True, "the return", 100)
    await twin.until(lambda: twin.values(BOT["Filler.CurMachSpeed"], TW.stale) == [], "fresh values")

    assert "PERM-CONNECTED" in {reason.code for reason in refused.reasons}
    assert len(gaps(twin)) == 1
    wip = sum(conveyor.count for conveyor in twin.plant.line.conveyors.values())
    told = sum(twin.value(BOT[name], TW.fillCount) for name in twin.plant.line.conveyors)
    assert abs(told - wip) < 400  # a few plant seconds apart


async def test_gateway_that_is_gone(plant, start_twin):
    """A request that no gateway executes ends with a clear outcome; nothing is written, nothing stays pending."""
    async with start_twin(plant, with_gateway=False) as twin:
        request = twin.request(440.0, "Labeller", life_s=3)
        verdict = await twin.submit(request)

        assert verdict.admitted
        assert (await twin.outcome(request))["outcome"] == "expired"
        assert twin.values(BOT["Labeller.SetMachSpeed"], TW.pending) == []
        assert twin.writes() == []


async def test_twin_killed_and_started_again(plant, start_twin):
    """The line runs on its local setpoints without the twin; a new twin finds its memory and a gap, and goes on."""
    async with start_twin(plant) as first:
        request = first.request(440.0, "Labeller")
        await first.submit(request)
        assert (await first.outcome(request))["outcome"] == "confirmed"
        seq = first.core.parts.gate.seq
    produced = plant.line.bottles_out
    await asyncio.sleep(12)  # longer than the controllers' watchdog

    assert plant.line.bottles_out >= produced
    async with start_twin(plant) as second:
        assert second.core.parts.gate.seq > seq
        assert second.value(BOT["Labeller.SetMachSpeed"], TW.desired) == 440.0
        assert second.value(BOT.Labeller, PACK.machSpeed) != 440.0  # the watchdog went back to the local setpoint
        assert gaps(second)
        paths = DataPaths(second.data)
        assert len(second.writes("Labeller")) == 1
    verify(paths.journal).require_ok()


async def test_second_twin_is_refused(twin, start_twin):
    """Two twins on one data directory would be two writers: the second is refused, the first goes on."""
    with pytest.raises(DataDirectoryLocked):
        async with start_twin(twin.plant):
            pass

    assert (await twin.core.runner.dry_run(twin.request(440.0, "Labeller"))).admitted


async def test_graph_equals_the_one_rebuilt(plant, start_twin, tmp_path):
    """What a restart rebuilds from journal and history is what was there when the twin ended."""
    async with start_twin(plant) as twin:
        request = twin.request(440.0, "Labeller")
        await twin.submit(request)
        await twin.outcome(request)
    live = {quad for quad in working_quads(twin.core.parts.gate) if quad.g is not GraphName.INFERRED}
    inferred = {quad for quad in working_quads(twin.core.parts.gate) if quad.g is GraphName.INFERRED}
    with DataDirectory(tmp_path / "data") as data:
        parts = build(load(twin.data / "plant", plant.url), data, lambda: 1)
        rebuilt = set(working_quads(parts.gate))
        parts.close(1)

    assert {quad for quad in rebuilt if quad.g is not GraphName.INFERRED} == live
    assert {quad for quad in rebuilt if quad.g is GraphName.INFERRED} == inferred
