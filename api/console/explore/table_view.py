"""Draws a table of results: a page at a time, sorted by its headers, with links to the nodes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from api.console.explore.table import PAGE, Table
from api.console.explore.table_html import CLICK, page_html


class TableView:
    """A table in the current container. `open_node` is called with the IRI of a link that was clicked."""

    def __init__(self, table: Table, open_node: Callable[[str], Awaitable[None]]) -> None:
        self._given = self._table = table
        self._open_node = open_node
        self._page = 0
        self._sorted_by: int | None = None
        self._descending = False
        with ui.element("div").classes("tw-x-scroll").props('tabindex=0 role=region aria-label="Rows of the answer"'):
            self._html = ui.html("", sanitize=False)
            self._html.on("click", self._clicked, js_handler=CLICK)
        if table.pages > 1:
            with ui.element("nav").classes("tw-x-pager").props('aria-label="Pages of rows"'):
                self._buttons = [
                    ui.button(icon=icon, on_click=lambda _, step=step: self._go(step))
                    .props(f'flat aria-label="{name}"')
                    .tooltip(name)
                    for icon, name, step in (
                        ("first_page", "First page", -table.pages),
                        ("chevron_left", "Page before", -1),
                        ("chevron_right", "Next page", 1),
                        ("last_page", "Last page", table.pages),
                    )
                ]
                self._place = ui.label().props("aria-live=polite").classes("tw-number")
        self._show()

    def _go(self, step: int) -> None:
        self._page = max(0, min(self._table.pages - 1, self._page + step))
        self._show()

    async def _clicked(self, event: GenericEventArguments) -> None:
        what, value = event.args
        if what == "node":
            await self._open_node(str(value))
        elif what == "sort" and str(value).isdigit() and int(value) < len(self._table.columns):
            self._sort(int(value))

    def _sort(self, column: int) -> None:
        self._descending = not self._descending if column == self._sorted_by else False
        self._sorted_by, self._page = column, 0
        self._table = self._given.sorted_by(column, self._descending)
        self._show()

    def _show(self) -> None:
        self._html.set_content(page_html(self._table, self._page, self._sorted_by, self._descending))
        if self._table.pages > 1:
            first, last = self._page * PAGE + 1, min((self._page + 1) * PAGE, len(self._table.rows))
            self._place.set_text(f"Rows {first:,} to {last:,} of {len(self._table.rows):,}")
            for button, at_end in zip(self._buttons, (True, True, False, False), strict=True):
                button.set_enabled(self._page > 0 if at_end else self._page < self._table.pages - 1)
