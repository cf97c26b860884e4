"""The graph explorer: search, the drawn neighbourhood, and the facts of the chosen node as tables of links."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from typing import Final
from urllib.parse import quote

from nicegui import ui
from nicegui.events import GenericEventArguments

from api.console.explore import browser, picture
from api.console.explore.asking import find, look
from api.console.explore.board import MORE, MOST, Board, Hidden
from api.console.explore.facts import About
from api.console.explore.facts_html import facts_html, found_html
from api.console.explore.failure import failure
from api.console.explore.iris import is_iri, named_node, reference
from api.console.explore.names import Kind
from api.console.explore.points import on_node
from api.console.explore.table_html import CLICK, node_link
from api.console.shell import Visit
from kg.errors import TwinError

_EVERYTHING: Final = "Everything"
_SEARCHED: Final = (Kind.EQUIPMENT, Kind.PROPERTY, Kind.ORDER, Kind.RULE, Kind.SHAPE, Kind.DECISION, Kind.VOCABULARY)


class Explorer:
    """Drawn in the current container. `ask` puts a query about a node into the workbench."""

    def __init__(self, visit: Visit, ask: Callable[[str], Awaitable[None]]) -> None:
        self._visit = visit
        self._ask = ask
        self._board = Board()
        self._chosen: About | None = None
        self._asked = 0
        self._draw_search()
        with ui.element("div").classes("tw-x-graph"):
            with ui.element("section").classes("tw-card tw-x-drawing").props('aria-label="Drawn graph"'):
                self._draw_picture()
            with (
                ui.element("section")
                .classes("tw-card tw-x-panel")
                .props('aria-label="Facts of the chosen node"') as self._frame
            ):
                self._panel = ui.element("div")
                with self._panel:
                    ui.label("Choose a node: its facts appear here.").classes("tw-empty")

    @property
    def empty(self) -> bool:
        """True before any node was asked for."""
        return self._asked == 0

    async def begin(self, name: str = "") -> None:
        """Open a node by name or IRI; without one the first that there is to begin with."""
        if name:
            await self.open(named_node(self._visit.twin.info, name) or name)
            return
        await self._search()
        if self._first and self.empty:
            await self.open(self._first)

    async def open(self, iri: str, focus: bool = False) -> None:
        """Choose a node, and draw its neighbours. `focus` puts the focus on the heading of its facts."""
        self._asked += 1
        asked = self._asked
        self._says.set_text("Looking …")
        try:
            about = await look(self._visit.twin, self._visit.person, iri)
        except TwinError as error:
            if asked == self._asked:
                self._fail(error)
            return
        if asked != self._asked:
            return
        self._chosen = about
        if about.known:
            self._board.open(about)
            ui.navigate.history.replace(f"/explore?node={quote(iri, safe='')}")
        self._results.set_visibility(False)
        self._found.set_text("")
        self._redraw()
        self._show_facts(focus)

    def _draw_search(self) -> None:
        self._results = ui.element("div").classes("tw-x-results")
        kinds = [_EVERYTHING, *(kind.word for kind in _SEARCHED)]
        section = ui.element("section").classes("tw-card tw-x-search").props('role=search aria-label="Find a node"')
        with section:
            with ui.element("div").classes("tw-x-bar"):
                self._text = (
                    ui.input("Find by label, name or code", on_change=self._search)
                    .props("outlined dense clearable debounce=300")
                    .classes("tw-x-find")
                    .on("focus", self._offer)
                    .on("keydown.enter", self._search)
                )
                self._kind = ui.select(kinds, value=_EVERYTHING, label="Among", on_change=self._search)
                self._kind.props("outlined dense options-dense").classes("tw-x-choice")
                self._found = ui.label().classes("tw-quiet").props("role=status")
            self._results.move(section)
            with self._results:
                self._list = ui.html("", sanitize=False)
                self._list.on("click", self._clicked, js_handler=CLICK)
        self._first = ""

    def _draw_picture(self) -> None:
        with ui.element("div").classes("tw-x-bar"):
            ui.html("<h2>Neighbourhood</h2>", sanitize=False)
            ui.space()
            self._graphs = ui.select([], multiple=True, value=[], label="Hide graphs", on_change=self._redraw)
            self._predicates = ui.select({}, multiple=True, value=[], label="Hide facts", on_change=self._redraw)
            for choice in (self._graphs, self._predicates):
                choice.props("outlined dense options-dense clearable").classes("tw-x-choice")
        self._says = ui.label().classes("tw-quiet tw-x-small").props("role=status")
        self._chart = ui.echart({"series": []}).classes("tw-x-picture")
        on_node(self._chart, self._point)
        self._chart.props["role"] = "img"
        ui.label(
            "Click opens a node and draws its neighbours; drag to move, wheel to zoom. Dashed arrows are inferred."
        ).classes("tw-quiet tw-x-small")

    async def _offer(self) -> None:
        """The nodes found last; at first those to begin with."""
        if not self._first:
            await self._search()
        self._results.set_visibility(True)

    async def _search(self) -> None:
        text = str(self._text.value or "")
        kind = next((kind for kind in _SEARCHED if kind.word == self._kind.value), None)
        try:
            nodes = await find(self._visit.twin, self._visit.person, text, kind)
        except TwinError as error:
            failed = failure(error)
            self._found.set_text(f"{failed.message} {failed.remedy}")
            return
        if text != str(self._text.value or ""):
            return
        self._first = nodes[0].iri if nodes else ""
        self._found.set_text(_found(len(nodes)) if text.strip() else "To begin with:")
        self._list.set_content(found_html(nodes))
        self._results.set_visibility(True)

    async def _point(self, name: str) -> None:
        if name.startswith(MORE):
            if self._board.drawn(self._hidden()).full:
                ui.notify(f"{MOST} nodes are drawn, which is all that can be told apart. Begin again from a node.")
            self._board.more(name.removeprefix(MORE))
            self._redraw()
        elif is_iri(name):
            await self.open(name)

    async def _clicked(self, event: GenericEventArguments) -> None:
        what, value = event.args
        if what == "node" and is_iri(str(value)):
            await self.open(str(value), focus=True)

    def _hidden(self) -> Hidden:
        return Hidden(frozenset(self._graphs.value or ()), frozenset(self._predicates.value or ()))

    def _redraw(self) -> None:
        if self._chosen is None:
            return
        self._offer_filters()
        drawn = self._board.drawn(self._hidden())
        node = self._chosen.node
        told = picture.sentence(drawn, node.label)
        rest = sum(drawn.more.values())
        more = f", {rest} more not drawn" if rest else ""
        full = f" {MOST} are the most that is drawn; begin again from a node to see others." if drawn.full else ""
        self._says.set_text(f"{len(drawn.nodes)} nodes, {len(drawn.edges)} arrows{more}.{full}")
        self._chart.props["aria-label"] = told
        self._chart.options.clear()
        self._chart.options.update(picture.options(drawn, node.iri))
        self._chart.update()

    def _offer_filters(self) -> None:
        graphs, predicates = list(self._board.graphs()), self._board.predicates()
        if graphs != self._graphs.options:
            self._graphs.set_options(graphs)
        if predicates != self._predicates.options:
            self._predicates.set_options(predicates)

    def _show_facts(self, focus: bool) -> None:
        about = self._chosen
        if about is None:
            return
        node = about.node
        self._panel.clear()
        with self._panel:
            ui.html(f"<h2 tabindex=-1>{escape(node.label)}</h2>", sanitize=False)
            types = ", ".join(node_link(iri, self._visit.twin.info.short(iri)) for iri in about.types if is_iri(iri))
            ui.html(f'<p class="tw-x-types">{types}</p>', sanitize=False).on("click", self._clicked, js_handler=CLICK)
            if about.definition:
                ui.label(about.definition)
            ui.label(node.iri).classes("tw-x-iri tw-quiet")
            with ui.element("div").classes("tw-x-bar"):
                ui.button("Begin here", icon="filter_center_focus", on_click=self._begin_here).props("outline no-caps")
                ui.button("Look again", icon="refresh", on_click=lambda: self.open(node.iri)).props("outline no-caps")
                ui.button(
                    "As Turtle", icon="code", on_click=lambda: self._ask(f"DESCRIBE {reference(node.iri)}")
                ).props("outline no-caps")
                if about.decision is not None:
                    ui.link("Explain this decision", f"/explain/{about.decision}").classes("tw-x-button")
            if not about.known:
                ui.label("The graph holds nothing about this node.").classes("tw-empty")
            if about.cut:
                ui.label("It has more facts than are looked at here; a query shows them all.").classes("tw-x-caution")
            tables = ui.html(facts_html(about), sanitize=False)
            tables.on("click", self._clicked, js_handler=CLICK)
        browser.show_top(self._frame.html_id, focus)

    def _begin_here(self) -> None:
        if self._chosen is not None and self._chosen.known:
            self._board.start(self._chosen)
            self._redraw()

    def _fail(self, error: TwinError) -> None:
        failed = failure(error)
        self._says.set_text("")
        self._panel.clear()
        with self._panel, ui.element("div").classes("tw-x-failure").props("role=alert"):
            ui.html(f"<h3>{escape(failed.title)}</h3>", sanitize=False)
            ui.label(failed.message)
            ui.label(failed.remedy).classes("tw-x-remedy")


def _found(count: int) -> str:
    return "Nothing found." if not count else "1 node" if count == 1 else f"{count} nodes"
