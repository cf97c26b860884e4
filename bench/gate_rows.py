"""The Gate on bench/plant: readings, requests and edits at each size, and independence of size."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rdflib import Graph, URIRef

from bench.harness import Met, Options, Row, Timing, frozen_collector, quietest, span, time_each, time_kernel
from bench.peers import at_focus_nodes
from bench.plant import BenchPlant, generate
from bench.plant_rules import rules
from bench.plant_shapes import shapes
from kg.change import Change, Findings, Kind, Published, Quad, Reading, Role, Source
from kg.gate import Gate, Release
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.record import JournalEntry
from kg.stages import Recorder
from reasoner.references.pyshacl_reference import validate as pyshacl_validate
from reasoner.rules import RuleEngine, load, stratified
from reasoner.shacl import Validator, compile_shapes

GATEWAY = Source(URIRef("urn:bench:gateway"), Role.GATEWAY)
FLOW = 5000
"""Readings a second beside which requests are timed."""
SLICE = 64
ROUNDS = 3


class NoRecorder:
    """Durability has rows of its own."""

    def record(self, entries: Sequence[JournalEntry], samples: Sequence[tuple[int, Reading]]) -> None: ...

    def resume_unsealed(self, entries: Sequence[JournalEntry], samples: Sequence[tuple[int, Reading]]) -> None: ...


class Admitted:
    """Subscriber that keeps what admitted requests have left in `desired`, so that it can be taken away again."""

    def __init__(self) -> None:
        self.quads: list[Quad] = []

    def published(self, event: Published) -> None:
        if event.kind is Kind.REQUEST:
            self.quads += [quad for quad in event.added if quad.g is GraphName.DESIRED]


class _Counted:
    """Rules and shapes that count what every call has cost."""

    def __init__(self, engine: RuleEngine, validator: Validator) -> None:
        self._engine = engine
        self._validator = validator
        self.spent = 0

    def infer(self, transaction: Transaction) -> None:
        self._engine.infer(transaction)
        self.spent += self._engine.steps

    def check(self, transaction: Transaction) -> Findings:
        findings = self._validator.check(transaction)
        self.spent += self._validator.meter.spent
        return findings


@dataclass(frozen=True, slots=True)
class Loaded:
    """A Gate on a bench plant, with what it took to get there."""

    plant: BenchPlant
    gate: Gate
    engine: RuleEngine
    validator: Validator
    admitted: Admitted
    generated_s: float
    started_s: float
    findings: int

    def decide(self, change: Change) -> bool:
        """Whether the Gate admits it."""
        return self.gate.process([change])[0].admitted

    def work(self, change: Change) -> int:
        """Steps of the rules and look-ups of the shapes for one Change, counted and not timed."""
        counted = _Counted(self.engine, self.validator)
        self.gate.rules = self.gate.shapes = counted  # type: ignore[assignment]  # stands in for both
        try:
            self.gate.process([change])
        finally:
            self.gate.rules, self.gate.shapes = self.engine, self.validator
        return counted.spent

    def clear_requests(self) -> None:
        """Take admitted requests out of the graph, as their outcomes would."""
        quads, self.admitted.quads = tuple(self.admitted.quads), []
        if quads:
            self.gate.process([Change(Kind.OUTCOME, GATEWAY, removes=quads, at_us=1)])


def loaded(triples: int, recorder: Recorder | None = None) -> Loaded:
    """Generate, close and validate a plant of about this many asserted triples."""
    begin = time.perf_counter()
    plant = generate(triples)
    engine = RuleEngine(plant.graph, load(rules()))
    validator = Validator(plant.graph, compile_shapes(shapes()))
    gate = Gate(
        plant.graph,
        plant.tags,
        Release("bench"),
        rules=engine,
        shapes=validator,
        conditions=RuleEngine(plant.graph, stratified(())),
        recorder=NoRecorder() if recorder is None else recorder,
        now_us=lambda: 1_800_000_000_000_000,
    )
    admitted = Admitted()
    gate.subscribe(admitted)
    middle = time.perf_counter()
    findings = len(gate.start())
    return Loaded(
        plant, gate, engine, validator, admitted, middle - begin, time.perf_counter() - middle, findings
    )


def rows(options: Options) -> Iterator[Row]:
    """All rows that the Gate answers for, one size after the other."""
    calm: dict[int, Timing] = {}
    work: dict[int, tuple[int, ...]] = {}
    for size in options.sizes:
        here = loaded(size)
        kernel_s = time_kernel()
        work[size] = counted_work(here)
        calm[size] = _calm(here, options)
        yield from _of_readings(here, options, f"{len(here.plant.graph):,} triples", calm[size], kernel_s)
        yield from _of_requests(here, options, f"{size:,} triples", kernel_s)
        if size <= 100_000:
            yield from _against_pyshacl(here, size, options)
        del here
    yield _independence(calm, work)


def counted_work(here: Loaded) -> tuple[int, ...]:
    """Work for a calm and a crossing reading and back of each kind of sensor, and for a request, in the first line."""
    plant, total = here.plant, []
    for value in (50.5, 200.5, 50.6):
        total.append(sum(here.work(plant.reading(8 + kind, value)) for kind in range(1, 9)))
    total.append(here.work(plant.request(machine=3)))
    here.clear_requests()
    return tuple(total)


# readings


def _of_readings(here: Loaded, options: Options, name: str, calm: Timing, kernel_s: float) -> Iterator[Row]:
    yield Row(
        f"load, closure and validation, {name}",
        "",
        "",
        f"generated in {span(here.generated_s)}, closed and validated in {span(here.started_s)}",
        Met.INFO,
        f"{here.findings} findings",
    )
    yield Row(
        f"calm reading through the Gate, {name}",
        "p50 <= 20 us",
        "<= 5 us",
        calm.text(kernel_s),
        Met.of(calm.p50, 20e-6, 5e-6),
        "one reading, one Change, one verdict; nothing follows",
    )
    yield _in_slices(here, options, name)
    consequences = _consequences(here)
    crossing = quietest(ROUNDS, lambda: _crossing(here, options))
    yield Row(
        f"reading with consequences, {name}",
        "p50 <= 100 us",
        "<= 40 us",
        crossing.text(kernel_s),
        Met.of(crossing.p50, 100e-6, 40e-6),
        f"{consequences:.1f} consequences a reading: derived facts, violation facts, findings",
    )


def _calm(here: Loaded, options: Options) -> Timing:
    def once() -> Timing:
        changes = [here.plant.calm() for _ in range(options.some(5000, 1000))]
        return time_each([lambda change=change: here.decide(change) for change in changes])  # type: ignore[misc]

    return quietest(ROUNDS, once)


def _in_slices(here: Loaded, options: Options, name: str) -> Row:
    count = options.some(300, 50)
    best = 0.0
    for _ in range(ROUNDS):
        slices = [here.plant.slice(SLICE) for _ in range(count)]
        with frozen_collector():
            start = time.perf_counter()
            for change in slices:
                here.decide(change)
            best = max(best, count * SLICE / (time.perf_counter() - start))
    return Row(
        f"calm readings in slices of {SLICE}, {name}",
        "",
        ">= 500,000/s",
        f"{best:,.0f} readings/s",
        Met.AIM if best >= 500_000 else Met.INFO,
        "safe bands are not built yet: every reading is reasoned over and checked",
    )


def _crossing(here: Loaded, options: Options) -> Timing:
    changes = [change for _ in range(options.some(1000, 200)) for change in here.plant.crossing()]
    return time_each([lambda change=change: here.decide(change) for change in changes])  # type: ignore[misc]


def _consequences(here: Loaded, pairs: int = 50) -> float:
    """Facts that come or go beside the value itself, and findings that open or close, for each crossing reading."""
    told: list[Published] = []

    class Listener:
        def published(self, event: Published) -> None:
            told.append(event)

    listener = Listener()
    here.gate.subscribe(listener)
    for _ in range(pairs):
        for change in here.plant.crossing():
            here.decide(change)
    here.gate._subscribers.remove(listener)
    counts = [len(e.added) + len(e.removed) - 2 + len(e.opened) + len(e.closed) for e in told]
    return sum(counts) / len(counts)


# requests and edits


def _of_requests(here: Loaded, options: Options, name: str, kernel_s: float) -> Iterator[Row]:
    edit = quietest(ROUNDS, lambda: _edits(here, options))
    yield Row(
        f"an edit of ten triples, {name}",
        "p99 <= 1 ms",
        "<= 0.3 ms",
        edit.text(kernel_s),
        Met.of(edit.p99, 1e-3, 0.3e-3),
        "five limits replaced; five facts derived or withdrawn",
    )
    alone = quietest(ROUNDS, lambda: _requests(here, options))
    yield Row(
        f"a setpoint request, alone, {name}",
        "p99 <= 1 ms",
        "<= 0.3 ms",
        alone.text(kernel_s),
        Met.of(alone.p99, 1e-3, 0.3e-3),
        "twelve triples, judged on both projections and admitted",
    )
    flow, rate = _beside_readings(here, options)
    yield Row(
        f"a setpoint request while {FLOW:,} readings/s flow, {name}",
        "p99 <= 5 ms",
        "<= 1 ms",
        f"{flow.text(kernel_s)}; {rate:,.0f} readings/s were decided",
        Met.of(flow.p99, 5e-3, 1e-3) if rate >= 0.98 * FLOW else Met.NO,
        "from arrival to verdict, waiting for the slice before it included",
    )


def _edits(here: Loaded, options: Options) -> Timing:
    changes = [change for _ in range(options.some(200, 50)) for change in here.plant.relimit()]
    return time_each([lambda change=change: here.decide(change) for change in changes])  # type: ignore[misc]


def _requests(here: Loaded, options: Options) -> Timing:
    changes = [here.plant.request() for _ in range(options.some(300, 60))]
    timing = time_each([lambda change=change: here.decide(change) for change in changes])  # type: ignore[misc]
    here.clear_requests()
    return timing


def _beside_readings(here: Loaded, options: Options) -> tuple[Timing, float]:
    """Requests that arrive 20 times a second while readings arrive at FLOW and are decided in slices."""
    seconds = options.some(5, 2)
    readings = [here.plant.reading(here.plant.any_sensor(), 50.5) for _ in range(FLOW * seconds)]
    due = [(number + here.plant.rng.random()) / 20 for number in range(20 * seconds)]
    requests = [here.plant.request() for _ in due]
    taken, waits = 0, []
    clock = time.perf_counter
    with frozen_collector():
        begin = clock()
        while (now := clock() - begin) < seconds:
            if due and due[0] <= now:
                here.decide(requests.pop())
                waits.append(clock() - begin - due.pop(0))
                continue
            arrived = min(int(now * FLOW), len(readings))
            if taken < arrived:
                until = min(taken + SLICE, arrived)
                here.gate.process(readings[taken:until])
                taken = until
    here.clear_requests()
    return Timing(tuple(sorted(waits))), taken / seconds


# peers


def _against_pyshacl(here: Loaded, size: int, options: Options) -> Iterator[Row]:
    """pySHACL on the same triples and shapes: told nothing, and told which nodes to look at."""
    ours = _requests(here, options)
    data = as_rdflib(here.plant.graph)
    start = time.perf_counter()
    with frozen_collector():
        pyshacl_validate(data, shapes())
    full_s = time.perf_counter() - start
    yield Row(
        f"a setpoint request against full pySHACL, {size:,} triples",
        ">= 10,000x at 10^6 triples",
        "",
        f"{full_s / ours.p50:,.0f}x (pySHACL {span(full_s)} for {len(data):,} triples)",
        Met.INFO,
        "pySHACL's time grows with the graph; it is not run at 10^6, where it needs many minutes",
    )
    told_s = at_focus_nodes(data, shapes(), here.plant.request(machine=3).adds)
    ratio = told_s / ours.p50
    yield Row(
        f"a setpoint request against pySHACL told where to look, {size:,} triples",
        "",
        ">= 10x",
        f"{ratio:,.0f}x (pySHACL {span(told_s)})",
        Met.AIM if ratio >= 10 else Met.INFO,
        "pySHACL is given the focus nodes: request, target and machine",
    )


def as_rdflib(graph: WorkingGraph) -> Graph:
    """Everything the working graph holds, inferred facts included."""
    data = Graph()
    for triple in graph.triples():
        data.add(tuple(graph.term(node) for node in triple))  # type: ignore[arg-type]
    return data


def _independence(calm: dict[int, Timing], work: dict[int, tuple[int, ...]]) -> Row:
    small, large = min(calm), max(calm)
    ratio = calm[large].p50 / calm[small].p50
    same = len(set(work.values())) == 1
    told = "; ".join(f"{size:,}: {'+'.join(map(str, counts))}" for size, counts in work.items())
    verdict = Met.NO if not same else Met.of(ratio, 3, 2)
    return Row(
        "independence of size",
        "counted work identical; wall time <= 3x",
        "wall time <= 2x",
        f"wall time of a calm reading {ratio:.2f}x from {small:,} to {large:,}; counted work {told}",
        Met.INFO if small == large else verdict,
        "work: eight calm readings, eight crossing, eight back, one request; required from 10^5 to 10^7 (`--sizes`)",
    )
