"""Draws the answer to a query: table and chart, yes or no, or a graph; and what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from html import escape
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from api.console.explore import picture
from api.console.explore.chart import first_chart
from api.console.explore.chart_view import ChartView
from api.console.explore.facts_html import found_html
from api.console.explore.failure import Failure
from api.console.explore.graph_answer import drawn_of, shown_text
from api.console.explore.iris import is_iri
from api.console.explore.points import on_node
from api.console.explore.table import table_of
from api.console.explore.table_html import CLICK
from api.console.explore.table_view import TableView
from api.run_info import RunInfo

OpenNode = Callable[[str], Awaitable[None]]
_LONGEST_LINK: Final = 16_000
"""Characters of a query in a link; servers and browsers cut longer ones."""


async def draw_answer(answer: Mapping[str, Any], query: str, info: RunInfo, open_node: OpenNode) -> None:
    """The answer in the current container."""
    if answer["truncated"]:
        limit = f"{answer['row_limit']:,}"
        ui.label(
            f"Cut at the row limit of {limit}: there is more. Narrow the query, or put ORDER BY and LIMIT in it."
        ).classes("tw-x-caution")
    match answer["form"]:
        case "ask":
            ui.label("Yes" if answer["results"]["boolean"] else "No").classes("tw-big")
        case "graph":
            await _graph(str(answer["graph"]), query, info, open_node)
        case _:
            await _table(answer, query, info, open_node)


def draw_failure(failure: Failure, go_to: Callable[[int, int], object]) -> None:
    """What went wrong, where, and what to do; the place is a button that leads to it."""
    with ui.element("div").classes("tw-x-failure").props("role=alert"):
        ui.html(f"<h3>{escape(failure.title)}</h3>", sanitize=False)
        ui.label(failure.message)
        ui.label(failure.remedy).classes("tw-x-remedy")
    line = failure.line
    if line is not None:
        ui.button(
            f"Go to {failure.place.lower()}", icon="my_location", on_click=lambda: go_to(line, failure.column or 1)
        ).props("outline no-caps")


def summary(answer: Mapping[str, Any]) -> str:
    """Rows, time and the Change that the answer has seen, in a sentence."""
    count, what = answer["rows"], "triple" if answer["form"] == "graph" else "row"
    found = "An answer" if answer["form"] == "ask" else f"{count:,} {what}{'' if count == 1 else 's'}"
    return f"{found} in {answer['seconds']:.3f} s, as of Change {answer['seq']:,}."


async def _table(answer: Mapping[str, Any], query: str, info: RunInfo, open_node: OpenNode) -> None:
    table = await asyncio.to_thread(table_of, answer["results"], info)
    if not table.rows:
        ui.label("The query runs, and nothing matches.").classes("tw-empty")
        return
    chart = first_chart(table)
    with ui.element("div").classes("tw-x-bar"):
        tabs = ui.tabs().props("dense no-caps inline-label align=left")
        ui.space()
        _download(query, "csv", "CSV")
    with tabs:
        ui.tab("Table")
        if chart is not None:
            ui.tab("Chart")
    with ui.tab_panels(tabs, value="Table", animated=False).classes("tw-x-panels"):
        with ui.tab_panel("Table"):
            TableView(table, open_node)
        if chart is not None:
            with ui.tab_panel("Chart"):
                ChartView(table, chart)


async def _graph(turtle: str, query: str, info: RunInfo, open_node: OpenNode) -> None:
    text, whole = shown_text(turtle)
    drawn = await asyncio.to_thread(drawn_of, turtle, info)
    if not drawn.nodes:
        ui.label("The query runs, and the graph that it makes is empty.").classes("tw-empty")
        return
    first = "Turtle" if query.lstrip().upper().startswith("DESCRIBE") else "Drawn"
    with ui.element("div").classes("tw-x-bar"):
        tabs = ui.tabs().props("dense no-caps inline-label align=left")
        ui.space()
        _download(query, "turtle", "Turtle")
    with tabs:
        for name in ("Drawn", "Turtle"):
            ui.tab(name)

    async def clicked(iri: str) -> None:
        if is_iri(iri):
            await open_node(iri)

    with ui.tab_panels(tabs, value=first, animated=False).classes("tw-x-panels"):
        with ui.tab_panel("Drawn"):
            told = picture.sentence(drawn, "the answer")
            chart = ui.echart(picture.options(drawn, None)).classes("tw-x-picture")
            on_node(chart, clicked)
            chart.props["role"], chart.props["aria-label"] = "img", told
            with ui.element("details").classes("tw-x-fold"):
                with ui.element("summary"):
                    ui.label(f"The {len(drawn.nodes)} nodes as links")
                nodes = ui.html(found_html([node for node in drawn.nodes if is_iri(node.iri)]), sanitize=False)
                nodes.on("click", lambda event: open_node(str(event.args[1])), js_handler=CLICK)
            if drawn.full:
                ui.label("The nodes with the most links are drawn; the Turtle holds all.").classes("tw-quiet")
        with ui.tab_panel("Turtle"):
            ui.html(f'<pre class="tw-x-code-text" tabindex="0">{escape(text)}</pre>', sanitize=False)
            if not whole:
                ui.label("Only the beginning is shown; the download holds all.").classes("tw-x-caution")


def _download(query: str, form: str, words: str) -> None:
    """A link that asks again over HTTP and lets the browser write what comes into a file."""
    address = f"/v1/sparql?format={form}&query={quote(query)}"
    if len(address) > _LONGEST_LINK:
        ui.label(f"Too long a query for a link; POST it to /v1/sparql for {words}.").classes("tw-quiet")
        return
    name = "answer.csv" if form == "csv" else "answer.ttl"
    link = ui.link(f"Download {words}", address).classes("tw-x-button").props(f'download="{name}"')
    link.tooltip("Asks again and writes all rows of the answer into a file")
