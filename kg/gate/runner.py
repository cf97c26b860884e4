"""The Gate on an event loop: Changes queue up, are decided in slices, and are recorded on a thread.

While a batch is being made durable the next one gathers, so that one fsync serves them all. Requests are taken
before readings, readings in slices, so a request waits for one slice at most. Readings are never dropped here: a
sender that is too fast is told to wait (`readings` returns when there is room).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from kg.change import Change, Verdict
from kg.errors import RecordFailed, TwinError
from kg.gate.clock import Clock
from kg.gate.gate import Batch, Gate

_log = logging.getLogger(__name__)

BATCH = 256
"""Changes decided before they are recorded together."""
WAITING = 4096
"""Changes that may wait before senders have to."""
TICK_S = 0.25
"""How often the clock source is asked what has become true."""


class Runner:
    """The only caller of a Gate while the twin runs."""

    def __init__(self, gate: Gate, clock: Clock, now_us: Callable[[], int]) -> None:
        self.gate = gate
        self.clock = clock
        self._now_us = now_us
        self._urgent: deque[tuple[Change, asyncio.Future[Verdict] | None]] = deque()
        self._steady: deque[tuple[Change, asyncio.Future[Verdict] | None]] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Lock()
        self._closing = False
        self.decided = 0
        self.batches = 0

    async def submit(self, change: Change) -> Verdict:
        """The verdict, once the Change is durable (or refused and that is durable)."""
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        queue = self._urgent if change.kind.is_refusable else self._steady
        await self._room.wait()
        self._put(queue, change, future)
        return await future

    def offer(self, change: Change) -> None:
        """Queue what reports reality, without waiting for the verdict. Never drops; see `has_room`."""
        self._put(self._steady, change, None)

    @property
    def has_room(self) -> bool:
        """False when more Changes wait than the Gate keeps up with; the link then slows down."""
        return self._room.is_set()

    @property
    def waiting(self) -> int:
        return len(self._urgent) + len(self._steady)

    async def dry_run(self, change: Change) -> Verdict:
        """What the Gate would say between two batches."""
        async with self._idle:
            return self.gate.dry_run(change)

    @asynccontextmanager
    async def between_batches(self) -> AsyncIterator[Gate]:
        """The Gate while nothing is half done: everything in the graph has been recorded."""
        async with self._idle:
            yield self.gate

    async def run(self) -> None:
        """Decide until `close`; then finish what waits."""
        while not self._closing or self.waiting:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), TICK_S)
            self._wake.clear()
            self._tick()
            while self.waiting:
                async with self._idle:
                    await self._one_batch()

    def close(self) -> None:
        """Ask `run` to finish what waits and end. Idempotent."""
        self._closing = True
        self._wake.set()

    def _put(
        self,
        queue: deque[tuple[Change, asyncio.Future[Verdict] | None]],
        change: Change,
        future: asyncio.Future[Verdict] | None,
    ) -> None:
        queue.append((change, future))
        if self.waiting >= WAITING:
            self._room.clear()
        self._wake.set()

    def _tick(self) -> None:
        due = self.clock.due(self._now_us())
        if due is not None:
            self.offer(due)

    async def _one_batch(self) -> None:
        taken = [queue.popleft() for queue in (self._urgent, self._steady) for _ in range(min(len(queue), BATCH))]
        if self.waiting < WAITING:
            self._room.set()
        batch = self.gate.decide([change for change, _ in taken])
        verdicts = await self._record(batch)
        self.decided += len(taken)
        self.batches += 1
        for (_, future), verdict in zip(taken, verdicts, strict=True):
            if future is not None and not future.done():
                future.set_result(verdict)

    async def _record(self, batch: Batch) -> list[Verdict]:
        try:
            await asyncio.to_thread(self.gate.recorder.record, batch.entries, batch.samples)
        except RecordFailed as error:
            _log.error("%s", error)
            return self.gate.abandon(batch, error)
        except TwinError as error:
            _log.exception("recording failed in an unforeseen way")
            return self.gate.abandon(batch, RecordFailed(error.message))
        self.gate.unsealed = False
        self.gate.publish(batch)
        return batch.verdicts
