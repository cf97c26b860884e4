"""What one person may have going at once: whoever asks for much waits for himself, and others do not.

Measured: twenty downloads of histories by one viewer made everybody's stops take 1.5 s and approvals 2 s, as all of
them share the threads and the interpreter of this process. Stops and words on proposals never wait.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from api.web.errors import TooManyRequests
from api.web.identity import People
from api.web.problems import problem

AT_ONCE: Final = 3
"""Requests of a person that are answered at the same time, of each sort: looking, asking, changing."""
MOST_WAITING: Final = 64
"""Requests of each sort that wait for the person's own."""
STREAMS: Final = 64
"""Streams of events of a person."""


class Shares:
    """ASGI middleware around the API. A request without a person passes: its route refuses it."""

    def __init__(self, app: ASGIApp, people: People) -> None:
        self._app, self._people = app, people
        self._lanes: dict[tuple[str, str], _Lane] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lane = self._lane(scope) if scope["type"] == "http" else None
        if lane is None:
            await self._app(scope, receive, send)
            return
        if lane.is_full:
            told = f"{lane.held} of your requests are under way or wait."
            await problem(TooManyRequests(told, most=lane.held))(scope, receive, send)
            return
        async with lane:
            await self._app(scope, receive, send)

    def _lane(self, scope: Scope) -> _Lane | None:
        sort = _sort(scope["method"], scope["path"].removeprefix(scope.get("root_path", "")))
        person = None if sort is None else self._people.of_headers(scope["headers"])
        if sort is None or person is None:
            return None
        lanes = self._lanes
        key = person.login, sort
        if key not in lanes:
            lanes[key] = _Lane(STREAMS, 0) if sort == "follow" else _Lane(AT_ONCE, MOST_WAITING)
        return lanes[key]


class _Lane:
    """So many at once, and so many that wait."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self.held = 0

    @property
    def is_full(self) -> bool:
        return self.held >= self._most

    async def __aenter__(self) -> None:
        self.held += 1
        try:
            await self._room.acquire()
        except asyncio.CancelledError:
            self.held -= 1
            raise

    async def __aexit__(self, *_: object) -> None:
        self.held -= 1
        self._room.release()


def _sort(method: str, path: str) -> str | None:
    """What kind of work a request is; None for what never waits."""
    if path == "/events":
        return "follow"
    if path == "/sparql":
        return "ask"
    if method in ("GET", "HEAD"):
        return "look"
    return "change" if path == "/changes" else None
