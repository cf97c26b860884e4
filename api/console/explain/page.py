"""The list of decisions and refusals, with its filter; the page of one decision is in `decision_page`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace

from nicegui import ui
from rdflib import URIRef

from api.acts import label
from api.console.explain import decision_page
from api.console.explain.listing import Found, find
from api.console.explain.rows import row_of, rows_markup
from api.console.explain.verify_card import verify_card
from api.console.explain.wanted import SPANS, STATES, Wanted
from api.console.explain.wording import moment_text
from api.console.shell import Visit, page
from kg.errors import TwinError
from kg.names import GraphName
from ontology import TW

__all__ = ["decision_page", "draw"]
_HEADS = ("Time (UTC)", "Who", "What", "How it ended")


@page("/explain", "Explain")
def draw(
    visit: Visit, state: str = "", who: str = "", rule: str = "", machine: str = "", span: str = "", until: str = ""
) -> None:
    """The page."""
    ui.html("<h1>What was decided, and why</h1>", sanitize=False)
    verify_card(visit)
    List(visit, Wanted(state, who, rule, machine, span, until)).draw()


class List:
    """The list under its filter, as one visitor sees it."""

    def __init__(self, visit: Visit, wanted: Wanted) -> None:
        self._visit = visit
        self._wanted = wanted
        self._machines = {str(b.prop): str(b.equipment) for b in visit.twin.plant.bindings}
        self._bodies: list[ui.html] = []
        self._older: int | None = None
        self._shown: dict[str, bool] = {}
        """Decisions that are shown, and whether they were open."""
        self._newest_us = 0
        self._asked = 0

    def draw(self) -> None:
        """Filter, table and the button for what is older."""
        self._filter()
        self._news = (
            ui.button("", on_click=self._again, color=None).props("outline no-caps icon=refresh").classes("xp-news")
        )
        self._news.set_visibility(False)
        with ui.element("div").classes("tw-card xp-list"):
            self._table = ui.element("table").classes("tw-table xp-table")
            with self._table.props('aria-label="Decisions, the newest first"'):
                heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
                ui.html(f"<tr>{heads}</tr>", tag="thead", sanitize=False)
            self._word = ui.label("Reading the record…").classes("tw-empty").props("role=status")
            self._more = (
                ui.button("Older", on_click=self._further, color=None).props("outline no-caps").classes("xp-more")
            )
            self._more.set_visibility(False)
        ui.timer(0, self._again, once=True)
        ui.timer(1.0, self._look_for_news)

    def _filter(self) -> None:
        with ui.element("div").classes("xp-filter").props('role=search aria-label="Filter"'):
            self._choice(
                "How it ended", "state", {"": "Any end", **{name: words for name, (words, _) in STATES.items()}}
            )
            self._choice("Who", "who", {"": "Anybody", **self._people()})
            self._choice("Rule", "rule", {"": "Any rule", **self._rules()})
            self._choice("Machine", "machine", {"": "Any machine", **self._writable()})
            spans = {name: words for name, (words, _) in SPANS.items()}
            self._choice("When", "span", {"": "Any time", **spans})
            before = ui.input("Before (UTC)", value=self._wanted.until)
            before.props("type=datetime-local stack-label outlined dense clearable debounce=600").classes("xp-choice")
            before.on_value_change(lambda e: self._choose("until", str(e.value or "")))

    def _choice(self, name: str, field: str, options: Mapping[str, str]) -> None:
        value = getattr(self._wanted, field)
        ui.select(
            dict(options),
            label=name,
            value=value if value in options else "",
            on_change=lambda e: self._choose(field, str(e.value or "")),
        ).props("outlined dense options-dense").classes("xp-choice")

    def _writable(self) -> dict[str, str]:
        plant = self._visit.twin.plant
        machines = {self._machines[str(grant.prop)] for grant in plant.grants if str(grant.prop) in self._machines}
        return {iri: label(plant, iri) for iri in sorted(machines)}

    def _people(self) -> dict[str, str]:
        plant = self._visit.twin.plant
        iris = [*map(str, plant.agents), *(str(source.author) for source in plant.persons.values())]
        return {iri: label(plant, iri) for iri in iris}

    def _rules(self) -> dict[str, str]:
        plant = self._visit.twin.plant
        rules = {rule for rule in plant.graphs[GraphName.POLICY].objects(None, TW.ofRule) if isinstance(rule, URIRef)}
        return {str(rule): label(plant, str(rule)) for rule in sorted(rules)}

    async def _choose(self, field: str, value: str) -> None:
        if getattr(self._wanted, field) == value:
            return
        self._wanted = replace(self._wanted, **{field: value})
        ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(self._wanted.address())})")
        await self._again()

    async def _again(self) -> None:
        """Begin anew from the newest."""
        self._asked += 1
        self._news.set_visibility(False)
        self._shown, self._newest_us, self._older = {}, 0, None
        for body in self._bodies:
            body.delete()
        self._bodies.clear()
        await self._read()

    async def _further(self) -> None:
        self._asked += 1
        await self._read()

    async def _read(self) -> None:
        asked, twin = self._asked, self._visit.twin
        self._say("Reading the record…")
        self._more.set_visibility(False)
        try:
            found = await asyncio.to_thread(
                find, twin.journal, self._wanted, self._machines, twin.now_us(), self._older
            )
        except TwinError as error:
            self._say(f"The record could not be read: {error.message} {error.remedy}")
            return
        if asked == self._asked:
            self._show(found)

    def _show(self, found: Found) -> None:
        plant = self._visit.twin.plant
        rows = [row_of(plant, story, summary) for story, summary in found.decisions]
        self._shown |= {summary.id: summary.end is None for _, summary in found.decisions}
        self._newest_us = max([self._newest_us, *(summary.at_us for _, summary in found.decisions)])
        if rows:
            with self._table:
                self._bodies.append(ui.html(rows_markup(rows), tag="tbody", sanitize=False))
        self._older = found.older
        self._more.set_visibility(found.older is not None)
        self._more.set_text("Older" if self._shown else "Look further back")
        if found.older is not None and not rows:
            self._say(f"Nothing that fits since {moment_text(found.back_to_us)} UTC.")
        elif not self._shown:
            nothing = "Nothing has been decided yet." if self._wanted.is_everything else "Nothing fits this filter."
            self._say(nothing)
        else:
            self._say("")

    def _say(self, words: str) -> None:
        self._word.set_text(words)
        self._word.set_visibility(bool(words))

    def _look_for_news(self) -> None:
        """Says that the list is no longer the newest; it never moves under a reader's eyes."""
        told = self._visit.twin.hub.model.decisions.values()
        newer = sum(1 for one in told if one.id not in self._shown and one.at_us > self._newest_us)
        ended = sum(1 for one in told if self._shown.get(one.id) and not one.is_open)
        if not self._shown or not (newer or ended):
            return
        words = f"{newer} newer" if newer else f"{ended} ended"
        self._news.set_text(f"{words}: look again")
        self._news.set_visibility(True)
