"""A dialog with the trend of one item, kept up while it is open."""

from __future__ import annotations

import asyncio

from nicegui import ui

from agents.words import sign_of
from api.console.link.items import Place
from api.console.link.trend import options, read_trend
from api.console.shell import Visit
from kg.errors import TwinError

_EVERY_S = 2.0
_INK, _QUIET = "#4f86b8", "#7d8a94"


class TrendDialog:
    """Drawn once; `show` fills it."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._place: Place | None = None
        with ui.dialog().props('aria-label="Trend"') as self._dialog, ui.card().classes("lk-dialog tw-card"):
            with ui.element("div").classes("lk-dialog-head"):
                self._title = ui.html("<h2>Trend</h2>", sanitize=False)
                self._name = ui.label("").classes("tw-quiet")
            self._plot = ui.echart({}).classes("lk-plot")
            self._told = ui.label("Reading the history…").props("role=status")
            ui.button("Close", color=None, on_click=self._dialog.close).props("outline no-caps").classes("lk-button")
        ui.timer(_EVERY_S, self._look)

    async def show(self, place: Place) -> None:
        """Open the dialog on an item."""
        self._place = place
        self._name.set_text(f"{place.label}, {place.equipment}: last 15 minutes of plant time")
        self._told.set_text("Reading the history…")
        self._dialog.open()
        await self._look()

    async def _look(self) -> None:
        place, twin = self._place, self._visit.twin
        if place is None or not self._dialog.value:
            return
        now_us = twin.hub.model.plant_us
        if place.binding.data_type == "String":
            self._told.set_text("This item holds text, which has no trend.")
            return
        try:
            trend = await asyncio.to_thread(read_trend, twin.history, place.prop, now_us)
        except TwinError as error:
            self._told.set_text(f"{error.message} {error.remedy}")
            return
        unit = sign_of(place.binding.unit)
        self._plot.options.clear()
        self._plot.options.update(options(trend, unit, _INK, _QUIET))
        self._plot.update()
        self._told.set_text(trend.told(unit))
