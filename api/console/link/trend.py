"""The trend of one item: the last quarter of an hour, thinned so that no peak is lost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from api.console.link.ages import clock
from kg.history import HistoryReader
from kg.opcua.values import is_good

SPAN_US: Final = 15 * 60 * 1_000_000
_SPANS: Final = 240


@dataclass(frozen=True, slots=True)
class Trend:
    """Points of plant time and value, None where a value was missing or bad."""

    from_us: int
    to_us: int
    points: tuple[tuple[int, float | None], ...]

    def told(self, unit: str) -> str:
        """The plot in a sentence, for whoever can't see it."""
        values = [value for _, value in self.points if value is not None]
        span = f"From {clock(self.from_us)} to {clock(self.to_us)} plant time"
        if not values:
            return f"{span}: no value."
        least, most, last = (_with(value, unit) for value in (min(values), max(values), values[-1]))
        return f"{span}: lowest {least}, highest {most}, newest {last}."


def read_trend(history: HistoryReader, prop: str, now_us: int) -> Trend:
    """The trend of a property up to a plant time; empty where it has no history. Blocks."""
    from_us = now_us - SPAN_US
    tag = history.tag(prop)
    if tag is None:
        return Trend(from_us, now_us, ())
    first = history.last_at(tag, from_us)
    samples = ((first,) if first is not None else ()) + history.extremes(tag, from_us, now_us + 1, _SPANS)
    points = [
        (max(sample.reading.source_us, from_us), _number(sample.reading.value, sample.reading.status))
        for sample in samples
    ]
    if points:
        points.append((now_us, points[-1][1]))  # what was reported last holds until now
    return Trend(from_us, now_us, tuple(points))


def options(trend: Trend, unit: str, ink: str, quiet: str) -> dict[str, Any]:
    """The plot for ECharts; values hold until the next one came."""
    return {
        "animation": False,
        "aria": {"enabled": True},
        "grid": {"left": 64, "right": 24, "top": 32, "bottom": 40},
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "time",
            "min": trend.from_us // 1000,
            "max": trend.to_us // 1000,
            "axisLabel": {"color": quiet, "formatter": "{HH}:{mm}", "hideOverlap": True},
        },
        "yAxis": {
            "type": "value",
            "scale": True,
            "name": unit,
            "nameTextStyle": {"color": quiet},
            "axisLabel": {"color": quiet},
            "splitLine": {"lineStyle": {"color": quiet, "opacity": 0.25}},
        },
        "useUTC": True,
        "series": [
            {
                "type": "line",
                "step": "end",
                "showSymbol": False,
                "lineStyle": {"color": ink, "width": 2},
                "itemStyle": {"color": ink},
                "data": [[_iso(at_us), value] for at_us, value in trend.points],
            }
        ],
    }


def _with(value: float, unit: str) -> str:
    return f"{value:.4g}{unit}" if unit.startswith("/") else f"{value:.4g} {unit}".rstrip()


def _number(value: object, status: int) -> float | None:
    if not isinstance(value, bool | int | float) or not is_good(status) or not math.isfinite(value):
        return None
    return float(value)


def _iso(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="milliseconds")
