"""What every request passes before any route: whose address it used, where it came from, how much it may bring.

A browser sends foreign pages' requests with the user's cookie, and a foreign name may be pointed at this machine; so
Host and Origin are checked on HTTP and WebSocket alike. Source: OWASP cheat sheets on CSRF and DNS rebinding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.web.errors import BodyTooLarge, OriginRefused, TimeOver
from api.web.problems import problem
from kg.errors import TwinError

LONGEST_BODY: Final = 6 << 20
"""Bytes of a request's body."""
LONGEST_S: Final = 75.0
"""Seconds until a response must have begun; a query has its own, shorter limit."""
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})

#: Vue compiles the console's templates in the browser, hence 'unsafe-eval'; nothing from outside is ever loaded.
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # with no-referrer browsers would send `Origin: null` for our own forms
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FOREIGN: Final = frozenset({"cross-site", "same-site"})


class Guard:
    """ASGI middleware around the whole application. `names` are the host names under which the twin serves."""

    def __init__(self, app: ASGIApp, names: Iterable[str] = LOOPBACK, longest_body: int = LONGEST_BODY) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._longest_body = longest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._admit(Headers(scope=scope))
        except TwinError as error:
            await _refuse(scope, receive, send, error)
            return
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _admit(self, headers: Headers) -> None:
        host = headers.get("host", "").lower()
        if _name(host) not in self._names:
            raise OriginRefused(f"This twin does not serve under the name {_name(host) or '(none)'}.", host=host)
        origin = headers.get("origin")
        if origin is not None and _address(origin.lower()) != host:
            raise OriginRefused(f"A page of {origin} may not speak to this twin.", origin=origin)
        # another port of this machine is the same site for cookies, and an image is asked for without an Origin
        if headers.get("sec-fetch-site") in _FOREIGN and headers.get("sec-fetch-mode") != "navigate":
            raise OriginRefused("A page from elsewhere may not speak to this twin; a link may lead here.")
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._longest_body:
            raise self._too_large()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        read, begun = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._longest_body:
                raise self._too_large()
            return message

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                limit.reschedule(None)
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            async with asyncio.timeout(LONGEST_S) as limit:
                await self._app(scope, counted, dressed)
        except BodyTooLarge as error:
            if begun:
                raise
            await problem(error)(scope, receive, send)
        except TimeoutError:
            if begun or not limit.expired():
                raise
            late = TimeOver(f"No answer within {LONGEST_S:g} s.", limit_s=LONGEST_S)
            await problem(late)(scope, receive, send)

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"A body may have {self._longest_body} bytes.", max_bytes=self._longest_body)


async def _refuse(scope: Scope, receive: Receive, send: Send, error: TwinError) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": error.message[:100]})
    else:
        await problem(error, dict(_HEADERS))(scope, receive, send)


def _address(origin: str) -> str:
    """Host and port of an Origin header; empty where it is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _name(host: str) -> str:
    """A Host header without its port; the header itself where something else than a port stands behind the name."""
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    return name if colon and port.isdigit() else host
