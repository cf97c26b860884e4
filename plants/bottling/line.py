"""The line: five machines, four conveyors, the order in work. Pure, synchronous, the same for the same seed.

    line = Line(seed=7)
    line.run(3600.0)
    assert line.bottles_in == line.bottles_out + line.rejects + line.wip

Plant time is `line.time` in seconds from `line.start`; it is negative while the line is brought up, in which time
nothing breaks. Bottles are whole and never get lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from plants.bottling.conveyor import Conveyor
from plants.bottling.filler import Filler
from plants.bottling.machine import Demand, Machine
from plants.bottling.packml import State, StopReason
from plants.bottling.parameters import LineParameters, LineQuality, draw_parameters
from plants.bottling.schedule import OrderBook, ShiftCalendar, plant_start

#: Bottles are put in for rejects to come; an order may close a little short or over.
_REJECT_ALLOWANCE: Final = 0.012
_ENDLESS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Transition:
    """A machine changed its state or the reason of its stop, at a plant time in seconds."""

    time_s: float
    machine: str
    state: State
    stop_reason: StopReason


def _ignore(_: Transition) -> None:
    """Where nobody listens."""


class Line:
    """A bottling line that can be stepped. Parts are found by name in `machines` and `conveyors`."""

    def __init__(
        self,
        seed: int,
        quality: LineQuality = "good",
        *,
        step_s: float = 0.5,
        start_hour: int = 5,
        warm_up_s: float = 900.0,
        on_transition: Callable[[Transition], None] = _ignore,
    ) -> None:
        self.parameters: LineParameters = draw_parameters(seed, quality)
        self.step_s = step_s
        self.start: datetime = plant_start(start_hour)
        self.on_transition = on_transition
        self.orders = OrderBook(seed)
        self.order = self.orders.next_order()
        self.next_order = self.orders.next_order()
        self.calendar = ShiftCalendar(self.start)
        self.is_supervised = True
        """The watchdog's word: False makes all machines keep to their local setpoints."""
        self._steps = -round(warm_up_s / step_s)
        self._is_fed = False
        self._changeover_left_s = 0.0
        self._shipped = 0
        self.conveyors = {c.name: Conveyor(c, step_s) for c in self.parameters.conveyors}
        self._make_machines(seed)
        self._bring_up()

    def _make_machines(self, seed: int) -> None:
        belts = list(self.conveyors.values())
        depalletiser, filler, *others = self.parameters.machines
        self.filler = Filler(
            filler, self.parameters.filler, belts[0], belts[1], f"{seed}/{filler.name}", self._note_transition
        )
        first = Machine(depalletiser, None, belts[0], f"{seed}/{depalletiser.name}", self._note_transition)
        rest = [
            Machine(p, infeed, discharge, f"{seed}/{p.name}", self._note_transition)
            for p, infeed, discharge in zip(others, belts[1:], [*belts[2:], None], strict=True)
        ]
        self.machines: dict[str, Machine] = {m.name: m for m in (first, self.filler, *rest)}
        self._row = list(self.machines.values())
        self._belts = belts

    def _bring_up(self) -> None:
        self._take_up(self.order.sku.rated_speed)
        for machine in self._row:
            machine.has_stops = False
        while self._steps < 0:
            self.step()
        for machine in self._row:
            machine.has_stops = True

    def _note_transition(self, machine: Machine) -> None:
        self.on_transition(Transition(self.time, machine.name, machine.state, machine.stop_reason))

    @property
    def time(self) -> float:
        """Plant time in seconds."""
        return self._steps * self.step_s

    @property
    def now(self) -> datetime:
        """Plant time as a moment."""
        return self.start + timedelta(seconds=self.time)

    @property
    def bottles_in(self) -> int:
        return self._row[0].consumed

    @property
    def bottles_out(self) -> int:
        """Saleable bottles at the end of the line, since it was brought up."""
        last = self._row[-1]
        return last.processed - last.defective

    @property
    def rejects(self) -> int:
        return sum(machine.defective for machine in self._row)

    @property
    def wip(self) -> int:
        """Bottles on the conveyors; machines hold none between two steps."""
        return sum(belt.count for belt in self._belts)

    @property
    def is_planned_busy(self) -> bool:
        """False in breaks; a changeover is part of the planned busy time."""
        return not self.calendar.is_break(self.time)

    @property
    def is_changing_over(self) -> bool:
        return self._changeover_left_s > 0.0

    @property
    def shift_id(self) -> str:
        return self.calendar.shift_id(self.time)

    @property
    def power_kw(self) -> float:
        return sum(m.power_kw for m in self._row) + sum(self.conveyor_power_kw(name) for name in self.conveyors)

    def conveyor_power_kw(self, name: str) -> float:
        """A conveyor runs while one of its neighbours does."""
        conveyor = self.conveyors[name]
        index = self._belts.index(conveyor)
        is_running = self._row[index].speed > 0.0 or self._row[index + 1].speed > 0.0
        is_running = is_running and not conveyor.is_standing
        return conveyor.parameters.running_kw if is_running else conveyor.parameters.held_kw

    def set_supervised(self, is_supervised: bool) -> None:
        """The watchdog: without a supervisor all machines fall back to their local nominal speeds."""
        self.is_supervised = is_supervised
        if not is_supervised:
            for machine in self._row:
                machine.controller.fall_back()

    def run(self, seconds: float) -> None:
        """Steps through so much plant time."""
        for _ in range(round(seconds / self.step_s)):
            self.step()

    def step(self) -> None:
        """One step of plant time."""
        now, dt = self.time, self.step_s
        is_break = self.calendar.is_break(now)
        if not is_break:
            self._step_changeover(dt)
        demands = self._demands(is_break)
        reason = self._standing_reason(is_break)
        allowance = self._allowance()
        for index in reversed(range(len(self._row))):
            self._row[index].step(now, dt, demands[index], reason, _ENDLESS if index else allowance)
        self.filler.step_process(now, dt)
        for belt in self._belts:
            belt.advance()
        self._count()
        self._steps += 1

    def _demands(self, is_break: bool) -> list[Demand]:
        if is_break:
            return [Demand.STOP] * len(self._row)
        if self.is_changing_over:
            return [Demand.COMPLETE] * len(self._row)
        if not self._is_fed:
            return [Demand.RUN] * len(self._row)
        demands = [Demand.COMPLETE]
        for machine in self._row[1:]:
            is_last = demands[-1] is Demand.COMPLETE
            is_empty = machine.infeed is not None and machine.infeed.count == 0
            demands.append((Demand.COMPLETE if is_empty else Demand.FINISH) if is_last else Demand.RUN)
        return demands

    def _standing_reason(self, is_break: bool) -> StopReason:
        if is_break:
            return StopReason.BREAK
        return StopReason.CHANGEOVER if self.is_changing_over else StopReason.NO_ORDER

    def _allowance(self) -> int:
        """Bottles that the order still needs at the infeed; once it has them all, it is fed."""
        if self._is_fed:
            return 0
        missing = self.order.target - self.order.actual
        allowance = int(missing * (1.0 + _REJECT_ALLOWANCE)) - self.wip
        self._is_fed = allowance <= 0
        return max(0, allowance)

    def _step_changeover(self, dt: float) -> None:
        if self.is_changing_over:
            self._changeover_left_s -= dt
            if self._changeover_left_s <= 0.0:
                self._start_next_order()
        elif self._is_fed and self.wip == 0:
            self._changeover_left_s = max(dt, self.orders.changeover_s(self.order.sku, self.next_order.sku))

    def _start_next_order(self) -> None:
        self.order, self.next_order = self.next_order, self.orders.next_order()
        self._is_fed = False
        self._take_up(self.order.sku.rated_speed)

    def _take_up(self, rated_speed: float) -> None:
        """A new product: every machine gets its place in the V-curve around the filler's rated speed."""
        self.filler.rated_speed = rated_speed
        for machine in self._row:
            machine.controller.change_product(machine.parameters.speed_factor * rated_speed)

    def _count(self) -> None:
        out = self.bottles_out
        self.order.actual += out - self._shipped
        self._shipped = out
