"""SPARQL through the replica beside raw pyoxigraph: in process, over the channel, and after many overwrites."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from pyoxigraph import RdfFormat, Store, parse
from rdflib import XSD

from bench.harness import Met, Options, Row, Timing, quietest, span, time_each
from bench.names import SENSORS, B
from bench.plant import CALM, MACHINES_PER_LINE, BenchPlant, generate
from kg.change import Quad, Source
from kg.channel import AsyncClient, Body, Server
from kg.errors import ServiceDown
from kg.names import GraphName
from kg.replica import PREFIXES, Limits, Mirror, check_query, run_query
from kg.terms import double_lexical
from kg.tokens import CORE, REPLICA, create_tokens, socket_path, viewers
from kg.wire import quads_to_text

SLICE = 64
ANALYTIC = f"""PREFIX b: <{B}> SELECT ?class (COUNT(?m) AS ?n) (AVG(?v) AS ?mean)
WHERE {{ ?m a ?class ; b:onLine ?line ; b:speed ?v . ?line b:within ?area }} GROUP BY ?class ORDER BY ?class"""
REQUIRED, AIM = "<= 1.5x raw pyoxigraph", "<= 1.2x"


def rows(options: Options) -> Iterator[Row]:
    """Simple look-ups and one analytic query on a plant of 100,000 triples (10,000 with `--quick`)."""
    plant = generate(options.some(100_000, 10_000))
    quads = snapshot(plant)
    fresh = Store()
    fresh.bulk_extend(parse(quads, format=RdfFormat.N_QUADS))
    mirror = Mirror()
    mirror.load(quads, 1)
    rng = random.Random(2)
    lookups = [lookup(plant, rng) for _ in range(options.some(1000, 200))]
    cases = (("a look-up", lookups), ("an analytic query", [ANALYTIC] * options.some(20, 5)))
    raw = {name: _timed(lambda text: ask(fresh, text), texts) for name, texts in cases}
    for name, texts in cases:
        engine = _timed(lambda text: run_query(mirror.store, text, PREFIXES, Limits()), texts)
        whole = _timed(lambda text: run_query(mirror.store, check_query(text), PREFIXES, Limits()), texts)
        yield _against(f"{name}, the replica's store in process", engine, raw[name], "without the check of the query")
        yield _against(f"{name}, checked, in process", whole, raw[name], "the check parses the query with rdflib")
    channel = asyncio.run(_over_channel(quads, cases))
    for name, _ in cases:
        yield _against(
            f"{name}, over the channel", channel[name], raw[name], "another process, JSON over a Unix socket"
        )
    yield _after_overwrites(mirror, plant, lookups, raw["a look-up"], options.some(10_000_000, 100_000))


def snapshot(plant: BenchPlant) -> str:
    """Everything asserted, as the core's snapshot has it."""
    graph, names = plant.graph, list(GraphName)
    found = ((triple, graph.marks(*triple)) for triple in graph.triples())
    quads = (
        Quad(graph.term(t.s), graph.term(t.p), graph.term(t.o), name)  # type: ignore[arg-type]  # predicates are IRIs
        for t, marks in found
        for name in names
        if marks & name.bit
    )
    return quads_to_text(quads)


def lookup(plant: BenchPlant, rng: random.Random) -> str:
    """One value of a random machine."""
    machine = f"m{rng.randrange(plant.lines)}.{rng.randrange(MACHINES_PER_LINE)}"
    return f"SELECT ?v WHERE {{ <{B[machine]}> <{B[rng.choice(SENSORS)]}> ?v }}"


def ask(store: Store, text: str) -> list[list[str]]:
    """What raw pyoxigraph finds, every term taken out as text, as any user has to."""
    found: Any = store.query(text, use_default_graph_as_union=True)
    return [[term.value for term in solution] for solution in found]


def _timed(call: Callable[[str], object], texts: list[str]) -> Timing:
    return quietest(3, lambda: time_each([lambda text=text: call(text) for text in texts]))  # type: ignore[misc]


def _against(what: str, timing: Timing, raw: Timing, note: str) -> Row:
    ratio = timing.p50 / raw.p50
    measured = f"{ratio:.2f}x: p50 {span(timing.p50)}, p99 {span(timing.p99)} against {span(raw.p50)}, {span(raw.p99)}"
    return Row(f"SPARQL, {what}", REQUIRED, AIM, measured, Met.of(ratio, 1.5, 1.2), note)


def _after_overwrites(mirror: Mirror, plant: BenchPlant, lookups: list[str], raw: Timing, count: int) -> Row:
    """Values of 128 tags overwritten in slices of 64, flushed every 1,024, generations swapped as they fall due."""
    fresh = _timed(lambda text: run_query(mirror.store, text, PREFIXES, Limits()), lookups)
    begin = time.perf_counter()
    _overwrite(mirror, plant, count)
    seconds = time.perf_counter() - begin
    after = _timed(lambda text: run_query(mirror.store, text, PREFIXES, Limits()), lookups)
    ratio = after.p50 / fresh.p50
    return Row(
        f"SPARQL, a look-up after {count:,} overwrites",
        "<= 3x of fresh after 10 million",
        "<= 2x",
        f"{ratio:.2f}x: p50 {span(after.p50)} against {span(fresh.p50)} (raw and fresh {span(raw.p50)})",
        Met.of(ratio, 3, 2) if count >= 10_000_000 else Met.INFO,
        f"{count / seconds:,.0f} overwrites/s gathered and written, {mirror.generation} generations",
    )


def _overwrite(mirror: Mirror, plant: BenchPlant, count: int, tags: int = 128) -> None:
    held = {
        tag: _line(plant, tag, double_lexical(next(iter(plant.graph.objects(*_place(plant, tag))))))
        for tag in range(tags)
    }
    for start in range(0, count, SLICE):
        span_of = range(start, min(start + SLICE, count))
        fresh = {n % tags: _line(plant, n % tags, double_lexical(CALM + n % 100_003 / 100_003)) for n in span_of}
        mirror.gather(mirror.gathered_seq + 1, "".join(fresh.values()), "".join(held[tag] for tag in fresh))
        held |= fresh
        if start % (16 * SLICE) == 0:
            mirror.flush()
    mirror.flush()


def _place(plant: BenchPlant, tag: int) -> tuple[Any, Any]:
    binding, node = plant.bindings[tag], plant.graph.terms.node
    return node(binding.equipment), node(binding.predicate)


def _line(plant: BenchPlant, tag: int, value: str) -> str:
    binding = plant.bindings[tag]
    return f'<{binding.equipment}> <{binding.predicate}> "{value}"^^<{XSD.double}> <{GraphName.STATE.iri}> .\n'


async def _over_channel(quads: str, cases: tuple[tuple[str, list[str]], ...]) -> dict[str, Timing]:
    """The same queries by a client of a real replica process, which follows a core that only has this snapshot."""
    with tempfile.TemporaryDirectory(prefix="twinwright-bench-") as name:
        data = Path(name)
        tokens = create_tokens(data, ())
        core = Server(socket_path(data, CORE), viewers(tokens))

        async def subscribe(source: Source, body: Body) -> AsyncIterator[Body]:
            yield {"snapshot": {"seq": 1, "release": "bench", "quads": quads}}
            await asyncio.Event().wait()

        core.streaming("subscribe", subscribe)
        await core.start()
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kg.replica", "--data", str(data), stderr=asyncio.subprocess.DEVNULL
        )
        try:
            client = AsyncClient(socket_path(data, REPLICA), tokens[CORE])
            await _ready(client)
            timings = {name: await _asked(client, texts) for name, texts in cases}
            await client.close()
        finally:
            child.terminate()
            await child.wait()
            await core.stop(0)
        return timings


async def _ready(client: AsyncClient, within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while True:
        try:
            await client.call("query", {"query": "ASK {}", "timeout_s": 5.0})
            return
        except ServiceDown:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)


async def _asked(client: AsyncClient, texts: list[str]) -> Timing:
    seconds = []
    for text in texts:
        start = time.perf_counter()
        await client.call("query", {"query": text})
        seconds.append(time.perf_counter() - start)
    return Timing(tuple(sorted(seconds)))
