"""The controllers' watchdog: without a changing heartbeat the machines fall back to their local setpoints.

It runs on wall time, because it watches a program and not the plant.
"""

from __future__ import annotations

from collections.abc import Callable


class Watchdog:
    """Trips when the heartbeat has not changed for `timeout_s` wall seconds. A start counts as a change."""

    def __init__(self, timeout_s: float, clock: Callable[[], float]) -> None:
        self.timeout_s = timeout_s
        self._clock = clock
        self._count: int | None = None
        self._changed_at = clock()

    def beat(self, count: int) -> None:
        """The supervisor wrote this count; the same count again proves no life."""
        if count != self._count:
            self._count = count
            self._changed_at = self._clock()

    def is_alive(self) -> bool:
        return self._clock() - self._changed_at < self.timeout_s

    def restart(self) -> None:
        """Counts from now, as after a start of the controllers."""
        self._changed_at = self._clock()
