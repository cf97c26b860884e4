"""Every variable that the controllers show, as one table: path, data type, unit, range, and where its value comes from.

A path such as `Filler.Status.CurMachSpeed` is the string identifier of the node and its way through the browse tree.
Readers are called at every publication; they cost well under a microsecond each, but for the sums of power.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from plants.bottling.controller import SPEED_RANGE
from plants.bottling.conveyor import Conveyor
from plants.bottling.line import Line
from plants.bottling.machine import Machine

Value = bool | int | float | str
Reader = Callable[[], Value]

NAMESPACE: Final = "https://w3id.org/twinwright/plants/bottling/ua"
HEARTBEAT_PATH: Final = "Line.Twin.Heartbeat"

# Ranges of values (EURange) by kind; counters and states have none.
_TEMPERATURE_C = (0.0, 40.0)
_MACHINE_KW = (0.0, 60.0)
_CONVEYOR_KW = (0.0, 30.0)
_LINE_KW = (0.0, 250.0)
# of the counter, not the capacity, which is the site's secret: twice the published buffer
_FILL_COUNT_RANGES: Final = {"ConveyorDF": 2000.0, "ConveyorFL": 1600.0, "ConveyorLP": 2000.0, "ConveyorPP": 1600.0}


@dataclass(frozen=True, slots=True)
class Tag:
    """One variable. `data_type` is the OPC UA built-in type by name, `unit` a UCUM code."""

    name: str
    """As the plant model calls it: `Filler.CurMachSpeed`."""
    path: str
    data_type: str
    read: Reader
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    is_cyclic: bool = False
    """Written with a new source timestamp every plant second, changed or not."""
    is_writable: bool = False
    is_transition: bool = False
    """Every change within a tick is reported with its own time, not only the last."""


@dataclass(slots=True)
class TwinSlots:
    """Variables of the server that are no physics: the supervisor's wishes as written, and the watchdog."""

    set_speeds: dict[str, float]
    heartbeat: int = 0
    is_heartbeat_ok: bool = True


def plant_tags(line: Line, slots: TwinSlots) -> tuple[Tag, ...]:
    """All tags of a line, in browse order."""
    tags: list[Tag] = []
    for machine in line.machines.values():
        tags += _machine_tags(machine, slots)
    tags += _filler_tags(line)
    for name, conveyor in line.conveyors.items():
        tags += _conveyor_tags(line, name, conveyor)
    return (*tags, *_line_tags(line, slots))


def set_speed_path(machine: str) -> str:
    return f"{machine}.Command.SetMachSpeed"


def state_path(machine: str) -> str:
    return f"{machine}.Status.StateCurrent"


def stop_reason_path(machine: str) -> str:
    return f"{machine}.Admin.StopReason.ID"


def _machine_tags(machine: Machine, slots: TwinSlots) -> list[Tag]:
    name, controller = machine.name, machine.controller
    status, admin, site = f"{name}.Status", f"{name}.Admin", f"{name}.Site"

    def speed(tag: str, path: str, read: Reader, *, is_cyclic: bool = False, is_writable: bool = False) -> Tag:
        return Tag(
            f"{name}.{tag}", path, "Float", read, "/min", *SPEED_RANGE, is_cyclic=is_cyclic, is_writable=is_writable
        )

    def flag(tag: str, path: str, read: Reader) -> Tag:
        return Tag(f"{name}.{tag}", path, "Boolean", read)

    def code(tag: str, path: str, read: Reader, *, is_transition: bool = False) -> Tag:
        return Tag(f"{name}.{tag}", path, "Int32", read, "1", is_transition=is_transition)

    return [
        speed("SetMachSpeed", set_speed_path(name), partial(slots.set_speeds.__getitem__, name), is_writable=True),
        speed("MachSpeed", f"{status}.MachSpeed", lambda: controller.accepted),
        speed("CurMachSpeed", f"{status}.CurMachSpeed", lambda: machine.speed, is_cyclic=True),
        code("StateCurrent", state_path(name), lambda: int(machine.state), is_transition=True),
        code("UnitModeCurrent", f"{status}.UnitModeCurrent", lambda: int(machine.unit_mode)),
        flag("Blocked", f"{status}.EquipmentInterlock.Blocked", lambda: machine.is_blocked),
        flag("Starved", f"{status}.EquipmentInterlock.Starved", lambda: machine.is_starved),
        code("ProdConsumed", f"{admin}.ProdConsumedCount.AccCount", lambda: machine.consumed),
        code("ProdProcessed", f"{admin}.ProdProcessedCount.AccCount", lambda: machine.processed),
        code("ProdDefective", f"{admin}.ProdDefectiveCount.AccCount", lambda: machine.defective),
        code("StopReason", stop_reason_path(name), lambda: int(machine.stop_reason), is_transition=True),
        _power(name, lambda: machine.power_kw, _MACHINE_KW),
        flag("Remote", f"{site}.Remote", lambda: controller.is_remote),
        flag("TwinEnable", f"{site}.TwinEnable", lambda: controller.twin_enabled),
        flag("Maintenance", f"{site}.Maintenance", lambda: controller.in_maintenance),
    ]


def _filler_tags(line: Line) -> list[Tag]:
    filler = line.filler
    return [
        Tag(
            "Filler.ProductTemperature",
            "Filler.Process.ProductTemperature",
            "Double",
            lambda: filler.temperature_c,
            "Cel",
            *_TEMPERATURE_C,
            is_cyclic=True,
        ),
        Tag(
            "Filler.FillWeightInControl",
            "Filler.Quality.FillWeightInControl",
            "Boolean",
            lambda: filler.is_fill_weight_in_control,
        ),
    ]


def _conveyor_tags(line: Line, name: str, conveyor: Conveyor) -> list[Tag]:
    most = _FILL_COUNT_RANGES[name]

    def status(tag: str, data_type: str, read: Reader) -> Tag:
        return Tag(f"{name}.{tag}", f"{name}.Status.{tag}", data_type, read)

    return [
        replace(status("FillCount", "Int32", lambda: conveyor.count), unit="1", low=0.0, high=most),
        replace(status("FillRatio", "Float", lambda: conveyor.fill_ratio), unit="1", low=0.0, high=1.0, is_cyclic=True),
        status("LevelHigh", "Boolean", lambda: conveyor.is_high),
        status("LevelLow", "Boolean", lambda: conveyor.is_low),
        _power(name, lambda: line.conveyor_power_kw(name), _CONVEYOR_KW),
    ]


def _line_tags(line: Line, slots: TwinSlots) -> list[Tag]:
    return [
        Tag("Line.Order", "Line.Order.Id", "String", lambda: line.order.id),
        Tag("Line.Sku", "Line.Order.Sku", "String", lambda: line.order.sku.id),
        Tag("Line.OrderTarget", "Line.Order.Target", "Int32", lambda: line.order.target, "1"),
        Tag("Line.OrderActual", "Line.Order.Actual", "Int32", lambda: line.order.actual, "1"),
        Tag("Line.Shift", "Line.Shift.Id", "String", lambda: line.shift_id),
        Tag("Line.PlannedBusy", "Line.Shift.PlannedBusy", "Boolean", lambda: line.is_planned_busy),
        _power("Line", lambda: line.power_kw, _LINE_KW),
        Tag("Line.Heartbeat", HEARTBEAT_PATH, "Int32", lambda: slots.heartbeat, "1", is_writable=True),
        Tag("Line.HeartbeatOk", "Line.Twin.HeartbeatOk", "Boolean", lambda: slots.is_heartbeat_ok),
    ]


def _power(name: str, read: Reader, limits_kw: tuple[float, float]) -> Tag:
    return Tag(f"{name}.Power", f"{name}.Energy.ActivePower", "Double", read, "kW", *limits_kw, is_cyclic=True)
