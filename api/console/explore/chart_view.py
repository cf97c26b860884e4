"""Draws the chart of a table, with the choice of sort, x and y."""

from __future__ import annotations

from nicegui import ui

from api.console.explore.chart import Chart, Sort, charts_of, options, sentence, switched
from api.console.explore.table import Table

_WORDS = {Sort.BAR: "Bars", Sort.LINE: "Line", Sort.SCATTER: "Points"}


class ChartView:
    """A chart in the current container."""

    def __init__(self, table: Table, chart: Chart) -> None:
        self._table = table
        self._possible = charts_of(table)
        sorts = {str(sort): _WORDS[sort] for sort in self._possible}
        with ui.element("div").classes("tw-x-bar"):
            self._sort = ui.select(sorts, value=str(chart.sort), label="Chart", on_change=self._chosen)
            self._x = ui.select(self._names(chart.sort, 0), value=chart.x, label="Across (x)", on_change=self._draw)
            self._y = ui.select(self._names(chart.sort, 1), value=chart.y, label="Up (y)", on_change=self._draw)
            for choice in (self._sort, self._x, self._y):
                choice.props("outlined dense options-dense").classes("tw-x-choice")
        self._says = ui.label().classes("tw-quiet")
        self._chart = ui.echart({"series": []}).classes("tw-x-chart")
        self._draw()

    def _names(self, sort: Sort, axis: int) -> dict[int, str]:
        return {index: self._table.columns[index] for index in self._possible[sort][axis]}

    def _chosen(self) -> None:
        sort = Sort(str(self._sort.value))
        chart = switched(self._table, Chart(sort, int(self._x.value), int(self._y.value)), sort)
        self._x.set_options(self._names(sort, 0), value=chart.x)
        self._y.set_options(self._names(sort, 1), value=chart.y)
        self._draw()

    def _draw(self) -> None:
        if self._x.value is None or self._y.value is None:
            return
        chart = Chart(Sort(str(self._sort.value)), int(self._x.value), int(self._y.value))
        told = sentence(self._table, chart)
        self._says.set_text(told)
        self._chart.props["role"] = "img"
        self._chart.props["aria-label"] = told
        self._chart.options.clear()
        self._chart.options.update(options(self._table, chart))
        self._chart.update()
