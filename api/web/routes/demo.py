"""`/v1/demo`: the person at the machines of a simulated plant, and what a visitor may try. In a demonstration only.

What goes to the panel goes past the twin: it is what happens in the hall, not what the twin does.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.kill import kill_parts
from api.panel import PlantPanel
from api.tour.unsafe import unsafe_change, unsafe_wish
from api.web.access import Action, allowed
from api.web.identity import Person
from api.web.named import Named, named
from api.web.plant_view import PlantView, plant_view
from api.web.problems import problem_responses
from api.web.twin import Twin, the_twin
from kg.change import Verdict
from kg.errors import BadValue, PlantIncomplete, ServiceDown, UnknownNode
from kg.tokens import AGENTS, CORE, GATEWAY

_LOG = logging.getLogger(__name__)
router = APIRouter(prefix="/demo", tags=["demo"])

_Visitor = Annotated[Person, Depends(allowed(Action.DEMO))]
_Twin = Annotated[Twin, Depends(the_twin)]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z]{1,64}$", description="As the plant names it.")]
_Target = Annotated[str, Field(pattern=r"^[A-Za-z.]{1,100}$", description="Machine, conveyor or tag, by kind.")]
_PANEL = problem_responses(BadValue)

Fault = Literal[
    "jam",
    "breakdown",
    "maintenance",
    "hot",
    "misfill",
    "standstill",
    "freeze",
    "bad",
    "ignore-writes",
    "clamp-writes",
    "vanish",
    "restart",
]
Part = Literal["core", "gateway", "agents", "replica"]


class Injection(BaseModel):
    """A fault that befalls the plant now."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"fault": "jam", "target": "Labeller", "lasts_s": 240}]}
    )

    fault: Fault
    target: Annotated[
        _Target | None, Field(description="What it strikes; `vanish` and `restart` strike the network.")
    ] = None
    lasts_s: Annotated[
        float | None, Field(gt=0, le=86_400, description="Plant seconds; without it as long as such faults last.")
    ] = None


class Clearing(BaseModel):
    """A person puts a machine or conveyor right."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"machine": "Labeller"}]})

    machine: _Name


class Selector(BaseModel):
    """A person turns a selector at a machine."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"machine": "Filler", "on": True}]})

    machine: _Name
    on: bool


class Pace(BaseModel):
    """How fast the simulated plant runs. Its time goes on from where it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"pace": 5}]})

    pace: Annotated[float, Field(ge=1, le=100, description="Plant seconds in a wall second.")]


class Kill(BaseModel):
    """Which parts of the twin are killed. Its supervisor starts them again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"parts": ["core", "gateway", "agents"]}]}
    )

    parts: Annotated[list[Part], Field(min_length=1, max_length=4)] = [CORE, GATEWAY, AGENTS]  # type: ignore[list-item]


class Killed(BaseModel):
    """Which parts were hit; one that was down already is not among them."""

    killed: Annotated[list[Part], Field(examples=[["core", "gateway", "agents"]])]


class Refusing(BaseModel):
    """Why the Gate refused, with the shape where one did."""

    code: Annotated[str, Field(examples=["LIM-SPEED-MAX"])]
    sentence: str
    shape: Annotated[str | None, Field(description="IRI; null where no shape refused, but a rule of the Gate.")]


class Attempt(BaseModel):
    """What was asked for in earnest, and what became of it."""

    target: Named
    value: Annotated[float, Field(examples=[880.0])]
    limit: Annotated[float, Field(description="The highest value that the policy grants.", examples=[440.0])]
    unit: Annotated[str, Field(description="UCUM.", examples=["/min"])]
    decision: Annotated[str, Field(examples=["urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10"])]
    admitted: Annotated[bool, Field(description="False, if the twin is worth its name.")]
    reasons: list[Refusing]


@router.get("/panel", summary="The simulated plant's own truth", responses=problem_responses())
async def panel(person: Annotated[Person, Depends(allowed(Action.READ))], twin: _Twin) -> PlantView:
    """As it stands at the machines, also while the twin is dead."""
    return plant_view(await panel_of(twin).state())


@router.post("/inject", summary="Let a fault befall the plant", responses=_PANEL)
async def inject(injection: Injection, person: _Visitor, twin: _Twin) -> PlantView:
    """At once; a jam strikes as soon as the machine runs."""
    text = injection.fault + ("" if injection.target is None else f":{injection.target}")
    text += "" if injection.lasts_s is None else f"+{injection.lasts_s:.3f}s"
    _LOG.info("%s injects %s", person.login, text)
    return plant_view(await panel_of(twin).inject(text))


@router.post("/clear", summary="Put a machine right", responses=_PANEL)
async def clear(clearing: Clearing, person: _Visitor, twin: _Twin) -> PlantView:
    """As a person at the machine does: its stop and its faults end."""
    _LOG.info("%s clears %s", person.login, clearing.machine)
    return plant_view(await panel_of(twin).clear(clearing.machine))


@router.post("/local", summary="Take a machine to local, or back", responses=_PANEL)
async def local(selector: Selector, person: _Visitor, twin: _Twin) -> PlantView:
    """The key switch at the machine. In local the controller refuses what the twin writes."""
    _LOG.info("%s turns %s to %s", person.login, selector.machine, "local" if selector.on else "remote")
    return plant_view(await panel_of(twin).local(selector.machine, on=selector.on))


@router.post("/twin-enable", summary="Turn the twin-enable selector", responses=_PANEL)
async def twin_enable(selector: Selector, person: _Visitor, twin: _Twin) -> PlantView:
    """The operator's own selector. Off, the controller ignores what the twin writes."""
    _LOG.info("%s turns twin-enable of %s %s", person.login, selector.machine, "on" if selector.on else "off")
    return plant_view(await panel_of(twin).twin_enable(selector.machine, on=selector.on))


@router.post("/pace", summary="Let the plant run faster or slower", responses=_PANEL)
async def pace(wanted: Pace, person: _Visitor, twin: _Twin) -> PlantView:
    """Plant time goes on without a jump."""
    _LOG.info("%s sets the pace to %g", person.login, wanted.pace)
    return plant_view(await panel_of(twin).pace(wanted.pace))


@router.post("/kill", summary="Kill the twin", responses=problem_responses(UnknownNode, ServiceDown))
async def kill(order: Kill, person: _Visitor, twin: _Twin) -> Killed:
    """SIGKILL to these parts. The line goes on at its controllers' own setpoints; the supervisor starts them again."""
    killed = await asyncio.to_thread(kill_parts, twin.data, order.parts)
    _LOG.warning("%s killed %s", person.login, ", ".join(killed) or "nothing")
    return Killed(killed=list(killed))  # type: ignore[arg-type]  # names of Part


@router.post("/unsafe", summary="Try an unsafe write", responses=problem_responses(PlantIncomplete))
async def unsafe(person: _Visitor, twin: _Twin) -> Attempt:
    """A request for twice the highest speed allowed, in your name and in earnest: no dry run."""
    wish = unsafe_wish(twin.plant)
    change = unsafe_change(wish, twin.now_us())
    verdict = await twin.submit(person, change)
    return Attempt(
        target=named(twin.plant, wish.binding.prop),
        value=wish.value,
        limit=wish.limit,
        unit=wish.binding.unit or "1",
        decision=change.id,
        admitted=verdict.admitted,
        reasons=refusing(twin, verdict),
    )


def panel_of(twin: Twin) -> PlantPanel:
    """The panel of the simulated plant. Raises ServiceDown where the twin has none."""
    if twin.panel is None:
        raise ServiceDown("This is no demonstration; there is no simulated plant.", part="plant")
    return PlantPanel(twin.panel)


def refusing(twin: Twin, verdict: Verdict) -> list[Refusing]:
    """The reasons of a verdict, in people's words."""
    return [
        Refusing(
            code=reason.code,
            sentence=twin.info.in_words(reason.sentence),
            shape=None if reason.finding is None else str(reason.finding.shape),
        )
        for reason in verdict.reasons
    ]
