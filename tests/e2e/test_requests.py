"""From a person's request to the controller and back, against the controllers' own write log."""

from __future__ import annotations

import asyncio

import pytest
from rdflib import Literal, Namespace, URIRef

from kg.change import Change, Expected, Kind, Quad
from kg.names import GraphName
from kg.terms import double_literal
from ontology import PACK, TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
SET = BOT["Labeller.SetMachSpeed"]


def codes(verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


async def test_confirmed_write(twin):
    """An admitted request is written once, confirmed by the feedback variable, and only then is it desired."""
    request = twin.request(440.0, "Labeller")

    verdict = await twin.submit(request)
    outcome = await twin.outcome(request)

    assert verdict.admitted
    assert outcome["outcome"] == "confirmed"
    assert [(write.value, write.result.value) for write in twin.writes()] == [(440.0, "accepted")]
    assert twin.value(SET, TW.desired) == 440.0
    assert twin.values(SET, TW.pending) == []
    await twin.until(lambda: twin.value(BOT.Labeller, PACK.machSpeed) == 440.0, "the accepted speed")
    assert twin.values(SET, TW.foreignWrite) == []


async def test_unsafe_request_never_reaches_the_controller(twin):
    """A speed beyond every limit is refused with shape, focus and sentence; the write log stays empty."""
    verdict = await twin.submit(twin.request(900.0))

    await asyncio.sleep(1)
    assert not verdict.admitted
    assert "LIM-GRANT-MAX" in codes(verdict)
    assert all(reason.finding.focus and reason.finding.message for reason in verdict.reasons if reason.finding)
    assert twin.writes() == []


@pytest.mark.parametrize(
    ("fault", "subject", "predicate", "value", "code"),
    [
        ("local:labeller", BOT.Labeller, TW.siteRemote, False, "PERM-REMOTE"),
        ("disable:labeller", BOT.Labeller, TW.twinEnable, False, "PERM-TWIN-ENABLE"),
        ("maintenance:labeller", BOT.Labeller, TW.maintenance, True, "PERM-MAINTENANCE"),
        ("freeze:Labeller.CurMachSpeed", BOT["Labeller.CurMachSpeed"], TW.stale, True, "PERM-INPUT-FRESH"),
        ("bad:Labeller.CurMachSpeed", BOT["Labeller.CurMachSpeed"], TW.quality, "bad", "PERM-INPUT-QUALITY"),
    ],
)
async def test_permissive_blocks_what_is_otherwise_fine(twin, fault, subject, predicate, value, code):
    """Local, disabled, maintenance, a silent and a bad input each block a request that was fine before."""
    before = await twin.core.runner.dry_run(twin.request(440.0, "Labeller", inputs=[BOT["Labeller.CurMachSpeed"]]))
    twin.plant.inject(fault)
    await twin.until(lambda: twin.value(subject, predicate) == value, fault)

    verdict = await twin.submit(twin.request(440.0, "Labeller", inputs=[BOT["Labeller.CurMachSpeed"]]))

    assert before.admitted
    assert not verdict.admitted
    assert code in codes(verdict)
    assert twin.writes() == []


@pytest.mark.parametrize("scope", [TW.Plant, BOT.Packaging, BOT.Labeller])
async def test_stop_switch_blocks(twin, scope):
    """A stop of the plant, an area or a machine blocks; once it is released the same request passes."""
    quad = Quad(scope, TW.stopped, TW.NoWrites, GraphName.POLICY)
    stopped = await twin.submit(Change(Kind.STOP, twin.person(), adds=(quad,), reason="a test"))
    refused = await twin.submit(twin.request(440.0, "Labeller"))
    released = await twin.submit(Change(Kind.STOP, twin.person(), removes=(quad,), reason="a test"))
    admitted = await twin.core.runner.dry_run(twin.request(440.0, "Labeller"))

    assert stopped.admitted
    assert released.admitted
    assert not refused.admitted
    assert any(code.startswith("PERM-STOP") for code in codes(refused))
    assert admitted.admitted


async def test_thousand_unrelated_readings_do_not_matter_a_relevant_change_does(twin):
    """A read set survives everything that it does not name, and nothing that it does."""
    relevant = Expected(BOT.Labeller, TW.siteRemote, Literal(True))
    request = twin.request(440.0, "Labeller", read_set=(relevant,))
    late = twin.request(430.0, "Packer", read_set=(relevant,))
    start = twin.core.status()["link"][str(BOT.LineServer)]["received"]
    await twin.until(lambda: twin.core.status()["link"][str(BOT.LineServer)]["received"] > start + 1000, "readings")

    admitted = await twin.submit(request)
    await twin.outcome(request)
    twin.plant.inject("local:labeller")
    await twin.until(lambda: twin.value(BOT.Labeller, TW.siteRemote) is False, "local")
    refused = await twin.submit(late)

    assert admitted.admitted
    assert codes(refused) == {"precondition-changed"}


async def test_controller_that_clamps(twin):
    """The graph says what the controller accepted, not what was asked for."""
    twin.plant.inject("clamp-writes:labeller")
    request = twin.request(360.0, "Labeller")
    await twin.submit(request)

    outcome = await twin.outcome(request)

    assert outcome["outcome"] == "clamped"
    assert twin.values(SET, TW.desired) == []
    accepted = twin.value(BOT.Labeller, PACK.machSpeed)
    assert accepted != 360.0
    assert twin.writes()[0].accepted == pytest.approx(accepted)


async def test_controller_that_ignores(twin):
    """A write that changes nothing is not a success: it ends refused or unknown, and is never sent again."""
    twin.plant.inject("ignore-writes:labeller")
    request = twin.request(440.0, "Labeller")
    await twin.submit(request)

    outcome = await twin.outcome(request)

    assert outcome["outcome"] in ("refused", "unknown")
    assert twin.values(SET, TW.desired) == []
    assert len(twin.writes()) == 1


async def test_operator_takes_local_between_decision_and_write(twin):
    """What the graph did not know yet the gateway sees at the machine: nothing is written."""
    twin.core.links[0]._sink.readings = lambda batch: None  # the link has not told of it yet
    twin.plant.inject("local:labeller")
    await asyncio.sleep(0.5)
    request = twin.request(440.0, "Labeller")
    verdict = await twin.submit(request)

    outcome = await twin.outcome(request)

    assert verdict.admitted
    assert outcome["outcome"] == "blocked"
    assert all(write.result.value != "accepted" for write in twin.writes())


async def test_second_request_waits_for_the_first(twin):
    """While one write is pending or cooling down, another to the same property is refused."""
    first = twin.request(440.0, "Labeller")
    await twin.submit(first)
    second = await twin.submit(twin.request(450.0, "Labeller"))
    await twin.outcome(first)
    third = await twin.submit(twin.request(450.0, "Labeller"))

    assert codes(second) & {"PERM-PENDING", "PERM-COOLING"}
    assert "PERM-COOLING" in codes(third)
    assert len(twin.writes()) == 1


async def test_someone_elses_write_is_noticed(twin):
    """A setpoint that moves without the twin is a foreign write, and blocks until a person has lifted it."""
    from asyncua import Client, ua

    async with Client(twin.plant.url) as client:
        await client.disconnect()
    client = Client(twin.plant.url)
    client.set_user("gateway")
    client.set_password("for-tests")
    async with client:
        index = await client.get_namespace_index("https://w3id.org/twinwright/plants/bottling/ua")
        node = client.get_node(f"ns={index};s=Labeller.Command.SetMachSpeed")
        await node.write_value(ua.DataValue(ua.Variant(410.0, ua.VariantType.Float)))
    await twin.until(lambda: twin.value(SET, TW.foreignWrite), "the foreign write")

    refused = await twin.submit(twin.request(440.0, "Labeller"))
    quad = Quad(SET, TW.foreignWrite, Literal(True), GraphName.STATE)
    lifted = await twin.submit(Change(Kind.MANUAL, twin.person(), removes=(quad,), reason="it was me"))

    assert "PERM-FOREIGN-WRITE" in codes(refused)
    assert lifted.admitted
    assert (await twin.core.runner.dry_run(twin.request(440.0, "Labeller"))).admitted


async def test_agent_in_shadow_may_not_write(twin):
    """Even if an agent asks, the Gate refuses what its autonomy does not cover."""
    plant = twin.core.parts.plant
    from kg.change import Role, Source

    agent = Source(plant.agents[0], Role.AGENT)
    request = twin.request(440.0, "Labeller", by=agent)
    node = URIRef(request.id)
    with_rule = Change(
        Kind.REQUEST,
        agent,
        adds=(*request.adds, Quad(node, TW.rule, BOT.CatchUp, GraphName.DESIRED)),
        id=request.id,
    )

    verdict = await twin.submit(with_rule)

    assert "PERM-AUTONOMY" in codes(verdict)
    assert twin.writes() == []


def test_values_are_exact():
    """The speeds used here are exact in both Float and Double, so that equality means equality."""
    assert float(double_literal(440.0)) == 440.0
