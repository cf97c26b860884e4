"""The speed setpoint inside a machine's controller: local nominal, the supervisor's wish, and what is accepted.

A write of SetMachSpeed replaces the local nominal speed while the machine is remote, twin-enabled and supervised; level
switching still works around it. The controller clamps to the machine's limits, refuses or ignores, and shows
what it accepted in MachSpeed a moment later. Whatever ends the supervision returns the machine to its local nominal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from plants.bottling.parameters import MIN_SPEED

#: Bottles per minute; the range that a SetMachSpeed may name at all (its EURange).
SPEED_RANGE: Final = (0.0, 600.0)
#: Plant seconds from a write to the feedback.
ACCEPT_DELAY_S: Final = 0.3
#: A controller with the clamping fault allows so much around its local nominal speed.
FAULTY_CLAMP: Final = 0.05


class Result(Enum):
    """What became of a write."""

    ACCEPTED = "accepted"
    CLAMPED = "clamped"
    REFUSED = "refused"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Answer:
    """The controller's answer to one write: the OPC UA status by name, and the value it will work with, if any."""

    result: Result
    status: str
    value: float | None
    reason: str


class SpeedController:
    """One machine's setpoint. Times are plant seconds, speeds bottles per minute."""

    __slots__ = (
        "_pending",
        "accepted",
        "clamps_writes",
        "ignores_writes",
        "in_maintenance",
        "is_remote",
        "local_nominal",
        "max_speed",
        "twin_enabled",
    )

    def __init__(self, local_nominal: float, max_speed: float) -> None:
        self.local_nominal = local_nominal
        self.max_speed = max_speed
        self.accepted = local_nominal
        self.is_remote = True
        self.twin_enabled = True
        self.in_maintenance = False
        self.ignores_writes = False
        self.clamps_writes = False
        self._pending: tuple[float, float] | None = None

    def request(self, value: float, now: float, *, is_supervised: bool) -> Answer:
        """The answer to a SetMachSpeed of `value`."""
        if not (math.isfinite(value) and SPEED_RANGE[0] <= value <= SPEED_RANGE[1]):
            return Answer(Result.REFUSED, "BadOutOfRange", None, "outside the EURange")
        if self.in_maintenance:
            return Answer(Result.REFUSED, "BadInvalidState", None, "the machine is in maintenance mode")
        if not self.is_remote:
            return Answer(Result.REFUSED, "BadInvalidState", None, "the machine is switched to local")
        if not self.twin_enabled:
            return Answer(Result.IGNORED, "Good", None, "the operator's twin-enable selector is off")
        if not is_supervised:
            return Answer(Result.IGNORED, "Good", None, "the supervisor's heartbeat has stopped")
        if self.ignores_writes:
            return Answer(Result.IGNORED, "Good", None, "fault: the controller ignores writes")
        return self._accept(value, now)

    def _accept(self, value: float, now: float) -> Answer:
        low, high = MIN_SPEED, self.max_speed
        if self.clamps_writes:
            low, high = (1 - FAULTY_CLAMP) * self.local_nominal, (1 + FAULTY_CLAMP) * self.local_nominal
        effective = min(max(value, low), high)
        self._pending = (effective, now + ACCEPT_DELAY_S)
        if effective == value:
            return Answer(Result.ACCEPTED, "Good", effective, "")
        if self.clamps_writes:
            # The faulty controller does not tell: only its feedback shows that the value is another one.
            return Answer(Result.CLAMPED, "Good", effective, "fault: clamped around the local nominal speed")
        return Answer(Result.CLAMPED, "GoodClamped", effective, "clamped to the machine's limits")

    def fall_back(self) -> None:
        """Back to the local nominal speed."""
        self._pending = None
        self.accepted = self.local_nominal

    def change_product(self, local_nominal: float) -> None:
        """A new recipe: its nominal speed holds until the supervisor asks again."""
        self.local_nominal = local_nominal
        self.fall_back()

    def set_remote(self, is_remote: bool) -> None:
        self.is_remote = is_remote
        self._fall_back_unless(is_remote)

    def set_twin_enabled(self, is_enabled: bool) -> None:
        self.twin_enabled = is_enabled
        self._fall_back_unless(is_enabled)

    def set_maintenance(self, is_on: bool) -> None:
        self.in_maintenance = is_on
        self._fall_back_unless(not is_on)

    def _fall_back_unless(self, is_allowed: bool) -> None:
        if not is_allowed:
            self.fall_back()

    def step(self, now: float) -> None:
        """Takes over an accepted wish when its delay has passed."""
        if self._pending is not None and now >= self._pending[1]:
            self.accepted = self._pending[0]
            self._pending = None
