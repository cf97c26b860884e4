"""The page Explore: two tabs, the workbench and the graph explorer, which open each other's things."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from api.console.explore.explorer import Explorer
from api.console.explore.workbench import Workbench
from api.console.shell import Visit, page

_QUERY: Final = "Query"
_GRAPH: Final = "Graph"


@page("/explore", "Explore")
def draw(visit: Visit, query: str = "", node: str = "") -> None:
    """`query` fills the editor and is not run; `node` opens the graph at a node."""
    ui.html('<h1 class="tw-x-hidden">Explore</h1>', sanitize=False)
    first = _GRAPH if node and not query else _QUERY
    with ui.tabs().props("no-caps align=left inline-label").classes("tw-x-tabs") as tabs:
        ui.tab(_QUERY, icon="manage_search")
        ui.tab(_GRAPH, icon="hub")

    async def open_node(iri: str) -> None:
        tabs.set_value(_GRAPH)
        await explorer.open(iri)

    async def ask(text: str) -> None:
        tabs.set_value(_QUERY)
        workbench.fill(text)
        await workbench.run()

    async def opened() -> None:
        if tabs.value == _GRAPH and explorer.empty:
            await explorer.begin(node)

    async def connected() -> None:
        await workbench.restore(linked=bool(query))
        await opened()

    with ui.tab_panels(tabs, value=first, animated=False).classes("tw-x-panels"):
        with ui.tab_panel(_QUERY):
            workbench = Workbench(visit, query, open_node)
        with ui.tab_panel(_GRAPH):
            explorer = Explorer(visit, ask)
    tabs.on_value_change(opened)
    ui.timer(0, connected, once=True)
