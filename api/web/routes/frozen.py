"""`/v1/frozen`: properties whose last write has an unknown outcome, and their release after a look at the machine."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.acts import bound, unfreeze_body, unfreeze_change
from api.web.access import Action, allowed
from api.web.both import Heard, Outcome, outcome, tell_both
from api.web.identity import Person
from api.web.moments import Moment, moment_or_none
from api.web.named import Named, named
from api.web.problems import problem_responses
from api.web.twin import Twin, the_twin
from kg.errors import BadValue, TwinError, UnknownNode
from kg.tokens import GATEWAY

router = APIRouter(tags=["stops"])
_WITHIN_S = 3.0
_Twin = Annotated[Twin, Depends(the_twin)]


_SPEED = {"iri": "https://w3id.org/twinwright/plants/bottling#Filler.SetMachSpeed", "label": "Filler: set speed"}
_BOTH: dict[str, Any] = {"gateway": True, "core": True}
_HELD: dict[str, Any] = {
    "property": _SPEED,
    "request": "urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10",
    "since_at": "2026-11-22T08:15:30.250000+00:00",
    "heard": _BOTH,
}
_DONE: dict[str, Any] = {
    "property": _SPEED,
    "was_frozen": True,
    "heard": _BOTH,
    "warnings": [],
    "change": "urn:uuid:0b1c2d3e-4f50-4a61-8b72-9c83ad94be05",
    "seq": 4711,
}


class FrozenView(BaseModel):
    """A property that nobody writes until a person has looked."""

    model_config = ConfigDict(json_schema_extra={"examples": [_HELD]})

    property: Named
    request: Annotated[str | None, Field(description="The request whose outcome nobody knows.")]
    since_at: Moment | None
    heard: Annotated[Heard, Field(description="Who holds it frozen.")]


class FrozenList(BaseModel):
    """The frozen properties. `heard` says who has been asked with success; the list is whole if both have."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_HELD], "next": None, "heard": _BOTH}]})

    items: list[FrozenView]
    next: None = None
    heard: Heard


class FrozenOutcome(Outcome):
    """What became of a release."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DONE]})

    property: Named
    was_frozen: Annotated[bool | None, Field(description="At the gateway; null where it did not answer.")]


_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"model": FrozenOutcome, "description": "Only gateway or core has taken it; `warnings` says why."},
    **problem_responses(UnknownNode, BadValue),
}


@router.get("/frozen", summary="What is frozen", responses=problem_responses())
async def list_frozen(person: Annotated[Person, Depends(allowed(Action.READ))], twin: _Twin) -> FrozenList:
    """As the gateway holds it and as it is on record."""
    try:
        answer = await twin.call(person, GATEWAY, "status", timeout_s=_WITHIN_S)
    except TwinError:
        answer = {}
    core = twin.hub.connected
    recorded = set(twin.hub.model.frozen) if core else set()
    held = answer.get("frozen", {})
    items = [
        FrozenView(
            property=named(twin.plant, prop),
            request=held.get(prop, {}).get("request"),
            since_at=moment_or_none(held.get(prop, {}).get("at_us")),
            heard=Heard(gateway=prop in held, core=prop in recorded),
        )
        for prop in sorted(recorded | set(held))
    ]
    return FrozenList(items=items, heard=Heard(gateway="frozen" in answer, core=core))


@router.delete("/frozen/{property:path}", summary="Give a property free", responses=_RESPONSES)
async def unfreeze(
    property: Annotated[  # noqa: A002  the name in the path
        str, InPath(max_length=1000, description="Such as `Filler.SetMachSpeed`; or an IRI, percent-encoded.")
    ],
    person: Annotated[Person, Depends(allowed(Action.STOP))],
    twin: _Twin,
    response: Response,
    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=1000),
        Query(description="What you have seen at the machine."),
    ],
) -> FrozenOutcome:
    """For somebody who has looked at the machine; the reason stays on record."""
    iri = bound(twin.info, twin.plant, property)
    change = unfreeze_change(iri, reason, twin.now_us())
    told, answer = await tell_both(twin, person, "unfreeze", unfreeze_body(iri, reason), change)
    response.status_code = 200 if told.is_complete else 202
    was_frozen = answer["request"] is not None if "request" in answer else None
    return FrozenOutcome(**outcome(told, change, twin), property=named(twin.plant, iri), was_frozen=was_frozen)
