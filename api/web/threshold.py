"""Where the console begins: whoever has no session is sent to sign in, before the toolkit does any work for him.

Pages, their sockets and unknown paths are behind it; the API, health, sign-in and the files that every page needs are
not, for they know nothing of the plant or check for themselves.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api.web.errors import NotSignedIn
from api.web.identity import People
from api.web.problems import problem

_OPEN: Final = frozenset({"/sign-in", "/sign-out", "/healthz", "/readyz", "/metrics", "/favicon.ico"})
_OPEN_BELOW: Final = ("/v1/", "/_nicegui/", "/console-static/")


class Threshold:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, people: People) -> None:
        self._app, self._people = app, people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] not in ("http", "websocket")
            or is_open(scope["path"])
            or self._people.of_headers(scope["headers"]) is not None
        ):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "Nobody is signed in."})
        elif scope["method"] in ("GET", "HEAD") and not scope["path"].startswith("/_nicegui"):
            query = scope["query_string"].decode("latin-1")
            asked = quote(scope["path"]) + (f"?{query}" if query else "")
            await RedirectResponse(f"/sign-in?to={quote(asked, safe='/')}", 303)(scope, receive, send)
        else:
            await problem(NotSignedIn("Nobody is signed in."))(scope, receive, send)


def is_open(path: str) -> bool:
    """True for what answers without a session."""
    return path in _OPEN or path.startswith(_OPEN_BELOW)
