"""The page Operate."""

from __future__ import annotations

from functools import partial
from typing import Final

from nicegui import ui

from api.console.operate import losses, order, tiles
from api.console.operate.agents_panel import AgentsPanel
from api.console.operate.cards import Cards
from api.console.operate.drawing import line_markup, line_values, table_markup
from api.console.operate.lists import ConditionsList, DecisionsList
from api.console.operate.live import Live
from api.console.operate.machine_panel import MachinePanel
from api.console.operate.machines import line_view
from api.console.operate.sheet import Sheet, Values
from api.console.operate.topology import Topology, topology_of
from api.console.shell import Visit, page
from ontology import TW

_EVERY_S: Final = 1.0
_ASK_EVERY_S: Final = 2.0
_WIDE: Final = 8
_NARROW: Final = 3
_PICK: Final = (
    '(event) => { const found = event.target.closest("[data-machine]"); '
    'if (found && (event.type === "click" || event.key === "Enter" || event.key === " ")) '
    "{ event.preventDefault(); emit(found.dataset.machine); } }"
)


@page("/", "Operate")
def draw(visit: Visit) -> None:
    """The line at a glance, what agents propose, and what holds now."""
    ui.add_head_html('<script src="/console-static/operate.js"></script>')
    ui.html('<h1 class="op-hidden">Operate</h1>', sanitize=False)
    Operate(visit)


class Operate:
    """The page of one browser."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._live = Live()
        self._topology = Topology((), (), (), ())
        with ui.element("div").classes("op-page") as self._page:
            self._waiting = ui.label().classes("tw-card tw-empty").props("role=status")
            with ui.element("div").classes("op-all") as self._all:
                self._draw()
        self._tick()
        ui.timer(_EVERY_S, self._tick)
        ui.timer(_ASK_EVERY_S, self._ask)

    def _draw(self) -> None:
        visit, live = self._visit, self._live
        ui.label("The browser hears nothing from the twin's web process. What you see is old.").classes(
            "op-silence tw-strip tw-alarm"
        )
        with ui.element("div").classes("op-figures"):
            live.piece(order.order_markup)
            self._panel = MachinePanel(visit)
            picture = live.piece(self._line)
            picture.on("click", self._pick, js_handler=_PICK).on("keydown", self._pick, js_handler=_PICK)
            live.piece(tiles.tiles_markup).classes("op-tiles-place")
        with ui.element("div").classes("op-columns"):
            with ui.element("div").classes("op-column"):
                self._cards = Cards(visit)
                self._decisions = DecisionsList(visit)
            with ui.element("div").classes("op-column"):
                self._conditions = ConditionsList(visit)
                with ui.element("section").classes("tw-card op-losses-card").props('aria-label="Top losses"'):
                    ui.html("<h2>Top losses</h2>", sanitize=False)
                    live.piece(losses.losses_markup)
                self._agents = AgentsPanel(visit)

    def _line(self, sheet: Sheet) -> str:
        """The picture for wide and for narrow windows, and as a table."""
        drawn = partial(line_markup, self._topology, sheet)
        return (
            '<section class="tw-card op-line" aria-label="Line">'
            f'<div class="op-line-head"><h2>Line</h2><span>Power {sheet.text("line.power")}</span></div>'
            f'<div class="op-wide">{drawn(_WIDE)}</div><div class="op-narrow">{drawn(_NARROW)}</div>'
            f"<details><summary>As a table</summary>{table_markup(self._topology, sheet)}</details></section>"
        )

    def _values(self) -> Values:
        hub = self._visit.twin.hub
        model, line = hub.model, hub.model.layout.line if hub.model.layout else ""
        view = order.order_view(model, hub.trend(str(line), TW.orderActual))
        return {
            **order.order_values(view),
            **line_values(line_view(model, self._topology)),
            **tiles.tiles_values(model, hub.trend),
            **losses.losses_values(losses.losses_view(model)),
        }

    def _tick(self) -> None:
        hub = self._visit.twin.hub
        known = hub.model.layout is not None
        self._all.set_visibility(known)
        self._waiting.set_visibility(not known)
        self._waiting.set_text(_waiting(hub.connected))
        if not known:
            ui.run_javascript("window.twSet?.({})")
            return
        self._page.classes(add="" if hub.connected else "op-old", remove="op-old" if hub.connected else "")
        topology = topology_of(hub.model)
        if topology != self._topology:
            self._topology = topology
            self._live.draw(self._values())
        self._live.bring(self._values())
        self._panel.tick(self._conditions.held)
        self._cards.tick()
        self._conditions.tick()
        self._agents.tick()

    async def _ask(self) -> None:
        if self._visit.twin.hub.model.layout is not None:
            await self._conditions.ask()
            await self._cards.ask()
            await self._decisions.ask()

    def _pick(self, event: object) -> None:
        place = str(getattr(event, "args", ""))
        if place.isdecimal() and int(place) < len(self._topology.machines):
            self._panel.open(self._topology.machines[int(place)], self._conditions.held)


def _waiting(connected: bool) -> str:
    if connected:
        return "The twin answers, but its model has no line yet: nothing with a tw:constraint and machines."
    return "Waiting for the twin: its core has not answered since this page's process began. It is asked every second."
