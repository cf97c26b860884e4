"""A Gate on bench/plant, ready to be measured, and the work it does counted instead of timed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rdflib import Graph, URIRef

from bench.plant import START_US, BenchPlant, generate
from bench.plant_rules import rules
from bench.plant_shapes import shapes
from kg.change import Change, Findings, Kind, Published, Quad, Reading, Role, Source
from kg.gate import Gate, Release
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.record import JournalEntry
from kg.stages import Recorder
from kg.terms import Term
from reasoner.rules import RuleEngine, load, stratified
from reasoner.shacl import Validator, compile_shapes

GATEWAY = Source(URIRef("urn:bench:gateway"), Role.GATEWAY)


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


class _CountedRules:
    """Rules that count what every call has cost."""

    def __init__(self, engine: RuleEngine) -> None:
        self._engine = engine
        self.watch = engine.watch
        self.spent = 0

    def infer(self, transaction: Transaction) -> None:
        self._engine.infer(transaction)
        self.spent += self._engine.steps


class _CountedShapes:
    """Shapes that count what every call has cost."""

    def __init__(self, validator: Validator) -> None:
        self._validator = validator
        self.watch = validator.watch
        self.spent = 0

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
        """Steps of the rules, look-ups of the shapes and bands looked at for one Change, counted and not timed."""
        rules, shapes, looked = _CountedRules(self.engine), _CountedShapes(self.validator), self.gate.looked
        self.gate.rules, self.gate.shapes = rules, shapes  # type: ignore[assignment]  # what the Gate calls of them
        try:
            self.gate.process([change])
        finally:
            self.gate.rules, self.gate.shapes = self.engine, self.validator
        return rules.spent + shapes.spent + self.gate.looked - looked

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
        now_us=lambda: START_US,
    )
    admitted = Admitted()
    gate.subscribe(admitted)
    middle = time.perf_counter()
    findings = len(gate.start())
    return Loaded(plant, gate, engine, validator, admitted, middle - begin, time.perf_counter() - middle, findings)


def counted_work(here: Loaded) -> tuple[int, ...]:
    """Work in the first line: eight calm readings, eight that leave their bands, eight that come back, a request."""
    plant = here.plant
    readings = [sum(here.work(plant.reading(8 + n, value)) for n in range(1, 9)) for value in (50.5, 200.5, 50.6)]
    request = here.work(plant.request(machine=3))
    here.clear_requests()
    return (*readings, request)


def triples_of(graph: WorkingGraph) -> Iterator[tuple[Term, Term, Term]]:
    """Everything the working graph holds, inferred facts included, as terms."""
    term = graph.term
    return ((term(s), term(p), term(o)) for s, p, o in graph.triples())


def as_rdflib(graph: WorkingGraph) -> Graph:
    """The same as an rdflib graph."""
    data = Graph()
    for triple in triples_of(graph):
        data.add(triple)
    return data
