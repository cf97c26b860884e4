"""Faults as text, and what they do to the line and to what the server shows."""

from __future__ import annotations

import re

import pytest

from plants.bottling.faults import FAULTS, Fault, FaultError, Target, parse_fault

TAGS = ("Labeller.CurMachSpeed", "Filler.ProductTemperature")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("jam:labeller@60s", Fault("jam", "Labeller", 60.0, None)),
        ("jam:labeller@60s+120s", Fault("jam", "Labeller", 60.0, 120.0)),
        ("breakdown:Packer@1.5m+0.5h", Fault("breakdown", "Packer", 90.0, 1800.0)),
        ("hot:filler", Fault("hot", "Filler", None, None)),
        ("freeze:labeller.curmachspeed@10", Fault("freeze", "Labeller.CurMachSpeed", 10.0, None)),
        ("standstill:conveyorFL+5s", Fault("standstill", "ConveyorFL", None, 5.0)),
        ("vanish@60s+30s", Fault("vanish", None, 60.0, 30.0)),
    ],
)
def test_faults_are_understood(text, fault):
    """KIND[:TARGET][@START][+DURATION], targets in any case, times in s, m or h."""
    assert parse_fault(text, TAGS) == fault


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("explode:filler", "There is no fault 'explode'. Known faults: jam:TARGET"),
        ("jam", "name one of Depalletiser, Filler"),
        ("jam:kettle", "'kettle' is not a machine"),
        ("hot:packer", "'packer' is not the filler"),
        ("freeze:filler.nothing", "is not a tag"),
        ("vanish:filler", "takes no target"),
        ("jam:filler@soon", "'soon' is not a time"),
        ("jam:filler+-5s", "is not a time"),
        ("", "write KIND"),
        ("Jam Filler", "write KIND"),
    ],
)
def test_faults_that_make_no_sense_say_what_would(text, sentence):
    """A mistake names the mistake and what there is."""
    with pytest.raises(FaultError, match=re.escape(sentence)):
        parse_fault(text, TAGS)


@pytest.mark.asyncio(loop_scope="module")
class TestEffects:
    """One plant; each test lets its fault end."""

    async def test_a_jam_holds_the_machine_for_its_duration(self, plant):
        """Held with reason 1 while it lasts, then Execute again."""
        plant.server.inject("jam:labeller@5s+30s")

        await plant.server.advance(15.0)
        during = (await plant.read("Labeller.Status.StateCurrent"), await plant.read("Labeller.Admin.StopReason.ID"))
        await plant.server.advance(30.0)

        assert during == (11, 1)
        assert await plant.read("Labeller.Status.StateCurrent") in (5, 6, 13, 14)

    async def test_a_breakdown_aborts_and_is_cleared_after_repair(self, plant):
        """Aborted with reason 2, then through Clearing, Stopped, Resetting, Idle and Starting back to Execute."""
        plant.server.inject("breakdown:packer+60s")

        await plant.server.advance(10.0)
        during = (await plant.read("Packer.Status.StateCurrent"), await plant.read("Packer.Admin.StopReason.ID"))
        await plant.server.advance(75.0)

        assert during == (9, 2)
        assert await plant.read("Packer.Status.StateCurrent") in (5, 6, 13, 14)

    async def test_maintenance_stops_the_machine_and_shows_its_mode(self, plant):
        """Stopped by the operator, unit mode 2."""
        plant.server.inject("maintenance:palletiser+30s")

        await plant.server.advance(10.0)
        state, mode, reason = [
            await plant.read(f"Palletiser.{path}")
            for path in ("Status.StateCurrent", "Status.UnitModeCurrent", "Admin.StopReason.ID")
        ]
        await plant.server.advance(60.0)

        assert (state, mode, reason) == (2, 2, 7)
        assert await plant.read("Palletiser.Status.UnitModeCurrent") == 1

    async def test_a_frozen_tag_falls_silent(self, plant):
        """Its timestamp stands still while the other tags' go on."""
        plant.server.inject("freeze:labeller.curmachspeed+10s")
        await plant.server.advance(1.0)
        before = await plant.read_data("Labeller.Status.CurMachSpeed")

        await plant.server.advance(5.0)
        during = await plant.read_data("Labeller.Status.CurMachSpeed")
        other = await plant.read_data("Packer.Status.CurMachSpeed")
        await plant.server.advance(10.0)
        after = await plant.read_data("Labeller.Status.CurMachSpeed")

        assert during.SourceTimestamp == before.SourceTimestamp
        assert other.SourceTimestamp > during.SourceTimestamp
        assert after.SourceTimestamp == plant.server.line.now

    async def test_a_bad_tag_has_a_bad_status_and_no_value(self, plant):
        """BadSensorFailure while it lasts, good again afterwards."""
        plant.server.inject("bad:Filler.ProductTemperature+5s")
        await plant.server.advance(2.0)
        during = await plant.read_data("Filler.Process.ProductTemperature")

        await plant.server.advance(10.0)

        assert during.StatusCode.name == "BadSensorFailure"
        assert during.Value.Value is None
        assert 4.0 < await plant.read("Filler.Process.ProductTemperature") < 15.0

    async def test_hot_product_leaves_its_limits_and_comes_back(self, plant):
        """The temperature rises beyond 15 C within two minutes and falls again."""
        plant.server.inject("hot:filler+120s")

        await plant.server.advance(120.0)
        during = await plant.read("Filler.Process.ProductTemperature")
        await plant.server.advance(1200.0)

        assert during > 15.0
        assert await plant.read("Filler.Process.ProductTemperature") < 15.0

    async def test_misfilling_leaves_statistical_control(self, plant):
        """The SPC flag goes out while it lasts and comes back after two good samples."""
        plant.server.inject("misfill:filler+300s")
        seen = []
        for _ in range(40):
            await plant.server.advance(60.0)
            seen.append(await plant.read("Filler.Quality.FillWeightInControl"))

        assert False in seen[:8]
        assert True in seen[10:]

    async def test_a_standing_conveyor_blocks_the_machine_before_it(self, plant):
        """The labeller's discharge stands, so the labeller suspends as blocked."""
        plant.server.inject("standstill:conveyorLP+20s")
        await plant.server.advance(10.0)
        during = await plant.read("Labeller.Status.EquipmentInterlock.Blocked")

        await plant.server.advance(60.0)

        assert during is True

    async def test_every_machine_fault_can_be_switched_on_and_off(self, plant):
        """Every kind that strikes a machine, the filler or a conveyor begins and ends without an error."""
        names = {Target.MACHINE: "filler", Target.FILLER: "filler", Target.CONVEYOR: "conveyordf"}
        for kind, (target, _) in FAULTS.items():
            if target in names:
                plant.server.inject(f"{kind}:{names[target]}@1s+2s")

        await plant.server.advance(300.0)

        controller = plant.server.line.filler.controller
        assert controller.is_remote
        assert controller.twin_enabled
        assert not any((controller.in_maintenance, controller.ignores_writes, controller.clamps_writes))
