"""How plant time follows wall time: so many plant seconds a second, changed at will, and never a jump."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

#: Plant seconds per wall second that a line can be run at.
SLOWEST: Final = 0.1
FASTEST: Final = 100.0


class Pace:
    """Plant time as it should be now. `clock` is wall time in seconds."""

    def __init__(self, speed: float, time_s: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._speed = speed
        self._begun = clock()
        self._anchor_s = time_s

    @property
    def speed(self) -> float:
        return self._speed

    def due_s(self) -> float:
        """The plant time that the line should have reached."""
        return self._anchor_s + (self._clock() - self._begun) * self._speed

    def wait_s(self, tick_s: float) -> float:
        """Wall seconds to the next of the ticks that are counted from the last change of the speed."""
        return tick_s - (self._clock() - self._begun) % tick_s

    def change(self, speed: float) -> None:
        """Goes on from the plant time that is due now, at another speed."""
        self._anchor_s, self._begun, self._speed = self.due_s(), self._clock(), speed

    def leave_out(self, seconds: float) -> None:
        """So much plant time was not made up and will not be."""
        self._anchor_s -= seconds


def check_speed(speed: float) -> None:
    """Raises ValueError for a speed at which no line can be run."""
    if not SLOWEST <= speed <= FASTEST:
        raise ValueError(f"The speed must be between {SLOWEST:g} and {FASTEST:g}; it is {speed:g}.")
