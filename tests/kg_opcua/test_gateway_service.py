"""The gateway's service on the request channel, and its process."""

from __future__ import annotations

import asyncio

import pytest

from kg.errors import BadValue, CallerError, NotAuthorised
from kg.opcua.gateway import Result
from ontology import TW


def body(desk, value, **other):
    """The message of a sound request."""
    order = desk.order(value, **other)
    return {name: getattr(order, name) for name in order.__slots__}


async def test_stages_stream_and_the_last_message_is_the_outcome(served):
    """The core sees each stage as it happens."""
    core = served.client()
    await core.call("alive", {"token": 1, "ttl_s": 5.0})

    told = [event async for event in core.stream("execute", body(served.desk, 410.0))]

    stages = [event["stage"] for event in told[:-1]]
    assert stages == ["leased", "prechecked", "intent", "written", "feedback", "effect"]
    assert (told[-1]["outcome"], told[-1]["value"], told[-1]["written"]) == ("confirmed", 410.0, True)


async def test_only_the_core_executes_and_keeps_the_lease(served):
    """Persons, agents and viewers are turned away; so is an unknown token."""
    for who in ("olga", "agent", "viewer", "stranger"):
        client = served.client(who)
        with pytest.raises(NotAuthorised):
            await client.call("alive", {"token": 1, "ttl_s": 5.0})
        with pytest.raises(NotAuthorised):
            [event async for event in client.stream("execute", body(served.desk, 410.0))]
    assert served.desk.writes() == []


async def test_a_lower_token_is_refused_once_a_higher_was_seen(served):
    """Both by `alive` and by `execute`."""
    core = served.client()
    await core.call("alive", {"token": 5, "ttl_s": 5.0})

    with pytest.raises(NotAuthorised):
        await core.call("alive", {"token": 4, "ttl_s": 5.0})
    with pytest.raises(NotAuthorised):
        [event async for event in core.stream("execute", body(served.desk, 410.0, token=4))]
    with pytest.raises(BadValue):
        await core.call("alive", {"token": 5, "ttl_s": 500.0})


async def test_a_malformed_message_is_the_callers_error(served):
    """A missing field and a number that is none."""
    core = served.client()

    with pytest.raises(CallerError):
        await core.call("alive", {"token": "x", "ttl_s": 1.0})
    with pytest.raises(CallerError):
        [event async for event in core.stream("execute", {"request": "urn:r"})]


async def test_people_set_and_release_stops_without_the_core(served):
    """An operator's stop holds, is listed with name and reason, and is released."""
    olga, core = served.client("olga"), served.client()
    await olga.call("stop", {"scope": str(TW.Plant), "mode": "no-writes", "until_us": None, "reason": "leak"})
    await core.call("alive", {"token": 1, "ttl_s": 5.0})

    blocked = [event async for event in core.stream("execute", body(served.desk, 410.0))][-1]
    listed = (await olga.call("stops", {}))["stops"]
    await olga.call("stop", {"scope": str(TW.Plant), "mode": "release", "until_us": None, "reason": "dry"})
    passed = [event async for event in core.stream("execute", body(served.desk, 410.0))][-1]

    assert (blocked["outcome"], blocked["code"]) == ("blocked", "stopped")
    assert [(s["by"].rpartition("#")[2], s["reason"]) for s in listed] == [("olga", "leak")]
    assert passed["outcome"] == "confirmed"


async def test_nobody_else_sets_stops_and_nonsense_is_refused(served):
    """Agents and viewers may not; a mode that does not exist and a time that is past are refused."""
    for who in ("agent", "viewer"):
        with pytest.raises(NotAuthorised):
            await served.client(who).call("stop", {"scope": "urn:x", "mode": "no-writes", "reason": ""})
    olga = served.client("olga")
    for given in ({"mode": "sleep"}, {"mode": "no-writes", "until_us": 1}):
        with pytest.raises(BadValue):
            await olga.call("stop", {"scope": "urn:x", "reason": "", **given})


async def test_a_freeze_is_lifted_by_a_person_with_a_reason(served):
    """Unknown, frozen, lifted; without a reason it stays."""
    desk, core, olga = served.desk, served.client(), served.client("olga")
    await core.call("alive", {"token": 1, "ttl_s": 5.0})
    desk.controller.behaviour = "ignore"
    unknown = [event async for event in core.stream("execute", body(desk, 410.0))][-1]
    prop = unknown["target"]

    assert unknown["outcome"] == "unknown"
    assert list((await core.call("status", {}))["frozen"]) == [prop]
    with pytest.raises(BadValue):
        await olga.call("unfreeze", {"property": prop, "reason": ""})
    lifted = await olga.call("unfreeze", {"property": prop, "reason": "runs at 400"})
    assert lifted["request"] == unknown["request"]
    assert (await core.call("status", {}))["frozen"] == {}


async def test_an_execution_goes_on_when_nobody_listens_any_more(served, until):
    """The core's connection is cut in the middle: the outcome is recorded all the same and can be asked for."""
    desk, core = served.desk, served.client()
    desk.controller.delay_s = 0.2
    await core.call("alive", {"token": 1, "ttl_s": 5.0})
    message = body(desk, 410.0)

    async def listen_a_little():
        async for event in core.stream("execute", message):
            if event.get("stage") == "written":
                return

    await listen_a_little()
    meanwhile = (await served.client().call("outcomes", {"requests": [message["request"], "urn:never"]}))["outcomes"]
    await until(lambda: desk.executor.log.outcome(message["request"]) is not None)

    assert meanwhile == {message["request"]: None}
    assert desk.executor.log.outcome(message["request"]).result is Result.CONFIRMED
    after = (await served.client().call("outcomes", {"requests": [message["request"]]}))["outcomes"]
    assert after[message["request"]]["outcome"] == "confirmed"


async def test_the_heartbeat_beats_only_while_the_core_is_alive(served, until):
    """Counted up under a fresh lease; still when it has run out; a read-only stop on the plant ends it too."""
    desk, core = served.desk, served.client()
    await asyncio.sleep(0.15)
    assert desk.controller.get("Line.Heartbeat") == 0

    await core.call("alive", {"token": 1, "ttl_s": 0.4})
    await until(lambda: desk.controller.get("Line.Heartbeat") >= 3)
    await asyncio.sleep(0.5)
    ended = desk.controller.get("Line.Heartbeat")
    await asyncio.sleep(0.15)
    assert desk.controller.get("Line.Heartbeat") == ended

    await core.call("alive", {"token": 1, "ttl_s": 5.0})
    await until(lambda: desk.controller.get("Line.Heartbeat") > ended)
    await served.client("olga").call("stop", {"scope": str(TW.Plant), "mode": "read-only", "reason": "visit"})
    await asyncio.sleep(0.1)
    held = desk.controller.get("Line.Heartbeat")
    await asyncio.sleep(0.15)
    assert desk.controller.get("Line.Heartbeat") == held


async def test_status_tells_what_a_person_wants_to_know(served):
    """Devices, targets, lease, stops, frozen properties."""
    status = await served.client("viewer").call("status", {})

    assert [device["connected"] for device in status["devices"].values()] == [True]
    assert [name.rpartition("#")[2] for name in status["targets"]] == ["Filler.SetMachSpeed"]
    assert (status["lease_s"], status["read_only"], status["frozen"], status["stops"]) == (0.0, None, {}, [])
