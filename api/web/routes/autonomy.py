"""`/v1/autonomy`: how far the agents may go, by agent, rule and scope."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agents.levels import Autonomy
from api.acts import autonomy_change, chosen, grants_in
from api.web.access import Action, allowed
from api.web.errors import ChangeRefused
from api.web.identity import Person
from api.web.named import Named, named_or_none
from api.web.problems import problem_responses
from api.web.seen import seen
from api.web.twin import Twin, the_twin
from kg.errors import ServiceDown, UnknownNode
from kg.tokens import CORE
from kg.wire import verdict_to_json

router = APIRouter(tags=["autonomy"])

LevelWord = Literal["off", "shadow", "advise", "approve", "veto-window", "autonomous"]
_Twin = Annotated[Twin, Depends(the_twin)]


_BOT = "https://w3id.org/twinwright/plants/bottling#"
_HELD: dict[str, Any] = {
    "node": f"{_BOT}CatchUp.Autonomy",
    "level": "approve",
    "agent": {"iri": f"{_BOT}LineAgent", "label": "Line agent"},
    "rule": {"iri": f"{_BOT}CatchUp", "label": "Catch up"},
    "scope": {"iri": f"{_BOT}Line", "label": "Line"},
}
_DONE: dict[str, Any] = {
    "items": [_HELD],
    "moved": 1,
    "change": "urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10",
    "seq": 4711,
}


class Grant(BaseModel):
    """A level for an agent, a rule and a scope; null stands for any."""

    model_config = ConfigDict(json_schema_extra={"examples": [_HELD]})

    node: str
    level: LevelWord
    agent: Named | None
    rule: Named | None
    scope: Named | None


class GrantList(BaseModel):
    """The grants of the policy. The most specific one counts; where none fits, an agent is in shadow."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_HELD], "next": None}]})

    items: list[Grant]
    next: None = None


class LevelOrder(BaseModel):
    """A level, and why it is changed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"level": "approve", "reason": "A week in shadow without a wrong proposal."}]},
    )

    level: LevelWord
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    scope: Annotated[str | None, Field(max_length=1000, description="Only grants for this place.")] = None


class LevelOutcome(BaseModel):
    """The grants as they are now."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DONE]})

    items: list[Grant]
    moved: Annotated[int, Field(description="How many have another level than before.")]
    change: str | None
    seq: Annotated[int | None, Field(description="Of the Change on record; null where nothing had to change.")]


@router.get("/autonomy", summary="How far the agents may go", responses=problem_responses())
async def list_autonomy(person: Annotated[Person, Depends(allowed(Action.READ))], twin: _Twin) -> GrantList:
    """The levels in force."""
    return GrantList(items=[_grant(twin, held) for held in _in_force(twin)])


@router.put(
    "/autonomy/{about:path}",
    summary="Raise or lower a level",
    responses=problem_responses(UnknownNode, ChangeRefused),
)
async def set_level(
    about: Annotated[
        str, InPath(max_length=1000, description="An agent or a rule, such as `LineAgent`; or an IRI, percent-encoded.")
    ],
    order: LevelOrder,
    person: Annotated[Person, Depends(allowed(Action.AUTONOMY))],
    twin: _Twin,
) -> LevelOutcome:
    """Moves every grant for this agent or rule. Refused where somebody else has moved one meanwhile."""
    scope = None if order.scope is None else twin.info.iri(order.scope)
    grants = chosen(_in_force(twin), twin.info.iri(about), scope)
    held = [(grant.node, grant.level.word) for grant in grants]
    change = autonomy_change(held, order.level, order.reason, twin.now_us())
    items = [_grant(twin, grant).model_copy(update={"level": order.level}) for grant in grants]
    if change is None:
        return LevelOutcome(items=items, moved=0, change=None, seq=None)
    verdict = await twin.submit(person, change)
    if not verdict.admitted:
        told = " ".join(given.sentence for given in verdict.reasons)
        raise ChangeRefused(f"The levels stay as they are: {told}", verdict_to_json(verdict))
    await seen(twin, verdict.seq)
    return LevelOutcome(items=items, moved=len(change.adds), change=verdict.change, seq=verdict.seq)


def _in_force(twin: Twin) -> tuple[Autonomy, ...]:
    if not twin.hub.connected:
        raise ServiceDown("The core does not answer, so nobody knows which levels are in force.", part=CORE)
    return grants_in(twin.hub.model)


def _grant(twin: Twin, held: Autonomy) -> Grant:
    return Grant(
        node=str(held.node),
        level=held.level.word,  # type: ignore[arg-type]  # the words of Level
        agent=named_or_none(twin.plant, held.agent),
        rule=named_or_none(twin.plant, held.rule),
        scope=named_or_none(twin.plant, held.scope),
    )
