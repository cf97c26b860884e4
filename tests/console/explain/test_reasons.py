"""The proof tree, the objections, the forecast and the plots of a decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rdflib import Namespace, URIRef

from agents.explanation import Branch
from agents.explanation.tree import Sort
from api.console.explain.forecast import forecast
from api.console.explain.objections import objections
from api.console.explain.proof_tree import Grounds, grounds_of, tree_markup
from api.console.explain.story_markup import forecast_markup
from api.console.explain.trends import Trend, path_of, trend_markup
from kg.change import Finding, Kind, Reason, Severity
from kg.plantfolder import PlantFolder
from kg.terms import double_literal

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
TWS = Namespace("https://w3id.org/twinwright/shapes#")
Make = Callable[..., Any]
SAMPLE = Branch(
    Sort.SAMPLE,
    "Filler: state = running",
    {
        "quality": "good",
        "status": "0x00000000",
        "source_time": "2026-01-05T05:00:00.000Z",
        "node_id": "nsu=u;s=Filler.State",
        "seq": 6,
    },
)


def test_a_sample_tells_quality_time_and_node() -> None:
    """Everything that an auditor looks up is in its line."""
    page = tree_markup((SAMPLE,), Grounds("r" * 64, 9, {}))

    assert "quality good · plant time 2026-01-05 05:00:00 · node nsu=u;s=Filler.State · change 6" in page
    assert page.startswith('<ul class="xp-tree"><li><div class="xp-leaf">')


def test_bad_quality_shows_its_status_code() -> None:
    """The code says what was wrong."""
    bad = replace(SAMPLE, facts={**SAMPLE.facts, "quality": "bad", "status": "0x80340000"})

    assert "quality bad (0x80340000)" in tree_markup((bad,), Grounds("r", 9, {}))


def test_rules_fold_and_facts_name_their_graph() -> None:
    """Nested lists in details; a stated fact says where and in which release it stands."""
    fact = Branch(Sort.FACT, "Conveyor capacity: 800", {"graph": "plant"})
    rule = Branch(Sort.INFERRED, "Filler should be slower", {}, (fact,))

    page = tree_markup((rule,), Grounds("abcdef0123456789", 9, {}))

    assert "<details open><summary>" in page
    assert "stated in the plant model · release abcdef012345" in page


def test_an_absence_tells_which_change_did_not_hold_it(step: Make, agents_story: Make) -> None:
    """The seq of the frozen proof; where that tells none, the one at which it was proposed."""
    story = agents_story(step(Kind.PROPOSAL, "reasoned"))
    pattern = story.proposal.proof["absent"][0]
    absence = Branch(Sort.ABSENCE, "Not so: Labeller running", {"pattern": pattern})

    page = tree_markup((absence,), grounds_of(story))
    silent = tree_markup((absence,), Grounds("r", 9, {}))

    assert "nothing in the graph said so at change 77" in page
    assert "nothing in the graph said so at change 9" in silent


def test_a_refusal_shows_shape_focus_value_and_distance(plant: PlantFolder, step: Make, persons_story: Make) -> None:
    """The shape by its name, the request as such, and how far beyond the limit."""
    request = step(Kind.REQUEST, admitted=False)
    finding = Finding(
        focus=URIRef(request.change),
        shape=TWS["LIM-GRANT-MAX"],
        component=URIRef("urn:c"),
        path="<https://w3id.org/twinwright/core#desiredValue>",
        value=double_literal(600.0),
        severity=Severity.VIOLATION,
        message="Too high.",
        code="LIM-GRANT-MAX",
        distance=160.0,
    )
    reasons = (Reason("LIM-GRANT-MAX", "Too high.", finding), Reason("approval-invalid", "It has expired.", None))

    found = objections(plant, persons_story(replace(request, reasons=reasons)))

    assert found[0].facts == (
        ("Shape", "Largest value granted (LIM-GRANT-MAX)"),
        ("On", "this request"),
        ("Looked at", "desired value"),
        ("Value found", "600"),
        ("Beyond the limit by", "160"),
        ("Severity", "blocks a request"),
    )
    assert found[1].remedy


def test_the_same_objection_is_told_once(plant: PlantFolder, step: Make, agents_story: Make) -> None:
    """A dry run and the refusal that followed name the same shape."""
    reasons = [{"code": "LIM-X", "sentence": "No.", "finding": None}]
    story = agents_story(
        step(Kind.PROPOSAL, "checked", detail={"facts": {"reasons": reasons}}),
        step(Kind.REQUEST, admitted=False, reasons=(Reason("LIM-X", "No."),)),
    )

    assert [objection.code for objection in objections(plant, story)] == ["LIM-X"]


def test_what_was_seen_is_held_against_the_band(step: Make, agents_story: Make) -> None:
    """Expected, seen, and whether it lies within."""
    facts = {"evaluated": True, "sentence": "Seen +20.", "seen_units": 20}
    story = agents_story(step(Kind.PROPOSAL, "reasoned"), step(Kind.PROPOSAL, "effect", detail={"facts": facts}))

    found = forecast(story)

    assert found is not None
    assert (found.low, found.likely, found.high, found.gained, found.hit) == (60, 72, 127, 20, False)
    assert "outside of what was foreseen" in forecast_markup(found)


def test_nothing_written_has_no_effect_to_compare(step: Make, agents_story: Make, persons_story: Make) -> None:
    """A shadow says so; a person's request was not foretold at all."""
    shadow = forecast(agents_story(step(Kind.PROPOSAL, "reasoned")))

    assert shadow is not None
    assert shadow.seen == "Nothing was written, so there is no effect to compare."
    assert forecast(persons_story(step(Kind.REQUEST))) is None


def test_a_written_one_says_when_it_will_be_compared(step: Make, agents_story: Make) -> None:
    """Half a minute of plant time after the proposal."""
    found = forecast(agents_story(step(Kind.PROPOSAL, "reasoned"), step(Kind.OUTCOME, "written")))

    assert found is not None
    assert "plant time 2026-01-05 05:00:30" in found.seen


def test_a_plot_is_level_between_samples() -> None:
    """Values hold until the next one, and the newest up to the decision."""
    trend = Trend("Fill", ((0, 0.0), (500, 1.0)), 0, 1000, 750, "0 % to 100 %", "100 %")

    assert path_of(trend) == "M0.0,66.0H160.0V6.0H240.0"
    assert 'aria-label="Fill: 100 % at the decision;' in trend_markup(trend)
