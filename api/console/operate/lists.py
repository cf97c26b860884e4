"""What holds now and what was decided last, as lists that change only when they have to."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from nicegui import ui
from rdflib import RDF, RDFS, URIRef

from api.console.operate import decisions
from api.console.operate.conditions import MOST, Condition, conditions_of, more_words
from api.console.operate.machines import Severity
from kg.change import Finding
from kg.errors import TwinError
from kg.names import GraphName
from kg.tokens import CORE, local_name
from kg.wire import json_to_finding
from ontology import TW

if TYPE_CHECKING:
    from api.console.shell import Visit

_SIGNS: Final = {Severity.ALARM: ("✕", "alarm"), Severity.CAUTION: ("▲", "caution"), Severity.NORMAL: ("•", "note")}
_WITHIN_S: Final = 3.0


class ConditionsList:
    """Violations and conditions, the worst first."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._findings: tuple[Finding, ...] = ()
        self._rules = agent_rules(visit)
        self.held: tuple[Condition, ...] = ()
        with ui.element("section").classes("tw-card op-conditions").props('aria-label="Alarms and conditions"'):
            ui.html("<h2>What holds now</h2>", sanitize=False)
            self._list = ui.html("", sanitize=False)
            self._problem = ui.label().classes("tw-quiet op-note")
            self._problem.set_visibility(False)

    def tick(self) -> None:
        """Bring the list up to date; the browser hears of it only when it has changed."""
        self.held = conditions_of(self._visit.twin.hub.model, self._findings, self._rules)
        self._list.set_content(conditions_markup(self.held))

    async def ask(self) -> None:
        """Ask the core what the shapes find."""
        twin = self._visit.twin
        problem = ""
        if twin.hub.connected:
            try:
                answer = await twin.call(self._visit.person, CORE, "violations", timeout_s=_WITHIN_S)
                self._findings = tuple(map(json_to_finding, answer["findings"]))
            except TwinError as error:
                problem = f"The shapes could not be asked: {error.message}"
        self._problem.set_text(problem)
        self._problem.set_visibility(bool(problem))


class DecisionsList:
    """The last decisions with their outcome."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        with ui.element("section").classes("tw-card op-decisions-card").props('aria-label="Last decisions"'):
            ui.html("<h2>Last decisions</h2>", sanitize=False)
            self._list = ui.html('<p class="tw-quiet op-note">Reading the journal …</p>', sanitize=False)

    async def ask(self) -> None:
        """Read on in the journal where something has happened."""
        twin = self._visit.twin
        try:
            markup = decisions.rows_markup(await decisions.newest(twin), twin.now_us())
        except TwinError as error:
            markup = f'<p class="tw-problem">The journal could not be read: {escape(error.message)}</p>'
        self._list.set_content(markup)


def conditions_markup(held: tuple[Condition, ...]) -> str:
    """The list, cut where nobody would read on."""
    if not held:
        return '<p class="tw-quiet op-note">Nothing is violated, frozen or old.</p>'
    items = "".join(_item(one) for one in held[:MOST])
    more = more_words(len(held))
    return f'<ul class="op-held">{items}</ul>' + (f'<p class="tw-quiet op-note">{more}</p>' if more else "")


def agent_rules(visit: Visit) -> dict[URIRef, str]:
    """The agents' rules of the plant with their labels."""
    rules = visit.twin.plant.graphs[GraphName.RULES]
    found = (rule for rule in rules.subjects(RDF.type, TW.AgentRule) if isinstance(rule, URIRef))
    return {rule: str(rules.value(rule, RDFS.label) or local_name(str(rule))) for rule in found}


def _item(one: Condition) -> str:
    sign, word = _SIGNS[one.severity]
    return (
        f'<li class="op-held-{word}"><span class="op-held-sign" aria-hidden="true">{sign}</span>'
        f'<span><span class="op-hidden">{word}: </span>{escape(one.sentence)}</span></li>'
    )
