"""A simple chart of a table: what can be drawn, the chart itself, and the same in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from api.console.explore.table import Cell, Table, number_text

MOST_BARS: Final = 60
MOST_POINTS: Final = 2000
_LONGEST_NAME: Final = 24
_INK: Final = "getComputedStyle(document.body).getPropertyValue('--ink')"
_LINE: Final = "getComputedStyle(document.body).getPropertyValue('--line')"
_BAR: Final = "getComputedStyle(document.body).getPropertyValue('--accent')"


class Sort(StrEnum):
    """The charts that there are."""

    BAR = "bar"
    LINE = "line"
    SCATTER = "scatter"


@dataclass(frozen=True, slots=True)
class Chart:
    """Which columns are drawn how, by their index."""

    sort: Sort
    x: int
    y: int


def charts_of(table: Table) -> dict[Sort, tuple[tuple[int, ...], tuple[int, ...]]]:
    """For each chart that the columns allow: what may be x and what y. Empty where nothing can be drawn."""
    numeric = tuple(index for index, true in enumerate(table.numeric) if true)
    ordered = tuple(index for index, true in enumerate(table.moments) if true) + numeric
    every = tuple(range(len(table.columns)))
    found: dict[Sort, tuple[tuple[int, ...], tuple[int, ...]]] = {}
    if numeric and len(every) > 1:
        found[Sort.BAR] = every, numeric
    if numeric and len(ordered) > 1:
        found[Sort.LINE] = ordered, numeric
    if len(numeric) > 1:
        found[Sort.SCATTER] = numeric, numeric
    return found


def first_chart(table: Table) -> Chart | None:
    """The chart to begin with: lines over time, else bars by the first column of names, else points."""
    possible = charts_of(table)
    if not possible:
        return None
    numeric = possible[Sort.BAR][1]
    moments = [index for index, true in enumerate(table.moments) if true]
    if moments:
        return Chart(Sort.LINE, moments[0], numeric[0])
    names = [index for index in range(len(table.columns)) if index not in numeric]
    if names:
        return Chart(Sort.BAR, names[0], numeric[0])
    return Chart(Sort.SCATTER, numeric[0], numeric[1])


def switched(table: Table, chart: Chart, sort: Sort) -> Chart:
    """The same columns in another chart, as far as it takes them; never one column against itself if avoidable."""
    xs, ys = charts_of(table)[sort]
    y = chart.y if chart.y in ys else ys[0]
    if chart.x in xs and chart.x != y:
        return Chart(sort, chart.x, y)
    x = next((x for x in xs if x != y), xs[0])
    return Chart(sort, x, y)


def options(table: Table, chart: Chart) -> dict[str, Any]:
    """The chart for ECharts. Values of the table stand in data only, never under a key that is evaluated."""
    points = _points(table, chart)
    bars = chart.sort is Sort.BAR
    x_axis: dict[str, Any] = {"name": table.columns[chart.x], "nameLocation": "middle", "nameGap": 32, **_axis()}
    if bars:
        x_axis |= {"type": "category", "data": [_name(x) for x, _ in points], "nameGap": 64}
        x_axis["axisLabel"] |= {"rotate": 30 if len(points) > 4 else 0, "hideOverlap": True}
        data: list[Any] = [y.number for _, y in points]
    else:
        x_axis |= {"type": "time"} if table.moments[chart.x] else {"type": "value", "scale": True}
        data = [[x.full if x.number is None else x.number, y.number] for x, y in points]
    return {
        "animation": False,
        "grid": {"left": 24, "right": 24, "top": 40, "bottom": 40, "containLabel": True},
        "tooltip": {"trigger": "item", "renderMode": "richText"},
        "xAxis": x_axis,
        "yAxis": {"type": "value", "name": table.columns[chart.y], "scale": not bars, **_axis()},
        "series": [
            {"type": str(chart.sort), "data": data, "itemStyle": {":color": _BAR}, "lineStyle": {":color": _BAR}}
        ],
    }


def sentence(table: Table, chart: Chart) -> str:
    """The same for those who do not see it: how many points, from where to where, and the largest."""
    points = _points(table, chart)
    words = {Sort.BAR: "Bars", Sort.LINE: "A line", Sort.SCATTER: "Points"}[chart.sort]
    head = f"{words} of {table.columns[chart.y]} by {table.columns[chart.x]}"
    if not points:
        return f"{head}: nothing to draw."
    values = [y.number for _, y in points if y.number is not None]
    low, high = min(values), max(values)
    at = next(x for x, y in points if y.number == high)
    cut = f"; only the first {len(points)} rows are drawn" if len(points) < len(table.rows) else ""
    if low == high:
        return f"{head}: {len(points)} values, all {_words(low)}{cut}."
    return f"{head}: {len(points)} values from {_words(low)} to {_words(high)}, the largest at {_name(at)}{cut}."


def _points(table: Table, chart: Chart) -> list[tuple[Cell, Cell]]:
    """The pairs that have both values; points of a line in the order of x."""
    most = MOST_BARS if chart.sort is Sort.BAR else MOST_POINTS
    found = [(row[chart.x], row[chart.y]) for row in table.rows if row[chart.x].full and row[chart.y].full][:most]
    return sorted(found, key=lambda pair: pair[0].key) if chart.sort is Sort.LINE else found


def _name(cell: Cell) -> str:
    return cell.text if len(cell.text) <= _LONGEST_NAME else cell.text[: _LONGEST_NAME - 1] + "…"


def _words(number: float) -> str:
    return number_text(repr(number), number)


def _axis() -> dict[str, Any]:
    return {
        "axisLabel": {":color": _INK, "fontSize": 14},
        "nameTextStyle": {":color": _INK, "fontSize": 14},
        "axisLine": {"lineStyle": {":color": _LINE}},
        "splitLine": {"lineStyle": {":color": _LINE}},
    }
