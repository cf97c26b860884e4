"""A proposal as people see it: what is wanted, why, what it is expected to bring, and whether their word counts."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from rdflib import Literal, URIRef

from agents.explanation.story import Story
from agents.explanation.summaries import summary_of
from agents.levels import Level, granted
from api.acts import approvals_needed, approvers, binds_of, grants_in, scopes_of, standing
from api.live.words import ENDS
from api.web.moments import Moment, moment, moment_or_none
from api.web.named import Named, named, named_or_none
from api.web.twin import Twin
from kg.bindings import Binding

_BOT = "https://w3id.org/twinwright/plants/bottling#"
EXAMPLE: dict[str, Any] = {
    "id": "urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10",
    "state": "open",
    "end": None,
    "end_in_words": None,
    "stage": "negotiated",
    "made_at": "2026-11-22T08:15:30.250000+00:00",
    "plant_at": "2026-11-22T09:01:12.000000+00:00",
    "expires_at": "2026-11-22T08:17:30.250000+00:00",
    "target": {"iri": f"{_BOT}Filler.SetMachSpeed", "label": "Filler: set speed"},
    "machine": {"iri": f"{_BOT}Filler", "label": "Filler"},
    "current": {"value": 400.0, "unit": "/min"},
    "prior": {"value": 400.0, "unit": "/min"},
    "desired": {"value": 300.0, "unit": "/min"},
    "sentence": "The labeller stands and the conveyor fills: run the filler at 300 per minute.",
    "prediction": {"evaluated": True, "units": 70, "low": 40, "high": 90, "sentence": "About +70 units."},
    "if_nothing": "The conveyor is full in 2.1 min and the filler stops.",
    "rule": {"iri": f"{_BOT}SlowFillerBeforeBlock", "label": "Slow the filler before it blocks"},
    "goal": None,
    "agent": {"iri": f"{_BOT}LineAgent", "label": "Line agent"},
    "level": "approve",
    "approvals": {"needed": 1, "given": []},
    "word": {"counts": True, "code": "open", "sentence": "A person may approve or reject it."},
    "binds": "9f2c7a4e5b1d08c36e7fa2b94c5d6e1f0a8b7c3d2e4f5061728394a5b6c7d8e9",
}


class Quantity(BaseModel):
    """A value with its unit (UCUM); null where it has none."""

    value: float | bool | str
    unit: str | None


class Prediction(BaseModel):
    """What it is expected to bring, in units of product; numbers are null where it was not evaluated."""

    evaluated: bool
    units: int | None
    low: int | None
    high: int | None
    sentence: str


class Approvals(BaseModel):
    """How many persons must approve, and who has, with a word that is bound and unexpired."""

    needed: int
    given: list[Named]


class Word(BaseModel):
    """Whether a word of the person who asks would count now."""

    counts: bool
    code: Annotated[str, Field(description="`open`; or ended, expired, sent, own, off, shadow, advise.")]
    sentence: str


class ProposalView(BaseModel):
    """A proposal as it stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    state: Annotated[str, Field(description="open or ended")]
    end: str | None
    end_in_words: str | None
    stage: str
    made_at: Moment
    plant_at: Moment | None
    expires_at: Moment | None
    target: Named
    machine: Named | None
    current: Annotated[Quantity | None, Field(description="Reported now; null where it is not known.")]
    prior: Annotated[Quantity | None, Field(description="In force when it was made.")]
    desired: Quantity
    sentence: Annotated[str, Field(description="What and why.")]
    prediction: Prediction
    if_nothing: str | None
    rule: Named | None
    goal: Named | None
    agent: Annotated[Named, Field(description="The agent; or the person, for a person's request.")]
    level: Annotated[str | None, Field(description="Granted to the agent now; null where it is not known.")]
    approvals: Approvals
    word: Word
    binds: Annotated[str, Field(description="The hash that a word is bound to; send it as `expect`.")]


def level_of(story: Story, twin: Twin) -> Level | None:
    """What the policy grants the agent of a proposal now; None where it is not known. On the event loop."""
    proposal, hub = story.proposal, twin.hub
    if proposal is None or not hub.connected:
        return None
    scopes = scopes_of(twin.plant, proposal.equipment)
    return granted(grants_in(hub.model), proposal.agent, proposal.rule, scopes).level


def view(story: Story, twin: Twin, person: URIRef, now_us: int) -> ProposalView:
    """A decision as this person sees it. On the event loop. Raises UnknownNode for one that wants nothing."""
    binds = binds_of(story, twin.hub.release)
    summary, proposal, wish = summary_of(story), story.proposal, story.wish
    assert wish is not None  # noqa: S101  what has a hash wants something
    binding = next((b for b in twin.plant.bindings if b.prop == wish.target), None)
    level = level_of(story, twin)
    found = standing(story, now_us, level=level, person=str(person))
    plant = twin.plant
    return ProposalView(
        id=story.id,
        state="open" if summary.end is None else "ended",
        end=summary.end,
        end_in_words=None if summary.end is None else ENDS.get(summary.end, (summary.end, ""))[0],
        stage=summary.stage,
        made_at=moment(summary.at_us),
        plant_at=moment_or_none(story.plant_us),
        expires_at=None if proposal is None else moment(proposal.expires_us),
        target=named(plant, wish.target),
        machine=None if binding is None else named(plant, binding.equipment),
        current=_current(twin, binding),
        prior=_quantity(wish.prior, binding),
        desired=_quantity(wish.desired, binding) or Quantity(value=str(wish.desired), unit=None),
        sentence=summary.sentence,
        prediction=_prediction(story),
        if_nothing=None if proposal is None else proposal.if_nothing,
        rule=named_or_none(plant, summary.rule),
        goal=None if proposal is None else named_or_none(plant, proposal.goal),
        agent=named(plant, summary.author),
        level=None if level is None else level.word,
        approvals=Approvals(
            needed=approvals_needed(twin.hub.model, wish.target),
            given=[named(plant, person) for person in approvers(story, binds, now_us)],
        ),
        word=Word(counts=found.counts, code=found.code, sentence=found.sentence),
        binds=binds,
    )


def _prediction(story: Story) -> Prediction:
    if story.proposal is None:
        return Prediction(evaluated=False, units=None, low=None, high=None, sentence="A person's request: no forecast.")
    effect = story.proposal.effect
    return Prediction(
        evaluated=effect.evaluated, units=effect.units, low=effect.low, high=effect.high, sentence=effect.sentence
    )


def _current(twin: Twin, binding: Binding | None) -> Quantity | None:
    if binding is None or not twin.hub.connected:
        return None
    return _plain(twin.hub.model.get(binding.equipment, binding.predicate), binding.unit)


def _quantity(literal: Literal | None, binding: Binding | None) -> Quantity | None:
    return None if literal is None else _plain(literal.value, None if binding is None else binding.unit)


def _plain(value: object, unit: str | None) -> Quantity | None:
    """JSON has no NaN and no infinity: such a value is not known."""
    if isinstance(value, bool | str):
        return Quantity(value=value, unit=unit)
    if isinstance(value, int | float) and math.isfinite(value):
        return Quantity(value=float(value), unit=unit)
    return None
