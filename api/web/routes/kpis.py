"""`/v1/kpis`: the newest indicators of the line and its machines, and where its time is lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from rdflib import RDFS, URIRef

from api.web.access import Action, allowed
from api.web.identity import Person
from api.web.moments import Moment, moment, moment_or_none
from api.web.named import Named, named
from api.web.problems import problem_responses
from api.web.twin import Twin, the_twin
from kg.errors import ServiceDown, UnknownNode
from kg.names import GraphName
from kg.tokens import CORE, local_name
from ontology import KPI, TW

router = APIRouter(tags=["kpis"])

_COUNTED = (
    (TW.throughputPerH, "Throughput per hour", "/h"),
    (TW.goodCount, "Good count", "1"),
    (TW.minorStops, "Minor stops", "1"),
)
"""Figures that ISO 22400-2 has no indicator for."""
_LINE = "https://w3id.org/twinwright/plants/bottling#Line"


class Point(NamedTuple):
    """A point of a trend."""

    plant_at: Moment
    value: float


class Kpi(BaseModel):
    """The newest value of an indicator."""

    equipment: Named
    indicator: Named
    value: Annotated[float, Field(examples=[0.83])]
    unit: Annotated[str, Field(description="UCUM; 1 for ratios and counts.", examples=["1"])]
    plant_at: Annotated[Moment | None, Field(description="Plant time that the twin has reached.")]
    trend: Annotated[list[Point], Field(description="Since the web process began to look, thinned, oldest first.")]


class Loss(BaseModel):
    """Time that the line has lost."""

    minutes: Annotated[float, Field(description="Plant minutes.", examples=[12.5])]
    equipment: Named
    reason: Annotated[str, Field(examples=["jam"])]


class Kpis(BaseModel):
    """Indicators and losses as they are now."""

    connected: Annotated[bool, Field(description="False while the core does not answer: then all of this is old.")]
    items: list[Kpi]
    losses: Annotated[list[Loss], Field(description="The largest first.")]


@router.get("/kpis", summary="Indicators and losses", responses=problem_responses(UnknownNode, ServiceDown))
async def get_kpis(
    person: Annotated[Person, Depends(allowed(Action.READ))],
    twin: Annotated[Twin, Depends(the_twin)],
    equipment: Annotated[
        str | None,
        Query(max_length=300, description="Only of this: a name of the plant or an IRI.", examples=["Line", _LINE]),
    ] = None,
    trend: Annotated[bool, Query(description="With the points of the last while.")] = True,
) -> Kpis:
    """After ISO 22400-2, in plant time; a machine's losses are the minutes that it cost the line."""
    model = twin.hub.model
    if model.layout is None:
        raise ServiceDown("The core has not been heard yet.", part=CORE)
    wanted = (model.layout.line, *model.layout.machines) if equipment is None else (_known(twin, equipment),)
    losses = [
        Loss(minutes=minutes, equipment=named(twin.plant, machine), reason=reason)
        for minutes, machine, reason in model.losses()
        if equipment is None or URIRef(machine) in wanted
    ]
    items = [kpi for node in wanted for kpi in _kpis(twin, node, trend)]
    return Kpis(connected=twin.hub.connected, items=items, losses=losses)


def _kpis(twin: Twin, node: URIRef, with_trend: bool) -> Iterator[Kpi]:
    model = twin.hub.model
    for indicator, predicate, label, unit in _indicators(twin):
        value = model.number(node, predicate)
        if value is None or not math.isfinite(value):
            continue
        points = twin.hub.trend(node, predicate) if with_trend else ()
        yield Kpi(
            equipment=named(twin.plant, str(node)),
            indicator=Named(iri=str(indicator), label=label),
            value=value,
            unit=unit,
            plant_at=moment_or_none(model.plant_us),
            trend=[Point(moment(at_us), value) for at_us, value in points],
        )


def _indicators(twin: Twin) -> list[tuple[URIRef, URIRef, str, str]]:
    """(indicator, predicate of its value, label, unit) of the ontology in force, by label."""
    ontology = twin.plant.graphs[GraphName.ONTOLOGY]
    found = [(predicate, predicate, label, unit) for predicate, label, unit in _COUNTED]
    for indicator, predicate in ontology.subject_objects(KPI.valuePredicate):
        label, unit = ontology.value(indicator, RDFS.label), ontology.value(indicator, TW.unit)
        name = local_name(str(indicator)) if label is None else str(label)
        found.append((URIRef(str(indicator)), URIRef(str(predicate)), name, str(unit or "1")))
    return sorted(found, key=lambda row: row[2])


def _known(twin: Twin, name: str) -> URIRef:
    iri = twin.info.iri(name)
    if (iri, None, None) not in twin.plant.graphs[GraphName.PLANT]:
        raise UnknownNode(f"{twin.info.name} has no {name}.", equipment=str(iri))
    return iri
