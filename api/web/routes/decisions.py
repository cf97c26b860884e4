"""`/v1/decisions`: what agents and people decided, and how far each decision came."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi import Path as InPath
from pydantic import AwareDatetime, BaseModel, Field

from agents.explanation.story import Step, Story, read_story
from agents.explanation.summaries import DecisionSummary, summary_of
from api.live.words import ENDS
from api.web.access import Action, allowed
from api.web.decisions import Sought, State, page, require_decision
from api.web.identity import Person
from api.web.moments import Moment, micros, moment, moment_or_none
from api.web.named import Named, named, named_or_none
from api.web.problems import problem_responses
from api.web.twin import Twin, the_twin
from kg.errors import UnknownNode
from kg.wire import reason_to_json

router = APIRouter(tags=["decisions"])

_ID = "urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10"
_Reader = Annotated[Person, Depends(allowed(Action.READ))]
_Twin = Annotated[Twin, Depends(the_twin)]
_Id = Annotated[str, InPath(description="`urn:uuid:...`, or without the prefix.", max_length=200, examples=[_ID])]
_Term = Annotated[
    str | None,
    Field(description="N-Triples.", examples=['"3.0E2"^^<http://www.w3.org/2001/XMLSchema#double>']),
]


class Decision(BaseModel):
    """One decision as far as it has come."""

    id: Annotated[str, Field(examples=[_ID])]
    at: Moment
    author: Named
    role: Annotated[str, Field(examples=["agent"])]
    target: Named | None
    desired: _Term
    prior: _Term
    rule: Annotated[Named | None, Field(description="The agent's rule; null for a person's request.")]
    sentence: Annotated[str, Field(examples=["Run the filler at 300 instead of 400 per minute."])]
    stage: Annotated[str, Field(description="The last step on record.", examples=["committed"])]
    end: Annotated[str | None, Field(description="How it ended; null while it is open.", examples=["committed"])]
    end_in_words: Annotated[str | None, Field(examples=["written and confirmed"])]
    requested: Annotated[bool, Field(description="True where a request to the controller was admitted.")]
    steps: Annotated[int, Field(examples=[11])]


class DecisionStep(BaseModel):
    """One recorded step of a decision."""

    entry: Annotated[int, Field(description="Number of the journal's entry.", examples=[4711])]
    hash: Annotated[str, Field(description="Of the journal's entry, SHA-256.", examples=["9f2c7a4e" * 8])]
    seq: int
    at: Moment
    plant_at: Annotated[Moment | None, Field(description="null where the step has no plant time.")]
    kind: Annotated[str, Field(examples=["proposal"])]
    stage: Annotated[str, Field(examples=["checked"])]
    ok: bool
    author: Named
    role: str
    change: str
    admitted: bool
    reason: Annotated[str | None, Field(description="In the author's words.")]
    reasons: Annotated[list[dict[str, Any]], Field(description="Why it was refused: code, sentence, finding.")]
    release: Annotated[str, Field(description="Hash of ontology, shapes, rules, policy and model in force.")]
    detail: dict[str, Any]


class DecisionStory(BaseModel):
    """A decision from its first step to its last."""

    decision: Decision
    steps: list[DecisionStep]


class DecisionList(BaseModel):
    """Decisions, newest first."""

    items: list[Decision]
    next: Annotated[str | None, Field(description="Send it as `cursor` for earlier ones.", examples=["4711"])]


@router.get("/decisions", summary="What was decided", responses=problem_responses(UnknownNode))
async def list_decisions(
    person: _Reader,
    twin: _Twin,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    state: Annotated[State | None, Query(description="`open`, `ended`, or how it ended.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Only what began at or after this moment.")] = None,
    author: Annotated[
        str | None, Query(max_length=300, description="Who began it: a login, a name of the plant, or an IRI.")
    ] = None,
    cursor: Annotated[str | None, Query(pattern="^[0-9]{1,15}$", description="`next` of the page before.")] = None,
) -> DecisionList:
    """Newest first. Each page looks back through a bounded part of the journal, so it may hold fewer decisions than
    `limit`, even none: there are more as long as `next` is not null."""
    sought = Sought(state, _author(twin, author), _since_us(since))
    before = None if cursor is None else int(cursor)
    found, following = await asyncio.to_thread(page, twin.journal, sought, limit, before)
    items = [_decision(twin, summary) for _, summary in found]
    return DecisionList(items=items, next=None if following is None else str(following))


@router.get("/decisions/{id}", summary="One decision, step by step", responses=problem_responses(UnknownNode))
async def get_decision(id: _Id, person: _Reader, twin: _Twin) -> DecisionStory:  # noqa: A002  the name in the path
    """Every step on record, in order, with its place in the journal. `/v1/explanations/{id}` tells why."""
    story = await asyncio.to_thread(_story, twin, id)
    steps = [_step(twin, step) for step in story.steps]
    return DecisionStory(decision=_decision(twin, summary_of(story)), steps=steps)


def _story(twin: Twin, ident: str) -> Story:
    return read_story(twin.journal, require_decision(twin.journal, ident))


def _decision(twin: Twin, summary: DecisionSummary) -> Decision:
    return Decision(
        id=summary.id,
        at=moment(summary.at_us),
        author=named(twin.plant, summary.author),
        role=summary.role,
        target=named_or_none(twin.plant, summary.target),
        desired=summary.desired,
        prior=summary.prior,
        rule=named_or_none(twin.plant, summary.rule),
        sentence=summary.sentence,
        stage=summary.stage,
        end=summary.end,
        end_in_words=None if summary.end is None else ENDS.get(summary.end, (summary.end, ""))[0],
        requested=summary.requested,
        steps=summary.steps,
    )


def _step(twin: Twin, step: Step) -> DecisionStep:
    return DecisionStep(
        entry=step.index,
        hash=step.hash,
        seq=step.seq,
        at=moment(step.at_us),
        plant_at=moment_or_none(step.plant_us),
        kind=step.kind.value,
        stage=step.stage,
        ok=step.is_ok,
        author=named(twin.plant, str(step.author)),
        role=step.role,
        change=step.change,
        admitted=step.admitted,
        reason=step.reason,
        reasons=[dict(reason_to_json(reason)) for reason in step.reasons],
        release=step.release,
        detail=dict(step.detail),
    )


def _author(twin: Twin, name: str | None) -> str | None:
    if not name:
        return None
    person = twin.people.by_login.get(name)
    return str(twin.info.iri(name) if person is None else person.iri)


def _since_us(since: datetime | None) -> int:
    return 0 if since is None else max(0, micros(since))
