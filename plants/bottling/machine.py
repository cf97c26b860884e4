"""One machine: its PackML state model, its ramps, its stops, and the bottles that go through it.

Each step first moves the state model, then the speed, then the bottles. A machine holds no bottle between two steps:
what it takes from its infeed it puts on its discharge or rejects, so bottles are conserved exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from plants.bottling.controller import SpeedController
from plants.bottling.conveyor import Conveyor
from plants.bottling.level_control import speed_share
from plants.bottling.packml import LEGAL, PRODUCING, State, StopReason, UnitMode
from plants.bottling.parameters import NOMINAL_SPEED, MachineParameters
from plants.bottling.stops import Rejects, StopCause

#: Plant seconds that an acting state takes.
_ACTING_S = {
    State.CLEARING: 4.0,
    State.STARTING: 3.0,
    State.STOPPING: 3.0,
    State.ABORTING: 1.0,
    State.HOLDING: 1.5,
    State.UNHOLDING: 2.0,
    State.SUSPENDING: 2.0,
    State.UNSUSPENDING: 1.0,
    State.RESETTING: 4.0,
    State.COMPLETING: 3.0,
}
_AFTER = {
    State.CLEARING: State.STOPPED,
    State.STARTING: State.EXECUTE,
    State.STOPPING: State.STOPPED,
    State.ABORTING: State.ABORTED,
    State.HOLDING: State.HELD,
    State.UNHOLDING: State.EXECUTE,
    State.SUSPENDING: State.SUSPENDED,
    State.UNSUSPENDING: State.EXECUTE,
    State.RESETTING: State.IDLE,
    State.COMPLETING: State.COMPLETE,
}
_SUSPENDED_STATES = frozenset({State.SUSPENDING, State.SUSPENDED, State.UNSUSPENDING})
_OFF_STATES = frozenset({State.STOPPED, State.ABORTED, State.COMPLETE, State.CLEARING, State.ABORTING})
_FAULTED = frozenset({State.HOLDING, State.HELD, State.ABORTING, State.ABORTED})

StateListener = Callable[["Machine"], None]


class Demand(Enum):
    """What the line asks of a machine."""

    RUN = "run"
    FINISH = "finish"
    """Take the last bottles, however few; nothing comes after them."""
    COMPLETE = "complete"
    """Nothing is left to do."""
    STOP = "stop"


class Machine:
    """A machine between two conveyors; None at the ends of the line stands for endless supply and endless room."""

    def __init__(
        self,
        parameters: MachineParameters,
        infeed: Conveyor | None,
        discharge: Conveyor | None,
        stream: str,
        on_state: StateListener,
    ) -> None:
        self.parameters = parameters
        self.infeed = infeed
        self.discharge = discharge
        self.controller = SpeedController(parameters.speed_factor * NOMINAL_SPEED, parameters.max_speed)
        self.state = State.IDLE
        self.stop_reason = StopReason.NO_ORDER
        self.speed = 0.0
        self.consumed = 0
        self.processed = 0
        self.defective = 0
        self.has_stops = True
        """False while a line is brought up: nothing breaks then."""
        self._on_state = on_state
        self._minor = StopCause(f"{stream}/minor", parameters.minor_interval_s, parameters.minor_duration_s)
        self._breakdown = StopCause(
            f"{stream}/breakdown", parameters.breakdown_interval_s, parameters.breakdown_duration_s
        )
        self._rejects = Rejects(stream)
        self._credit = 0.0
        self._until = 0.0
        self._stop_s = 0.0
        self._is_limited: StopReason | None = None
        self._struck: tuple[StopReason, float | None] | None = None

    @property
    def name(self) -> str:
        return self.parameters.name

    @property
    def unit_mode(self) -> UnitMode:
        return UnitMode.MAINTENANCE if self.controller.in_maintenance else UnitMode.PRODUCTION

    @property
    def is_starved(self) -> bool:
        return self.stop_reason is StopReason.STARVED and self.state in _SUSPENDED_STATES

    @property
    def is_blocked(self) -> bool:
        return self.stop_reason is StopReason.BLOCKED and self.state in _SUSPENDED_STATES

    @property
    def power_kw(self) -> float:
        """One of three levels, by state."""
        if self.state is State.EXECUTE:
            return self.parameters.running_kw
        return self.parameters.off_kw if self.state in _OFF_STATES else self.parameters.held_kw

    def strike(self, reason: StopReason, duration_s: float | None = None) -> None:
        """A jam or a breakdown now, or as soon as the machine runs; None draws an ordinary duration."""
        self._struck = (reason, duration_s)

    def clear(self, now: float) -> bool:
        """A person at the machine puts right what stops it. False where no jam or breakdown stands or is to come."""
        is_down = self.state in _FAULTED
        if is_down:
            self._stop_s = 0.0
            if self.state in (State.HELD, State.ABORTED):
                self._until = min(self._until, now)
        has_struck, self._struck = self._struck is not None, None
        return is_down or has_struck

    def step(self, now: float, dt: float, demand: Demand, reason: StopReason, allowance: int) -> None:
        """One step. `reason` says why the line wants it to stop; `allowance` is how many bottles it may still take."""
        self.controller.step(now)
        self._move_state(now, demand, reason)
        self._accelerate(now, dt)
        self._process(dt, allowance)
        if self.has_stops and self.state is State.EXECUTE and self.speed > 0.0:
            self._wear(dt)

    def _move_state(self, now: float, demand: Demand, reason: StopReason) -> None:
        state = self.state
        if self._struck is not None and self._take_strike(now, state):
            return
        if state in _AFTER:
            if now >= self._until:
                self._enter(_AFTER[state], now)
            return
        if self.controller.in_maintenance:
            demand, reason = Demand.STOP, StopReason.OPERATOR
        if demand is Demand.STOP:
            self._stand_down(now, reason)
        elif state in PRODUCING:
            self._produce(now, demand)
        elif demand is not Demand.COMPLETE or state is State.ABORTED:
            self._stand_up(now)
        else:
            self._note_reason(reason)

    def _take_strike(self, now: float, state: State) -> bool:
        if self._struck is None:
            return False
        reason, duration_s = self._struck
        if reason is StopReason.BREAKDOWN and State.ABORTING in LEGAL[state]:
            self._stop_s = self._breakdown.duration_s() if duration_s is None else duration_s
            self._enter(State.ABORTING, now, reason)
        elif reason is StopReason.JAM and state is State.EXECUTE:
            self._stop_s = self._minor.duration_s() if duration_s is None else duration_s
            self._enter(State.HOLDING, now, reason)
        else:
            return False
        self._struck = None
        return True

    def _produce(self, now: float, demand: Demand) -> None:
        """In Execute, Held or Suspended: stop for a neighbour, or come back."""
        if self.state is State.HELD:
            if now >= self._until:
                self._enter(State.UNHOLDING, now)
        elif demand is Demand.COMPLETE:
            self._enter(State.COMPLETING, now, StopReason.NO_ORDER)
        elif self.state is State.EXECUTE:
            if self._is_limited is not None:
                self._enter(State.SUSPENDING, now, self._is_limited)
        elif self._can_resume(demand):
            self._enter(State.UNSUSPENDING, now)

    def _can_resume(self, demand: Demand) -> bool:
        wanted = 1 if demand is Demand.FINISH else self.parameters.restart_bottles
        has_supply = self.infeed is None or self.infeed.available >= wanted
        has_room = self.discharge is None or self.discharge.free >= self.parameters.restart_bottles
        return has_supply and has_room

    def _stand_down(self, now: float, reason: StopReason) -> None:
        """The line or a person wants the machine to stand."""
        if self.state is State.ABORTED:
            self._clear_when_repaired(now)
        elif State.STOPPING in LEGAL[self.state] and self.state is not State.COMPLETE:
            self._enter(State.STOPPING, now, reason)
        else:
            self._note_reason(reason)

    def _note_reason(self, reason: StopReason) -> None:
        if reason is not self.stop_reason:
            self.stop_reason = reason
            self._on_state(self)

    def _stand_up(self, now: float) -> None:
        """The line wants the machine to run and it stands."""
        if self.state is State.ABORTED:
            self._clear_when_repaired(now)
        elif self.state in (State.STOPPED, State.COMPLETE):
            self._enter(State.RESETTING, now)
        elif self.state is State.IDLE:
            self._enter(State.STARTING, now)

    def _clear_when_repaired(self, now: float) -> None:
        if now >= self._until:
            self._enter(State.CLEARING, now)

    def _enter(self, state: State, now: float, reason: StopReason | None = None) -> None:
        self.state = state
        if state in _ACTING_S:
            self._until = now + _ACTING_S[state]
        elif state in (State.HELD, State.ABORTED):
            self._until = now + self._stop_s
        if state is State.EXECUTE:
            reason = StopReason.RUNNING
            self._is_limited = None
            self._started(now)
        if reason is not None:
            self.stop_reason = reason
        self._on_state(self)

    def _started(self, now: float) -> None:
        """What a start from standstill costs; nothing, for most machines."""

    def _target_speed(self, now: float) -> float:
        share = speed_share(self.parameters.speed_factor, self.infeed, self.discharge)
        return min(self.controller.accepted * share, self.parameters.max_speed)

    def _accelerate(self, now: float, dt: float) -> None:
        if self.state is State.ABORTING or self.state is State.ABORTED:
            self.speed = 0.0
            return
        if self.state is not State.EXECUTE:
            # all stops brake three times as hard as the machine speeds up
            self.speed = max(0.0, self.speed - 3.0 * self.parameters.acceleration * dt)
            return
        target = self._target_speed(now)
        change = self.parameters.acceleration * dt
        self.speed = min(target, self.speed + change) if self.speed < target else max(target, self.speed - change)

    def _process(self, dt: float, allowance: int) -> None:
        if self.speed <= 0.0:
            self._credit = 0.0
            return
        self._credit += self.speed * dt / 60.0
        whole = int(self._credit)
        self._credit -= whole
        wanted = min(whole, allowance)
        supply = wanted if self.infeed is None else self.infeed.available
        room = wanted if self.discharge is None else self.discharge.free
        bottles = min(wanted, supply, room)
        self._note_limit(wanted, supply, room)
        if bottles:
            self._pass_on(bottles)

    def _note_limit(self, wanted: int, supply: int, room: int) -> None:
        if supply >= wanted and room >= wanted:
            self._is_limited = None
        else:
            self._is_limited = StopReason.BLOCKED if room < wanted else StopReason.STARVED

    def _pass_on(self, bottles: int) -> None:
        rejected = self._inspect(bottles)
        if self.infeed is not None:
            self.infeed.take(bottles)
        if self.discharge is not None:
            self.discharge.put(bottles - rejected)
        self.consumed += bottles
        self.processed += bottles
        self.defective += rejected

    def _inspect(self, bottles: int) -> int:
        """How many of these bottles the inspector rejects."""
        return self._rejects.among(bottles, self.parameters.reject_share)

    def _wear(self, dt: float) -> None:
        relative = self.speed / NOMINAL_SPEED
        if self._breakdown.wear(dt):
            self._struck = (StopReason.BREAKDOWN, None)
        elif self._minor.wear(dt * relative * relative) and self._struck is None:
            self._struck = (StopReason.JAM, None)
