"""`/v1/explanations`: why a decision was taken, down to the samples, in the form that the reader wants."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from agents.explanation import Explanation, explain
from api.web.access import Action, allowed
from api.web.decisions import require_decision
from api.web.errors import NotAcceptable
from api.web.identity import Person
from api.web.negotiation import VARY, Offer, choose
from api.web.problems import problem_responses
from api.web.twin import Twin, the_twin
from kg.errors import UnknownNode

router = APIRouter(tags=["explanations"])

FORMS: Final = (
    Offer("json", "application/json"),
    Offer("text", "text/plain", ("txt",)),
    Offer("turtle", "text/turtle", ("ttl",)),
    Offer("jsonld", "application/ld+json", ("json-ld",)),
    Offer("svg", "image/svg+xml"),
)
_ID = "urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10"


class Branch(BaseModel):
    """One line of the tree with what hangs below it."""

    sort: Annotated[str, Field(description="decision, note, inferred, sample, fact, absence, step or finding.")]
    text: Annotated[str, Field(examples=["ConveyorFL.FillRatio = 0.75"])]
    facts: dict[str, Any] = {}
    branches: list[Branch] = []


class Explained(BaseModel):
    """A sentence, and the tree down to samples and asserted facts."""

    id: Annotated[str, Field(examples=[_ID])]
    sentence: Annotated[
        str,
        Field(examples=["Line agent proposed: Run the filler at 300. It was written and confirmed."]),
    ]
    complete: Annotated[bool, Field(description="True where every reason ends in a sample or an asserted fact.")]
    tree: Branch


@router.get(
    "/explanations/{id}",
    summary="Why a decision was taken",
    response_model=Explained,
    responses={
        200: {
            "description": "Sentence and tree (JSON, text, SVG), or the provenance after PROV-O (Turtle, JSON-LD).",
            "content": {
                offer.media: {"schema": {} if "json" in offer.media else {"type": "string"}} for offer in FORMS[1:]
            },
        },
        **problem_responses(UnknownNode, NotAcceptable),
    },
)
async def get_explanation(
    id: Annotated[str, InPath(description="Of the decision; `urn:uuid:` may be left out.", max_length=200)],  # noqa: A002
    person: Annotated[Person, Depends(allowed(Action.READ))],
    twin: Annotated[Twin, Depends(the_twin)],
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
    form: Annotated[
        str | None, Query(alias="format", description="In place of Accept: json, text, turtle, jsonld or svg.")
    ] = None,
    full: Annotated[bool, Query(description="Text with ids, nodes and status codes too.")] = False,
) -> Response:
    """From the record alone: the proof that was frozen with the decision, every step, and the samples it stood on."""
    offer = choose(FORMS, accept, form)
    content = await asyncio.to_thread(_written, twin, id, offer.name, full)
    return Response(content, headers=VARY, media_type=offer.content_type)


def _written(twin: Twin, ident: str, form: str, full: bool) -> bytes:
    found = explain(twin.journal, twin.history, require_decision(twin.journal, ident))
    # a text value that a controller sent may hold half a character, which UTF-8 cannot
    return _text(found, form, full).encode("utf-8", "replace")


def _text(found: Explanation, form: str, full: bool) -> str:
    match form:
        case "text":
            return found.text(full)
        case "turtle":
            return found.turtle()
        case "jsonld":
            return found.json_ld()
        case "svg":
            return found.svg()
        case _:
            return json.dumps(found.to_json())
