"""The stop button's words: what can be stopped, by whom, and what became of it."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from rdflib import RDF, RDFS, Namespace

from agents.layout import Layout
from api.acts import MODES as ACTS
from api.console import stop_words
from api.live import LineModel
from api.live.facts import Facts
from api.web.access import ALLOWED, Action
from api.web.identity import Person
from api.web.routes.stops import Mode, StopOrder, StopOutcome, StopView
from kg.change import Role
from ontology import TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
NOW_US = 1_790_000_000_000_000
PEOPLE = (Role.VIEWER, Role.AUDITOR, Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER)


def person(role: Role) -> Person:
    return Person("vera", "Vera", role, BOT.vera, "token")


def view(**other: Any) -> StopView:
    told: dict[str, Any] = {
        "scope": {"iri": str(TW.Plant), "label": "Plant"},
        "mode": "no-writes",
        "until_at": None,
        "since_at": None,
        "by": {"iri": str(BOT.olga), "label": "Olga"},
        "reason": None,
        "heard": {"gateway": True, "core": True},
    }
    return StopView.model_validate({**told, **other})


@pytest.mark.parametrize("role", PEOPLE)
def test_whoever_may_not_stop_reads_why(role: Role) -> None:
    """The button is there for everybody; those who may not use it learn who may."""
    reason = stop_words.why_not(person(role))

    assert (reason == "") == (role in ALLOWED[Action.STOP])
    assert (
        not reason or reason == f"Vera is signed in as {role}. To stop the twin is for: engineer, operator, supervisor."
    )


def test_every_mode_is_offered_with_what_it_does() -> None:
    """A mode that is added must be explained before it can be chosen."""
    assert set(stop_words.MODES) == set(ACTS) == set(get_args(Mode))


@pytest.mark.parametrize("span_s", list(stop_words.SPANS))
def test_every_span_can_be_ordered(span_s: int) -> None:
    """0 stands for no end."""
    assert StopOrder(for_s=span_s or None).for_s == (span_s or None)


def test_scopes_come_from_the_model() -> None:
    """Machines in order of flow, agents with their labels."""
    model = LineModel(
        facts=Facts(
            {
                (str(BOT.Filler), str(RDFS.label)): "Filler",
                (str(BOT.LineAgent), str(RDF.type)): str(TW.Agent),
                (str(BOT.LineAgent), str(RDFS.label)): "Line agent",
            }
        ),
        layout=Layout(BOT.Line, (BOT.Filler, BOT.Packer), None, {}),
    )

    assert stop_words.machines_of(model) == {str(BOT.Filler): "Filler", str(BOT.Packer): "Packer"}
    assert stop_words.agents_of(model) == {str(BOT.LineAgent): "Line agent"}
    assert stop_words.machines_of(LineModel()) == {}


def test_what_is_stopped_stands_with_its_end_and_its_author() -> None:
    """Who has to release it, and until when it holds."""
    endless = stop_words.row_of(view(reason="Trial"), NOW_US)
    ten_minutes = stop_words.row_of(view(until_at="2026-09-21T14:23:20+00:00"), 1_790_000_000_000_000)

    assert (endless.name, endless.scope) == ("Whole plant", str(TW.Plant))
    assert endless.sentence == "no writes, until it is released, by Olga: Trial"
    assert "more, by Olga" in ten_minutes.sentence


def test_a_stop_that_only_the_record_knows_says_so() -> None:
    """The gateway is what holds a stop; without it the list must not comfort."""
    row = stop_words.row_of(view(by=None, heard={"gateway": False, "core": True}), NOW_US)

    assert row.sentence.endswith("(the write gateway has not confirmed it)")


def test_outcome_tells_who_has_not_heard() -> None:
    """What holds, then the warnings."""
    outcome = StopOutcome(
        heard={"gateway": True, "core": False},  # type: ignore[arg-type]  # pydantic makes it a Heard
        warnings=["The core does not answer."],
        change="urn:uuid:1",
        seq=None,
        scope={"iri": str(BOT.Filler), "label": "Filler"},  # type: ignore[arg-type]
        mode="no-writes",
        until_at=None,
        sentence="nothing is written.",
    )

    assert stop_words.outcome_words(outcome) == "Filler: nothing is written. The core does not answer."


def test_the_button_is_the_way_to_release() -> None:
    """It says so as soon as something is stopped."""
    assert stop_words.button_words([]) == "Stop"
    assert stop_words.button_words([("x", "NoWrites")]) == "Stopped · release"
