"""`/v1/stops`: the switches outside the agents. The gateway hears first, then the record; the line itself runs on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Path as InPath
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.acts import MODES, Stop, stop_body, stop_change, stop_sentence, stoppable
from api.web.access import Action, allowed
from api.web.both import Heard, Outcome, outcome, tell_both
from api.web.identity import Person
from api.web.moments import Moment, micros, moment_or_none
from api.web.named import Named, named, named_or_none
from api.web.problems import problem_responses
from api.web.twin import Twin, the_twin
from kg.errors import BadValue, TwinError, UnknownNode
from kg.tokens import GATEWAY, local_name

router = APIRouter(tags=["stops"])

Mode = Literal["no-writes", "propose-only", "read-only"]
_LONGEST_S = 366 * 86_400.0
_WITHIN_S = 3.0
_WORDS = {local_name(str(iri)): word for word, iri in MODES.items()}
_Reader = Annotated[Person, Depends(allowed(Action.READ))]
_Stopper = Annotated[Person, Depends(allowed(Action.STOP))]
_Twin = Annotated[Twin, Depends(the_twin)]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]
_Scope = Annotated[
    str,
    InPath(
        max_length=1000,
        description="`plant`; or a machine, area, agent, rule or person such as `Filler`; or an IRI, percent-encoded.",
        openapi_examples={"the plant": {"value": "plant"}, "a machine": {"value": "Filler"}},
    ),
]


class StopOrder(BaseModel):
    """How a scope is to be stopped, and until when: for some seconds, until a moment, or until it is released."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"mode": "no-writes", "for_s": 600, "reason": "Trial of the new labels."}]},
    )

    mode: Annotated[
        Mode,
        Field(description="no-writes: nobody writes. propose-only: people may. read-only: agents do not even propose."),
    ] = "no-writes"
    for_s: Annotated[float | None, Field(gt=0, le=_LONGEST_S)] = None
    until: AwareDatetime | None = None
    reason: _Text = ""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.for_s is not None and self.until is not None:
            raise ValueError("give for_s or until, not both")
        return self


_FILLER = {"iri": "https://w3id.org/twinwright/plants/bottling#Filler", "label": "Filler"}
_BOTH: dict[str, Any] = {"gateway": True, "core": True}
_SET: dict[str, Any] = {
    "scope": _FILLER,
    "mode": "no-writes",
    "until_at": "2026-11-22T08:25:30.250000+00:00",
    "since_at": "2026-11-22T08:15:30.250000+00:00",
    "by": {"iri": "https://w3id.org/twinwright/plants/bottling#olga", "label": "Olga"},
    "reason": "Trial of the new labels.",
    "heard": _BOTH,
}
_DONE: dict[str, Any] = {
    "scope": _FILLER,
    "mode": "no-writes",
    "until_at": "2026-11-22T08:25:30.250000+00:00",
    "sentence": "nothing is written.",
    "heard": _BOTH,
    "warnings": [],
    "change": "urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10",
    "seq": 4711,
}


class StopView(BaseModel):
    """A switch that is set."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SET]})

    scope: Named
    mode: Mode
    until_at: Moment | None
    since_at: Moment | None
    by: Annotated[Named | None, Field(description="Null where only the record tells of it.")]
    reason: str | None
    heard: Annotated[Heard, Field(description="Who holds this switch in this mode.")]


class StopList(BaseModel):
    """The switches that are set. `heard` says who has been asked with success; the list is whole if both have."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_SET], "next": None, "heard": _BOTH}]})

    items: list[StopView]
    next: None = None
    heard: Heard


class StopOutcome(Outcome):
    """What became of a switch."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DONE]})

    scope: Named
    mode: Annotated[Mode | None, Field(description="Null: released.")]
    until_at: Moment | None
    sentence: Annotated[str, Field(examples=["nothing is written."])]


_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"model": StopOutcome, "description": "Only gateway or core has taken it; `warnings` says why."},
    **problem_responses(UnknownNode, BadValue),
}


@router.get("/stops", summary="What is stopped", responses=problem_responses())
async def list_stops(person: _Reader, twin: _Twin) -> StopList:
    """As the gateway holds it and as it is on record."""
    try:
        answer = await twin.call(person, GATEWAY, "stops", timeout_s=_WITHIN_S)
    except TwinError:
        answer = {}
    core = twin.hub.connected
    recorded = {scope: _WORDS[mode] for scope, mode in twin.hub.model.stops if mode in _WORDS} if core else {}
    held = {stop["scope"]: stop for stop in answer.get("stops", ())}
    items = [_held(twin, stop, recorded.get(scope)) for scope, stop in sorted(held.items())]
    items += [_recorded(twin, scope, mode) for scope, mode in sorted(recorded.items()) if scope not in held]
    return StopList(items=items, heard=Heard(gateway="stops" in answer, core=core))


@router.put("/stops/{scope:path}", summary="Stop what the twin may do", responses=_RESPONSES)
async def set_stop(scope: _Scope, order: StopOrder, person: _Stopper, twin: _Twin, response: Response) -> StopOutcome:
    """At once; replaces the switch on this scope. Sent twice it is set once."""
    now_us = twin.now_us()
    stop = Stop(stoppable(twin.info, twin.plant, scope), order.mode, _end_us(order, now_us), order.reason)
    return await _switch(twin, person, stop, now_us, response)


@router.delete("/stops/{scope:path}", summary="Release a stop", responses=_RESPONSES)
async def release_stop(
    scope: _Scope,
    person: _Stopper,
    twin: _Twin,
    response: Response,
    reason: Annotated[_Text, Query(description="Kept on record.")] = "",
) -> StopOutcome:
    """The switch on this scope alone; one that is not set stays so."""
    stop = Stop(stoppable(twin.info, twin.plant, scope), None, None, reason)
    return await _switch(twin, person, stop, twin.now_us(), response)


async def _switch(twin: Twin, person: Person, stop: Stop, now_us: int, response: Response) -> StopOutcome:
    change = stop_change(stop, now_us)
    told, _ = await tell_both(twin, person, "stop", stop_body(stop), change)
    response.status_code = 200 if told.is_complete else 202
    return StopOutcome(
        **outcome(told, change, twin),
        scope=named(twin.plant, stop.scope),
        mode=stop.mode,  # type: ignore[arg-type]  # one of MODES
        until_at=moment_or_none(stop.until_us),
        sentence=stop_sentence(stop.mode),
    )


def _end_us(order: StopOrder, now_us: int) -> int | None:
    if order.for_s is not None:
        return now_us + max(round(order.for_s * 1e6), 1)
    if order.until is None:
        return None
    until_us = _micros(order.until)
    if until_us <= now_us:
        raise BadValue("This stop would have ended before it began.", until=order.until.isoformat())
    if until_us > now_us + round(_LONGEST_S * 1e6):
        raise BadValue(
            "A stop that is to last longer than a year is set without an end.", until=order.until.isoformat()
        )
    return until_us


def _micros(moment: datetime) -> int:
    try:
        return micros(moment)
    except OverflowError as error:  # the first day of the calendar, east of Greenwich
        raise BadValue("This is no moment of ours.", until=str(moment)) from error


def _held(twin: Twin, stop: dict[str, Any], recorded: str | None) -> StopView:
    return StopView(
        scope=named(twin.plant, stop["scope"]),
        mode=stop["mode"],
        until_at=moment_or_none(stop["until_us"]),
        since_at=moment_or_none(stop["at_us"]),
        by=named_or_none(twin.plant, stop["by"]),
        reason=stop["reason"] or None,
        heard=Heard(gateway=True, core=recorded == stop["mode"]),
    )


def _recorded(twin: Twin, scope: str, mode: str) -> StopView:
    return StopView(
        scope=named(twin.plant, scope),
        mode=mode,  # type: ignore[arg-type]  # one of MODES
        until_at=None,
        since_at=None,
        by=None,
        reason=None,
        heard=Heard(gateway=False, core=True),
    )
