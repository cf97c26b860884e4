"""What the plant's OPC UA server shows: every node of the published table, with type, access, unit and range."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from asyncua import ua

pytestmark = pytest.mark.asyncio(loop_scope="module")

MACHINES = ("Depalletiser", "Filler", "Labeller", "Packer", "Palletiser")
CONVEYORS = ("ConveyorDF", "ConveyorFL", "ConveyorLP", "ConveyorPP")
#: Path -> (data type, UN/ECE code of the unit of an analog item).
MACHINE = {
    "Command.SetMachSpeed": ("Float", "C94"),
    "Status.MachSpeed": ("Float", "C94"),
    "Status.CurMachSpeed": ("Float", "C94"),
    "Status.StateCurrent": ("Int32", None),
    "Status.UnitModeCurrent": ("Int32", None),
    "Status.EquipmentInterlock.Blocked": ("Boolean", None),
    "Status.EquipmentInterlock.Starved": ("Boolean", None),
    "Admin.ProdConsumedCount.AccCount": ("Int32", None),
    "Admin.ProdProcessedCount.AccCount": ("Int32", None),
    "Admin.ProdDefectiveCount.AccCount": ("Int32", None),
    "Admin.StopReason.ID": ("Int32", None),
    "Energy.ActivePower": ("Double", "KWT"),
    "Site.Remote": ("Boolean", None),
    "Site.TwinEnable": ("Boolean", None),
    "Site.Maintenance": ("Boolean", None),
}
CONVEYOR = {
    "Status.FillCount": ("Int32", "C62"),
    "Status.FillRatio": ("Float", "C62"),
    "Status.LevelHigh": ("Boolean", None),
    "Status.LevelLow": ("Boolean", None),
    "Energy.ActivePower": ("Double", "KWT"),
}
OTHERS = {
    "Filler.Process.ProductTemperature": ("Double", "CEL"),
    "Filler.Quality.FillWeightInControl": ("Boolean", None),
    "Line.Order.Id": ("String", None),
    "Line.Order.Sku": ("String", None),
    "Line.Order.Target": ("Int32", None),
    "Line.Order.Actual": ("Int32", None),
    "Line.Shift.Id": ("String", None),
    "Line.Shift.PlannedBusy": ("Boolean", None),
    "Line.Energy.ActivePower": ("Double", "KWT"),
    "Line.Twin.Heartbeat": ("Int32", None),
    "Line.Twin.HeartbeatOk": ("Boolean", None),
}
TABLE = (
    {f"{name}.{path}": kind for name in MACHINES for path, kind in MACHINE.items()}
    | {f"{name}.{path}": kind for name in CONVEYORS for path, kind in CONVEYOR.items()}
    | OTHERS
)
WRITABLE = {f"{name}.Command.SetMachSpeed" for name in MACHINES} | {"Line.Twin.Heartbeat"}


async def _attributes(node):
    wanted = [ua.AttributeIds.DataType, ua.AttributeIds.AccessLevel, ua.AttributeIds.UserAccessLevel]
    return [result.Value.Value for result in await node.read_attributes(wanted)]


async def test_every_node_of_the_table_has_its_type_and_access(plant):
    """All 106 variables exist with the data type of the table; only the wishes and the heartbeat can be written."""
    read, both = ua.AccessLevel.CurrentRead.mask, ua.AccessLevel.CurrentRead.mask | ua.AccessLevel.CurrentWrite.mask

    for path, (data_type, _) in TABLE.items():
        kind, access, for_gateway = await _attributes(plant.node(path))
        assert kind == ua.NodeId(ua.VariantType[data_type].value), path
        assert access == for_gateway == (both if path in WRITABLE else read), path


async def test_an_anonymous_user_is_shown_no_write_access(plant):
    """UserAccessLevel depends on who reads; AccessLevel does not."""
    _, access, for_reader = await _attributes(plant.node("Filler.Command.SetMachSpeed", plant.reader))

    assert access & ua.AccessLevel.CurrentWrite.mask
    assert for_reader == ua.AccessLevel.CurrentRead.mask


async def test_analog_items_have_range_and_unit(plant):
    """Analog items carry EURange and EngineeringUnits, and their values lie in the range."""
    for path, (_, code) in TABLE.items():
        if code is None:
            continue
        node = plant.node(path, plant.reader)
        limits = await (await node.get_child("0:EURange")).read_value()
        unit = await (await node.get_child("0:EngineeringUnits")).read_value()
        assert unit.UnitId == int.from_bytes(code.encode(), "big"), path
        assert limits.Low <= await node.read_value() <= limits.High, path


async def test_the_browse_tree_is_packml_below_the_line_and_holds_nothing_else(plant):
    """Walking from the line finds exactly the table's variables, each node named like the end of its path."""
    found = set()

    async def walk(node):
        for child in await node.get_children(nodeclassmask=ua.NodeClass.Object | ua.NodeClass.Variable):
            if child.nodeid.NamespaceIndex != plant.index or not isinstance(child.nodeid.Identifier, str):
                continue
            path = child.nodeid.Identifier
            above = path.rpartition(".")[0] or "Line"
            assert ((await child.read_browse_name()).Name, node.nodeid.Identifier) == (path.rpartition(".")[2], above)
            if await child.read_node_class() == ua.NodeClass.Variable:
                found.add(path)
            await walk(child)

    await walk(plant.node("Line", plant.reader))

    assert found == set(TABLE)


async def test_values_carry_plant_time_and_wall_time(plant):
    """Source timestamps are plant time, server timestamps wall time; cyclic values get new ones unchanged."""
    path = "Filler.Status.CurMachSpeed"
    before = await plant.read_data(path)

    await plant.server.advance(5.0)
    after = await plant.read_data(path)

    assert (after.SourceTimestamp - before.SourceTimestamp).total_seconds() == 5.0
    assert after.SourceTimestamp == plant.server.line.now
    assert before.ServerTimestamp < after.ServerTimestamp <= datetime.now(UTC)


async def test_each_state_change_within_a_tick_is_reported_with_its_own_time(plant):
    """A subscriber sees Holding, Held, Unholding and Execute, although they pass between two publications."""
    seen = []

    class Handler:
        def datachange_notification(self, node, value, data):
            seen.append((value, data.monitored_item.Value.SourceTimestamp))

    subscription = await plant.reader.create_subscription(20, Handler())
    await subscription.subscribe_data_change(plant.node("Packer.Status.StateCurrent", plant.reader), queuesize=50)
    plant.server.inject("jam:packer+3s")
    for _ in range(40):
        plant.server._step()
    await plant.server.refresh()
    while len(seen) < 5:
        await plant.read("Packer.Status.StateCurrent")
    await subscription.delete()

    assert [value for value, _ in seen][1:5] == [10, 11, 12, 6]
    assert len({moment for _, moment in seen}) == 5


async def test_the_values_agree_with_the_line(plant):
    """What the server shows is what the physics says."""
    await plant.server.advance(2.0)
    line = plant.server.line

    assert await plant.read("Line.Order.Id") == "ORD-1001"
    assert await plant.read("Line.Order.Sku") == "SKU-LAGER-050"
    assert await plant.read("ConveyorDF.Status.FillCount") == line.conveyors["ConveyorDF"].count
    assert await plant.read("Palletiser.Admin.ProdProcessedCount.AccCount") == line.bottles_out
    assert await plant.read("Line.Energy.ActivePower") == pytest.approx(line.power_kw)
