"""The list: a decision in one line, and which decisions somebody wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agents.explanation import DecisionSummary
from agents.explanation.summaries import summary_of
from api.console.explain.rows import row_of, rows_markup
from api.console.explain.wanted import Wanted
from api.console.explain.wording import duration, end_of
from kg.change import Kind
from kg.plantfolder import PlantFolder

Make = Callable[..., Any]
FILLER = "https://w3id.org/twinwright/plants/bottling#Filler"


@pytest.fixture
def summary(step: Make, agents_story: Make) -> DecisionSummary:
    """A proposal that ended in shadow."""
    return summary_of(agents_story(step(Kind.PROPOSAL, "reasoned"), step(Kind.PROPOSAL, "shadow")))


def test_a_line_speaks_in_words(plant: PlantFolder, step: Make, agents_story: Make) -> None:
    """Who, what from which value to which, by what rule, and how it ended."""
    story = agents_story(step(Kind.PROPOSAL, "reasoned"), step(Kind.PROPOSAL, "shadow"))

    row = row_of(plant, story, summary_of(story))

    assert (row.who, row.machine) == ("Line agent", "Filler")
    assert row.what == "Filler: speed asked for 400 → 160/min"
    assert row.rule == "Slow the filler before it is blocked"
    assert (row.end.word, row.end.tone) == ("shadow only", "")
    assert row.plant_clock == "05:00:00"


def test_text_of_the_graph_is_escaped(plant: PlantFolder, step: Make, agents_story: Make) -> None:
    """What an author wrote cannot become part of the page."""
    story = agents_story(step(Kind.PROPOSAL, "reasoned"))
    row = row_of(plant, story, summary_of(story))
    hostile = replace(row, sentence="<script>alert(1)</script>", who='"><img src=x>', id='x" onload="y')

    page = rows_markup([hostile])

    assert "<script" not in page
    assert "<img" not in page
    assert 'onload="' not in page


@pytest.mark.parametrize(
    ("state", "end", "fits"),
    [
        ("", None, True),
        ("open", None, True),
        ("open", "shadow", False),
        ("written", "committed", True),
        ("written", "clamped", True),
        ("refused", "blocked", True),
        ("shadow", "committed", False),
        ("nonsense", "committed", True),
    ],
)
def test_states_group_ends(summary: DecisionSummary, state: str, end: str | None, fits: bool) -> None:
    """Several ends belong together; a state that nobody knows asks for everything."""
    assert Wanted(state=state).fits(replace(summary, end=end), FILLER) is fits


def test_rule_and_machine_are_looked_at(summary: DecisionSummary) -> None:
    """Both must be those of the decision."""
    rule = str(summary.rule)

    assert Wanted(rule=rule, machine=FILLER).fits(summary, FILLER)
    assert not Wanted(rule=rule + "x").fits(summary, FILLER)
    assert not Wanted(machine=FILLER).fits(summary, None)


def test_a_filter_stands_in_the_address() -> None:
    """So that it can be sent to somebody."""
    assert Wanted().address() == "/explain"
    assert Wanted(state="open", span="1h").address() == "/explain?state=open&span=1h"


def test_a_span_reaches_back_from_now() -> None:
    """An hour is an hour; no span is everything."""
    assert Wanted(span="1h").since_us(4_000_000_000) == 400_000_000
    assert Wanted(span="soon").since_us(4_000_000_000) == 0


def test_only_what_is_abnormal_has_a_tone() -> None:
    """ISA-101: colour for what is abnormal."""
    assert end_of("unknown", "effect").tone == "alarm"
    assert end_of("refused", "refused").tone == "caution"
    assert end_of("committed", "committed").tone == ""
    assert end_of(None, "negotiated").word == "open: waiting for people"


def test_durations_have_a_fitting_unit() -> None:
    """From milliseconds to hours."""
    assert [duration(us) for us in (4_000, 8_400_000, 600_000_000, 36_000_000_000)] == [
        "4 ms",
        "8.4 s",
        "10 min",
        "10.0 h",
    ]
