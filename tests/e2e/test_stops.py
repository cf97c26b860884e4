"""Stops that end by themselves, also across a restart of the core."""

from __future__ import annotations

import time

from rdflib import Namespace

from kg.change import Change, Kind, Quad
from kg.names import GraphName
from ontology import TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")


async def test_stop_ends_in_time_across_a_restart(plant, start_twin):
    """A stop for some seconds is still in force after a restart, and ends when its time has come."""
    quad = Quad(BOT.Labeller, TW.stopped, TW.NoWrites, GraphName.POLICY)
    async with start_twin(plant) as first:
        until_us = time.time_ns() // 1000 + 15_000_000
        await first.submit(Change(Kind.STOP, first.person(), adds=(quad,), detail={"until_us": until_us}))
    async with start_twin(plant) as second:
        held = second.values(BOT.Labeller, TW.stopped) == [str(TW.NoWrites)] or time.time_ns() // 1000 > until_us
        await second.until(lambda: second.values(BOT.Labeller, TW.stopped) == [], "the end of the stop")

        assert held
        assert time.time_ns() // 1000 >= until_us
        assert (await second.core.runner.dry_run(second.request(440.0, "Labeller"))).admitted
