"""A small plant, simple stages and a recorder in memory, so that the Gate is tested without rules, shapes or disks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from rdflib import RDF, Literal, URIRef

from kg.bindings import Binding
from kg.change import Change, Finding, Findings, Kind, Published, Quad, Reading, Role, Severity, Source, TagId
from kg.errors import RecordFailed
from kg.gate import Gate, Release, Tags
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.proof import Proof
from kg.record import JournalEntry
from kg.terms import Term, Terms, double_literal
from ontology import ISA95, PACK, TW

EX = "https://example.org/"
FILLER = URIRef(EX + "Filler")
LINE = URIRef(EX + "Line")
SET = URIRef(EX + "Filler.SetMachSpeed")
ACCEPTED = URIRef(EX + "Filler.MachSpeed")
LEVEL = URIRef(EX + "Filler.Level")
GRANT = URIRef(EX + "Grant")
LIMIT_SHAPE = URIRef(EX + "LimitShape")
SERVER = URIRef(EX + "Server")
NOW_US = 1_800_000_000_000_000


class NoRules:
    """Inference that derives nothing."""

    def start(self, transaction: Transaction) -> None: ...

    def infer(self, transaction: Transaction) -> None: ...

    def explain(self, s: Term, p: Term, o: Term) -> Proof | None:
        return None


class SpeedLimit:
    """One shape: the speeds of the filler stay at or below `limit`. Keeps its results as the protocol asks."""

    def __init__(self, graph: WorkingGraph, limit: float = 450.0) -> None:
        self.graph = graph
        self.limit = limit
        self.held: dict[Finding, Finding] = {}

    def start(self, transaction: Transaction) -> tuple[Finding, ...]:
        self.held = {finding: finding for finding in self._full()}
        return tuple(self.held)

    def check(self, transaction: Transaction) -> Findings:
        before = {finding: finding for finding in self._full(old=transaction)}
        now = {finding: finding for finding in self._full()}
        previous = self.held
        self.held = now
        transaction.on_rollback(lambda: setattr(self, "held", previous))
        return Findings(
            introduced=tuple(f for f in now if f not in before),
            fixed=tuple(f for f in before if f not in now),
            remaining=tuple(f for f in now if f in before),
        )

    def results(self) -> Iterable[Finding]:
        return tuple(self.held)

    def _full(self, old: Transaction | None = None) -> Iterable[Finding]:
        node, number = self.graph.terms.node, self.graph.terms.number
        gone = set() if old is None else set(old.removed())
        fresh = set() if old is None else set(old.added())
        for predicate in (PACK.setMachSpeed, PACK.machSpeed):
            p = node(predicate)
            pairs = {(s, p, o) for s, o in self.graph.pairs(p)} - fresh | {t for t in gone if t[1] == p}
            for s, _, o in pairs:
                value = number(o)
                if value is not None and value > self.limit:
                    yield Finding(
                        focus=self.graph.term(s),
                        shape=LIMIT_SHAPE,
                        component=URIRef("http://www.w3.org/ns/shacl#MaxInclusiveConstraintComponent"),
                        path=f"<{predicate}>",
                        value=self.graph.term(o),
                        severity=Severity.VIOLATION,
                        message="The filler must not run faster than its limit.",
                        code="LIM",
                        distance=value - self.limit,
                    )


@dataclass
class Memory:
    """A recorder that keeps everything in lists and can be told to fail."""

    entries: list[JournalEntry] = field(default_factory=list)
    samples: list[tuple[int, Reading]] = field(default_factory=list)
    unsealed: list[tuple[int, Reading]] = field(default_factory=list)
    failing: bool = False

    def record(self, entries: Sequence[JournalEntry], samples: Sequence[tuple[int, Reading]]) -> None:
        if self.failing:
            raise RecordFailed("The disk is full.")
        self.entries.extend(entries)
        self.samples.extend(samples)

    def resume_unsealed(self, entries: Sequence[JournalEntry], samples: Sequence[tuple[int, Reading]]) -> None:
        self.unsealed.extend(samples)


@dataclass
class Bench:
    """A Gate with everything around it at hand."""

    gate: Gate
    recorder: Memory
    events: list[Published]
    shapes: SpeedLimit

    def published(self, event: Published) -> None:
        self.events.append(event)

    def has(self, s: Term, p: Term, o: Term) -> bool:
        node = self.gate.graph.terms.node
        return self.gate.graph.has(node(s), node(p), node(o))

    def one(self, change: Change):
        return self.gate.process([change])[0]

    def contents(self) -> set[tuple[object, int]]:
        graph = self.gate.graph
        return {(triple, graph.marks(*triple)) for triple in graph.triples()}


def source(name: str, role: Role) -> Source:
    return Source(URIRef("urn:test:" + name), role)


@pytest.fixture
def bindings() -> tuple[Binding, ...]:
    return (
        Binding(LEVEL, FILLER, TW.fillRatio, SERVER, "nsu=x;s=l", "Float", "1", 0.0, 1.0, False, 5.0),
        Binding(ACCEPTED, FILLER, PACK.machSpeed, SERVER, "nsu=x;s=a", "Float", "/min", 0.0, 600.0),
        Binding(SET, FILLER, PACK.setMachSpeed, SERVER, "nsu=x;s=s", "Float", "/min", 0.0, 600.0, True, None, ACCEPTED),
    )


@pytest.fixture
def make_bench(bindings: tuple[Binding, ...]) -> Callable[..., Bench]:
    def make(**release: object) -> Bench:
        graph = WorkingGraph(Terms())
        load = Transaction(graph)
        node = graph.terms.node
        for s, p, o, g in (
            (FILLER, RDF.type, ISA95.WorkCell, GraphName.PLANT),
            (FILLER, ISA95.isPartOf, LINE, GraphName.PLANT),
            (SET, ISA95.isPropertyOf, FILLER, GraphName.PLANT),
            (SET, TW.writeGrant, GRANT, GraphName.POLICY),
        ):
            load.add(node(s), node(p), node(o), g)
        tags = Tags(graph.terms, bindings, {b.prop: TagId(n) for n, b in enumerate(bindings, 1)})
        recorder, shapes, events = Memory(), SpeedLimit(graph), []
        gate = Gate(
            graph,
            tags,
            Release("r1", **release),  # type: ignore[arg-type]
            rules=NoRules(),
            shapes=shapes,
            conditions=NoRules(),
            recorder=recorder,
            now_us=lambda: NOW_US,
        )
        gate.start()
        bench = Bench(gate, recorder, events, shapes)
        gate.subscribe(bench)
        return bench

    return make


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


@pytest.fixture
def reading() -> Callable[..., Reading]:
    """A good reading; tag 1 is the level, 2 the accepted speed, 3 the set speed."""

    def make(tag: int, value: object, status: int = 0, at_us: int = NOW_US, flags: int = 0) -> Reading:
        return Reading(TagId(tag), value, status, at_us, at_us, at_us, flags)  # type: ignore[arg-type]

    return make


@pytest.fixture
def observe(reading: Callable[..., Reading]) -> Callable[..., Change]:
    def make(tag: int, value: object, **more: object) -> Change:
        return Change(Kind.OBSERVATION, source("link", Role.LINK), readings=(reading(tag, value, **more),))

    return make


@pytest.fixture
def request_of() -> Callable[..., Change]:
    """A person's or agent's request to set the filler's speed."""

    def make(value: object = 400.0, *, target: URIRef = SET, role: Role = Role.OPERATOR, **more: object) -> Change:
        draft = Change(Kind.REQUEST, source("olga", role), at_us=NOW_US)
        node = URIRef(draft.id)
        literal = double_literal(value) if isinstance(value, float) else value
        extra = more.pop("adds", ())
        adds = (
            Quad(node, RDF.type, TW.Request, GraphName.DESIRED),
            Quad(node, TW.target, target, GraphName.DESIRED),
            Quad(node, TW.desiredValue, literal, GraphName.DESIRED),  # type: ignore[arg-type]
            *(Quad(node, p, o, GraphName.DESIRED) for p, o in extra),  # type: ignore[attr-defined]
        )
        return Change(Kind.REQUEST, draft.source, adds=adds, at_us=NOW_US, id=draft.id, **more)  # type: ignore[arg-type]

    return make


TRUE = Literal(True)
