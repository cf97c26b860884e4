"""How figures went lately, for tiles and small plots: thinned in memory, nothing more than a glance back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from api.live import LineModel
from ontology import PACK, TW

KEPT: Final = 360
"""Points of a trend; when it is full every second one goes and the distance between points doubles."""
_FIRST_US: Final = 5_000_000
"""Distance of points at first, in plant time."""

_FOLLOWED: Final = frozenset(
    str(predicate)
    for predicate in (
        *(TW.oee, TW.availability, TW.effectiveness, TW.qualityRatio, TW.throughputPerH, TW.goodCount, TW.powerKw),
        *(TW.orderActual, TW.fillRatio, PACK.curMachSpeed),
    )
)


class Trends:
    """(subject, predicate) -> points."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, str], _Trend] = {}

    def take(self, model: LineModel) -> None:
        """Look at the picture as it is now."""
        for predicate in _FOLLOWED:
            for subject, value in model.facts.of(predicate).items():
                if isinstance(value, int | float) and not isinstance(value, bool):
                    trend = self._points.get((subject, predicate))
                    if trend is None:
                        trend = self._points[subject, predicate] = _Trend()
                    trend.take(model.plant_us, float(value))

    def of(self, subject: str, predicate: str) -> Sequence[tuple[int, float]]:
        """The points, the newest last; empty for what is not followed."""
        trend = self._points.get((subject, predicate))
        return () if trend is None else tuple(trend.points)


class _Trend:
    def __init__(self) -> None:
        self.points: list[tuple[int, float]] = []
        self._apart_us = _FIRST_US

    def take(self, at_us: int, value: float) -> None:
        if self.points and at_us < self.points[-1][0]:
            self.points.clear()  # plant time went back: another run of the plant
        if self.points and at_us - self.points[-1][0] < self._apart_us:
            return
        self.points.append((at_us, value))
        if len(self.points) >= KEPT:
            del self.points[::2]
            self._apart_us *= 2
