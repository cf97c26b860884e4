"""How the controllers answer writes, and what their own log says about it."""

from __future__ import annotations

import json
import math

import pytest
from asyncua import ua

pytestmark = pytest.mark.asyncio(loop_scope="module")

WISH, FEEDBACK, ACTUAL = "Command.SetMachSpeed", "Status.MachSpeed", "Status.CurMachSpeed"


@pytest.fixture(autouse=True)
def _alive(plant):
    """The wall clock stands still in these tests, so the watchdog does not trip."""
    plant.clock.now = 1000.0


def _last(plant):
    write = plant.server.write_log.writes()[-1]
    return write.result.value, write.status, write.accepted


async def test_an_accepted_write_shows_in_the_feedback_and_then_in_the_speed(plant):
    """SetMachSpeed is stored at once, MachSpeed follows after a moment, the machine ramps to it."""
    status = await plant.write(f"Filler.{WISH}", 380.0)
    feedback_at_once = await plant.read(f"Filler.{FEEDBACK}")
    await plant.server.advance(60.0)

    assert status == "Good"
    assert await plant.read(f"Filler.{WISH}") == 380.0
    assert feedback_at_once == 400.0
    assert await plant.read(f"Filler.{FEEDBACK}") == 380.0
    assert _last(plant) == ("accepted", "Good", 380.0)
    assert plant.server.line.filler.speed in (pytest.approx(380.0), pytest.approx(0.9 * 380.0), 0.0)


async def test_a_write_beyond_the_machine_is_clamped_and_says_so(plant):
    """Within the EURange but above the machine's maximum the answer is GoodClamped and the feedback the maximum."""
    status = await plant.write(f"Filler.{WISH}", 500.0)
    await plant.server.advance(1.0)

    assert status == "GoodClamped"
    assert await plant.read(f"Filler.{FEEDBACK}") == 440.0
    assert _last(plant) == ("clamped", "GoodClamped", 440.0)


@pytest.mark.parametrize("value", [-1.0, 601.0, math.inf, math.nan])
async def test_a_write_out_of_range_is_refused(plant, value):
    """Values outside the EURange, infinities and NaN get BadOutOfRange and change nothing."""
    before = await plant.read(f"Packer.{WISH}")

    assert await plant.write(f"Packer.{WISH}", value) == "BadOutOfRange"
    await plant.server.advance(1.0)
    assert await plant.read(f"Packer.{WISH}") == before
    assert _last(plant)[:2] == ("refused", "BadOutOfRange")


@pytest.mark.parametrize(
    ("value", "kind"),
    [(400.0, ua.VariantType.Double), (400, ua.VariantType.Int32), ("400", ua.VariantType.String)],
)
async def test_another_data_type_is_refused(plant, value, kind):
    """A controller does not convert: only a Float is taken."""
    assert await plant.write(f"Labeller.{WISH}", value, kind) == "BadTypeMismatch"
    assert _last(plant)[:2] == ("refused", "BadTypeMismatch")


async def test_read_only_nodes_are_not_writable(plant):
    """Recipe values, feedback and site switches refuse even the gateway; the attempt is logged."""
    for path, value, kind in (
        ("Filler.Process.ProductTemperature", 5.0, ua.VariantType.Double),
        (f"Filler.{FEEDBACK}", 1.0, ua.VariantType.Float),
        ("Filler.Site.TwinEnable", True, ua.VariantType.Boolean),
    ):
        assert await plant.write(path, value, kind) == "BadNotWritable"
        assert plant.server.write_log.writes(path)[-1].status == "BadNotWritable"


async def test_nodes_outside_the_plant_are_not_writable(plant):
    """Neither the server's own nodes nor unknown ones take a write."""
    own = ua.WriteValue(ua.NodeId(ua.ObjectIds.Server_ServiceLevel), ua.AttributeIds.Value)
    own.Value = ua.DataValue(ua.Variant(1, ua.VariantType.Byte))
    (status,) = await plant.gateway.uaclient.write(ua.WriteParameters(NodesToWrite=[own]))

    assert status.name == "BadNotWritable"
    assert await plant.write("Filler.Command.Start", 1.0) == "BadNodeIdUnknown"


async def test_an_anonymous_user_may_not_write(plant):
    """Reading is free, writing is the gateway's."""
    assert await plant.write(f"Filler.{WISH}", 390.0, client=plant.reader) == "BadUserAccessDenied"
    assert plant.server.write_log.writes()[-1].user == "anonymous"


@pytest.mark.parametrize(("user", "password"), [("gateway", "wrong"), ("admin", ""), ("operator", "x")])
async def test_other_users_are_turned_away(plant, new_client, user, password):
    """A wrong password, `admin` and strangers get no session."""
    client = new_client(plant.server.url, password, user)

    with pytest.raises(ua.UaStatusCodeError) as refused:
        await client.connect()
    assert refused.value.code == ua.StatusCodes.BadUserAccessDenied


@pytest.mark.parametrize(("fault", "state"), [("local", "Remote"), ("maintenance", "Maintenance")])
async def test_local_and_maintenance_refuse_and_fall_back(plant, fault, state):
    """A machine in local or in maintenance refuses the twin and goes back to its local nominal speed."""
    await plant.write(f"Depalletiser.{WISH}", 450.0)
    await plant.server.advance(1.0)
    plant.server.inject(f"{fault}:depalletiser+30s")
    await plant.server.advance(1.0)

    assert await plant.read(f"Depalletiser.Site.{state}") is (state == "Maintenance")
    assert await plant.read(f"Depalletiser.{FEEDBACK}") == 520.0
    assert await plant.write(f"Depalletiser.{WISH}", 450.0) == "BadInvalidState"
    assert _last(plant)[:2] == ("refused", "BadInvalidState")
    await plant.server.advance(40.0)
    assert await plant.write(f"Depalletiser.{WISH}", 450.0) == "Good"


async def test_with_the_selector_off_writes_are_ignored(plant):
    """TwinEnable off: the server says Good, the feedback stays local, the log says ignored."""
    plant.server.inject("disable:palletiser+20s")
    await plant.server.advance(1.0)

    assert await plant.write(f"Palletiser.{WISH}", 450.0) == "Good"
    await plant.server.advance(2.0)
    assert await plant.read(f"Palletiser.{FEEDBACK}") == 532.0
    assert _last(plant) == ("ignored", "Good", None)
    await plant.server.advance(30.0)


async def test_a_faulty_controller_ignores_writes_in_silence(plant):
    """ignore-writes: Good, stored, and nothing happens."""
    plant.server.inject("ignore-writes:palletiser+20s")

    assert await plant.write(f"Palletiser.{WISH}", 500.0) == "Good"
    await plant.server.advance(2.0)
    assert await plant.read(f"Palletiser.{WISH}") == 500.0
    assert await plant.read(f"Palletiser.{FEEDBACK}") == 532.0
    assert _last(plant)[0] == "ignored"
    await plant.server.advance(30.0)


async def test_a_faulty_controller_clamps_and_does_not_tell(plant):
    """clamp-writes: the answer is Good, only the feedback shows another value."""
    plant.server.inject("clamp-writes:packer+20s")

    assert await plant.write(f"Packer.{WISH}", 300.0) == "Good"
    await plant.server.advance(2.0)
    assert await plant.read(f"Packer.{FEEDBACK}") == pytest.approx(0.95 * 488.0)
    assert _last(plant) == ("clamped", "Good", pytest.approx(0.95 * 488.0))
    await plant.server.advance(30.0)


async def test_without_a_heartbeat_the_machines_fall_back_and_the_line_runs_on(plant):
    """After ten wall seconds without a changed heartbeat all machines return to their local nominal speeds."""
    await plant.beat()
    await plant.write(f"Labeller.{WISH}", 420.0)
    await plant.server.advance(1.0)
    accepted = await plant.read(f"Labeller.{FEEDBACK}")
    plant.clock.now += 9.9
    await plant.server.refresh()
    still_ok = await plant.read("Line.Twin.HeartbeatOk")

    plant.clock.now += 0.2
    # the same count again is no sign of life
    await plant.write("Line.Twin.Heartbeat", plant.beats, ua.VariantType.Int32)
    await plant.server.refresh()

    assert (accepted, still_ok) == (420.0, True)
    assert await plant.read("Line.Twin.HeartbeatOk") is False
    assert await plant.read(f"Labeller.{FEEDBACK}") == pytest.approx(448.0)
    assert await plant.write(f"Labeller.{WISH}", 430.0) == "Good"
    assert _last(plant)[0] == "ignored"
    before = plant.server.line.bottles_out
    await plant.server.advance(120.0)
    assert plant.server.line.bottles_out > before
    await plant.beat()
    await plant.server.refresh()
    assert await plant.read("Line.Twin.HeartbeatOk") is True


async def test_the_write_log_is_complete_and_on_disk(running_plant, tmp_path):
    """Every attempt on a node of the plant is a line of JSON before its answer arrives, in order."""
    path = tmp_path / "writes.jsonl"
    async with running_plant(write_log=path) as plant:
        await plant.write(f"Filler.{WISH}", 390.0)
        await plant.write(f"Filler.{WISH}", 5000.0)
        await plant.beat()
        await plant.write("Filler.Status.MachSpeed", 1.0)
        lines = [json.loads(line) for line in path.read_text().splitlines()]

    assert [(line["node"], line["value"], line["result"], line["status"]) for line in lines] == [
        ("Filler.Command.SetMachSpeed", 390.0, "accepted", "Good"),
        ("Filler.Command.SetMachSpeed", 5000.0, "refused", "BadOutOfRange"),
        ("Line.Twin.Heartbeat", 1, "accepted", "Good"),
        ("Filler.Status.MachSpeed", 1.0, "refused", "BadNotWritable"),
    ]
    assert {line["user"] for line in lines} == {"gateway"}
    assert all(line["plant"].startswith("2026-01-05T05:") and line["wall"] for line in lines)
