"""The write gateway against a real OPC UA server: every way in which a request can end."""

from __future__ import annotations

import asyncio

import pytest
from asyncua import ua
from rdflib import URIRef

from kg.bindings import read_bindings, read_servers
from kg.errors import BadChange, NotAuthorised, RecordFailed
from kg.opcua.gateway import GatewayLog, Result, Stop, StopMode
from kg.opcua.gateway.device import Device
from ontology import TW

SECOND = 1_000_000


async def test_a_sound_request_is_written_once_and_confirmed(desk):
    """All six stages, one write, the feedback's value in the outcome, all of it durable."""
    outcome = await desk.send(410.0)

    assert (outcome.result, outcome.value, outcome.status) == (Result.CONFIRMED, 410.0, 0)
    assert desk.stages == [(s, True) for s in ("leased", "prechecked", "intent", "written", "feedback", "effect")]
    assert desk.writes() == [410.0]
    assert desk.executor.log.outcome(outcome.request) == outcome


async def test_the_same_request_again_is_answered_from_the_record(desk):
    """Nothing is written a second time."""
    first = await desk.send(410.0, request="urn:same")
    desk.now_us += 60 * SECOND

    again = await desk.send(410.0, request="urn:same")

    assert again == first
    assert desk.writes() == [410.0]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"value": float("nan")}, "value"),
        ({"value": 441.0}, "range"),
        ({"value": 99.0}, "range"),
        ({"value": 270.0}, "step"),
        ({"value": 400.2}, "already"),
        ({"value": 410.0, "prior": 390.0}, "prior-changed"),
        ({"value": 410.0, "prior": float("nan")}, "value"),
        ({"value": 410.0, "target": "https://example.org/mini#Filler.Remote"}, "not-writable"),
        ({"value": 410.0, "target": "https://example.org/mini#Line.Heartbeat"}, "not-writable"),
    ],
)
async def test_a_request_outside_the_allow_list_is_blocked_unwritten(desk, given, code):
    """The reason has a stable code, and the controller sees nothing."""
    outcome = await desk.send(**given)

    assert (outcome.result, outcome.code, outcome.written) == (Result.BLOCKED, code, False)
    assert desk.writes() == []
    assert desk.executor.log.open_intents() == ()


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("Filler.Remote", False, "local"),
        ("Filler.TwinEnable", False, "twin-disabled"),
        ("Filler.Maintenance", True, "maintenance"),
        ("Filler.UnitModeCurrent", 2, "mode"),
        ("Filler.StateCurrent", 2, "state"),
        ("Filler.StateCurrent", 9, "state"),
        ("Line.HeartbeatOk", False, "watchdog"),
        ("Filler.SetMachSpeed", 380.0, "prior-changed"),
    ],
)
async def test_what_the_controller_says_right_now_decides(desk, path, value, code):
    """Local, selector off, maintenance, mode, state, watchdog, a value changed by somebody: each blocks."""
    desk.controller.set(path, value)

    outcome = await desk.send(410.0)

    assert (outcome.result, outcome.code) == (Result.BLOCKED, code)
    assert desk.writes() == []


async def test_a_permissive_of_bad_quality_blocks(desk):
    """What cannot be known is not assumed."""
    desk.controller.set("Filler.Remote", True, status=int(ua.StatusCodes.BadSensorFailure))

    outcome = await desk.send(410.0)

    assert (outcome.result, outcome.code) == (Result.BLOCKED, "quality")


async def test_a_stop_switch_blocks_until_it_is_released(desk, iri):
    """Set on the line, it reaches the filler; released, the same value passes."""
    log = desk.executor.log
    log.set_stop(Stop(str(iri("Line")), StopMode.NO_WRITES, None, "leak", "urn:olga", desk.now_us))

    blocked = await desk.send(410.0)
    log.release_stop(str(iri("Line")), "urn:olga", "dry", desk.now_us)
    passed = await desk.send(410.0)

    assert (blocked.code, passed.result) == ("stopped", Result.CONFIRMED)


async def test_a_stop_for_a_while_ends_by_itself(desk):
    """Its time over, it holds nothing back."""
    until_us = desk.now_us + 5 * SECOND
    desk.executor.log.set_stop(Stop(str(TW.Plant), StopMode.READ_ONLY, until_us, "", "urn:olga", desk.now_us))

    blocked = await desk.send(410.0)
    desk.now_us = until_us
    passed = await desk.send(410.0)

    assert (blocked.code, passed.result) == ("stopped", Result.CONFIRMED)


async def test_a_read_only_plant_is_never_written(desk):
    """Every request is blocked with the sentence that says why."""
    desk.executor.read_only = "Only shipped plants are writable."

    outcome = await desk.send(410.0)

    assert (outcome.code, outcome.sentence) == ("read-only", "Only shipped plants are writable.")


async def test_writes_keep_their_distance(desk):
    """Ten seconds between two writes, five an hour; the clock opens the way again."""
    ends = []
    for number in range(6):
        ends.append(await desk.send(410.0 if number % 2 == 0 else 400.0, prior=400.0 if number % 2 == 0 else 410.0))
        if number == 0:
            soon = await desk.send(400.0, prior=410.0)
        desk.now_us += 11 * SECOND

    assert soon.code == "interval"
    assert [end.result for end in ends[:5]] == [Result.CONFIRMED] * 5
    assert ends[5].code == "rate"
    assert len(desk.writes()) == 5


async def test_an_old_fencing_token_is_turned_away(desk):
    """A core that was replaced gets NotAuthorised, and nothing is recorded of its request."""
    desk.executor.lease.renew(3, 5.0, desk.now_us)

    with pytest.raises(NotAuthorised):
        await desk.executor.execute(desk.order(410.0, token=2), desk.events.append)
    assert desk.events == []


async def test_without_a_fresh_lease_nothing_is_written(desk):
    """No lease, a lease run out, a lease of another token."""
    never = await desk.executor.execute(desk.order(410.0), desk.events.append)
    desk.executor.lease.renew(1, 0.01, desk.now_us)
    await asyncio.sleep(0.03)
    over = await desk.executor.execute(desk.order(410.0), desk.events.append)
    desk.executor.lease.renew(1, 5.0, desk.now_us)
    other = await desk.executor.execute(desk.order(410.0, token=2), desk.events.append)

    assert [end.code for end in (never, over, other)] == ["no-lease"] * 3
    assert desk.writes() == []


async def test_an_expired_request_is_not_written(desk):
    """Expiry ends a request as expired, before anything else is asked."""
    outcome = await desk.send(410.0, expires_us=desk.now_us - 1)

    assert (outcome.result, outcome.written) == (Result.EXPIRED, False)


async def test_time_that_runs_out_between_intent_and_write_leaves_the_controller_alone(desk, monkeypatch):
    """The deadline is looked at again right before the socket; the intent then ends as blocked."""
    intend = desk.executor.log.intend

    def slow(intent):
        intend(intent)
        desk.executor.lease.renew(1, 0.01, desk.now_us)

    monkeypatch.setattr(desk.executor.log, "intend", slow)

    outcome = await desk.send(410.0)

    assert (outcome.result, outcome.written, desk.writes()) == (Result.BLOCKED, False, [])
    assert desk.executor.log.open_intents() == ()


async def test_a_stop_pulled_after_the_intent_still_holds_the_write(desk, monkeypatch):
    """The last look before the socket includes the stop switches."""
    intend = desk.executor.log.intend

    def stopped(intent):
        intend(intent)
        desk.executor.log.set_stop(Stop(str(TW.Plant), StopMode.NO_WRITES, None, "", "urn:olga", desk.now_us))

    monkeypatch.setattr(desk.executor.log, "intend", stopped)

    outcome = await desk.send(410.0)

    assert (outcome.result, outcome.code, desk.writes()) == (Result.BLOCKED, "stopped", [])


@pytest.mark.parametrize(
    ("behaviour", "value", "result", "shown"),
    [
        ("obey", 410.0, Result.CONFIRMED, 410.0),
        ("asynchronous", 410.0, Result.CONFIRMED, 410.0),
        ("clamp", 430.0, Result.CLAMPED, 420.0),
        ("clamp-status", 430.0, Result.CLAMPED, 420.0),
        ("refuse", 410.0, Result.REFUSED, None),
        ("ignore-fresh", 410.0, Result.REFUSED, 400.0),
        ("ignore", 410.0, Result.UNKNOWN, 400.0),
        ("busy", 410.0, Result.UNKNOWN, 400.0),
        ("busy-obeys", 410.0, Result.CONFIRMED, 410.0),
        ("hang", 410.0, Result.UNKNOWN, None),
    ],
)
async def test_the_outcome_says_what_the_controller_did(desk, behaviour, value, result, shown):
    """Obeys, clamps, refuses, ignores, answers unclearly, answers never: only the feedback is believed."""
    desk.controller.behaviour = behaviour

    outcome = await desk.send(value)

    assert (outcome.result, outcome.value) == (result, shown)
    assert outcome.written
    assert desk.writes() == [value]
    frozen = [freeze.target for freeze in desk.executor.log.frozen()]
    assert frozen == ([outcome.target] if result is Result.UNKNOWN else [])


async def test_a_slow_feedback_is_waited_for(desk):
    """The site's tw:confirmWithinS is the time a controller has."""
    desk.controller.delay_s = 0.3

    assert (await desk.send(410.0)).result is Result.CONFIRMED


async def test_an_unknown_outcome_freezes_until_a_person_lifts_it(desk):
    """Frozen, nothing passes; lifted, a new request does; the old one is never sent again."""
    desk.controller.behaviour = "ignore"
    unknown = await desk.send(410.0)
    desk.controller.behaviour = "obey"
    desk.now_us += 60 * SECOND

    frozen = await desk.send(410.0)
    desk.executor.log.unfreeze(unknown.target, "urn:olga", "the machine runs at 400", desk.now_us)
    free = await desk.send(410.0)

    assert (unknown.result, frozen.code, free.result) == (Result.UNKNOWN, "frozen", Result.CONFIRMED)
    assert desk.writes() == [410.0, 410.0]


async def test_a_crash_between_intent_and_outcome_is_unknown_after_the_restart(desk, tmp_path, until):
    """The second gateway on the same log says unknown and freezes; the request is not carried out again."""
    order = desk.order(410.0)
    desk.controller.behaviour = "hang"
    desk.executor.lease.renew(1, 5.0, desk.now_us)
    task = asyncio.create_task(desk.executor.execute(order, desk.events.append))
    await until(desk.writes)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    desk.executor.log.close()

    again = GatewayLog(tmp_path / "gateway.sqlite")
    (lost,) = again.recover(desk.now_us)
    assert (lost.request, lost.result) == (order.request, Result.UNKNOWN)
    assert again.frozen()[0].target == order.target
    again.close()


async def test_one_property_has_one_write_in_flight(desk):
    """A second request meanwhile is blocked, and so is the same one."""
    desk.controller.delay_s = 0.2
    desk.executor.lease.renew(1, 5.0, desk.now_us)
    first = desk.order(410.0)
    task = asyncio.create_task(desk.executor.execute(first, desk.events.append))
    await asyncio.sleep(0.05)

    second = await desk.executor.execute(desk.order(415.0), desk.events.append)
    with pytest.raises(BadChange):
        await desk.executor.execute(first, desk.events.append)

    assert second.code == "busy"
    assert (await task).result is Result.CONFIRMED
    assert desk.writes() == [410.0]


async def test_a_disk_that_fails_stops_the_write(desk, monkeypatch):
    """Without a durable intent nothing is sent."""

    def full(_):
        raise RecordFailed("The disk is full.")

    monkeypatch.setattr(desk.executor.log, "intend", full)

    outcome = await desk.send(410.0)

    assert (outcome.result, outcome.code, desk.writes()) == (Result.BLOCKED, "record-failed", [])


async def test_an_error_of_our_own_after_the_intent_is_unknown(desk, monkeypatch):
    """Even a fault in the gateway leaves an outcome and freezes the property."""

    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("kg.opcua.gateway.executor.refusal", broken)

    outcome = await desk.send(410.0)

    assert (outcome.result, outcome.code) == (Result.UNKNOWN, "internal")
    assert desk.executor.log.frozen()[0].target == outcome.target


async def test_an_outcome_that_cannot_be_recorded_is_unknown(desk, monkeypatch):
    """The write went out and the record failed: frozen at once, and unknown after a restart."""
    conclude = GatewayLog.conclude

    def full(log, outcome):
        if outcome.result is Result.UNKNOWN:
            return conclude(log, outcome)
        raise RecordFailed("The disk is full.")

    monkeypatch.setattr(GatewayLog, "conclude", full)

    outcome = await desk.send(410.0)

    assert (outcome.result, outcome.code) == (Result.UNKNOWN, "record-failed")
    assert desk.executor.log.frozen()[0].target == outcome.target


async def test_a_controller_that_is_away_blocks_and_comes_back(desk, until):
    """No session, no write, a clear reason; after the reconnect the next request passes."""
    await desk.device.close()

    away = await desk.send(410.0)

    assert (away.result, away.code, away.written) == (Result.BLOCKED, "disconnected", False)


async def test_a_machine_that_does_not_execute_shows_no_effect(desk):
    """Suspended: the setpoint is taken, the effect is not waited for."""
    desk.controller.set("Filler.StateCurrent", 5)

    outcome = await desk.send(410.0)

    assert outcome.result is Result.CONFIRMED
    assert desk.events[-1]["stage"] == "effect"
    assert desk.events[-1]["seen"] is None


async def test_a_wrong_password_never_connects(controller, model_of, tmp_path, until):
    """The device says why and keeps trying; it holds no session."""
    graph = model_of(controller.url)
    device = Device(read_servers(graph)[0], read_bindings(graph), "gateway", "wrong", first_delay_s=0.02)
    task = asyncio.create_task(device.run())
    await until(lambda: "reached" in device.cause)

    assert not device.is_connected
    assert device.server.iri == URIRef("https://example.org/mini#LineServer")
    await device.close()
    await task
