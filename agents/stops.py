"""The stops of one machine as they happen: since when, why, and how much time each reason has cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.kpi import MINOR_STOP_S
from agents.reasons import EXECUTE, RUNNING_STATES, StopReason, reason_of


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop that is over. Times in seconds."""

    reason: StopReason
    lasted_s: float


@dataclass(slots=True)
class Machine:
    """What is known of one machine in this run. Times are plant time."""

    state: int | None = None
    reason: StopReason = StopReason.UNASSIGNED
    stopped_us: int | None = None
    """Since when it stands; None while it runs."""
    apt_us: int = 0
    """Time in Execute while the line was planned busy."""
    processed: int = 0
    defective: int = 0
    minor_stops: int = 0
    _counters: dict[str, int] = field(default_factory=dict)

    @property
    def is_stopped(self) -> bool:
        return self.stopped_us is not None

    @property
    def is_producing(self) -> bool:
        return self.state == EXECUTE

    def stopped_s(self, now_us: int) -> float:
        """For how long it stands; 0 while it runs."""
        return 0.0 if self.stopped_us is None else max(now_us - self.stopped_us, 0) / 1e6

    def enter(self, state: int, now_us: int) -> Stop | None:
        """Take note of a PackML state; returns the stop that has ended by it. The next stop needs its own reason."""
        self.state = state
        if state not in RUNNING_STATES:
            if self.stopped_us is None:
                self.stopped_us = now_us
            return None
        if self.stopped_us is None:
            return None
        stop = Stop(self.reason, self.stopped_s(now_us))
        self.stopped_us, self.reason = None, StopReason.UNASSIGNED
        if stop.reason in (StopReason.JAM, StopReason.BREAKDOWN) and stop.lasted_s < MINOR_STOP_S:
            self.minor_stops += 1
        return stop

    def give_reason(self, number: float) -> None:
        """Take note of the controller's stop reason. Zero, sent when the machine starts, is none."""
        reason = reason_of(number)
        if reason is not StopReason.RUNNING:
            self.reason = reason

    def count(self, counter: str, value: int) -> int:
        """How many more a counter shows than before. A counter that falls was reset: all it shows is new."""
        before = self._counters.get(counter)
        self._counters[counter] = value
        if before is None:
            return 0
        return value - before if value >= before else value
