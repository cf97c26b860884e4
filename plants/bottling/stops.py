"""When a machine stops of itself, and for how long: hazards in running time, lognormal durations.

Every cause has its own random stream of thresholds and durations. Two runs with the same seed in which the line is
controlled differently meet the same sequence of stops, so that comparisons are paired.
"""

from __future__ import annotations

import math
import random

from plants.bottling.parameters import DURATION_SIGMA


class StopCause:
    """One cause of stops. Its hazard grows with running time; at a drawn threshold it strikes."""

    __slots__ = ("_durations", "_hazard", "_interval_s", "_mu", "_threshold", "_thresholds")

    def __init__(self, stream: str, interval_s: float, mean_duration_s: float) -> None:
        self._thresholds = random.Random(f"{stream}/thresholds")
        self._durations = random.Random(f"{stream}/durations")
        self._interval_s = interval_s
        # the mean of a lognormal is exp(mu + sigma^2 / 2)
        self._mu = math.log(mean_duration_s) - DURATION_SIGMA**2 / 2
        self._hazard = 0.0
        self._threshold = self._thresholds.expovariate(1.0)

    def wear(self, running_s: float) -> bool:
        """True when the cause strikes after so much more (weighted) running time."""
        self._hazard += running_s / self._interval_s
        if self._hazard < self._threshold:
            return False
        self._hazard = 0.0
        self._threshold = self._thresholds.expovariate(1.0)
        return True

    def duration_s(self) -> float:
        """The next stop's duration."""
        return math.exp(self._durations.gauss(self._mu, DURATION_SIGMA))


class Rejects:
    """Which bottles an inspector rejects: each with the given share, drawn as gaps between rejects."""

    __slots__ = ("_gap", "_rng")

    def __init__(self, stream: str) -> None:
        self._rng = random.Random(f"{stream}/rejects")
        self._gap = self._rng.expovariate(1.0)

    def among(self, bottles: int, share: float) -> int:
        """How many of the next bottles are rejected."""
        if share <= 0.0:
            return 0
        rejected = 0
        left = float(bottles) * share
        while left >= self._gap and rejected < bottles:
            left -= self._gap
            self._gap = self._rng.expovariate(1.0)
            rejected += 1
        if rejected < bottles:
            self._gap -= left
        return rejected
