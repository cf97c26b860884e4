"""A small line, its agent, and a core in memory that answers as the real one does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph, Literal, URIRef

from agents.core import Core, NoSamples
from agents.desk import Desk
from agents.recovery import NoPast
from agents.rules import AgentDescription, read_agents
from agents.watch import Watch
from kg.change import Change, Kind, Match, Published, Quad, Reason, Role, Source, Verdict, new_id
from kg.gate.entries import change_entry
from kg.journal import Journal
from kg.names import GraphName
from kg.record import EntryKind, JournalEntry
from kg.replay import packed_release
from kg.terms import double_literal
from kg.wire import json_to_change, published_to_json, quad_line, quads_to_text, term_text, verdict_to_json

EX = "https://example.org/line#"
PLANT = """
@prefix ex: <https://example.org/line#> .
@prefix isa95: <https://w3id.org/twinwright/isa95#> .
@prefix pack: <https://w3id.org/twinwright/packml#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix tw: <https://w3id.org/twinwright/core#> .
@prefix ua: <https://w3id.org/twinwright/opcua#> .

ex:Server a ua:Server ; ua:endpointUrl "opc.tcp://127.0.0.1:1/" .
ex:Line a isa95:ProductionLine ; isa95:isPartOf ex:Hall .
ex:Filler isa95:isPartOf ex:Line ; tw:feeds ex:Belt .
ex:Belt isa95:isPartOf ex:Line ; tw:feeds ex:Labeller ; tw:capacity 800 .
ex:Labeller isa95:isPartOf ex:Line .

ex:Filler.SetMachSpeed isa95:isPropertyOf ex:Filler ; tw:predicate pack:setMachSpeed ; tw:unit "/min" ;
    ua:server ex:Server ; ua:nodeId "nsu=x;s=1" ; ua:dataType "Float" ; ua:euLow 0.0e0 ; ua:euHigh 600.0e0 ;
    ua:accessLevel "readWrite" ; tw:effect ex:Filler.CurMachSpeed .
ex:Filler.CurMachSpeed isa95:isPropertyOf ex:Filler ; tw:predicate pack:curMachSpeed ; tw:unit "/min" ;
    ua:server ex:Server ; ua:nodeId "nsu=x;s=2" ; ua:dataType "Float" ; ua:euLow 0.0e0 ; ua:euHigh 600.0e0 .
ex:Labeller.SetMachSpeed isa95:isPropertyOf ex:Labeller ; tw:predicate pack:setMachSpeed ; tw:unit "/min" ;
    ua:server ex:Server ; ua:nodeId "nsu=x;s=3" ; ua:dataType "Float" ; ua:euLow 0.0e0 ; ua:euHigh 600.0e0 ;
    ua:accessLevel "readWrite" ; tw:effect ex:Labeller.CurMachSpeed .
ex:Labeller.CurMachSpeed isa95:isPropertyOf ex:Labeller ; tw:predicate pack:curMachSpeed ; tw:unit "/min" ;
    ua:server ex:Server ; ua:nodeId "nsu=x;s=4" ; ua:dataType "Float" ; ua:euLow 0.0e0 ; ua:euHigh 600.0e0 .
ex:Belt.FillRatio isa95:isPropertyOf ex:Belt ; tw:predicate tw:fillRatio ; tw:unit "1" ;
    ua:server ex:Server ; ua:nodeId "nsu=x;s=5" ; ua:dataType "Float" ; ua:euLow 0.0e0 ; ua:euHigh 1.0e0 .
ex:Labeller.State isa95:isPropertyOf ex:Labeller ; tw:predicate pack:stateCurrent ; tw:unit "1" ;
    ua:server ex:Server ; ua:nodeId "nsu=x;s=6" ; ua:dataType "Int32" ; ua:euLow 0.0e0 ; ua:euHigh 17.0e0 .

ex:Agent a tw:Agent ; rdfs:label "Line agent" ; tw:hasScope ex:Line .
ex:Slow a tw:AgentRule ; tw:agent ex:Agent ; rdfs:label "Slow down" ; tw:goal ex:Output ; tw:priority 10 ;
    tw:validForS 60.0e0 ; tw:sentence "Run the filler at {value} instead of {prior} {unit}; {fill} full." .
ex:Fast a tw:AgentRule ; tw:agent ex:Agent ; rdfs:label "Speed up" ; tw:priority 5 ; tw:validForS 60.0e0 .
"""


def ex(name: str) -> URIRef:
    return URIRef(EX + name)


def pack(name: str) -> URIRef:
    return URIRef("https://w3id.org/twinwright/packml#" + name)


def tw(name: str) -> URIRef:
    return URIRef("https://w3id.org/twinwright/core#" + name)


def double(value: float) -> Literal:
    return double_literal(value)


@dataclass
class FakeCore:
    """Answers `call` and `stream` as `kg.channel.AsyncClient` does in front of a core. Everything is on record."""

    quads: list[Quad] = field(default_factory=list)
    proofs: dict[Match, dict[str, Any]] = field(default_factory=dict)
    judge: Callable[[Change, bool], Iterable[Reason]] = lambda change, dry_run: ()
    submitted: list[Change] = field(default_factory=list)
    checked: list[Change] = field(default_factory=list)
    fails: BaseException | None = None
    seq: int = 10
    at_us: int = 1_000_000_000
    listeners: list[asyncio.Queue[Any]] = field(default_factory=list)

    async def call(self, name: str, body: Mapping[str, Any], timeout_s: float = 10.0) -> dict[str, Any]:
        if self.fails is not None:
            raise self.fails
        if name == "proof":
            key = (body["s"], body["p"], body["o"])
            found = (proof for match, proof in self.proofs.items() if self._triple(match) == key)
            return next(found, {})
        assert name == "submit"
        change = json_to_change(body["change"], Source(ex("Agent"), Role.AGENT))
        reasons = tuple(self.judge(change, body["dry_run"]))
        (self.checked if body["dry_run"] else self.submitted).append(change)
        verdict = Verdict(change.id, not reasons, self.seq, "release-1", reasons, dry_run=body["dry_run"])
        if not body["dry_run"] and not reasons:
            self.publish(change.kind, change=change)
        return verdict_to_json(verdict)

    async def stream(self, name: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        assert name == "subscribe"
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.listeners.append(queue)
        if body["from_seq"] != self.seq:
            quads = quads_to_text(self.quads)
            yield {"snapshot": {"seq": self.seq, "release": "release-1", "plant_us": 0, "quads": quads}}
        while (item := await queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield {"event": item}

    def publish(self, kind: Kind, *, change: Change | None = None, **facts: Any) -> Published:
        """Publish an event to all subscribers."""
        self.seq += 1
        facts.setdefault("added", change.adds if change else ())
        facts.setdefault("detail", change.detail if change else {})
        facts.setdefault("author", str(change.source.author) if change else "urn:someone")
        facts.setdefault("cause", change.cause if change else None)
        facts.setdefault("removed", ())
        event = Published(
            self.seq,
            "release-1",
            kind,
            change.id if change else new_id(),
            at_us=self.at_us,
            plant_us=self.at_us,
            **facts,
        )
        for queue in self.listeners:
            queue.put_nowait(published_to_json(event))
        return event

    def stages(self) -> list[str]:
        """The steps on record, in order."""
        return [change.detail["stage"] for change in self.submitted if change.kind is Kind.PROPOSAL]

    def requests(self) -> list[Change]:
        return [change for change in self.submitted if change.kind is Kind.REQUEST]

    @staticmethod
    def _triple(match: Match) -> tuple[str, str, str]:
        return term_text(match.target), term_text(match.rule), term_text(match.value)


@dataclass
class Bench:
    """A desk in front of a fake core, with a clock that stands still until it is moved."""

    core: FakeCore
    watch: Watch
    desk: Desk
    clock: list[int]

    def begin(self, rule: str, value: float, **how: Any) -> Match:
        """Let a condition begin to hold."""
        match = Match(ex(rule), ex("Filler.SetMachSpeed"), double(value))
        self.core.proofs[match] = proof_of(match)
        inferred = (Quad(match.target, match.rule, match.value, GraphName.INFERRED),)
        self.tell(self.core.publish(Kind.OBSERVATION, added=inferred, matches=(match,), **how))
        return match

    def cease(self, match: Match) -> None:
        inferred = (Quad(match.target, match.rule, match.value, GraphName.INFERRED),)
        self.tell(self.core.publish(Kind.OBSERVATION, removed=inferred, unmatched=(match,)))

    def tell(self, event: Published) -> None:
        self.watch.apply(event, self.desk.own)
        self.desk.published(event)

    def level(self, word: str) -> None:
        """Set the agent's level for everything."""
        old = tuple(q for q in self.core.quads if q.p == tw("level"))
        new = Quad(ex("Autonomy"), tw("level"), Literal(word), GraphName.POLICY)
        self.core.quads = [q for q in self.core.quads if q not in old] + [new]
        self.tell(self.core.publish(Kind.EDIT, added=(new,), removed=old))

    def outcome(self, **detail: Any) -> None:
        """The gateway reports of the newest request."""
        request = self.core.requests()[-1]
        told = {"decision": request.detail["decision"], "request": request.id, **detail}
        self.tell(self.core.publish(Kind.OUTCOME, detail=told, cause=request.id))

    def pass_s(self, seconds: float) -> None:
        self.clock[0] += round(seconds * 1e6)
        self.core.at_us = self.clock[0]


def proof_of(match: Match) -> dict[str, Any]:
    """A proof with a reading, a model fact and a feature as leaves."""

    def leaf(s: URIRef, p: URIRef, o: Literal, graph: str) -> dict[str, Any]:
        return {"fact": [s.n3(), p.n3(), o.n3()], "graph": f"https://w3id.org/twinwright/graph/{graph}"}

    return {
        "fact": [match.target.n3(), match.rule.n3(), match.value.n3()],
        "rule": str(match.rule),
        "bindings": {"fill": double(0.75).n3(), "value": match.value.n3()},
        "premises": [
            leaf(ex("Belt"), tw("fillRatio"), double(0.75), "state"),
            {
                "fact": [ex("Labeller").n3(), tw("held").n3(), Literal(True).n3()],
                "rule": "urn:held",
                "bindings": {},
                "premises": [leaf(ex("Labeller"), pack("stateCurrent"), Literal(11), "state")],
            },
            leaf(ex("Belt"), tw("capacity"), Literal(800), "plant"),
            leaf(ex("Labeller"), tw("expectedRemainingS"), double(120.0), "kpi"),
        ],
    }


def snapshot_quads() -> list[Quad]:
    model = Graph().parse(data=PLANT, format="turtle")
    quads = [Quad(s, p, o, GraphName.PLANT) for s, p, o in model]  # type: ignore[arg-type]
    live = [
        (ex("Filler"), pack("setMachSpeed"), double(400.0)),
        (ex("Filler"), pack("curMachSpeed"), double(400.0)),
        (ex("Labeller"), pack("curMachSpeed"), double(0.0)),
        (ex("Labeller"), pack("stateCurrent"), Literal(11)),
        (ex("Belt"), tw("fillRatio"), double(0.75)),
        (ex("Belt.FillRatio"), tw("statusCode"), Literal(0)),
    ]
    quads += [Quad(s, p, o, GraphName.STATE) for s, p, o in live]
    quads.append(Quad(ex("Labeller"), tw("expectedRemainingS"), double(120.0), GraphName.KPI))
    quads.append(Quad(ex("Autonomy"), tw("ofAgent"), ex("Agent"), GraphName.POLICY))
    quads.append(Quad(ex("Autonomy"), tw("hasScope"), ex("Line"), GraphName.POLICY))
    return quads


@pytest.fixture
def agent() -> AgentDescription:
    (found,) = read_agents(Graph().parse(data=PLANT, format="turtle"))
    return found


@pytest.fixture
def core() -> FakeCore:
    return FakeCore(quads=snapshot_quads())


@pytest.fixture
def watch(agent: AgentDescription, core: FakeCore) -> Watch:
    watch = Watch(agent.rules)
    watch.load(core.quads, core.seq, "release-1")
    return watch


@pytest.fixture
def bench(agent: AgentDescription, core: FakeCore, watch: Watch) -> Bench:
    clock = [core.at_us]
    desk = Desk(agent, Core(core), watch, NoSamples(), NoPast(), lambda: clock[0])
    return Bench(core, watch, desk, clock)


@pytest.fixture
def journal_of() -> Callable[..., None]:
    """Writes a journal as a Gate would: a release with the plant, then one entry for each Change.

    `refused` gives the reasons of Changes that the Gate refused, by id.
    """

    def write(path: Path, changes: Iterable[Change], refused: Mapping[str, tuple[Reason, ...]] | None = None) -> None:
        lines = [quad_line(quad) for quad in snapshot_quads() if quad.g is GraphName.PLANT]
        with Journal.open(path) as journal:
            journal.append([JournalEntry(0, EntryKind.RELEASE, 1, None, packed_release("release-1", lines))])
            for seq, change in enumerate(changes, start=1):
                reasons = (refused or {}).get(change.id, ())
                verdict = Verdict(change.id, not reasons, seq, "release-1", reasons)
                journal.append([change_entry(change, verdict, change.adds, (), (), (), ())])

    return write
