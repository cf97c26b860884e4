"""Is the twin alive, is it ready, how much does it do: for whoever keeps it running. Beside /v1, without a version."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from api.web.access import Action, allowed
from api.web.metrics import MEDIA_TYPE, exposition
from api.web.twin import Twin, the_twin
from kg.errors import TwinError
from kg.tokens import CORE, GATEWAY, REPLICA

router = APIRouter(tags=["health"])
_WITHIN_S = 2.0
_FRESH_S = 0.5


@router.get("/healthz", summary="Does the web process answer?")
async def healthz() -> dict[str, str]:
    """Alive. Says nothing about the rest of the twin."""
    return {"status": "ok"}


@router.get("/readyz", summary="Can the twin be used?", responses={503: {"description": "A part does not answer."}})
async def readyz(request: Request) -> Response:
    """200 when core, replica and gateway answer. A controller that does not answer is degraded, not dead."""
    told = await _lately(request)
    parts: dict[str, Any] = {part: answer.get("error", "ok") for part, answer in told.items()}
    links = told[CORE].get("link", {})
    degraded = sum(not link.get("connected") for link in links.values())
    unsealed = bool(told[CORE].get("unsealed"))
    ready = all(word == "ok" for word in parts.values())
    word = ("degraded" if degraded or unsealed else "ready") if ready else "not ready"
    body = {"status": word, "parts": parts, "disconnected": degraded, "unsealed": unsealed}
    return JSONResponse(body, 200 if ready else 503)


@router.get("/metrics", summary="Counters and gauges for Prometheus", dependencies=[Depends(allowed(Action.READ))])
async def metrics(request: Request) -> Response:
    """The Prometheus text format. Give the scraper the token of a viewer."""
    twin = the_twin(request)
    return Response(exposition(request.app.state.meters, twin.hub, await statuses(twin)), media_type=MEDIA_TYPE)


async def _lately(request: Request) -> dict[str, dict[str, Any]]:
    """The statuses, asked for at most twice a second however many strangers look."""
    state, now = request.app.state, time.monotonic()
    if now - getattr(state, "asked_s", -_FRESH_S) >= _FRESH_S:
        state.asked_s = now
        state.asking = asyncio.ensure_future(statuses(the_twin(request)))
    return dict(await asyncio.shield(state.asking))


async def statuses(twin: Twin) -> dict[str, dict[str, Any]]:
    """What core, gateway and replica say of themselves; `{"error": sentence}` for one that does not answer."""
    parts = (CORE, GATEWAY, REPLICA)
    answers = await asyncio.gather(*(_status(twin, part) for part in parts))
    return dict(zip(parts, answers, strict=True))


async def _status(twin: Twin, part: str) -> dict[str, Any]:
    try:
        return await twin.call(None, part, "status", timeout_s=_WITHIN_S)
    except TwinError as error:
        return {"error": error.message}
