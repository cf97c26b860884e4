"""Operators' words for what stands in the graph."""

from __future__ import annotations

import pytest
from rdflib import Literal, URIRef

from agents.pipeline import End
from agents.reasons import StopReason
from agents.words import ENDS, REASONS, STATES, absence_in_words, name_of, readable, unit_of, value_in_words
from kg.terms import double_literal
from ontology import PACK, TW

BOT = "https://w3id.org/twinwright/plants/bottling#"


def test_every_state_reason_and_end_has_a_word() -> None:
    """All seventeen PackML states, all stop reasons, and all ends of a decision."""
    assert set(STATES) == set(range(1, 18))
    assert set(REASONS) | {StopReason.UNASSIGNED} == set(StopReason)
    assert set(ENDS) >= {str(end) for end in End}


@pytest.mark.parametrize(
    ("value", "predicate", "unit", "words"),
    [
        (Literal(6), PACK.stateCurrent, "1", "running"),
        (Literal(11), PACK.stateCurrent, None, "held"),
        (Literal(1), PACK.stopReason, "1", "jam"),
        (Literal(99), PACK.stopReason, "1", "unassigned"),
        (double_literal(0.7123), TW.fillRatio, "1", "71 %"),
        (double_literal(6.936), TW.productTemperatureC, "Cel", "6.9 °C"),
        (double_literal(220.0), TW.powerLimitKw, None, "220 kW"),
        (double_literal(400.0), PACK.machSpeed, None, "400/min"),
        (double_literal(35.0), TW.expectedRemainingS, None, "35 s"),
        (Literal(True), TW.held, None, "yes"),
        (Literal("SKU-1"), TW.currentSku, None, "SKU-1"),
        (double_literal(3.5), None, None, "3.5"),
    ],
)
def test_values_have_words_and_signs(value: Literal, predicate: URIRef | None, unit: str | None, words: str) -> None:
    """States and reasons as words, shares in per cent, numbers with the sign of their unit."""
    assert value_in_words(value, None if predicate is None else str(predicate), unit) == words


def test_names_lose_their_units() -> None:
    """The unit stands with the value, so the name need not carry it."""
    assert name_of(str(TW.powerLimitKw)) == "power limit"
    assert name_of(str(TW.productTemperatureMaxC)) == "product temperature max"
    assert unit_of(str(TW.productTemperatureMaxC)) == "°C"
    assert (name_of(str(TW.capacity)), unit_of(str(TW.capacity))) == ("capacity", "bottles")
    assert (name_of(str(TW.held)), unit_of(str(TW.held))) == ("held", "")


def test_sentences_lose_their_iris() -> None:
    """What a check says of nodes and literals reads like a sentence, with labels where there are any."""
    told = (
        f'{BOT}Line https://w3id.org/twinwright/core#powerKw was "7.57E1"^^<http://www.w3.org/2001/XMLSchema#double>;'
        ' it is now "1.1E2"^^<http://www.w3.org/2001/XMLSchema#double>.'
    )

    assert readable(told) == "Line powerKw was 75.7; it is now 110."
    assert readable(f"<{BOT}Filler> stands.", lambda iri: "The filler") == "The filler stands."
    assert readable("Nothing to do: 3 < 4.") == "Nothing to do: 3 < 4."


def test_an_absence_reads_like_a_fact() -> None:
    """Pattern, brackets and variables go; labels come."""
    pattern = f"NOT EXISTS {{ <{BOT}Labeller> <{TW.held}> true . }}"

    assert absence_in_words(pattern) == "Not so: Labeller held"
    assert absence_in_words(f"{{ <{BOT}Filler> <{TW.outOfControlAgoS}> ?ago . }}", lambda iri: "The filler") == (
        "Not so: The filler fill weights last out of control, ago"
    )
