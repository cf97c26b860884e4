"""Keeps a mirror up with the core: a snapshot, then the published Changes, again from a snapshot after a break."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Protocol

from kg.change import Kind
from kg.errors import NotYetSeen, ServiceDown
from kg.replica.mirror import Mirror

_LOG = logging.getLogger(__name__)
_RETRY_S = 0.5


class Core(Protocol):
    """The part of `kg.channel.AsyncClient` that is needed here."""

    def stream(self, name: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]: ...


class Follower:
    """Follows the core into a mirror. `recorded` gives what a snapshot does not hold, as N-Quads texts."""

    def __init__(
        self,
        mirror: Mirror,
        core: Core,
        recorded: Callable[[], Iterable[str]] = tuple,
        coalesce_s: float = 0.2,
    ) -> None:
        self.mirror = mirror
        self.connected = False
        self._core = core
        self._recorded = recorded
        self._coalesce_s = coalesce_s
        self._wake = asyncio.Event()
        self._flushed = asyncio.Condition()
        self._store = asyncio.Lock()

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._flush())

    async def reach(self, seq: int, timeout_s: float) -> None:
        """Wait until queries see this seq. Raises NotYetSeen naming how far the replica has come, or ServiceDown."""
        mirror = self.mirror
        self._wake.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._flushed:
                await self._flushed.wait_for(lambda: mirror.generation > 0 and mirror.seq >= seq)
        if mirror.generation == 0:
            raise ServiceDown("The replica has not heard from the core yet.", part="core")
        if mirror.seq < seq:
            raise NotYetSeen(f"The replica has come to {mirror.seq}, not yet to {seq}.", seq=mirror.seq)

    async def _follow(self) -> None:
        while True:
            try:
                await self._subscribe()
            except ServiceDown as error:
                _LOG.warning("the core does not answer: %s", error.message)
            self.connected = False
            await asyncio.sleep(_RETRY_S)

    async def _subscribe(self) -> None:
        known = self.mirror.gathered_seq if self.mirror.generation else None
        async for item in self._core.stream("subscribe", {"from_seq": known}):
            self.connected = True
            if "snapshot" in item:
                await self._load(item["snapshot"])
            else:
                self._gather(item["event"])

    async def _load(self, snapshot: Mapping[str, Any]) -> None:
        async with self._store:
            await asyncio.to_thread(self._load_now, snapshot["quads"], snapshot["seq"])
        _LOG.info("loaded %d quads at %d", len(self.mirror.store), self.mirror.seq)
        await self._tell()

    def _load_now(self, quads: str, seq: int) -> None:
        self.mirror.load(quads, seq, self._recorded())

    def _gather(self, event: Mapping[str, Any]) -> None:
        self.mirror.gather(event["seq"], event["added"], event["removed"])
        if event["kind"] != Kind.OBSERVATION:
            self._wake.set()

    async def _flush(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._coalesce_s):
                    await self._wake.wait()
            self._wake.clear()
            async with self._store:
                pending, seq = self.mirror.take_pending()
                if pending or seq > self.mirror.seq:
                    await asyncio.to_thread(self.mirror.write, pending, seq)
            await self._tell()

    async def _tell(self) -> None:
        async with self._flushed:
            self._flushed.notify_all()
