"""How the values that a decision stood on went around it: small plots that need no script and can be printed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rdflib import Literal

from agents.explanation.story import Story
from agents.words import value_in_words
from api.acts import label
from api.console.explain.markup import Markup, element
from api.console.explain.wording import clock
from kg.bindings import Binding
from kg.history import HistoryReader
from kg.plantfolder import PlantFolder
from ontology import PACK, TW

BEFORE_US: Final = 10 * 60_000_000
AFTER_US: Final = 5 * 60_000_000
_MOST: Final = 16
"""Plots of one decision."""
_CODES: Final = frozenset({PACK.stateCurrent, PACK.stopReason, PACK.unitModeCurrent, TW.firstOutReason})
"""Numbers that stand for words, so that least and greatest mean nothing."""
_SPANS: Final = 120
_WIDTH: Final = 320
_HEIGHT: Final = 72
_PAD: Final = 6


@dataclass(frozen=True, slots=True)
class Trend:
    """One property around a decision; times are plant time."""

    name: str
    points: tuple[tuple[int, float], ...]
    """(time, value), oldest first; a value holds until the next."""
    from_us: int
    to_us: int
    at_us: int
    range: str
    """Least and greatest value, or the states that were seen."""
    at: str
    """The value in force at the decision."""


def trends_of(plant: PlantFolder, history: HistoryReader, story: Story) -> list[Trend]:
    """The numbers among what a decision stood on. Blocks."""
    wish, at_us = story.wish, story.plant_us
    if wish is None or not at_us:
        return []
    bindings = {binding.prop: binding for binding in plant.bindings}
    props = [prop for prop in dict.fromkeys((*wish.inputs, wish.target)) if prop in bindings]
    drawn = (_trend(plant, history, bindings[prop], at_us) for prop in props[:_MOST])
    return [trend for trend in drawn if trend is not None]


def trend_markup(trend: Trend) -> Markup:
    """The plot with its name, its range and the value at the decision."""
    told = f"from {clock(trend.from_us)} to {clock(trend.to_us)} plant time: {trend.range}"
    return element(
        "figure",
        element("figcaption", element("b", trend.name), element("span", f"{trend.at} at the decision", cls="xp-under")),
        element(
            "svg",
            *_drawn(trend),
            viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
            role="img",
            aria_label=f"{trend.name}: {trend.at} at the decision; {told}",
            preserveAspectRatio="none",
        ),
        element("span", told, cls="xp-under"),
        cls="xp-trend",
    )


def _trend(plant: PlantFolder, history: HistoryReader, binding: Binding, at_us: int) -> Trend | None:
    tag = history.tag(str(binding.prop))
    if tag is None or binding.data_type == "String":
        return None
    from_us, to_us = at_us - BEFORE_US, at_us + AFTER_US
    first = history.last_at(tag, from_us)
    samples = ((first,) if first is not None else ()) + history.extremes(tag, from_us, to_us, _SPANS)
    points = [
        (max(sample.reading.source_us, from_us), float(value))
        for sample in samples
        if isinstance(value := sample.reading.value, bool | int | float) and math.isfinite(value)
    ]
    if not points:
        return None
    held = [value for time_us, value in points if time_us <= at_us]

    def words(value: float) -> str:
        given = bool(value) if binding.data_type == "Boolean" else value
        return value_in_words(Literal(given), str(binding.predicate), binding.unit)

    values = [value for _, value in points]
    return Trend(
        name=label(plant, str(binding.prop)),
        points=tuple(points),
        from_us=from_us,
        to_us=to_us,
        at_us=at_us,
        range=_range(binding, [words(value) for value in values], words(min(values)), words(max(values))),
        at=words(held[-1]) if held else "not known",
    )


def _range(binding: Binding, words: list[str], low: str, high: str) -> str:
    """What the values were: the states in the order in which they came, or from least to greatest."""
    if binding.data_type == "Boolean" or binding.predicate in _CODES:
        return ", ".join(dict.fromkeys(words))
    return low if low == high else f"{low} to {high}"


def _drawn(trend: Trend) -> Iterator[Markup]:
    x = _WIDTH * (trend.at_us - trend.from_us) / (trend.to_us - trend.from_us)
    yield element("line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1="0", y2=str(_HEIGHT), cls="xp-moment")
    yield element("path", d=path_of(trend), cls="xp-path", vector_effect="non-scaling-stroke")


def path_of(trend: Trend) -> str:
    """The line of the plot: level until the next sample, up to the newest one."""
    low, high = min(v for _, v in trend.points), max(v for _, v in trend.points)
    span_us, height = trend.to_us - trend.from_us, _HEIGHT - 2 * _PAD

    def place(time_us: int, value: float) -> tuple[float, float]:
        share = 0.5 if high == low else (value - low) / (high - low)
        return _WIDTH * (time_us - trend.from_us) / span_us, _PAD + height * (1 - share)

    pieces = []
    for number, (time_us, value) in enumerate(trend.points):
        x, y = place(time_us, value)
        pieces.append(f"H{x:.1f}V{y:.1f}" if number else f"M{x:.1f},{y:.1f}")
    last_us = max(trend.points[-1][0], trend.at_us)
    return "".join(pieces) + f"H{place(last_us, 0)[0]:.1f}"
