"""From a change in an OPC UA server to the Gate's published decision: two processes, real link, runner and recorder."""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from api.core.plant_side import LinkSink
from bench.beside import beside
from bench.harness import Met, Options, Row, Timing, span
from bench.loaded import loaded
from bench.plant import SERVER
from kg.bindings import Server
from kg.change import Published, ReadingFlag
from kg.gate import Clock, Runner
from kg.history import History
from kg.journal import Journal
from kg.opcua import EchoFilter, Link
from kg.recorder import DurableRecorder

ITEMS = 1000
PUBLISHING_MS = 100
SWITCH_S = 0.0005
"""As the core sets it."""


@dataclass(slots=True)
class Arrivals:
    """Subscriber that notes how long each reading took from its source time to its publication."""

    waits_us: list[int]
    first: int = 0
    """Readings of values that stood before the link came."""

    def published(self, event: Published) -> None:
        now_us = time.time_ns() // 1000
        for reading in event.readings:
            if reading.flags & ReadingFlag.INITIAL:
                self.first += 1
            else:
                self.waits_us.append(now_us - reading.source_us)


def rows(options: Options) -> Iterator[Row]:
    """Rates in turn, up to 5,000 or further while they are sustained."""
    for rate in (1_000, 2_000, 5_000, 10_000):
        seconds = options.some(10, 3)
        result = asyncio.run(_measure(rate, seconds))
        sustained = result.lost == 0 and result.tail_s < 1.0 and result.written >= 0.95 * rate * seconds
        yield Row(
            f"OPC UA to decision, {rate:,} changes/s for {seconds} s",
            "5,000 changes/s sustained, nothing lost" if rate == 5_000 else "",
            f"10,000/s, p99 <= {PUBLISHING_MS + 100} ms" if rate == 10_000 else "",
            result.text(),
            _met(rate, sustained, result.waits),
            result.note(),
        )
        if rate >= 5_000 and not sustained:
            return


@dataclass(frozen=True, slots=True)
class Result:
    """What one rate came to."""

    written: int
    seconds: float
    decided: int
    overflow: int
    tail_s: float
    """From the last change in the server to the last decision."""
    waits: Timing

    @property
    def lost(self) -> int:
        return self.written - self.decided

    def text(self) -> str:
        told = f"p50 {span(self.waits.p50)}, p99 {span(self.waits.p99)}" if self.waits.seconds else "nothing decided"
        return f"{self.written / self.seconds:,.0f} changes/s made, {self.lost:,} lost; {told}"

    def note(self) -> str:
        """What a reader must know to judge it."""
        return (
            f"{ITEMS:,} items, publishing interval {PUBLISHING_MS} ms, journal and history synced; the last decision"
            f" {span(self.tail_s)} after the last change; the server's queues overflowed {self.overflow:,} times;"
            " the server is asyncua in a process of its own"
        )


def _met(rate: int, sustained: bool, waits: Timing) -> Met:
    if rate == 5_000:
        return Met.YES if sustained else Met.NO
    is_aim = rate == 10_000 and sustained and waits.p99 <= (PUBLISHING_MS + 100) / 1000
    return Met.AIM if is_aim else Met.INFO


async def _measure(rate: int, seconds: int) -> Result:
    with tempfile.TemporaryDirectory(prefix="twinwright-bench-") as name:
        folder = Path(name)
        with Journal.open(folder / "journal.sqlite") as journal, History.open(folder / "history.sqlite") as history:
            async with _server(rate, seconds) as server:
                return await _through(server, seconds, journal, history)


async def _through(server: asyncio.subprocess.Process, seconds: int, journal: Journal, history: History) -> Result:
    here = loaded(10_000, DurableRecorder(journal, history))
    for binding in here.plant.bindings:  # one by one, so that history numbers them as the plant does
        history.register(str(binding.prop), binding.data_type)
    arrivals = Arrivals([])
    here.gate.subscribe(arrivals)
    runner = Runner(here.gate, Clock(here.plant.tags), lambda: time.time_ns() // 1000)
    port = int(await _line(server))
    link = Link(
        Server(SERVER, f"opc.tcp://127.0.0.1:{port}/bench/"),
        here.plant.bindings[:ITEMS],
        here.plant.numbers,
        LinkSink(runner, EchoFilter((), here.plant.numbers)),
    )
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_S)
    deciding, linking = asyncio.create_task(runner.run()), asyncio.create_task(link.run())
    await _until(lambda: arrivals.first >= ITEMS, 60)
    await _tell(server)
    written = int(await _line(server))
    end = time.perf_counter()
    await _until(lambda: len(arrivals.waits_us) >= written, 20)
    tail_s = time.perf_counter() - end
    await _tell(server)
    status = link.status()
    await link.close()
    runner.close()
    await asyncio.gather(deciding, linking)
    waits = Timing(tuple(sorted(wait / 1e6 for wait in arrivals.waits_us)))
    return Result(written, seconds, len(arrivals.waits_us), int(status["overflow"]), tail_s, waits)


def _server(rate: int, seconds: int) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    return beside("-m", "bench.opcua_server", "--items", str(ITEMS), "--rate", str(rate), "--seconds", str(seconds))


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    async with asyncio.timeout(120):
        return await process.stdout.readline()


async def _tell(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    await process.stdin.drain()


async def _until(condition: Callable[[], bool], within_s: float) -> None:
    """Wait for a condition, but no longer than this."""
    until = time.perf_counter() + within_s
    while not condition() and time.perf_counter() < until:  # noqa: ASYNC110  what is waited for happens in other tasks
        await asyncio.sleep(0.01)
