"""The Gate on bench/plant: calm readings, crossing readings, requests, independence of size, first closure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rdflib import RDF, URIRef

from bench.harness import Met, Row, Timing, frozen_collector, time_each
from bench.plant import HIGH, B, BenchPlant, generate, rules, shapes
from kg.change import Change, Kind, Quad, Reading, Role, Source
from kg.gate import Gate, Release
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.record import JournalEntry
from kg.terms import double_literal
from reasoner.references.pyshacl_reference import validate as pyshacl_validate
from reasoner.rules import RuleEngine, load, stratified
from reasoner.shacl import Validator, compile_shapes

ENGINEER = Source(URIRef("urn:bench:engineer"), Role.ENGINEER)
LINK = Source(URIRef("urn:bench:link"), Role.LINK)


class NoRecorder:
    """Durability has rows of its own."""

    def record(self, entries: Sequence[JournalEntry], samples: Sequence[tuple[int, Reading]]) -> None: ...

    def resume_unsealed(self, entries: Sequence[JournalEntry], samples: Sequence[tuple[int, Reading]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """A Gate on a bench plant, with what it took to get there."""

    plant: BenchPlant
    gate: Gate
    engine: RuleEngine
    validator: Validator
    closure_s: float
    validation_s: float


def loaded(triples: int) -> Loaded:
    """Generate, close and validate a plant of about this many asserted triples."""
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
        recorder=NoRecorder(),
        now_us=lambda: 1_800_000_000_000_000,
    )
    start = time.perf_counter()
    engine.start(Transaction(plant.graph))
    middle = time.perf_counter()
    gate.start()
    return Loaded(plant, gate, engine, validator, middle - start, time.perf_counter() - middle)


def rows(sizes: Sequence[int], kernel_s: float) -> Iterator[Row]:
    """The rows that the Gate answers for, largest size last; independence of size needs at least two sizes."""
    calm: dict[int, Timing] = {}
    work: dict[int, int] = {}
    for size in sizes:
        here = loaded(size)
        calm[size] = _calm(here)
        work[size] = _counted(here)
        name = f"{size:,} triples"
        yield Row(
            f"first closure and validation, {name}",
            "complete; not slower than `reasonable`",
            f"closure {here.closure_s:.1f} s, closure again and validation {here.validation_s:.1f} s",
            Met.INFO,
            "`reasonable` beside it comes with the semantic core",
        )
        yield _judged(f"calm reading through the Gate, {name}", "p50 <= 20 us", calm[size], 20e-6, kernel_s)
        crossing = _crossing(here)
        yield _judged(f"reading with consequences, {name}", "p50 <= 100 us", crossing, 100e-6, kernel_s)
        request = _edit(here)
        yield Row(
            f"a Change of 10 triples, {name}",
            "p99 <= 1 ms",
            request.text(kernel_s),
            Met.YES if request.p99 <= 1e-3 else Met.NO,
        )
        if size == min(sizes):
            yield _against_pyshacl(here, request)
        del here
    yield _independence(calm, work)


def _judged(what: str, required: str, timing: Timing, limit_s: float, kernel_s: float) -> Row:
    return Row(what, required, timing.text(kernel_s), Met.YES if timing.p50 <= limit_s else Met.NO)


def _calm(here: Loaded, count: int = 3000) -> Timing:
    changes = [here.plant.calm() for _ in range(count + 200)]
    for change in changes[:200]:
        here.gate.process([change])
    return time_each([lambda change=change: here.gate.process([change]) for change in changes[200:]])  # type: ignore[misc]


def _crossing(here: Loaded, count: int = 500) -> Timing:
    changes = [change for _ in range(count) for change in here.plant.crossing()]
    return time_each([lambda change=change: here.gate.process([change]) for change in changes])  # type: ignore[misc]


def _edit(here: Loaded, count: int = 300) -> Timing:
    """Ten triples: a new machine with its relations, limits and first values, then taken away again."""
    changes: list[Change] = []
    for number in range(count):
        quads = tuple(_machine(here, number))
        changes.append(Change(Kind.EDIT, ENGINEER, adds=quads, at_us=1))
        changes.append(Change(Kind.EDIT, ENGINEER, removes=quads, at_us=1))
    return time_each([lambda change=change: here.gate.process([change]) for change in changes])  # type: ignore[misc]


def _machine(here: Loaded, number: int) -> Iterator[Quad]:
    line = here.plant.rng.randrange(here.plant.lines)
    machine, plant = B[f"new{number}"], GraphName.PLANT
    yield Quad(machine, RDF.type, B.Filler, plant)
    yield Quad(machine, B.within, B[f"cell{line}.0"], plant)
    yield Quad(machine, B.feeds, B[f"m{line}.5"], plant)
    for sensor in ("temperature", "speed", "flow"):
        yield Quad(machine, B[sensor], double_literal(HIGH), plant)
        yield Quad(machine, B[f"{sensor}High"], double_literal(100.0), plant)
    yield Quad(machine, B.within, B.site, plant)


def _counted(here: Loaded) -> int:
    """Work counted by the engines, not timed, for one calm reading of each kind of sensor."""
    total = 0
    for tag in range(1, 9):
        here.gate.process([here.plant.reading(tag, 50.4)])  # its quality is known from here on
        here.gate.process([here.plant.reading(tag, 50.5)])
        total += here.engine.steps + here.validator.meter.spent
    return total


def _independence(calm: dict[int, Timing], work: dict[int, int]) -> Row:
    small, large = min(calm), max(calm)
    ratio = calm[large].p50 / calm[small].p50
    same = len(set(work.values())) == 1
    measured = f"{ratio:.2f}x from {small:,} to {large:,}; counted work {', '.join(map(str, work.values()))}"
    met = Met.INFO if small == large else (Met.YES if same and ratio <= 3 else Met.NO)
    return Row("independence of size", "counted work identical, wall time <= 3x", measured, met)


def _against_pyshacl(here: Loaded, request: Timing) -> Row:
    """Full pySHACL on the same graph and shapes, told nothing."""
    data = _as_rdflib(here.plant.graph)
    start = time.perf_counter()
    with frozen_collector():
        pyshacl_validate(data, shapes())
    full_s = time.perf_counter() - start
    ratio = full_s / request.p50
    measured = f"{ratio:,.0f}x (pySHACL {full_s:.1f} s at {len(data):,} triples)"
    met = Met.YES if ratio >= 10_000 else Met.NO
    return Row("a Change of 10 triples against full pySHACL", ">= 10,000x at 10^6 triples", measured, met)


def _as_rdflib(graph: WorkingGraph):  # type: ignore[no-untyped-def]
    from rdflib import Graph

    data = Graph()
    for triple in graph.triples():
        data.add(tuple(graph.term(node) for node in triple))  # type: ignore[arg-type]
    return data
