"""The Gate on an event loop: Changes queue up, are decided in slices, and are recorded on a thread.

While a batch is being made durable the next one gathers, so that one fsync serves them all. Requests are taken
before readings, and looked for after every slice of readings, so a request waits for one slice and for the record.
Readings are never dropped here: `has_room` tells the link to fetch no more for a while.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

from kg.change import Change, Verdict
from kg.errors import RecordFailed
from kg.gate.clock import Clock
from kg.gate.gate import Batch, Gate
from kg.gate.waits import Waits

_log = logging.getLogger(__name__)

BATCH = 256
"""Changes decided before they are recorded together."""
WAITING = 4096
"""Changes that may wait before senders have to."""
LONGEST_S = 0.02
"""Wall seconds for which readings are decided before they are recorded."""
TICK_S = 0.25
"""How often the clock source is asked what has become true."""
_Waiting: TypeAlias = tuple[Change, asyncio.Future[Verdict] | None, float]
"""A Change, who waits for its verdict, and when it came."""


class Runner:
    """The only caller of a Gate while the twin runs."""

    def __init__(self, gate: Gate, clock: Clock, now_us: Callable[[], int]) -> None:
        self.gate = gate
        self.clock = clock
        self._now_us = now_us
        self._urgent: deque[_Waiting] = deque()
        self._steady: deque[_Waiting] = deque()
        self.waits = Waits()
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
        queue: deque[_Waiting],
        change: Change,
        future: asyncio.Future[Verdict] | None,
    ) -> None:
        queue.append((change, future, time.perf_counter()))
        if self.waiting >= WAITING:
            self._room.clear()
        self._wake.set()

    def _tick(self) -> None:
        due = self.clock.due(self._now_us())
        if due is not None:
            self.offer(due)

    async def _one_batch(self) -> None:
        """Decide what waits, a slice at a time so that a request is seen soon; then record it all at once."""
        batch = Batch(first_seq=self.gate.seq)
        futures: list[asyncio.Future[Verdict] | None] = []
        arrivals: list[tuple[bool, float]] = []
        end = time.monotonic() + LONGEST_S
        while self.waiting and len(futures) < BATCH and time.monotonic() < end:
            had_request = bool(self._urgent)
            for queue, most in ((self._urgent, BATCH), (self._steady, 1)):
                for _ in range(min(len(queue), most)):
                    change, future, arrived = queue.popleft()
                    futures.append(future)
                    arrivals.append((queue is self._urgent, arrived))
                    self.gate.decide([change], batch)
            if had_request:
                break  # whoever asks waits for the record, not for more readings
            await asyncio.sleep(0)
        if self.waiting < WAITING:
            self._room.set()
        verdicts = await self._record(batch)
        self.decided += len(futures)
        self.batches += 1
        now = time.perf_counter()
        for is_request, arrived in arrivals:
            self.waits.add(is_request, now - arrived)
        for future, verdict in zip(futures, verdicts, strict=True):
            if future is not None and not future.done():
                future.set_result(verdict)

    async def _record(self, batch: Batch) -> list[Verdict]:
        try:
            await asyncio.to_thread(self.gate.recorder.record, batch.entries, batch.samples)
        except RecordFailed as error:
            _log.error("%s", error)
            return self.gate.abandon(batch, error)
        except Exception as error:  # noqa: BLE001  whatever keeps a batch from the record, the writer must outlive it
            _log.exception("recording failed in an unforeseen way")
            return self.gate.abandon(batch, RecordFailed(f"{type(error).__name__}: {error}"))
        self.gate.unsealed = False
        self.gate.publish(batch)
        return batch.verdicts
