"""The link against a real OPC UA server."""

from __future__ import annotations

import asyncio
import time

from asyncua import ua
from rdflib import Literal

from kg.change import ReadingFlag
from kg.opcua import Link
from ontology import TW


async def test_all_initial_values_of_more_than_two_thousand_items_arrive_once(
    controller, plant_of, sink, links, fast, until
):
    """No initial value is lost or doubled, and each is flagged INITIAL."""
    names = tuple(f"Extra.P{n}" for n in range(2500))
    plant = plant_of(controller.url, dict.fromkeys(names, "Filler.CurMachSpeed"))

    link = links(Link(plant.server, plant.bindings, plant.tags, sink, options=fast))
    await until(lambda: len(sink.all) >= len(plant.bindings), 20)
    await asyncio.sleep(0.2)

    assert sorted(r.tag for r in sink.all) == sorted(plant.tags.values())
    assert all(r.flags & ReadingFlag.INITIAL for r in sink.all)
    assert {r.value for r in sink.all if r.tag == plant.tag("Extra.P2499")} == {400.0}
    assert link.status()["items"] == len(plant.bindings)


async def test_bad_status_is_kept_whole(controller, plant_of, sink, links, fast, until):
    """The full 32 bits of a status code arrive, with the overflow bits as a flag."""
    plant = plant_of(controller.url)
    links(Link(plant.server, plant.bindings, plant.tags, sink, options=fast))
    await until(lambda: "connected" in sink.kinds())

    controller.set("Filler.CurMachSpeed", 1.0, status=int(ua.StatusCodes.BadSensorFailure))
    await until(lambda: any(r.status == ua.StatusCodes.BadSensorFailure for r in sink.all))
    controller.set("Filler.CurMachSpeed", 2.0, status=0x480)
    await until(lambda: any(r.flags & ReadingFlag.OVERFLOW for r in sink.all))

    (flagged,) = [r for r in sink.all if r.flags & ReadingFlag.OVERFLOW]
    assert (flagged.value, flagged.status) == (2.0, 0x480)


async def test_three_time_stamps_are_kept_apart(controller, plant_of, sink, links, fast, until):
    """Source time is the plant's, server and received time are wall time."""
    plant = plant_of(controller.url)

    links(Link(plant.server, plant.bindings, plant.tags, sink, options=fast))
    await until(lambda: sink.all)

    reading = next(r for r in sink.all if r.tag == plant.tag("Filler.CurMachSpeed"))
    now_us = time.time_ns() // 1000
    assert abs(reading.received_us - now_us) < 10_000_000
    assert reading.source_us < 1_768_000_000_000_000 < reading.server_us


async def test_a_cyclic_value_reports_new_time_stamps_without_a_change(controller, plant_of, sink, links, fast, until):
    """A repeated value with a new source time passes where silence matters, and nowhere else."""
    plant = plant_of(controller.url)
    links(Link(plant.server, plant.bindings, plant.tags, sink, options=fast))
    await until(lambda: "connected" in sink.kinds())
    cyclic, event = plant.tag("Filler.CurMachSpeed"), plant.tag("Filler.MachSpeed")
    await until(lambda: any(r.tag == cyclic for r in sink.all))
    before = len(sink.all)

    for path in ("Filler.MachSpeed", "Filler.CurMachSpeed"):
        controller.set(path, 400.0)
    await until(lambda: len(sink.all) > before)
    await asyncio.sleep(0.1)

    assert [r.tag for r in sink.all[before:]] == [cyclic]
    assert event in {r.tag for r in sink.all[:before]}


async def test_an_unknown_node_is_reported_and_holds_up_nothing(controller, plant_of, sink, links, fast, until):
    """The other items live; the missing one gets a reading with BadNodeIdUnknown and appears once it exists."""
    plant = plant_of(controller.url, {"Extra.Nowhere": "Filler.Nowhere"})

    link = links(Link(plant.server, plant.bindings, plant.tags, sink, options=fast))
    await until(lambda: "connected" in sink.kinds())
    await until(lambda: len(sink.all) >= len(plant.bindings))

    (bad,) = [r for r in sink.all if r.tag == plant.tag("Extra.Nowhere")]
    assert (bad.value, bad.status) == (None, int(ua.StatusCodes.BadNodeIdUnknown))
    assert list(link.status()["refused"].values()) == ["BadNodeIdUnknown"]
    assert link.status()["items"] == len(plant.bindings) - 1

    controller.add("Filler.Nowhere", 5.0)
    await until(lambda: any(r.value == 5.0 for r in sink.all))
    assert link.status()["refused"] == {}


async def test_a_cut_connection_leaves_a_gap_and_the_present_values(
    controller, proxy_to, plant_of, sink, links, fast, until
):
    """After the cut: disconnected, gap, connected, and what changed meanwhile arrives flagged AFTER_GAP."""
    proxy = await proxy_to(controller)
    plant = plant_of(f"opc.tcp://127.0.0.1:{proxy.port}/mini/")
    link = links(Link(plant.server, plant.bindings, plant.tags, sink, options=fast))
    await until(lambda: len(sink.all) >= len(plant.bindings) and link.is_connected)
    before = len(sink.all)

    await proxy.stop()
    await until(lambda: not link.is_connected)
    controller.set("Filler.CurMachSpeed", 123.0)
    await asyncio.sleep(0.3)
    await proxy.start()
    await until(lambda: link.is_connected and len(sink.all) >= before + len(plant.bindings))

    assert sink.kinds() == ["connected", "disconnected", "gap", "connected"]
    after = {r.tag: r for r in sink.all[before:]}
    assert after[plant.tag("Filler.CurMachSpeed")].value == 123.0
    assert all(r.flags & ReadingFlag.AFTER_GAP and r.flags & ReadingFlag.INITIAL for r in after.values())
    gap = sink.changes[2]
    assert gap.detail["until_us"] - gap.detail["from_us"] >= 300_000
    assert link.status()["reconnects"] == 1
    quads = {(q.p, q.o) for q in sink.changes[1].adds}
    assert quads == {(TW.connected, Literal(False))}


async def test_a_restarted_server_may_move_its_namespaces(controller, plant_of, sink, links, fast, until):
    """The index of the namespace changes with the restart; the link finds its nodes by URI again."""
    plant = plant_of(controller.url)
    link = links(Link(plant.server, plant.bindings, plant.tags, sink, options=fast))
    await until(lambda: len(sink.all) >= len(plant.bindings))

    controller.stop()
    await until(lambda: not link.is_connected)
    controller.start(namespaces_before=3)
    before = len(sink.all)
    await until(lambda: len(sink.all) >= before + len(plant.bindings))
    controller.set("Filler.CurMachSpeed", 77.0)
    await until(lambda: any(r.value == 77.0 for r in sink.all))

    assert link.status()["refused"] == {}
    assert "gap" in sink.kinds()


async def test_a_server_that_swallows_everything_hangs_nothing(controller, proxy_to, plant_of, sink, fast, until):
    """A black hole while connecting ends in LinkDown in time; close takes less than two seconds."""
    proxy = await proxy_to(controller)
    proxy.swallows = True
    plant = plant_of(f"opc.tcp://127.0.0.1:{proxy.port}/mini/")
    link = Link(plant.server, plant.bindings, plant.tags, sink, options=fast)
    task = asyncio.create_task(link.run())

    await until(lambda: sink.kinds() == ["disconnected"], 4)
    started = time.monotonic()
    await link.close()
    await link.close()
    await task

    assert time.monotonic() - started < 2.0


async def test_a_black_hole_in_the_middle_is_noticed_by_the_watchdog(
    controller, proxy_to, plant_of, sink, links, fast, until
):
    """The connection stays open and nothing passes: the server's clock is not answered, so the session is given up."""
    proxy = await proxy_to(controller)
    plant = plant_of(f"opc.tcp://127.0.0.1:{proxy.port}/mini/")
    link = links(Link(plant.server, plant.bindings, plant.tags, sink, options=fast))
    await until(lambda: link.is_connected)

    proxy.swallows = True
    await until(lambda: not link.is_connected, 4)
    proxy.swallows = False
    await until(lambda: link.is_connected)

    assert link.status()["gaps"] == 1


async def test_without_room_the_link_stops_fetching_and_loses_nothing_that_the_queue_holds(
    controller, plant_of, sink, links, fast, until
):
    """Back-pressure reaches the server: values wait there and come in order once there is room."""
    plant = plant_of(controller.url)
    links(Link(plant.server, plant.bindings, plant.tags, sink, options=fast))
    await until(lambda: len(sink.all) >= len(plant.bindings))
    tag = plant.tag("Filler.CurMachSpeed")

    sink.has_room = False
    controller.set("Filler.CurMachSpeed", 500.0)
    await until(lambda: any(r.value == 500.0 for r in sink.all))
    for number in range(1, 30):
        controller.set("Filler.CurMachSpeed", 500.0 + number)
    await asyncio.sleep(0.2)
    held = [r.value for r in sink.all if r.tag == tag and r.value > 500.0]
    sink.has_room = True
    await until(lambda: any(r.value == 529.0 for r in sink.all))

    assert held == []
    assert [r.value for r in sink.all if r.tag == tag and r.value >= 500.0] == [500.0 + n for n in range(30)]


async def test_an_earlier_run_leaves_a_gap_until_this_one(controller, plant_of, sink, links, fast, until):
    """With the time of the last sample in history, the first session begins with a gap fact."""
    plant = plant_of(controller.url)

    links(Link(plant.server, plant.bindings, plant.tags, sink, options=fast, last_received_us=1_000_000))
    await until(lambda: "connected" in sink.kinds() and sink.all)

    assert sink.kinds() == ["gap", "connected"]
    assert sink.changes[0].detail["from_us"] == 1_000_000
    assert all(r.flags & ReadingFlag.AFTER_GAP for r in sink.all[: len(plant.bindings)])
