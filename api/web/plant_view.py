"""The simulated plant's own truth as the API shows it: codes and operators' words side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, Field

from api.live.words import REASONS, STATES
from api.panel import ConveyorTruth, MachineTruth, PlantTruth
from api.web.moments import Moment

_Speed = Annotated[float, Field(description="In units per minute.", examples=[400.0])]


class MachineView(BaseModel):
    """A machine as it stands."""

    name: Annotated[str, Field(examples=["Labeller"])]
    word: Annotated[str, Field(description="What an operator would call its state.", examples=["jam"])]
    state: Annotated[int, Field(description="PackML state.", examples=[11])]
    reason: Annotated[int, Field(description="The site's stop reason; 0 while it runs.", examples=[1])]
    speed: _Speed
    accepted: Annotated[float, Field(description="The setpoint that the controller works with.", examples=[448.0])]
    nominal: Annotated[float, Field(description="The controller's own setpoint for this product.", examples=[448.0])]
    local: Annotated[bool, Field(description="The key switch: writes of the twin are refused.")]
    twin_enabled: Annotated[bool, Field(description="The selector: off, writes of the twin are ignored.")]
    maintenance: bool
    made: Annotated[int, Field(description="Good units since it was brought up.")]
    rejects: int


class ConveyorView(BaseModel):
    """A conveyor with what lies on it."""

    name: Annotated[str, Field(examples=["ConveyorFL"])]
    count: int
    fill: Annotated[float, Field(ge=0, le=1)]


class OrderView(BaseModel):
    """The order in work."""

    id: Annotated[str, Field(examples=["PO-0001"])]
    sku: str
    target: int
    actual: int


class PlantView(BaseModel):
    """The plant as it is, whatever the twin believes: asked at the machines, also while the twin is dead."""

    plant_at: Moment
    pace: Annotated[float, Field(description="Plant seconds in a wall second.", examples=[5.0])]
    lag_s: Annotated[float, Field(description="Plant seconds lost because the computer was too slow.")]
    made: Annotated[int, Field(description="Saleable units at the end of the line since it was brought up.")]
    rejects: int
    on_the_line: Annotated[int, Field(description="Units on the conveyors.")]
    order: OrderView
    supervised: Annotated[bool, Field(description="False: no heartbeat, the controllers keep to their own setpoints.")]
    machines: list[MachineView]
    conveyors: list[ConveyorView]


def plant_view(truth: PlantTruth) -> PlantView:
    """The view of what the panel says."""
    return PlantView(
        plant_at=truth.plant_time.isoformat(timespec="microseconds"),
        pace=truth.speed,
        lag_s=truth.lag_s,
        made=truth.made,
        rejects=truth.rejects,
        on_the_line=truth.wip,
        order=OrderView(id=truth.order, sku=truth.sku, target=truth.order_target, actual=truth.order_actual),
        supervised=truth.supervised,
        machines=[_machine(machine) for machine in truth.machines],
        conveyors=[_conveyor(conveyor) for conveyor in truth.conveyors],
    )


def word_of(state: int, reason: int) -> str:
    """What an operator calls a machine's state: the reason where it stands for one, else the state."""
    word, _ = STATES.get(state, (f"state {state}", ""))
    return REASONS.get(reason, "other") or word


def _machine(machine: MachineTruth) -> MachineView:
    return MachineView(**asdict(machine), word=word_of(machine.state, machine.reason))


def _conveyor(conveyor: ConveyorTruth) -> ConveyorView:
    return ConveyorView(**asdict(conveyor))
