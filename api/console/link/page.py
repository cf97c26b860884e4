"""The page Link."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from typing import Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from api.console.link.gaps import gaps_markup, gaps_of
from api.console.link.gateway import allowed_markup, gateway_markup, gateway_values
from api.console.link.items import PAGE, Item, Order, Sought, items_of, places_of
from api.console.link.items_table import items_markup, items_values
from api.console.link.news import News, newsroom_of
from api.console.link.parts import parts_markup, parts_values
from api.console.link.servers import servers_markup, servers_values
from api.console.link.trend_dialog import TrendDialog
from api.console.operate.live import Live
from api.console.operate.sheet import Sheet
from api.console.shell import Visit, page

_EVERY_S: Final = 1.0
_STRIP_US: Final = 60_000_000
"""The strip of gaps moves on every minute."""
_PICK: Final = '(event) => { const found = event.target.closest("[data-prop]"); if (found) emit(found.dataset.prop); }'
_ORDERS: Final = {Order.PLACE: "By place", Order.QUALITY: "Worst quality first", Order.AGE: "Oldest first"}


@page("/link", "Link")
def draw(visit: Visit) -> None:
    """The page."""
    ui.add_head_html('<script src="/console-static/operate.js"></script>')
    ui.html("<h1>Link to the controllers</h1>", sanitize=False)
    Link(visit)


class Link:
    """The page of one browser."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._places = places_of(visit.twin.plant)
        self._news = News()
        self._sought = Sought()
        self._from = 0
        self._overview, self._table = Live(), Live()
        self._drawn: Hashable = None
        self._lines: Hashable = None
        self._items: list[Item] = []
        with ui.element("div").classes("lk-page"):
            self._draw()
        self._trend = TrendDialog(visit)
        ui.timer(_EVERY_S, self._tick)

    def _draw(self) -> None:
        overview, twin = self._overview, self._visit.twin
        with ui.element("div").classes("lk-columns"):
            self._section("Servers", lambda sheet: servers_markup(twin.info, self._news.core, sheet))
            self._section("Writing", gateway_markup)
        self._section("What may be written", partial(allowed_markup, twin.plant))
        self._section("Gaps", lambda _: gaps_markup(gaps_of(twin.hub.model), twin.now_us()))
        self._section("The twin's own parts", lambda sheet: parts_markup(self._news.parts, sheet))
        with ui.element("section").classes("tw-card"):
            ui.html("<h2>Bound items</h2>", sanitize=False)
            self._filter()
            self._scroll = self._table.piece(lambda sheet: items_markup(self._items, sheet))
            self._scroll.classes("lk-scroll").on("click", self._pick, js_handler=_PICK)
            self._pages()
        overview.draw({})

    def _section(self, title: str, markup: Callable[[Sheet], str]) -> None:
        with ui.element("section").classes("tw-card"):
            ui.html(f"<h2>{title}</h2>", sanitize=False)
            self._overview.piece(markup).classes("lk-scroll")

    def _filter(self) -> None:
        equipment = sorted({place.equipment for place in self._places})
        with ui.element("div").classes("lk-filter").props('role=search aria-label="Items"'):
            ui.input("Search", on_change=lambda e: self._seek(text=str(e.value or ""))).props(
                "outlined dense clearable debounce=250"
            ).classes("lk-choice")
            ui.select(
                {"": "All equipment", **{name: name for name in equipment}},
                label="Equipment",
                value="",
                on_change=lambda e: self._seek(equipment=str(e.value or "")),
            ).props("outlined dense options-dense").classes("lk-choice")
            ui.select(
                dict(_ORDERS),
                label="Sorted",
                value=Order.PLACE,
                on_change=lambda e: self._seek(order=Order(e.value)),
            ).props("outlined dense options-dense").classes("lk-choice")
            ui.switch("Only what is not good", on_change=lambda e: self._seek(only_bad=bool(e.value)))

    def _pages(self) -> None:
        with ui.element("div").classes("lk-pages"):
            self._count = ui.label("Asking the core…").props("role=status")
            self._back = ui.button("Back", color=None, on_click=lambda: self._turn(-PAGE))
            self._next = ui.button("Next", color=None, on_click=lambda: self._turn(PAGE))
            for button in (self._back, self._next):
                button.props("outline no-caps").classes("lk-button")

    def _seek(self, **change: object) -> None:
        self._sought, self._from = replace(self._sought, **change), 0  # type: ignore[arg-type]
        self._show_items()

    def _turn(self, by: int) -> None:
        self._from = max(self._from + by, 0)
        self._show_items()

    async def _pick(self, event: GenericEventArguments) -> None:
        place = next((place for place in self._places if place.prop == event.args), None)
        if place is not None:
            await self._trend.show(place)

    async def _tick(self) -> None:
        self._news = await newsroom_of(self._visit.twin).read(self._visit.twin)
        connected = self._visit.twin.hub.connected
        self._scroll.classes(add="" if connected else "tw-old", remove="tw-old" if connected else "")
        self._show_overview()
        self._show_items()

    def _show_overview(self) -> None:
        twin, news = self._visit.twin, self._news
        now_us = twin.now_us()
        values = {
            **servers_values(news.core, now_us),
            **gateway_values(twin.plant, news.gateway),
            **parts_values(news.core, news.parts, now_us),
        }
        shape = (
            tuple(news.core.get("link", {})),
            news.core.get("error"),
            tuple(str(part.get("name")) for part in news.parts),
            gaps_of(twin.hub.model),
            now_us // _STRIP_US,
        )
        if shape != self._drawn:
            self._drawn = shape
            self._overview.draw(values)
        else:
            self._overview.bring(values)

    def _show_items(self) -> None:
        twin, news = self._visit.twin, self._news
        found = items_of(self._places, news.samples, twin.hub.model, twin.now_us(), self._sought)
        self._from = min(self._from, max(len(found) - 1, 0) // PAGE * PAGE)
        self._items = found[self._from : self._from + PAGE]
        lines = tuple(item.place.prop for item in self._items)
        if lines != self._lines:
            self._lines = lines
            self._table.draw(items_values(self._items))
        else:
            self._table.bring(items_values(self._items))
        self._count.set_text(self._counted(len(found)))
        self._back.set_enabled(self._from > 0)
        self._next.set_enabled(self._from + PAGE < len(found))

    def _counted(self, found: int) -> str:
        if self._news.error:
            return f"The history could not be read: {self._news.error}"
        if not found:
            return "Every item is good." if self._sought == Sought(only_bad=True) else "No item fits."
        of = f"of {found}" + ("" if found == len(self._places) else f" (out of {len(self._places)})")
        return f"{self._from + 1} to {min(self._from + PAGE, found)} {of}"
