"""Clicks on the nodes of a drawn graph."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import GenericEventArguments


def on_node(chart: ui.echart, handler: Callable[[str], Awaitable[None]]) -> None:
    """Call `handler` with the id of a node that is clicked.

    The toolkit's own event of a point wants a value, which nodes of a graph do not have.
    """

    async def clicked(event: GenericEventArguments) -> None:
        data = event.args.get("data")
        if event.args.get("dataType") == "node" and isinstance(data, dict) and isinstance(data.get("id"), str):
            await handler(data["id"])

    chart.on("componentClick", clicked, ["dataType", "data"])
