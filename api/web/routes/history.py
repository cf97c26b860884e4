"""`/v1/history`: the samples of a property as the controller sent them, or thinned for a plot."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, Field

from api.acts import nearest
from api.web.access import Action, allowed
from api.web.errors import BadRequest, NotAcceptable
from api.web.identity import Person
from api.web.moments import Moment, moment
from api.web.named import Named, named
from api.web.negotiation import VARY, Offer, choose
from api.web.problems import problem_responses
from api.web.samples import as_csv, as_json, moment_us
from api.web.twin import Twin, the_twin
from kg.bindings import Binding
from kg.change import TagId
from kg.errors import UnknownNode
from kg.history.schema import Sample
from kg.tokens import local_name

router = APIRouter(tags=["history"])

MOST_SAMPLES: Final = 100_000
FORMS: Final = (Offer("json", "application/json"), Offer("csv", "text/csv"))
_SPEED = "https://w3id.org/twinwright/plants/bottling#Filler.CurMachSpeed"
_Reader = Annotated[Person, Depends(allowed(Action.READ))]
_Twin = Annotated[Twin, Depends(the_twin)]


class SampleView(BaseModel):
    """One sample as it came. A value that is no number in JSON is text: NaN, INF, -INF."""

    source_at: Annotated[Moment | None, Field(description="Plant time: the controller's source timestamp.")]
    value: float | bool | int | str | None
    status: Annotated[int, Field(description="OPC UA status code, 32 bits.", examples=[0])]
    status_name: Annotated[str, Field(examples=["Good"])]
    quality: Annotated[str, Field(description="good, uncertain or bad.", examples=["good"])]
    server_at: Moment | None
    received_at: Annotated[Moment | None, Field(description="Wall time of arrival.")]
    seq: Annotated[int, Field(description="Of the Change that brought it.")]
    flags: Annotated[int, Field(description="1 first, 2 replayed, 4 overflow, 8 after a gap, 16 implausible, 32 own.")]


class Samples(BaseModel):
    """Samples of one property, the oldest first."""

    property: Annotated[str, Field(examples=[_SPEED])]
    label: str
    unit: Annotated[str | None, Field(examples=["/min"])]
    from_: Annotated[Moment, Field(alias="from")]
    to: Moment
    thinned: Annotated[bool, Field(description="True where `points` left only least and greatest values.")]
    truncated: Annotated[bool, Field(description="True where there are more than `limit`; go on from the last one.")]
    items: list[SampleView]


class RecordedProperty(BaseModel):
    """A property that has a history."""

    property: Named
    equipment: Named
    unit: Annotated[str | None, Field(examples=["/min"])]
    data_type: Annotated[str, Field(examples=["Float"])]
    low: Annotated[float | None, Field(description="EURange.")]
    high: float | None
    writable: bool


class Properties(BaseModel):
    """Properties, by name."""

    items: list[RecordedProperty]
    next: None = None


@dataclass(frozen=True, slots=True)
class _Span:
    tag: TagId
    from_us: int
    to_us: int


@router.get(
    "/history",
    summary="Samples of a property",
    response_model=Samples,
    responses={
        200: {"description": "The samples.", "content": {"text/csv": {"schema": {"type": "string"}}}},
        **problem_responses(UnknownNode, NotAcceptable, BadRequest),
    },
)
async def get_history(
    person: _Reader,
    twin: _Twin,
    prop: Annotated[
        str,
        Query(alias="property", max_length=300, description="A name of the plant or an IRI.", examples=[_SPEED]),
    ],
    from_: Annotated[
        str, Query(alias="from", max_length=64, description="Plant time: RFC 3339, or -90s, -15m, -8h, -1d before now.")
    ] = "-15m",
    to: Annotated[str, Query(max_length=64, description="The same, or `now`; not included.")] = "now",
    limit: Annotated[int, Query(ge=1, le=MOST_SAMPLES, description="Most samples in the answer.")] = 10_000,
    points: Annotated[
        int | None, Query(ge=2, le=5000, description="For a plot: about so many samples, no peak and no gap lost.")
    ] = None,
    form: Annotated[str | None, Query(alias="format", description="In place of Accept: json or csv.")] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Now is the plant time that the twin has reached. Every sample has the times of controller, server and arrival."""
    offer = choose(FORMS, accept, form)
    binding = _binding(twin, prop)
    reached_us = twin.hub.model.plant_us
    content, truncated = await asyncio.to_thread(
        _written, twin, binding, (from_, to), reached_us, limit, points, offer.name
    )
    headers = {**VARY, "X-Truncated": str(truncated).lower()}
    return Response(content, headers=headers, media_type=offer.content_type)


@router.get("/history/properties", summary="Properties that have a history", responses=problem_responses())
async def get_properties(person: _Reader, twin: _Twin) -> Properties:
    """Every property that is bound to a controller and has been recorded."""
    recorded = await asyncio.to_thread(_recorded, twin)
    bound = sorted(twin.plant.bindings, key=lambda binding: binding.prop)
    return Properties(items=[_property(twin, binding) for binding in bound if str(binding.prop) in recorded])


def _recorded(twin: Twin) -> set[str]:
    # other threads refresh the same tags, so they are taken at once
    return {tag.prop for tag in list(twin.history.tags().values())}


def _written(
    twin: Twin,
    binding: Binding,
    asked: tuple[str, str],
    reached_us: int,
    limit: int,
    points: int | None,
    form: str,
) -> tuple[bytes, bool]:
    span = _span(twin, binding, asked, reached_us)
    samples, thinned = _samples(twin, binding, span, limit, points)
    truncated = not thinned and len(samples) > limit
    samples = samples if thinned else samples[:limit]
    if form == "csv":
        return as_csv(samples), truncated
    head: dict[str, Any] = {
        "property": str(binding.prop),
        "label": named(twin.plant, str(binding.prop)).label,
        "unit": binding.unit,
        "from": moment(span.from_us),
        "to": moment(span.to_us),
        "thinned": thinned,
        "truncated": truncated,
    }
    return as_json(head, samples), truncated


def _span(twin: Twin, binding: Binding, asked: tuple[str, str], reached_us: int) -> _Span:
    tag = twin.history.tag(str(binding.prop))
    if tag is None:
        raise UnknownNode(f"{local_name(str(binding.prop))} has no history yet.", property=str(binding.prop))
    newest = twin.history.last(tag)
    # one more, since the end of a span is not included and now is
    now_us = max(reached_us, newest.reading.source_us if newest is not None else 0) + 1
    from_us, to_us = (moment_us(name, text, now_us) for name, text in zip(("from", "to"), asked, strict=True))
    if from_us >= to_us:
        raise BadRequest(f"from ({moment(from_us)}) must lie before to ({moment(to_us)}).", where="from")
    return _Span(tag, from_us, to_us)


def _samples(
    twin: Twin, binding: Binding, span: _Span, limit: int, points: int | None
) -> tuple[tuple[Sample, ...], bool]:
    """The samples, and whether they were thinned; one more than `limit` where there are more."""
    most = limit if points is None else points
    found = twin.history.range(span.tag, span.from_us, span.to_us, most + 1)
    if points is None or len(found) <= points:
        return found, False
    if binding.data_type == "String":
        raise BadRequest(f"{local_name(str(binding.prop))} holds text, which cannot be thinned.", where="points")
    return twin.history.extremes(span.tag, span.from_us, span.to_us, points // 2), True


def _binding(twin: Twin, name: str) -> Binding:
    iri = twin.info.iri(name)
    found = next((binding for binding in twin.plant.bindings if binding.prop == iri), None)
    if found is None:
        near = nearest(local_name(str(iri)), (local_name(str(binding.prop)) for binding in twin.plant.bindings))
        raise UnknownNode(f"{name} is not a bound property of {twin.plant.name}.{near}", property=str(iri))
    return found


def _property(twin: Twin, binding: Binding) -> RecordedProperty:
    return RecordedProperty(
        property=named(twin.plant, str(binding.prop)),
        equipment=named(twin.plant, str(binding.equipment)),
        unit=binding.unit,
        data_type=binding.data_type,
        low=binding.low,
        high=binding.high,
        writable=binding.writable,
    )
