"""The timeline of a decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rdflib import Namespace

from agents.explanation.story import Step, Story
from api.console.explain.steps import timeline
from kg.change import Kind, Reason
from kg.plantfolder import PlantFolder

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
Make = Callable[..., Any]


def checked(step: Make, code: str) -> Step:
    """A dry run that one shape spoke against."""
    reasons = [{"code": code, "sentence": "Not so.", "finding": None}]
    made: Step = step(Kind.PROPOSAL, "checked", detail={"ok": False, "facts": {"reasons": reasons}})
    return made


def test_a_shadow_shows_what_was_never_reached(plant: PlantFolder, step: Make, agents_story: Make) -> None:
    """Steps on record come first, then those that never came."""
    story = agents_story(step(Kind.PROPOSAL, "reasoned"), checked(step, "PERM-AUTONOMY"), step(Kind.PROPOSAL, "shadow"))

    lines = timeline(plant, story)

    assert [line.tone for line in lines[:3]] == ["done", "held", "end"]
    assert lines[2].title == "End: shadow only"
    assert [line.title for line in lines[3:5]] == ["Simulated", "Settled among agents"]
    assert {line.tone for line in lines[3:]} == {"unreached"}


def test_a_limit_is_a_failure_and_a_missing_leave_is_not(plant: PlantFolder, step: Make, agents_story: Make) -> None:
    """An agent that may not act by itself has done nothing wrong."""
    limit = timeline(plant, agents_story(checked(step, "LIM-SPEED-MAX")))[0]
    leave = timeline(plant, agents_story(checked(step, "PERM-AUTONOMY-APPROVAL")))[0]

    assert (limit.tone, leave.tone) == ("failed", "held")


def written(step: Make) -> list[Step]:
    """An approved proposal all the way; the agent's own note of the request comes after the lease."""
    olga = {"author": BOT.olga, "role": "operator", "reason": "agreed"}
    word = {"meaning": "approve", "binds": "dd" * 32, "expires_us": 1_795_378_000_000_000}
    return [
        step(Kind.PROPOSAL, "reasoned"),
        step(Kind.APPROVAL, detail=word, **olga),
        step(Kind.REQUEST),
        step(Kind.OUTCOME, "leased", detail={"token": 2, "left_s": "3.496"}),
        step(Kind.PROPOSAL, "requested", detail={"facts": {"admitted": True}}),
        step(Kind.OUTCOME, "prechecked", detail={"state": 6, "setpoint": "400.0", "feedback": "400.0"}),
        step(Kind.OUTCOME, "intent"),
        step(Kind.OUTCOME, "written", detail={"answer": "Good", "status": 0}),
        step(Kind.OUTCOME, "feedback", detail={"sentence": "The controller's feedback shows 160."}),
        step(Kind.OUTCOME, "effect", detail={"seen": True, "value": "160.0"}),
        step(Kind.OUTCOME, detail={"outcome": "confirmed", "sentence": "The controller's feedback shows 160."}),
        step(Kind.PROPOSAL, "committed", detail={"facts": {"sentence": "The controller's feedback shows 160."}}),
    ]


def test_a_written_decision_is_told_once(plant: PlantFolder, step: Make, agents_story: Make) -> None:
    """What the agent notes of Gate and gateway is not told a second time, and nothing is missing."""
    lines = timeline(plant, agents_story(*written(step)))

    titles = [line.title for line in lines]
    assert len(titles) == len(set(titles)) == 10
    assert titles[-1] == "End: written and confirmed"
    assert "unreached" not in {line.tone for line in lines}


def test_an_approval_says_who_why_and_what_it_means(plant: PlantFolder, step: Make, agents_story: Make) -> None:
    """A signature has name, time, meaning and reason."""
    line = timeline(plant, agents_story(*written(step)))[1]

    assert (line.title, line.by, line.after) == ("Approved by a person", "Olga", "1.0 s")
    assert line.said[:2] == ("Meaning: approve.", "Reason: agreed")
    assert "hash dddddddddddd…" in line.said[2]


def test_values_have_units_and_states_have_words(plant: PlantFolder, step: Make, agents_story: Make) -> None:
    """No bare numbers."""
    lines = {line.title: line for line in timeline(plant, agents_story(*written(step)))}

    assert lines["Machine looked at once more"].said == (
        "The machine is running.",
        "Setpoint 400/min, accepted 400/min.",
    )
    assert lines["Effect at the machine"].said == ("The machine is at 160/min.",)
    assert lines["Taken over by the write gateway"].said == ("Fencing token 2, 3.5 s left on the lease.",)


def test_a_comparison_with_the_prediction_is_not_the_effect_at_the_machine(
    plant: PlantFolder, step: Make, agents_story: Make
) -> None:
    """The agent's step `effect` comes after the end."""
    facts = {"evaluated": True, "sentence": "Predicted about +72 units; seen +70."}
    steps = [*written(step), step(Kind.PROPOSAL, "effect", detail={"facts": facts})]

    last = timeline(plant, agents_story(*steps))[-1]

    assert last.title == "Effect held against the prediction"
    assert last.said == ("Predicted about +72 units; seen +70.",)


def test_a_persons_refused_request_never_left_the_gate(plant: PlantFolder, step: Make, persons_story: Make) -> None:
    """Steps that only agents' proposals have are not named."""
    reason = Reason("LIM-SPEED-MAX", "The speed lies above the highest.")
    story: Story = persons_story(
        step(Kind.REQUEST, author=BOT.olga, role="operator", admitted=False, reasons=(reason,), reason="Try")
    )

    lines = timeline(plant, story)

    assert lines[0].tone == "failed"
    assert lines[0].said == (
        "Filler: speed asked for 600/min.",
        "Reason: Try",
        "The speed lies above the highest.",
    )
    assert lines[1].title == "Taken over by the write gateway"
    assert "Simulated" not in {line.title for line in lines}
