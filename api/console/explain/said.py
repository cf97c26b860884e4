"""What a step of a decision said, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from agents.explanation.story import Step, Story
from agents.pipeline import Stage
from agents.words import STATES
from api.acts import label
from api.console.explain.wording import clock, end_of, quantity, with_unit
from kg.change import Kind
from kg.plantfolder import PlantFolder
from kg.tokens import local_name

_NOT_TOLD: Final = frozenset(
    {"proposal", "reasons", "binds", "release", "seq", "request", "undecided", "admitted", "at_us", "target", "code"}
    | {"at", "by", "would_be_admitted"}
)


def said(plant: PlantFolder, story: Story, step: Step) -> Iterator[str]:
    """Sentences, none of which ends in an id."""
    match step.kind:
        case Kind.REQUEST:
            yield from _request(plant, story, step)
        case Kind.APPROVAL:
            yield from _word(step)
        case Kind.PROPOSAL if step.stage == Stage.EFFECT:
            yield from _told(step.facts)
        case _:
            speak = _SAID.get(step.stage)
            yield from _plainly(step) if speak is None else speak(plant, story, step)


def _request(plant: PlantFolder, story: Story, step: Step) -> Iterator[str]:
    if story.wish is not None:
        yield f"{label(plant, str(story.wish.target))} {quantity(story.wish.desired, _unit(plant, story))}."
    if step.reason and story.proposal is None:
        yield f"Reason: {step.reason}"
    if step.admitted:
        yield "Admitted: no shape speaks against it."
    for reason in step.reasons:
        yield reason.sentence


def _word(step: Step) -> Iterator[str]:
    """Meaning, reason and bounds of a signature. Source: 21 CFR 11.50 asks for name, time and meaning."""
    told = step.detail
    yield f"Meaning: {told.get('meaning', 'approve')}."
    yield f"Reason: {step.reason}" if step.reason else "No reason given."
    if not step.admitted:
        yield from (reason.sentence for reason in step.reasons)
    elif told.get("binds"):
        until = int(told.get("expires_us") or 0)
        valid = f", valid until {clock(until)} UTC" if until and told.get("meaning") != "reject" else ""
        yield f"Bound to the change with hash {str(told['binds'])[:12]}…{valid}."


def _reasoned(plant: PlantFolder, story: Story, step: Step) -> Iterator[str]:
    if story.proposal is not None:
        yield f"By the rule “{label(plant, str(story.proposal.rule))}”."
    if story.wish is not None:
        unit = _unit(plant, story)
        yield f"Wanted {quantity(story.wish.desired, unit)} in place of {quantity(story.wish.prior, unit)}."


def _checked(plant: PlantFolder, story: Story, step: Step) -> Iterator[str]:
    reasons = [str(item["sentence"]) for item in step.facts.get("reasons") or ()]
    yield from reasons or ["No shape speaks against it."]
    undecided = step.facts.get("undecided") or ()
    if undecided:
        yield "Not decided in time: " + ", ".join(local_name(str(shape)) for shape in undecided) + "."


def _approved(plant: PlantFolder, story: Story, step: Step) -> Iterator[str]:
    facts = step.facts
    if facts.get("persons"):
        yield "By " + ", ".join(label(plant, str(person)) for person in facts["persons"]) + "."
    level = facts.get("level")
    if level:
        policy = f" ({local_name(str(facts['policy']))})" if facts.get("policy") else ""
        yield f"The policy grants the agent the level “{level}”{policy}."


def _leased(plant: PlantFolder, story: Story, step: Step) -> Iterator[str]:
    facts = step.facts
    if "token" in facts:
        left = f", {float(str(facts['left_s'])):.1f} s left on the lease" if "left_s" in facts else ""
        yield f"Fencing token {facts['token']}{left}."


def _prechecked(plant: PlantFolder, story: Story, step: Step) -> Iterator[str]:
    facts, unit = step.facts, _unit(plant, story)
    if isinstance(facts.get("state"), int):
        word = STATES.get(facts["state"]) or f"in state {facts['state']}"
        yield f"The machine is {word}."
    if "setpoint" in facts and "feedback" in facts:
        yield f"Setpoint {with_unit(facts['setpoint'], unit)}, accepted {with_unit(facts['feedback'], unit)}."
    yield from _told(facts)


def _intent(plant: PlantFolder, story: Story, step: Step) -> Iterator[str]:
    yield "On disk before the write, so that a crash can't hide it."


def _written(plant: PlantFolder, story: Story, step: Step) -> Iterator[str]:
    yield f"The server answered {step.facts.get('answer', 'nothing')}."


def _effect(plant: PlantFolder, story: Story, step: Step) -> Iterator[str]:
    value = step.facts.get("value")
    if value is not None:
        yield f"The machine is at {with_unit(value, _unit(plant, story))}."
    if step.facts.get("seen") is False:
        yield "The effect has not been seen in time."


def _plainly(step: Step) -> Iterator[str]:
    """Whatever stands in the record of a step that has no words of its own."""
    if step.facts.get("evaluated") is False:
        yield f"Not evaluated: {step.facts.get('why', 'no reason on record')}."
        return
    told = list(_told(step.facts))
    yield from told
    if told or end_of(step.stage, step.stage).word != step.stage:
        return
    for name, value in step.facts.items():
        if name not in _NOT_TOLD and isinstance(value, str | int | float | bool):
            yield f"{name.replace('_', ' ')}: {value}"


def _told(facts: Mapping[str, Any]) -> Iterator[str]:
    for name in ("sentence", "why"):
        if facts.get(name):
            text = str(facts[name])
            yield text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
            return


def _unit(plant: PlantFolder, story: Story) -> str | None:
    target = None if story.wish is None else story.wish.target
    return next((binding.unit for binding in plant.bindings if binding.prop == target), None)


_SAID: Final[Mapping[str, Callable[[PlantFolder, Story, Step], Iterator[str]]]] = {
    Stage.REASONED: _reasoned,
    Stage.CHECKED: _checked,
    Stage.APPROVED: _approved,
    Stage.LEASED: _leased,
    Stage.PRECHECKED: _prechecked,
    Stage.INTENT: _intent,
    Stage.WRITTEN: _written,
    Stage.EFFECT: _effect,
}
