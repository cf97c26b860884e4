"""The SPARQL workbench: editor, examples, past queries, limits, and the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from nicegui import ui

from api.console.explore import browser, past_queries
from api.console.explore.asking import MOST_ROWS, ask
from api.console.explore.examples import Example, examples
from api.console.explore.failure import Failure, failure
from api.console.explore.results import draw_answer, draw_failure, summary
from api.console.shell import Visit
from kg.errors import TwinError

_TICK_S: Final = 0.2
_LONGEST_ADDRESS: Final = 8000
_NOTHING: Final = Failure("Nothing to run", "The editor is empty.", "Write a query, or take one of the examples.")


class Workbench:
    """Drawn in the current container. Keeps the query whatever happens to it."""

    def __init__(self, visit: Visit, query: str, open_node: Callable[[str], Awaitable[None]]) -> None:
        self._visit = visit
        self._open_node = open_node
        self._rows = min(MOST_ROWS, visit.twin.settings.query_rows)
        self._seconds = visit.twin.settings.query_timeout_s
        self._running: asyncio.Task[dict[str, object]] | None = None
        self._began = 0.0
        self._past: tuple[past_queries.PastQuery, ...] = ()
        with ui.element("div").classes("tw-x-bench"):
            with ui.element("section").classes("tw-card tw-x-query").props('aria-label="Query"'):
                self._draw_editor(query)
            with ui.element("section").classes("tw-card tw-x-answer").props('aria-label="Answer"'):
                self._status = ui.label().classes("tw-quiet tw-number").props("role=status")
                self._answer = ui.element("div")
                self._say_ready()
            with ui.element("aside").classes("tw-card tw-x-side").props('aria-label="Examples and past queries"'):
                self._draw_side()
        self._ticking = ui.timer(_TICK_S, self._tick, active=False)
        ui.context.client.on_disconnect(self.cancel)

    def fill(self, query: str) -> None:
        """Put a query into the editor; what stood there goes to the past queries."""
        if self._editor.value.strip() != query.strip():
            self._remember(self._editor.value)
            self._editor.set_value(query)
        self._mark(None)

    async def run(self) -> None:
        """Run what stands in the editor; a query that still runs is cancelled."""
        query = self._editor.value
        self.cancel()
        self._mark(None)
        if not query.strip():
            self._fail(_NOTHING)
            return
        self._remember(query)
        visit = self._visit
        task = asyncio.ensure_future(ask(visit.twin, visit.person, query, self._seconds, self._rows))
        self._running, self._began = task, time.monotonic()
        self._set_running(True)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        if self._running is not task:
            return
        self._running = None
        self._set_running(False)
        await self._show(task, query)

    def cancel(self) -> None:
        """End the query that runs, if one does."""
        if self._running is not None:
            self._running.cancel()

    async def restore(self, linked: bool) -> None:
        """What this browser kept: past queries, and the draft unless a link brought a query."""
        browser.name_editor(self._editor.html_id, "SPARQL query. Escape, then Tab leaves the editor.")
        past, draft = await browser.stored()
        self._past = past_queries.read(past)
        self._show_past()
        if not linked and draft.strip():
            self._editor.set_value(draft)
        self._editor.set_theme("vscodeDark" if await browser.is_dark() else "vscodeLight")

    def _draw_editor(self, query: str) -> None:
        ui.html("<h2>Query</h2>", sanitize=False)
        self._editor = ui.codemirror(
            query or examples()[0].text,
            language="SPARQL",
            theme="vscodeLight",
            indent="  ",
            line_wrapping=True,
            keymap={"Mod-Enter": self.run},
        ).classes("tw-x-code")
        with ui.element("div").classes("tw-x-bar"):
            self._run = ui.button("Run", icon="play_arrow", on_click=self.run).props("unelevated no-caps")
            self._run.tooltip("Ctrl+Enter in the editor")
            self._cancel = ui.button("Cancel", icon="close", on_click=self.cancel).props("outline no-caps")
            self._cancel.set_enabled(False)
            ui.button("Copy link", icon="link", on_click=self._copy).props("flat no-caps").tooltip(
                "A link that opens this query without running it"
            )
            self._clock = ui.label().classes("tw-number").props("aria-hidden=true")
        ui.label(
            f"Ctrl+Enter runs. At most {self._seconds:g} s and {self._rows:,} rows. All graphs are read as one; "
            "GRAPH graph:state { … } chooses one."
        ).classes("tw-quiet tw-x-small")

    def _draw_side(self) -> None:
        with ui.element("details").classes("tw-x-fold").props("open"):
            with ui.element("summary"):
                ui.html("<h2>Examples</h2>", sanitize=False)
            with ui.element("div").classes("tw-x-list"):
                for example in examples():
                    self._example(example)
        with ui.element("details").classes("tw-x-fold"):
            with ui.element("summary"):
                ui.html("<h2>Your past queries</h2>", sanitize=False)
            self._past_list = ui.element("div").classes("tw-x-list")
        with ui.element("details").classes("tw-x-fold"):
            with ui.element("summary"):
                ui.html("<h2>Known prefixes</h2>", sanitize=False)
            with ui.element("dl").classes("tw-x-prefixes"):
                for prefix, iri in sorted(self._visit.twin.info.prefixes.items()):
                    with ui.element("dt"):
                        ui.label(f"{prefix}:")
                    with ui.element("dd"):
                        ui.label(iri)

    def _example(self, example: Example) -> None:
        async def take() -> None:
            self.fill(example.text)
            await self.run()

        with ui.element("button").classes("tw-x-item").props("type=button").on("click", take):
            ui.label(example.title).classes("tw-x-title")
            ui.label(example.sentence).classes("tw-quiet")

    def _show_past(self) -> None:
        self._past_list.clear()
        with self._past_list:
            if not self._past:
                ui.label("None in this browser yet.").classes("tw-quiet")
                return
            for past in self._past:
                with (
                    ui.element("button")
                    .classes("tw-x-item")
                    .props("type=button")
                    .on("click", lambda _, text=past.text: self.fill(text))
                ):
                    ui.label(past.title).classes("tw-x-title")
                    ui.label(past.at.replace("T", " ")).classes("tw-quiet")
            ui.button("Forget them all", icon="delete", on_click=self._forget).props("flat no-caps")

    def _remember(self, query: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._past = past_queries.with_query(self._past, query, at)
        browser.keep_past(past_queries.written(self._past))
        browser.keep_draft(query)
        self._show_past()

    def _forget(self) -> None:
        self._past = ()
        browser.keep_past(past_queries.written(()))
        self._show_past()

    async def _show(self, task: asyncio.Task[dict[str, object]], query: str) -> None:
        if task.cancelled():
            self._answer.clear()
            self._status.set_text("Cancelled. The query is kept.")
            return
        error = task.exception()
        if error is not None:
            if not isinstance(error, TwinError):
                raise error
            self._fail(failure(error, query, self._visit.twin.info.prefixes))
            return
        answer = task.result()
        self._status.set_text(summary(answer))
        self._answer.clear()
        with self._answer:
            await draw_answer(answer, query, self._visit.twin.info, self._open_node)
        if len(address := _address(query)) <= _LONGEST_ADDRESS:
            ui.navigate.history.replace(address)

    def _fail(self, failed: Failure) -> None:
        self._status.set_text("")
        self._answer.clear()
        with self._answer:
            draw_failure(failed, self._go_to)
        self._mark(failed.line)

    def _mark(self, line: int | None) -> None:
        self._editor.decorations = [] if line is None else [{"kind": "line", "line": line, "class": "tw-x-bad-line"}]

    def _go_to(self, line: int, column: int) -> None:
        browser.put_cursor(self._editor.html_id, line, column)

    async def _copy(self) -> None:
        if await browser.copy_link(_address(self._editor.value)):
            ui.notify("The link is copied.")

    def _say_ready(self) -> None:
        with self._answer:
            ui.label("The answer appears here.").classes("tw-empty")

    def _set_running(self, running: bool) -> None:
        self._cancel.set_enabled(running)
        self._ticking.active = running
        self._clock.set_text("")
        if running:
            self._status.set_text("Running …")
            self._answer.classes("tw-old")
        else:
            self._answer.classes(remove="tw-old")

    def _tick(self) -> None:
        if self._running is not None:
            self._clock.set_text(f"{time.monotonic() - self._began:.1f} s of at most {self._seconds:g} s")


def _address(query: str) -> str:
    return f"/explore?query={quote(query, safe='')}"
