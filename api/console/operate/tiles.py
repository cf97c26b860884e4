"""The line's figures with their trend, their unit, and a plain definition on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from rdflib import URIRef

from api.console.operate.figures import NONE, count, duration, number
from api.console.operate.sheet import Sheet, Values
from api.live import LineModel
from ontology import TW

Points = Sequence[tuple[int, float]]
_WIDE: Final = 160
_HIGH: Final = 36
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the line. `smallest` is the least span of its trend, so that noise does not look like a fall."""

    key: str
    name: str
    predicate: URIRef
    unit: str
    scale: float
    digits: int
    smallest: float
    meaning: str


TILES: Final = (
    Tile("oee", "OEE", TW.oee, "%", 100, 1, 0.05,
         "Overall equipment effectiveness: availability x effectiveness x quality. What was made well, as a share of "
         "what could have been made in the planned time."),
    Tile("availability", "Availability", TW.availability, "%", 100, 1, 0.05,
         "Of the time that the line was planned to run, the share in which the machine that sets the pace was "
         "producing."),
    Tile("effectiveness", "Effectiveness", TW.effectiveness, "%", 100, 1, 0.05,
         "How much was made while producing, against the rated speed of the product."),
    Tile("quality", "Quality", TW.qualityRatio, "%", 100, 1, 0.02, "Good units as a share of all that were made."),
    Tile("throughput", "Throughput", TW.throughputPerH, "per h", 1, 0, 1000,
         "Good units at the end of the line for each hour of planned time."),
    Tile("power", "Power", TW.powerKw, "kW", 1, 0, 20, "What machines and conveyors of the line draw now."),
)  # fmt: skip


def tiles_values(model: LineModel, trend: Callable[[str, URIRef], Points]) -> Values:
    """The texts of the tiles. `trend` gives (plant time in microseconds, value), the newest last."""
    line = model.layout.line if model.layout else URIRef("")
    values: Values = {}
    for tile in TILES:
        points = trend(str(line), tile.predicate)
        values[f"tile.{tile.key}.value"] = _text(tile, number(model, line, tile.predicate))
        values[f"tile.{tile.key}.note"] = _note(tile, number(model, line, tile.predicate))
        values[f"tile.{tile.key}.line@points"] = polyline(points, tile.smallest)
        values[f"tile.{tile.key}.trend@aria-label"] = trend_words(tile, points)
        values[f"tile.{tile.key}.span"] = _span(points)
    return values


def tiles_markup(sheet: Sheet) -> str:
    """The tiles, drawn once."""
    return f'<div class="op-tiles">{"".join(_tile(sheet, tile) for tile in TILES)}</div>'


def polyline(points: Points, smallest: float) -> str:
    """The points of a small plot that ends at the right; empty while there is nothing to draw."""
    if len(points) < 2:
        return ""
    step = max(len(points) // _SHOWN, 1)
    shown = [*points[:-1][::step], points[-1]]
    start, span = shown[0][0], max(shown[-1][0] - shown[0][0], 1)
    low, high = min(v for _, v in shown), max(v for _, v in shown)
    middle, height = (low + high) / 2, max(high - low, smallest)
    return " ".join(
        f"{(at - start) / span * _WIDE:.1f},{_HIGH / 2 - (value - middle) / height * (_HIGH - 4):.1f}"
        for at, value in shown
    )


def trend_words(tile: Tile, points: Points) -> str:
    """The trend in words: from where to where, in what time."""
    if len(points) < 2:
        return f"{tile.name}: no trend yet"
    first, last = points[0][1], points[-1][1]
    span = duration((points[-1][0] - points[0][0]) / 1e6)
    return f"{tile.name} in the last {span}: from {_text(tile, first)} to {_text(tile, last)} {tile.unit}"


def _span(points: Points) -> str:
    if len(points) < 2:
        return "There is no trend yet."
    return f"The curve shows the last {duration((points[-1][0] - points[0][0]) / 1e6)}."


def _note(tile: Tile, value: float | None) -> str:
    """What a figure above a hundred per cent means: more leaves the line than its pace allows, for a while."""
    is_above = tile.unit == "%" and value is not None and round(value * tile.scale, tile.digits) > 100
    return "buffers run empty" if is_above else ""


def _text(tile: Tile, value: float | None) -> str:
    if value is None:
        return NONE
    return count(value) if tile.digits == 0 else f"{value * tile.scale:.{tile.digits}f}"


def _tile(sheet: Sheet, tile: Tile) -> str:
    key, name = f"tile.{tile.key}", escape(tile.name)
    trend = {"cls": "op-trend", "viewBox": f"0 0 {_WIDE} {_HIGH}", "preserveAspectRatio": "none", "role": "img"}
    return (
        f'<div class="tw-card op-tile"><div class="op-tile-head"><h3>{name}</h3>'
        f'<details class="op-what"><summary aria-label="What is {name}?">?</summary>'
        f"<p>{escape(tile.meaning)} {sheet.text(f'{key}.span')}</p></details></div>"
        f'<div class="op-tile-figure">{sheet.text(f"{key}.value", cls="op-tile-value")} '
        f'<span class="op-unit">{escape(tile.unit)}</span></div>'
        f'<p class="op-tile-note tw-quiet">{sheet.text(f"{key}.note")}</p>'
        f"{sheet.open(f'{key}.trend', 'svg', **trend)}{sheet.open(f'{key}.line', 'polyline')}</polyline></svg></div>"
    )
