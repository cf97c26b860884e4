"""The Gate as a part of the durability workload, wired as the core wires it, with the write gateway behind it.

A step is a round of a twin's life: readings, a request (admitted and carried out, or refused), stops, approvals,
proposals, the clock. Whatever a verdict was given for is told outside.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch

import from_scratch
from controller import BEHAVIOURS, WriteGateway, random_value, require_one_write_per_intent
from outside import Outside, told
from rdflib import RDF, Literal, URIRef
from small_plant import EX, MACHINES, small_plant

from api.core import build as core_build
from api.core.feed import working_quads
from api.core.plant_side import resume_deadlines
from kg.change import Change, ChangeId, Expected, Kind, Quad, Reading, Role, Source, Verdict
from kg.history.schema import from_rows
from kg.journal import verify
from kg.names import GraphName
from kg.opcua.facts import LINK
from kg.opcua.gateway import Outcome
from kg.opcua.gateway.executor import order_of
from kg.opcua.outcomes import OpenRequest, open_requests, outcome_change, stage_change, unwritten
from kg.record import EntryKind, Recorded
from kg.store import DataDirectory
from kg.terms import double_literal
from kg.wire import quads_to_text
from ontology import PACK, TW
from reasoner.rules import Rule, parse_construct
from reasoner.rules.reading import sparql
from reasoner.shacl import compile_shapes

_START_US = 1_800_000_000_000_000
_STEP_US = 3_000_000
_SEEN = "core"
_OLGA, _SAM = (Source(URIRef(f"urn:person:{name}"), Role.OPERATOR) for name in ("olga", "sam"))
_AGENT = Source(URIRef("urn:agent:line"), Role.AGENT)
_MEASURE = Source(URIRef("urn:twinwright:measure"), Role.MEASURE)
_SCOPES = (TW.Plant, *(URIRef(EX + name) for name in (*MACHINES, "Line", "Area")))
_COMPILED = compile_shapes(small_plant().graphs[GraphName.SHAPES])
_FROZEN = (TW.frozen, Literal(True), GraphName.DESIRED)


@cache
def _parsed(name: str, text: str) -> tuple[Rule, ...]:
    return parse_construct(name, text)


def _built(data: DataDirectory, now_us: Callable[[], int]) -> core_build.Parts:
    """A core on the small plant, started a thousand times: rules and shapes are compiled once, for it alone."""
    with (
        patch.object(sparql, "parse_construct", lambda name, text, _prefixes=None: _parsed(name, text)),
        patch.object(core_build, "compile_shapes", lambda graph: _COMPILED),
    ):
        return core_build.build(small_plant(), data, now_us)


class GatePart:
    """A core and a gateway in one process."""

    def __init__(self, data: DataDirectory, seed: int) -> None:
        self._seed = seed
        seen = told(data.paths.root, _SEEN)
        self._done = max((line["step"] for line in seen if "step" in line), default=0)
        self._now_us = _START_US + (self._done + 1) * _STEP_US
        self._seen = Outside(data.paths.root, _SEEN)
        self._core = _built(data, self._time)
        self._rng = random.Random(f"{seed}/{self._done}/{self._core.journal.head().index}")
        resume_deadlines(self._core, self._now_us)
        self._gateway = WriteGateway(data, self._time)
        self._take_up()

    def step(self, number: int) -> None:
        if number <= self._done:
            return
        self._now_us = _START_US + number * _STEP_US
        self._tick()  # before anything else is decided, as the core does
        deeds = (self._request, self._stop, self._talk, self._lift)
        self._process(*self._readings())
        if self._rng.random() < 0.5:
            self._release()
        self._rng.choices(deeds, (9, 2, 2, 2))[0]()
        self._tick()
        self._seen.tell({"step": number})
        self._done = number

    def close(self) -> None:
        self._core.close(self._now_us)
        self._gateway.close()
        self._seen.close()

    @classmethod
    def check(cls, data: DataDirectory, seed: int, acknowledged: int) -> None:
        seen = told(data.paths.root, _SEEN)
        part = cls(data, seed)
        entries = part.entries()
        part.require_acknowledged(seen, entries)
        part.require_graph(entries)
        part.require_settled(data, entries)
        part.step(part._done + 1)
        part.require_graph(part.entries())
        part.close()
        again = cls(data, seed)
        again.require_graph(again.entries())
        again.close()
        report = verify(data.paths.journal)
        assert report.ok, report.problems

    # what must hold

    def entries(self) -> list[Recorded]:
        return list(self._core.journal.of_kind(EntryKind.CHANGE, EntryKind.REFUSAL))

    def require_acknowledged(self, seen: list[dict[str, Any]], recorded: list[Recorded]) -> None:
        """Every verdict that was given is on record as it was given, and no seq stands for two Changes."""
        entries = {str(one.entry.body["id"]): one.entry for one in recorded}
        samples: dict[int, int] = {}
        for row in self._core.history.rows_of_span(0, 2**62):
            samples[row[2]] = samples.get(row[2], 0) + 1
        for line in seen:
            if "step" not in line:
                entry = entries.get(line["id"])
                assert samples.get(line["seq"], 0) == line["samples"] or not line["admitted"], (
                    f"samples missing: {line}"
                )
                if not line["samples"]:
                    assert entry is not None, f"an acknowledged decision is missing: {line}"
                if entry is not None:
                    assert (entry.kind is EntryKind.CHANGE) == line["admitted"]
                    assert entry.seq == line["seq"], f"{line} stands as {entry.seq}"
        seqs = [entry.seq for entry in entries.values() if entry.kind is EntryKind.CHANGE]
        assert len(seqs) == len(set(seqs))

    def require_graph(self, recorded: list[Recorded]) -> None:
        """The graph equals the one made from scratch from what is on record."""
        history = self._core.history
        rows = sorted(history.rows_of_span(0, 2**62), key=lambda row: (row[2], row[0], row[3]))
        expected = from_scratch.rebuilt(recorded, from_rows(rows), self._core.numbers)
        found: from_scratch.Lines = {name: set() for name in expected}
        for line in quads_to_text(working_quads(self._core.gate)).splitlines():
            name = GraphName.of_iri(line.rpartition("<")[2].rpartition(">")[0])
            assert name is not None
            found[name].add(line)
        for name, lines in expected.items():
            assert found[name] == lines, f"{name.value}: {sorted(found[name] ^ lines)[:6]}"

    def require_settled(self, data: DataDirectory, recorded: list[Recorded]) -> None:
        """No request hangs; the gateway wrote only what the core had admitted, and both agree on what is frozen."""
        gate, log = self._core.gate, self._gateway.log
        bodies = [one.entry.body for one in recorded if one.entry.kind is EntryKind.CHANGE]
        admitted = {body["id"] for body in bodies if body["kind"] == Kind.REQUEST}
        ended = {body["cause"] for body in bodies if body["kind"] == Kind.OUTCOME and "outcome" in str(body["detail"])}
        written = require_one_write_per_intent(data, log)
        assert written <= admitted & ended
        assert not open_requests(working_quads(gate))
        node = gate.graph.terms.node
        frozen = {str(gate.graph.term(s)) for s in gate.graph.subjects(node(TW.frozen), node(Literal(True)))}
        assert frozen <= {freeze.target for freeze in log.frozen()}
        assert {outcome.target for outcome in self._gateway.lost} <= frozen

    # a twin's life

    def _tick(self) -> None:
        if (due := self._core.clock.due(self._now_us)) is not None:
            self._process(due)

    def _process(self, *changes: Change) -> list[Verdict]:
        """Have a batch decided and recorded, and tell what was said."""
        own = [
            replace(change, id=self._id(), at_us=self._now_us) if change.kind is not Kind.REQUEST else change
            for change in changes
        ]
        verdicts = self._core.gate.process(own)
        self._seen.tell(
            *(
                {"id": v.change, "seq": v.seq, "admitted": v.admitted, "samples": len(change.readings)}
                for change, v in zip(own, verdicts, strict=True)
            )
        )
        return verdicts

    def _readings(self) -> Iterable[Change]:
        slots = list(self._core.tags)
        for _ in range(self._rng.randint(1, 3)):
            some = self._rng.sample(slots, self._rng.randint(1, 12))
            if self._rng.random() < 0.5:
                some += [slot for slot in slots if slot.binding.writable and slot not in some]
            readings = tuple(self._reading(slot.binding, n) for n, slot in enumerate(some))
            yield Change(Kind.OBSERVATION, LINK, readings=readings)

    def _reading(self, binding: Any, n: int) -> Reading:
        """Most often what the controller holds; now and then too much, nothing, of bad quality or late."""
        rng, value = self._rng, self._gateway.controller.value(binding)
        if binding.predicate == PACK.curMachSpeed and rng.random() < 0.5:
            value = rng.uniform(0.0, 700.0)
        odd = rng.random()
        status = 0x80000000 if odd < 0.03 else 0x40000000 if odd < 0.06 else 0
        late_us = 10 * _STEP_US if rng.random() < 0.1 else 0
        at_us = self._now_us + n
        return Reading(
            self._core.numbers[binding.prop], None if odd < 0.02 else value, status, at_us - late_us, at_us, at_us
        )

    def _request(self) -> None:
        rng, machine = self._rng, URIRef(EX + self._rng.choice(MACHINES))
        source, identity = rng.choice((_OLGA, _AGENT)), self._id()
        node, value = URIRef(identity), random_value(rng, self._gateway.controller.held(machine))
        facts: list[tuple[URIRef, URIRef | Literal]] = [
            (RDF.type, TW.Request),
            (TW.target, URIRef(f"{machine}.SetMachSpeed")),
            (TW.desiredValue, double_literal(value)),
        ]
        read_set = (Expected(machine, PACK.machSpeed, double_literal(300.0)),)  # often no longer so
        change = Change(
            Kind.REQUEST,
            source,
            adds=tuple(Quad(node, p, o, GraphName.DESIRED) for p, o in facts),
            read_set=read_set if rng.random() < 0.15 else (),
            id=identity,
            at_us=self._now_us,
        )
        if self._process(change)[0].admitted:
            for request in open_requests(working_quads(self._core.gate)):
                self._carry_out(request)

    def _carry_out(self, request: OpenRequest) -> None:
        order = request.order(self._gateway.token, small_plant().release)
        if order is None:
            self._end(request, unwritten("blocked", "no-prior", "No value has ever been reported."))
            return
        stages, outcome = self._gateway.execute(order_of(order), self._rng.choice(BEHAVIOURS))
        for stage in stages:
            self._process(stage_change(request, stage, self._now_us))
            if stage["stage"] == "written":
                self._process(self._core.clock.cool_down(request.target, self._now_us + _STEP_US // 2))
        self._end(request, outcome.to_json())

    def _end(self, request: OpenRequest, outcome: dict[str, Any]) -> None:
        desired = [
            q for q in working_quads(self._core.gate) if q.s == request.target and q.p in (TW.desired, TW.desiredBy)
        ]
        self._process(outcome_change(request, outcome, self._now_us, desired))

    def _take_up(self) -> None:
        """Ask the gateway how the requests ended that a crash left open."""
        for request in open_requests(working_quads(self._core.gate)):
            known: Outcome | None = self._gateway.log.outcome(str(request.node))
            nothing = unwritten("blocked", "not-executed", "The request did not reach the write gateway.")
            self._end(request, nothing if known is None else known.to_json())

    def _stop(self) -> None:
        quad = Quad(self._rng.choice(_SCOPES), TW.stopped, TW.NoWrites, GraphName.POLICY)
        self._process(Change(Kind.STOP, _OLGA, adds=(quad,), reason="leak"))

    def _release(self) -> None:
        stops = tuple(quad for quad in working_quads(self._core.gate) if quad.p == TW.stopped)
        if stops:
            self._process(Change(Kind.STOP, _OLGA, removes=stops, reason="mended"))

    def _talk(self) -> None:
        """A proposal, an approval, a measure and something that nobody may say."""
        proposal = URIRef(self._id())
        binds = {"decision": str(proposal), "binds": "0" * 64, "expires_us": self._now_us + 9, "meaning": "approve"}
        kpi = Quad(URIRef(EX + "Line"), URIRef(EX + "oee"), double_literal(self._rng.random()), GraphName.KPI)
        before = tuple(quad for quad in working_quads(self._core.gate) if quad.p == kpi.p)
        said = Quad(proposal, RDF.type, TW.Proposal, GraphName.DECISIONS)
        self._process(
            Change(Kind.PROPOSAL, _AGENT, adds=(said,), detail={"decision": str(proposal)}),
            Change(Kind.APPROVAL, _SAM, detail=binds),
            Change(Kind.MEASURE, _MEASURE, adds=(kpi,), removes=before),
            Change(Kind.STOP, _AGENT, adds=(said,)),
        )

    def _lift(self) -> None:
        """A person has looked: the core says so first, then the gateway."""
        for freeze in self._gateway.log.frozen():
            lifted = Quad(URIRef(freeze.target), *_FROZEN)
            self._process(Change(Kind.MANUAL, _SAM, removes=(lifted,), reason="seen"))
            self._gateway.log.unfreeze(freeze.target, str(_SAM.author), "seen", self._now_us)

    def _id(self) -> ChangeId:
        return ChangeId(uuid.UUID(int=self._rng.getrandbits(128)).urn)

    def _time(self) -> int:
        return self._now_us
