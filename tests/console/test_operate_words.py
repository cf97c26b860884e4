"""Operate's sentences: figures, proposals, levels, decisions."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rdflib import RDF, RDFS, Namespace, URIRef

from agents.explanation import DecisionSummary
from agents.levels import Autonomy, Level
from agents.pipeline import End
from api.console.operate import decisions, figures, levels
from api.console.operate.proposal_words import _WHY, card_of, level_words
from api.live import LineModel
from api.live.facts import Facts
from api.live.words import ENDS
from api.web.proposal_view import ProposalView
from kg.plantfolder import PlantFolder, load
from ontology import TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
OLGA = str(BOT.olga)
NOW_US = 1_790_000_000_000_000


@pytest.fixture(scope="module")
def bottling() -> PlantFolder:
    """The shipped plant, loaded once."""
    return load(Path(str(files("plants.bottling"))))


def proposal(**other: Any) -> ProposalView:
    example = ProposalView.model_json_schema()["examples"][0]
    return ProposalView.model_validate({**example, **other})


def summary(**other: Any) -> DecisionSummary:
    number = '"{}"^^<http://www.w3.org/2001/XMLSchema#double>'
    told: dict[str, Any] = {
        "id": "urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10",
        "at_us": NOW_US,
        "author": str(BOT.LineAgent),
        "role": "agent",
        "target": str(BOT["Filler.SetMachSpeed"]),
        "desired": number.format("3.2E2"),
        "prior": number.format("4.0E2"),
        "rule": None,
        "sentence": "The labeller stands.",
        "stage": "effect",
        "end": "committed",
        "requested": True,
        "steps": 9,
    }
    return DecisionSummary(**{**told, **other})


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (45, "45 s"), (720, "12 min"), (12_000, "3 h 20 min"), (200_000, "2 days")],
)
def test_spans_in_the_coarsest_words_that_help(seconds: float, words: str) -> None:
    """Nobody counts 12,000 seconds at night."""
    assert figures.duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(400.0, "/min", "400 per min"), (7.15, "Cel", "7.15 °C"), (True, None, "yes"), ("A", "", "A"), (None, "kW", "–")],
)
def test_numbers_carry_their_unit(value: Any, unit: str | None, words: str) -> None:
    """In words, not in UCUM."""
    assert figures.quantity(value, unit) == words


def test_card_says_what_why_and_what_else() -> None:
    """From -> to with the unit once, gain with its range, what happens if nothing is done, time left."""
    card = card_of(proposal(), True, OLGA)

    assert card.what == "Slow the filler before it blocks"
    assert card.change == "Filler: 400 → 300 per min"
    assert (card.gain, card.band) == ("+70 units", "+40 to +90 units")
    assert card.if_nothing.startswith("The conveyor is full")
    assert card.level == "Is written after approval."
    assert card.offers
    assert not card.is_mine
    assert not card.ended
    assert card.expires_us is not None
    assert card.left(card.expires_us - 65_000_000) == "expires in 1:05"
    assert card.left(card.expires_us) == "expired"


def test_card_of_an_effect_that_was_not_evaluated_says_why() -> None:
    """No number is better than a guessed one."""
    told = {"evaluated": False, "units": None, "low": None, "high": None, "sentence": "Nobody knows."}

    card = card_of(proposal(prediction=told), True, OLGA)

    assert (card.gain, card.band) == ("not evaluated", "Nobody knows.")


def test_card_offers_nothing_to_those_who_may_not() -> None:
    """A viewer reads the same card without buttons."""
    assert not card_of(proposal(), False, OLGA).offers


def test_card_offers_nothing_where_no_word_counts() -> None:
    """In shadow the card says so in the API's own sentence."""
    word = {"counts": False, "code": "shadow", "sentence": "The agent's level is shadow."}

    card = card_of(proposal(word=word, level="shadow"), True, OLGA)

    assert not card.offers
    assert (card.state, card.level) == ("The agent's level is shadow.", "Only recorded: the agent is in shadow.")


def test_card_knows_a_word_that_was_given() -> None:
    """Of two persons needed one has approved: the other one is asked for, and the first is not asked again."""
    given = {"needed": 2, "given": [{"iri": OLGA, "label": "Olga"}]}

    card = card_of(proposal(approvals=given), True, OLGA)

    assert card.is_mine
    assert card.state == "Approved by Olga. 1 more needed."


@pytest.mark.parametrize("end", list(End))
def test_every_end_has_words(end: End) -> None:
    """How a proposal ended is never a code."""
    word = ENDS[end][0]

    card = card_of(proposal(state="ended", end=str(end), end_in_words=word), True, OLGA)

    assert card.ended
    assert not card.offers
    assert card.left(0) == ""
    assert card.state.startswith(f"Ended: {word}")
    assert set(_WHY) <= set(ENDS)


def test_every_level_has_words() -> None:
    """A level that is added needs its meaning here."""
    assert set(levels.MEANINGS) == {level.word for level in Level}
    assert all(level_words(level.word).endswith(".") for level in Level)


@pytest.fixture
def grants() -> tuple[Autonomy, ...]:
    return (
        Autonomy(BOT["CatchUp.Autonomy"], Level.SHADOW, BOT.LineAgent, BOT.CatchUp, BOT.Line),
        Autonomy(BOT["EaseOff.Autonomy"], Level.APPROVE, BOT.LineAgent, BOT.EaseOff, BOT.Line),
        Autonomy(BOT.Rest, Level.OFF),
    )


def test_levels_are_named_and_chosen_by_agent_or_one_by_one(grants: tuple[Autonomy, ...]) -> None:
    """An agent with everything it does stands first; a grant for everybody can be chosen, too."""
    model = LineModel(facts=Facts({(str(BOT.LineAgent), str(RDFS.label)): "Line agent"}))

    choices = levels.choices_of(model, grants, {BOT.CatchUp: "Catch up"})

    assert [choice.label for choice in choices][:2] == ["Line agent: everything it does", "Catch up (Line)"]
    assert choices[0].levels == ("shadow", "approve")
    assert choices[3].label == "every agent"
    sentences = [view.sentence for view in levels.levels_of(model, grants, {})]
    assert sentences[1] == "EaseOff (Line): approve, written after a person has approved"


def test_levels_together(grants: tuple[Autonomy, ...]) -> None:
    """The highest counts at a glance, and a mixture is called one."""
    views = levels.levels_of(LineModel(), grants, {})

    assert levels.summary(views) == ("approve", "Mixed: from off to approve, by rule.")
    assert levels.summary(views[:1]) == ("shadow", "What agents propose is only recorded, nothing is written.")
    assert levels.summary(()) == ("shadow", "The policy is silent, so agents only show what they would do.")


def test_decision_in_words(bottling: PlantFolder) -> None:
    """What, who, outcome and why; the link leads to its explanation."""
    row = decisions.row_of(summary(), bottling)

    assert row.what.replace(decisions.NBSP, " ") == "Filler: speed asked for 400 → 320"
    assert (row.who, row.outcome, row.is_bad) == ("Line agent", "written and confirmed", False)
    text = decisions.rows_markup((row,), NOW_US + 120_000_000)
    ElementTree.fromstring(text)
    assert 'href="/explain/6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10"' in text
    assert "2 min ago" in text


def test_refused_decision_has_a_sign_and_escaped_reasons(bottling: PlantFolder) -> None:
    """What a person wrote as a reason is text."""
    row = decisions.row_of(summary(end="refused", sentence="<b>now</b>", target=None), bottling)

    text = decisions.rows_markup((row,), NOW_US)

    assert row.is_bad
    assert row.what == "a change"
    assert "✕" in text
    assert "<b>" not in text


def test_the_same_again_is_one_line(bottling: PlantFolder) -> None:
    """A rule that is refused every half minute must not push everything else off the list."""
    again = [decisions.row_of(summary(end="refused", id=f"urn:uuid:{n}"), bottling) for n in range(3)]
    other = decisions.row_of(summary(), bottling)

    rows = decisions.folded([*again, other, again[0]])

    assert [(row.id, row.times) for row in rows] == [("urn:uuid:0", 3), (other.id, 1), ("urn:uuid:0", 1)]
    assert "3 times" in decisions.rows_markup(rows, NOW_US)


def test_no_decisions_are_told_in_words() -> None:
    """An empty table would look broken."""
    assert "No decision has ended yet" in decisions.rows_markup((), NOW_US)


def test_mark_moves_with_decisions() -> None:
    """The journal is read again when a decision begins or moves, and only then."""
    model = LineModel()
    before = decisions.mark_of(model)
    model.apply(
        {"seq": 1, "at_us": 1, "plant_us": 1, "readings": [], "added": "", "removed": "", "kind": "proposal",
         "admitted": True, "detail": {"stage": "reasoned"}, "change": "urn:uuid:1", "author": str(BOT.LineAgent)}
    )  # fmt: skip

    assert decisions.mark_of(model) != before


def test_name_of_falls_back_on_the_iri() -> None:
    """A node without a label is called by the last part of its IRI."""
    model = LineModel(facts=Facts({(str(BOT.Filler), str(RDF.type)): "x"}))

    assert figures.name_of(model, BOT.Filler) == "Filler"
    assert figures.name_of(model, TW.Plant) == "whole plant"
    assert figures.name_of(model, URIRef("urn:x:y")) != ""
