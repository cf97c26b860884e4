"""`/v1/violations`: which shapes are violated now, by what, and since when."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.web.access import Action, allowed
from api.web.identity import Person
from api.web.moments import Moment, moment_or_none
from api.web.named import Named, named
from api.web.problems import problem_responses
from api.web.since import Place, since_of
from api.web.twin import Twin, the_twin
from kg.change import Severity
from kg.errors import UnknownNode
from kg.journal import JournalReader
from kg.tokens import CORE

router = APIRouter(tags=["violations"])

_SEVERITIES: Final = tuple(severity.value for severity in (Severity.VIOLATION, Severity.WARNING, Severity.INFO))


class Violation(BaseModel):
    """One SHACL validation result that holds."""

    focus: Named
    message: Annotated[str, Field(examples=["The speed is above the highest allowed for the product."])]
    severity: Annotated[str, Field(description="Only Violation blocks requests.", examples=["Violation"])]
    code: Annotated[str | None, Field(description="Of the shape.", examples=["LIM-SPEED-MAX"])]
    shape: Annotated[str, Field(examples=["https://w3id.org/twinwright/shapes#SpeedMax"])]
    component: str
    path: Annotated[str | None, Field(description="SPARQL property path.")]
    value: Annotated[str | None, Field(description="N-Triples.")]
    distance: Annotated[float | None, Field(description="How far beyond a limit, in the value's unit.")]
    since: Annotated[Moment | None, Field(description="null where it began before what is looked at.")]


class Violations(BaseModel):
    """What is violated, the most severe first."""

    items: list[Violation]
    next: Annotated[str | None, Field(description="Send it as `cursor` for more.", examples=["100"])]


@router.get("/violations", summary="What is violated now", responses=problem_responses(UnknownNode))
async def get_violations(
    person: Annotated[Person, Depends(allowed(Action.READ))],
    twin: Annotated[Twin, Depends(the_twin)],
    severity: Annotated[Severity | None, Query(description="Only of this severity.")] = None,
    code: Annotated[str | None, Query(max_length=100, description="Only of the shape with this code.")] = None,
    focus: Annotated[str | None, Query(max_length=300, description="Only of this node: a name or an IRI.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(pattern="^[0-9]{1,9}$", description="`next` of the page before.")] = None,
) -> Violations:
    """As the core sees it at this moment; a violation by a reading is a fact, not an error."""
    node = None if not focus else f"<{twin.info.iri(focus)}>"
    findings = (await twin.call(person, CORE, "violations"))["findings"]
    wanted = [
        finding
        for finding in findings
        if (severity is None or finding["severity"] == severity.value)
        and (code is None or finding["code"] == code)
        and (node is None or finding["focus"] == node)
    ]
    wanted.sort(key=_order)
    start = int(cursor or 0)
    shown = wanted[start : start + limit]
    since = await asyncio.to_thread(_since, twin.journal) if shown else {}
    following = str(start + limit) if start + limit < len(wanted) else None
    return Violations(items=[_violation(twin, finding, since) for finding in shown], next=following)


def _since(journal: JournalReader) -> dict[Place, int]:
    return since_of(journal).now()


def _order(finding: Mapping[str, Any]) -> tuple[int, str, str, str]:
    return _SEVERITIES.index(finding["severity"]), finding["code"] or "", finding["focus"], finding["value"] or ""


def _violation(twin: Twin, finding: Mapping[str, Any], since: Mapping[Place, int]) -> Violation:
    return Violation(
        focus=_node(twin, finding["focus"]),
        message=twin.info.in_words(finding["message"]),
        severity=finding["severity"],
        code=finding["code"],
        shape=finding["shape"].removeprefix("<").removesuffix(">"),
        component=finding["component"],
        path=finding["path"],
        value=finding["value"],
        distance=finding["distance"],
        since=moment_or_none(since.get(Place.of(finding))),
    )


def _node(twin: Twin, text: str) -> Named:
    """The focus in N-Triples form as a name; a blank node or a literal is called by its text."""
    return named(twin.plant, text[1:-1]) if text.startswith("<") else Named(iri=text, label=text)
