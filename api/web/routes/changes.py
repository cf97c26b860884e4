"""`POST /v1/changes`: the one way in. SPARQL Update, RDF Patch or JSON becomes a Change, and the Gate judges it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse

from api.acts import change_at
from api.acts.request import request_change, require_unit, target_of
from api.core.incoming import MOST_QUADS
from api.web.access import Action, allowed
from api.web.change_body import ChangeBody, json_schema, quads_in, read_body, read_set_in, sound_detail
from api.web.errors import ChangeRefused, UnsupportedMedia
from api.web.identity import Person
from api.web.problems import problem_responses
from api.web.twin import Twin, the_twin
from api.web.verdict_view import VerdictView, refusal, verdict_view, why_not_view
from kg.change import Change, Kind
from kg.errors import BadChange, BadTerm, BadValue, QueryOverLimit, RecordFailed, UnknownNode, UpdateRefused
from kg.exchange import Effect, read_patch, read_update
from kg.tokens import CORE, REPLICA
from kg.wire import change_to_json

router = APIRouter(tags=["changes"])

JSON: Final = "application/json"
UPDATE: Final = "application/sparql-update"
PATCH: Final = "application/rdf-patch"
MOST_SOLUTIONS: Final = 10_000
"""Rows of a WHERE; an update with more is refused, not cut."""
_WHERE_S: Final = 10.0
_ELSEWHERE: Final = {
    Kind.REQUEST: 'A request is sent in short: {"request": {"target": ..., "value": ...}, "reason": ...} as JSON.',
    Kind.STOP: "A stop goes to PUT /v1/stops/{scope}, which tells the gateway first.",
    Kind.APPROVAL: "A word on a proposal goes to POST /v1/proposals/{id}/approve or reject, which binds it.",
}
_PREFIX: Final = "https://w3id.org/twinwright"
_LIMIT: Final = f"<{_PREFIX}/plants/bottling#Line> <{_PREFIX}/core#powerLimitKw>"
_DOUBLE: Final = "^^<http://www.w3.org/2001/XMLSchema#double>"
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        JSON: {
            "schema": json_schema(),
            "examples": {
                "request": {
                    "summary": "A setpoint",
                    "value": {
                        "request": {"target": "Filler.SetMachSpeed", "value": 300, "unit": "/min"},
                        "reason": "the labeller is being cleared",
                    },
                },
                "quads": {
                    "summary": "An edit of the model",
                    "value": {
                        "kind": "edit",
                        "removes": [
                            {"s": "Line", "p": "tw:powerLimitKw", "o": f'"2.2E2"{_DOUBLE}', "g": "plant"},
                        ],
                        "adds": [{"s": "Line", "p": "tw:powerLimitKw", "o": f'"2.3E2"{_DOUBLE}', "g": "plant"}],
                        "reason": "new contract with the utility",
                    },
                },
            },
        },
        UPDATE: {
            "schema": {"type": "string", "maxLength": 65536},
            "example": "WITH graph:plant\nDELETE { bot:Line tw:powerLimitKw ?old }\n"
            "INSERT { bot:Line tw:powerLimitKw 2.3E2 }\nWHERE { bot:Line tw:powerLimitKw ?old }",
        },
        PATCH: {
            "schema": {"type": "string"},
            "example": f'TX .\nD {_LIMIT} "2.2E2"{_DOUBLE} <{_PREFIX}/graph/plant> .\n'
            f'A {_LIMIT} "2.3E2"{_DOUBLE} <{_PREFIX}/graph/plant> .\nTC .\n',
        },
    },
}


@router.post(
    "/changes",
    summary="Change the graph, or ask a controller for a value",
    response_model=VerdictView,
    responses={
        200: {"description": "Admitted; or, with `dry_run`, what the Gate would say."},
        202: {"description": "A request that was admitted; the controller's answer comes later.", "model": VerdictView},
        **problem_responses(
            BadChange,
            BadTerm,
            BadValue,
            UnknownNode,
            UpdateRefused,
            QueryOverLimit,
            ChangeRefused,
            UnsupportedMedia,
            RecordFailed,
        ),
    },
    openapi_extra={"requestBody": _BODY},
)
async def send_change(
    request: Request,
    person: Annotated[Person, Depends(allowed(Action.CHANGE))],
    twin: Annotated[Twin, Depends(the_twin)],
    dry_run: Annotated[bool, Query(description="Only ask what the Gate would say.")] = False,
    why_not: Annotated[bool, Query(description="Where it is refused: what would make it pass.")] = False,
    kind: Annotated[Kind, Query(description="What an update or a patch is; JSON says it in its body.")] = Kind.EDIT,
    reason: Annotated[
        str | None, Query(max_length=2_000, description="Why, for an update or a patch; it goes on record.")
    ] = None,
    change_reason: Annotated[
        str | None, Header(max_length=2_000, description="The same as a header; the parameter goes before.")
    ] = None,
) -> JSONResponse:
    """All or nothing. Refused is 409 with the Gate's reasons; a dry run is always 200.

    An update's WHERE is matched against all named graphs as one, as of the newest Change. What an update or a patch
    removes must be there when the Change is judged. Every triple names one of the twin's named graphs.

    `why_not` looks, within a bound, for the smallest edits with which a refused Change would pass: of the Change
    itself, or of what would have to be so. Each was judged by the Gate; that none was found does not mean that
    there is none.
    """
    media = _media_type(request)
    body = await request.body()
    if media == JSON:
        change = await asyncio.to_thread(_from_json, twin, body)
    else:
        why = reason or change_reason
        effect, detail = await _effect(twin, person, media, body)
        change = _change(twin, kind, why, effect, detail)
    verdict = await twin.submit(person, change, dry_run)
    is_request = change.kind is Kind.REQUEST
    view = verdict_view(verdict, twin.info, is_request=is_request)
    if why_not and not verdict.admitted:
        found = await twin.call(person, CORE, "why_not", {"change": change_to_json(change)})
        view.why_not = why_not_view(found, twin.info)
    if not (verdict.admitted or dry_run):
        raise refusal(view)
    waits = is_request and not dry_run
    headers = {"Location": view.decision} if waits and view.decision else None
    return JSONResponse(view.model_dump(mode="json"), 202 if waits else 200, headers)


def _media_type(request: Request) -> str:
    name, _, parameters = request.headers.get("content-type", "").partition(";")
    media = name.strip().lower()
    known = f"there are {JSON}, {UPDATE} and {PATCH}"
    if media not in (JSON, UPDATE, PATCH):
        raise UnsupportedMedia(f"A change is not sent as {media or 'a body without a type'}; {known}.", media=media)
    charset = parameters.lower().replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedMedia(f"A change is sent as UTF-8, not as {charset}.", charset=charset)
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise UnsupportedMedia(f"A change is sent as it is, not as {coding}.", coding=coding)
    return media


def _from_json(twin: Twin, data: bytes) -> Change:
    body = read_body(data)
    if not isinstance(body, ChangeBody):
        binding = target_of(twin.info, twin.plant, body.request.target)
        require_unit(binding, body.request.unit)
        return request_change(binding, body.request.value, _reason(body.reason), twin.now_us())
    effect = Effect(
        adds=quads_in(body.adds, twin.info, "adds"),
        removes=quads_in(body.removes, twin.info, "removes"),
        read_set=read_set_in(body.read_set, twin.info),
    )
    return _change(twin, body.kind, body.reason, effect, sound_detail(body.detail), body.cause)


async def _effect(twin: Twin, person: Person, media: str, body: bytes) -> tuple[Effect, dict[str, Any]]:
    """What a patch or an update does, and what of it belongs into the record."""
    text = _text(body)
    if media == PATCH:
        patch = await asyncio.to_thread(read_patch, text)
        return patch.effect, sound_detail({"patch": dict(patch.header)} if patch.header else {})
    update = await asyncio.to_thread(read_update, text, twin.info.prefixes)
    answer = None
    if update.query is not None:
        newest = (await twin.call(person, CORE, "status"))["seq"]
        wanted = {"query": update.query, "min_seq": newest, "limit": MOST_SOLUTIONS, "timeout_s": _WHERE_S}
        answer = await twin.call(person, REPLICA, "query", wanted, timeout_s=3 * _WHERE_S)
    return await asyncio.to_thread(update.effect, answer), {"update": text}


def _change(
    twin: Twin, kind: Kind, reason: str | None, effect: Effect, detail: dict[str, Any], cause: str | None = None
) -> Change:
    if kind in _ELSEWHERE:
        raise BadChange(_ELSEWHERE[kind], kind=str(kind))
    if (many := len(effect.adds) + len(effect.removes)) > MOST_QUADS:
        told = f"A change adds and removes at most {MOST_QUADS} quads together, and this one {many}"
        raise BadChange(f"{told}; send several changes.", quads=many, most=MOST_QUADS)
    return change_at(
        kind,
        twin.now_us(),
        adds=effect.adds,
        removes=effect.removes,
        read_set=effect.read_set,
        reason=_reason(reason),
        cause=cause,
        detail=detail,
    )


def _reason(given: str | None) -> str:
    reason = (given or "").strip()
    if not reason:
        raise BadChange("A change says why: give a reason, with an update or a patch as `?reason=`.", where="reason")
    return reason


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTerm(f"The body is not UTF-8 text (byte {error.start}).", byte=error.start) from error
