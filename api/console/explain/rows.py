"""A decision as a line of the list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import Literal

from agents.explanation import DecisionSummary
from agents.explanation.story import Story
from api.acts import label
from api.console.explain.markup import Markup, element, joined
from api.console.explain.wording import End, clock, day, end_of, quantity
from kg.plantfolder import PlantFolder
from kg.wire import text_to_term


@dataclass(frozen=True, slots=True)
class Row:
    """What one line of the list says."""

    id: str
    """Without `urn:uuid:`."""
    day: str
    clock: str
    plant_clock: str
    who: str
    rule: str
    machine: str
    what: str
    end: End
    sentence: str


def row_of(plant: PlantFolder, story: Story, summary: DecisionSummary) -> Row:
    """The line of a decision."""
    binding = next((b for b in plant.bindings if str(b.prop) == summary.target), None)
    unit = None if binding is None else binding.unit
    return Row(
        id=summary.id.removeprefix("urn:uuid:"),
        day=day(summary.at_us),
        clock=clock(summary.at_us),
        plant_clock=clock(story.plant_us),
        who=label(plant, summary.author),
        rule="" if summary.rule is None else label(plant, summary.rule),
        machine="" if binding is None else label(plant, str(binding.equipment)),
        what=what_of(plant, summary, unit),
        end=end_of(summary.end, summary.stage),
        sentence=summary.sentence,
    )


def what_of(plant: PlantFolder, summary: DecisionSummary, unit: str | None) -> str:
    """What is wanted: `Filler: speed asked for 400 → 410 per min`."""
    if summary.target is None:
        return "a change of the graph"
    desired = _plain(summary.desired, unit)
    change = f"{_plain(summary.prior, None)} → {desired}" if summary.prior is not None else desired
    return f"{label(plant, summary.target)} {change}"


def rows_markup(rows: Iterable[Row]) -> Markup:
    """Lines of the list, for a table's body."""
    return joined(_line(row) for row in rows)


def _line(row: Row) -> Markup:
    tone = f" xp-{row.end.tone}" if row.end.tone else ""
    return element(
        "tr",
        element(
            "td",
            element("span", row.clock, cls="xp-clock"),
            element("span", f"plant {row.plant_clock}", cls="xp-under"),
            title=row.day,
            cls="xp-when",
        ),
        element("td", row.who, *([element("span", row.rule, cls="xp-under")] if row.rule else [])),
        element(
            "td",
            element("a", row.what, href=f"/explain/{row.id}", cls="xp-open"),
            element("span", row.sentence, cls="xp-under xp-sentence"),
        ),
        element("td", element("span", row.end.word, cls=f"xp-end{tone}")),
    )


def _plain(term: str | None, unit: str | None) -> str:
    if term is None:
        return "?"
    value = text_to_term(term)
    return quantity(value, unit) if isinstance(value, Literal) else str(value)
