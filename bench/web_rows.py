"""The Gate while fifty clients are at the doors: core with link here; server, replica, web and clients beside it."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.core.feed import Feed
from api.core.plant_side import LinkSink
from api.core.service import CoreService
from api.plantfolder import find, load
from api.ports import free_port
from api.run_info import RunInfo
from bench.beside import beside
from bench.harness import Met, Options, Row, Timing, span
from bench.loaded import Loaded, loaded
from bench.opcua_rows import ITEMS, SWITCH_S, Arrivals
from bench.plant import SERVER
from kg.bindings import Server as OpcServer
from kg.channel import Server
from kg.gate import Clock, Runner
from kg.history import History, HistoryReader
from kg.journal import Journal
from kg.opcua import EchoFilter, Link
from kg.recorder import DurableRecorder
from kg.store import DataPaths
from kg.tokens import CORE, create_tokens, socket_path, sources

CLIENTS = 50
RATE = 2000
PROBES_PER_S = 10
TRIPLES = 100_000


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of time: how requests and readings fared."""

    requests: Timing
    readings: Timing


def rows(options: Options) -> Iterator[Row]:
    """Requests and readings at the Gate without and with clients, and whether the web process grows."""
    alone_s, loaded_s = options.some(60, 5), options.some(300, 10)
    before, during, after, told, memory_mb = asyncio.run(_measure(alone_s, loaded_s))
    quiet = (before.requests.p99 + after.requests.p99) / 2
    growth = during.requests.p99 / quiet - 1
    yield Row(
        f"a request at the Gate with {CLIENTS} clients at the doors for {loaded_s} s, {RATE:,} readings/s",
        "p99 grows < 20 %",
        "",
        f"p99 {span(before.requests.p99)} before, {span(during.requests.p99)} with clients, "
        f"{span(after.requests.p99)} after: {growth:+.0%}; p50 {span(before.requests.p50)} -> "
        f"{span(during.requests.p50)}",
        Met.YES if growth < 0.20 else Met.NO,
        "edits of five limits, ten a second, from submission to the durable verdict; server, core, replica, web and "
        f"the clients share {os.cpu_count()} cores; web and clients at lower priority",
    )
    yield Row(
        f"a reading from its source to the decision, {CLIENTS} clients",
        "",
        "",
        f"p99 {span(before.readings.p99)} before, {span(during.readings.p99)} with clients, "
        f"{span(after.readings.p99)} after",
        Met.INFO,
        "publishing interval 100 ms included",
    )
    yield Row(
        f"what {CLIENTS} clients get",
        "no failure",
        "",
        f"{told['requests']:,} requests, p50 {span(told['p50_s'])}, p99 {span(told['p99_s'])}; failures "
        f"{told['failures'] or 'none'}; {told['events']:,} events to {CLIENTS // 5} streams",
        Met.NO if told["failures"] else Met.YES,
        "each asks once a second: SPARQL, proposals, decisions, violations, stops",
    )
    first, last = memory_mb
    yield Row(
        "memory of the web process under this load",
        "no leak",
        "",
        f"{first:.0f} MB after a tenth of the time, {last:.0f} MB at its end",
        Met.YES if last < first * 1.1 + 10 else Met.NO,
        "resident",
    )


async def _measure(alone_s: float, loaded_s: float) -> tuple[Span, Span, Span, dict[str, Any], tuple[float, float]]:
    with tempfile.TemporaryDirectory(prefix="twinwright-bench-") as name:
        data = Path(name)
        plant = load(find("bottling"))
        tokens = create_tokens(data, plant.persons)
        people = [tokens[login] for login in plant.persons]
        url = f"http://127.0.0.1:{free_port()}"
        RunInfo.of(plant, url).write(data)
        paths = DataPaths(data)
        with Journal.open(paths.journal) as journal, History.open(paths.history) as history:
            here = loaded(TRIPLES, DurableRecorder(journal, history))
            for binding in here.plant.bindings:
                history.register(str(binding.prop), binding.data_type)
            arrivals = Arrivals([])
            here.gate.subscribe(arrivals)
            runner = Runner(here.gate, Clock(here.plant.tags), lambda: time.time_ns() // 1000)
            feed = Feed(runner)
            here.gate.subscribe(feed)
            server = Server(socket_path(data, CORE), sources(tokens, plant.persons, plant.agents[0]))
            with HistoryReader.open(paths.history) as reader:
                CoreService(runner, feed, reader, dict, lambda _: False).register(server)
                gc.collect()
                gc.freeze()
                sys.setswitchinterval(SWITCH_S)
                await server.start()
                deciding = asyncio.create_task(runner.run())
                try:
                    return await _phases(here, runner, arrivals, data, url, people, alone_s, loaded_s)
                finally:
                    runner.close()
                    await deciding
                    await server.stop()


async def _phases(
    here: Loaded,
    runner: Runner,
    arrivals: Arrivals,
    data: Path,
    url: str,
    tokens: list[str],
    alone_s: float,
    loaded_s: float,
) -> tuple[Span, Span, Span, dict[str, Any], tuple[float, float]]:
    total_s = 2 * alone_s + loaded_s + 60
    items = ("--items", str(ITEMS), "--rate", str(RATE), "--seconds", str(total_s))
    where = ("--data", str(data), "--plant", str(find("bottling")))
    async with (
        _process("bench.opcua_server", *items) as server,
        _process("kg.replica", "--data", str(data)),
        _process("api.web", *where, port=url.rpartition(":")[2]) as web,
    ):
        assert server.stdout is not None
        assert server.stdin is not None
        port = int(await server.stdout.readline())
        sink = LinkSink(runner, EchoFilter((), here.plant.numbers))
        address = OpcServer(SERVER, f"opc.tcp://127.0.0.1:{port}/bench/")
        link = Link(address, here.plant.bindings[:ITEMS], here.plant.numbers, sink)
        linking = asyncio.create_task(link.run())
        try:
            while arrivals.first < ITEMS:  # noqa: ASYNC110  what is waited for happens in other tasks
                await asyncio.sleep(0.1)
            server.stdin.write(b"go\n")
            await _span(here, runner, arrivals, 5.0)  # everybody has found its place
            before = await _span(here, runner, arrivals, alone_s)
            clients = ("--url", url, "--token", *tokens, "--clients", str(CLIENTS), "--seconds", str(loaded_s))
            async with _process("bench.web_clients", *clients) as asking:
                first = await _span(here, runner, arrivals, loaded_s / 10)
                early_mb = _resident_mb(web.pid)
                rest = await _span(here, runner, arrivals, loaded_s * 0.9)
                late_mb = _resident_mb(web.pid)
                assert asking.stdout is not None
                told = json.loads(await asking.stdout.readline())
            after = await _span(here, runner, arrivals, alone_s)
        finally:
            await link.close()
            await linking
    return before, _both(first, rest), after, told, (early_mb, late_mb)


async def _span(here: Loaded, runner: Runner, arrivals: Arrivals, seconds: float) -> Span:
    """Edits at a steady rate beside the readings, for some seconds."""
    waits: list[float] = []
    arrivals.waits_us.clear()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for change in here.plant.relimit():
            start = time.perf_counter()
            await runner.submit(change)
            waits.append(time.perf_counter() - start)
            await asyncio.sleep(1 / PROBES_PER_S)
    readings = Timing(tuple(sorted(wait / 1e6 for wait in arrivals.waits_us)))
    return Span(Timing(tuple(sorted(waits))), readings)


def _both(one: Span, two: Span) -> Span:
    def merged(a: Timing, b: Timing) -> Timing:
        return Timing(tuple(sorted((*a.seconds, *b.seconds))))

    return Span(merged(one.requests, two.requests), merged(one.readings, two.readings))


def _process(module: str, *arguments: str, port: str = "") -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    environment = {**os.environ, "TWINWRIGHT_WEB_PORT": port} if port else None
    return beside("-m", module, *arguments, environment=environment)


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
