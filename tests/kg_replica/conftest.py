"""A core that publishes what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from kg.errors import ServiceDown


class FakeCore:
    """Answers `subscribe` like the core: a snapshot, then events; can end the stream as for a slow reader."""

    def __init__(self) -> None:
        self.quads = ""
        self.seq = 0
        self.subscriptions: list[int | None] = []
        self._queues: list[asyncio.Queue[Mapping[str, Any] | None]] = []
        self._events: list[Mapping[str, Any]] = []
        self._changed = asyncio.Condition()
        self.always_snapshot = False

    def publish(self, added: str = "", removed: str = "", kind: str = "observation") -> int:
        self.seq += 1
        event = {"seq": self.seq, "kind": kind, "added": added, "removed": removed}
        self._events.append(event)
        for queue in self._queues:
            queue.put_nowait({"event": event})
        return self.seq

    async def subscribed(self, times: int) -> None:
        """Wait until somebody has subscribed so many times."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.subscriptions) >= times)

    def cut(self) -> None:
        for queue in self._queues:
            queue.put_nowait(None)

    async def stream(self, name: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        assert name == "subscribe"
        async with self._changed:
            self.subscriptions.append(body["from_seq"])
            self._changed.notify_all()
        queue: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
        self._queues.append(queue)
        if body["from_seq"] is None or self.always_snapshot:
            yield {"snapshot": {"seq": self.seq, "release": "r", "quads": self.quads}}
        else:
            for event in self._events:
                if event["seq"] > body["from_seq"]:
                    yield {"event": event}
        while (item := await queue.get()) is not None:
            yield dict(item)
        self._queues.remove(queue)
        raise ServiceDown("too slow", part="core")


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()
