"""`GET /v1/events`: what was recorded, as it happens (server-sent events), resumable by the number of the Change."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse

from api.web.access import Action, allowed
from api.web.errors import TooManyRequests
from api.web.identity import Person
from api.web.moments import moment_or_none
from api.web.problems import problem_responses
from api.web.twin import Twin, the_twin
from kg.change import Kind

router = APIRouter(tags=["events"])

MOST_READERS: Final = 200
"""Streams that are open at once."""
_SEQ: Final = re.compile("[0-9]{1,15}")
_HEARTBEAT_S: Final = 15.0
_QUIET: Final = frozenset(Kind) - {Kind.OBSERVATION, Kind.MEASURE}
"""Readings and figures come by the hundred; who wants them asks for them."""


@router.get(
    "/events",
    summary="What happens, as it happens",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A stream of events `change` (and `resync` where the events asked for are no longer kept: "
            "read what you need again, then go on). `id` is the seq; browsers send it back as Last-Event-ID.",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'id: 4711\nevent: change\ndata: {"seq": 4711, "kind": "proposal"}\n\n',
                }
            },
        },
        **problem_responses(TooManyRequests),
    },
)
async def events(
    person: Annotated[Person, Depends(allowed(Action.READ))],
    twin: Annotated[Twin, Depends(the_twin)],
    kind: Annotated[
        list[Kind] | None, Query(description="Only these kinds; all but observation and measure where none is given.")
    ] = None,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="Begin after this seq.")] = None,
    last_event_id: Annotated[str | None, Header(description="Begin after this seq; sent by browsers.")] = None,
) -> StreamingResponse:
    """A stream that lasts until the reader goes. A reader that is too slow is closed and resumes with its last id."""
    if twin.hub.readers >= MOST_READERS:
        raise TooManyRequests(f"{MOST_READERS} readers are connected.", most=MOST_READERS)
    start = resume_after(last_event_id, after)
    wanted = frozenset(kind) if kind else _QUIET
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(twin, start, wanted), media_type="text/event-stream", headers=headers)


def resume_after(last_event_id: str | None, after: int | None) -> int | None:
    """The seq after which to begin: what the browser saw last, or else what was asked for."""
    if last_event_id is None or not _SEQ.fullmatch(last_event_id):
        return after
    return int(last_event_id)


async def _stream(twin: Twin, after: int | None, wanted: frozenset[Kind]) -> AsyncIterator[str]:
    yield f"retry: 2000\n: from {twin.hub.model.seq if after is None else after}\n\n"
    source = twin.hub.events(after)
    pending: asyncio.Future[Mapping[str, Any]] | None = None
    try:
        while True:
            if pending is None:
                pending = asyncio.ensure_future(anext(source))
            done, _ = await asyncio.wait({pending}, timeout=_HEARTBEAT_S)
            if not done:
                yield ": still here\n\n"
                continue
            event, pending = pending.result(), None
            if "resync" in event:
                yield _line("resync", event["resync"], {"seq": event["resync"]})
            elif event["kind"] in wanted:
                yield _line("change", event["seq"], event_body(event))
    except StopAsyncIteration:
        yield _line("resync", twin.hub.model.seq, {"seq": twin.hub.model.seq})
    finally:
        if pending is not None:
            pending.cancel()
            await asyncio.wait({pending})
        await source.aclose()


def event_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """A published Change as the API shows it."""
    return {
        "seq": event["seq"],
        "kind": event["kind"],
        "change": event["change"],
        "author": event["author"],
        "cause": event["cause"],
        "at": moment_or_none(event["at_us"]),
        "plant_at": moment_or_none(event["plant_us"]),
        "release": event["release"],
        "admitted": event["admitted"],
        "added": event["added"],
        "removed": event["removed"],
        "readings": len(event["readings"]),
        "opened": event["opened"],
        "closed": event["closed"],
        "reasons": event["reasons"],
        "detail": event["detail"],
    }


def _line(name: str, ident: int, body: Mapping[str, Any]) -> str:
    return f"id: {ident}\nevent: {name}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
