"""The page of one decision: the sentence, the steps, the proof, what was expected and seen, and the record of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from nicegui import ui

from api.console.explain.decision import Course, Decision, read_course, read_decision
from api.console.explain.markup import NOTHING, Markup, joined
from api.console.explain.objections import objections_markup
from api.console.explain.story_markup import (
    about_markup,
    facts_markup,
    forecast_markup,
    head_markup,
    timeline_markup,
)
from api.console.explain.trends import trend_markup
from api.console.explain.verify_card import verify_card
from api.console.shell import Visit, page
from kg.errors import TwinError, UnknownNode

_LOOK_S = 2.0
_FORMS = (
    ("text", "Text"),
    ("json", "JSON"),
    ("turtle", "PROV-O, Turtle"),
    ("jsonld", "PROV-O, JSON-LD"),
    ("svg", "Picture, SVG"),
)
_FOLD = "document.querySelectorAll('.xp-tree details').forEach(d => d.open = %s)"
#: What is folded is not printed, so everything is opened for the printer and folded again.
_PRINTING = """
addEventListener('beforeprint', () => document.querySelectorAll('.xp-tree details:not([open])').forEach(d => {
  d.open = true; d.dataset.folded = 'yes'; }));
addEventListener('afterprint', () => document.querySelectorAll('.xp-tree details[data-folded]').forEach(d => {
  d.open = false; delete d.dataset.folded; }));
"""


@page("/explain/{ident}", "Explain")
def draw(visit: Visit, ident: str) -> None:
    """The page."""
    ui.link("All decisions", "/explain").classes("xp-back")
    body = ui.element("div")
    with body:
        ui.html("<h1>One decision</h1>", sanitize=False)
        ui.label("Reading the record…").classes("tw-empty").props("role=status")
    twin = visit.twin

    async def read() -> None:
        try:
            decision = await asyncio.to_thread(read_decision, twin.plant, twin.journal, twin.history, ident)
        except UnknownNode:
            _say(body, "No such decision", "The record knows no decision with this id. The list shows those there are.")
            return
        except TwinError as error:
            _say(body, "The record could not be read", f"{error.message} {error.remedy}")
            return
        body.clear()
        with body:
            _draw(visit, decision)

    ui.timer(0, read, once=True)


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of the page whose content may change; it is not there while it has none."""

    card: ui.element
    content: ui.html

    def fill(self, content: Markup) -> None:
        self.content.set_content(content)
        self.card.set_visibility(bool(content))


def _section(title: str) -> _Section:
    card = ui.element("section").classes("tw-card")
    with card:
        ui.html(f"<h2>{title}</h2>", sanitize=False)
        return _Section(card, ui.html("", sanitize=False))


def _button(words: str, icon: str | None, script: str) -> None:
    button = ui.button(words, icon=icon, color=None, on_click=lambda: ui.run_javascript(script))
    button.props("flat no-caps").classes("xp-button")


def _say(body: ui.element, title: str, words: str) -> None:
    body.clear()
    with body:
        ui.html(f"<h1>{title}</h1>", sanitize=False)
        ui.label(words).classes("tw-empty").props("role=status")


def _draw(visit: Visit, decision: Decision) -> None:
    with ui.element("div").classes("xp-title"):
        ui.html(f"<h1>{escape(decision.what)}</h1>", sanitize=False)
        _button("Print", "print", "print()")
    with ui.element("div").classes("xp-columns"):
        with ui.element("div").classes("xp-main"):
            head = ui.html("", sanitize=False).classes("tw-card")
            refused = decision.course.end.tone == "caution"
            against = _section("What spoke against it") if refused else None
            steps = _section("What happened, step by step")
            against = against or _section("What the shapes asked for")
            _why(decision)
        with ui.element("div").classes("xp-aside"):
            with ui.element("section").classes("tw-card"):
                ui.html("<h2>Who and when</h2>", sanitize=False)
                ui.html(about_markup(decision), sanitize=False)
            effect = _section("Expected and seen")
            _trends(decision)
            _record(visit, decision)
            verify_card(visit)
    _picture(decision)
    ui.run_javascript(_PRINTING)

    def show(course: Course) -> None:
        head.set_content(head_markup(course))
        steps.fill(timeline_markup(course.lines))
        against.fill(objections_markup(list(course.objections)))
        effect.fill(NOTHING if course.forecast is None else forecast_markup(course.forecast))

    show(decision.course)
    _follow(visit, decision, show)


def _follow(visit: Visit, decision: Decision, show: Callable[[Course], None]) -> None:
    """Shows new steps while somebody looks, for as long as there may be some."""
    twin, shown = visit.twin, [decision.course]

    async def look() -> None:
        if not shown[0].may_grow:
            watching.deactivate()
            return
        course = await asyncio.to_thread(read_course, twin.plant, twin.journal, decision.id)
        if course.steps != shown[0].steps:
            shown[0] = course
            show(course)

    watching = ui.timer(_LOOK_S, look, active=decision.course.may_grow)


def _why(decision: Decision) -> None:
    with ui.element("section").classes("tw-card"):
        with ui.element("div").classes("xp-title"):
            ui.html(f"<h2>{'Why' if decision.has_proof else 'The values at that moment'}</h2>", sanitize=False)
            if decision.has_proof:
                _button("Open all", None, _FOLD % "true")
                _button("Close all", None, _FOLD % "false")
        if not decision.complete:
            words = "Not every reason ends in a sample or a stated fact: the record of it is not whole."
            ui.label(words if decision.has_proof else "A person asked; the record holds no proof of their reasons.")
        if decision.reasons:
            ui.html(decision.reasons, sanitize=False)


def _trends(decision: Decision) -> None:
    if decision.trends:
        with ui.element("section").classes("tw-card"):
            ui.html("<h2>The values around it</h2>", sanitize=False)
            plots = joined(trend_markup(trend) for trend in decision.trends)
            ui.html(plots, sanitize=False).classes("xp-trends")


def _record(visit: Visit, decision: Decision) -> None:
    now = visit.twin.hub.release
    standing = "" if not now else ", still in force" if now == decision.release else ", no longer in force"
    release = decision.release + standing
    with ui.element("section").classes("tw-card"):
        ui.html("<h2>On record</h2>", sanitize=False)
        facts = (("Decision", decision.id), ("Journal", decision.entries), ("Release", release))
        ui.html(facts_markup(facts), sanitize=False).classes("xp-hash")
        with ui.element("div").classes("xp-forms"):
            for form, words in _FORMS:
                ui.link(words, _address(decision, form), new_tab=True)


def _picture(decision: Decision) -> None:
    with ui.element("section").classes("tw-card xp-picture"):
        ui.html("<h2>As a picture</h2>", sanitize=False)
        source, told = escape(_address(decision, "svg"), quote=True), escape(decision.course.sentence, quote=True)
        ui.html(f'<img src="{source}" alt="The same reasons as a drawing. {told}">', sanitize=False)


def _address(decision: Decision, form: str) -> str:
    return f"/v1/explanations/{decision.short}?format={form}"
