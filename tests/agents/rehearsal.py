"""The bottling line, its Gate, measures and agent in one process and one thread, with a clock that is moved by hand.

The plant is the simulated one; journal and history are real files; the gateway is a few lines that write into the
simulated controller and report as the real one does. No server, no socket, no sleep.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rdflib import Literal, URIRef

import plants
from agents.core import Core, HistorySamples, Snapshot
from agents.desk import Desk
from agents.effects import Effects, HistoryCounts
from agents.explanation import decisions
from agents.explanation.story import Story, read_story
from agents.measures import Measures
from agents.recovery import JournalPast
from agents.rules import read_agents
from agents.watch import Watch
from api.core.build import Parts, build
from kg.change import Change, Expected, Kind, Published, Quad, Reading, Role, Source, Verdict
from kg.gate import binding_hash
from kg.names import GraphName
from kg.opcua.facts import LINK
from kg.opcua.outcomes import open_requests, outcome_change, stage_change
from kg.plantfolder import PlantFolder, graph_quads, load
from kg.store import DataDirectory
from kg.wire import json_to_change, term_text, text_to_term, verdict_to_json
from ontology import TW
from plants.bottling.line import Line
from plants.bottling.packml import StopReason
from plants.bottling.tags import TwinSlots, plant_tags

BOT = "https://w3id.org/twinwright/plants/bottling#"
AGENT = Source(URIRef(BOT + "LineAgent"), Role.AGENT)
MEASURES = Source(URIRef("urn:twinwright:measures"), Role.MEASURE)
OLGA = Source(URIRef(BOT + "olga"), Role.OPERATOR)
TICK_S = 0.5
WALL_US = 1_900_000_000_000_000


class Channel:
    """`agents.core.Channel` in front of a Gate in the same thread."""

    def __init__(self, rehearsal: Rehearsal, source: Source) -> None:
        self._rehearsal, self._source = rehearsal, source

    async def call(self, name: str, body: Mapping[str, Any], timeout_s: float = 10.0) -> dict[str, Any]:
        gate = self._rehearsal.parts.gate
        if name == "proof":
            proof = gate.conditions.explain(*(text_to_term(body[key]) for key in ("s", "p", "o")))  # type: ignore[arg-type]
            return {} if proof is None else dict(proof.to_json())
        change = json_to_change(body["change"], self._source)
        if body["dry_run"]:
            return verdict_to_json(gate.dry_run(change))
        return verdict_to_json(self._rehearsal.submit(change))

    async def stream(self, name: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        raise AssertionError("events are handed over by the rehearsal itself")
        yield {}


@dataclass
class Rehearsal:
    """Plant and twin. `speed` is plant seconds in a wall second."""

    parts: Parts
    line: Line
    speed: float
    wall_us: int = WALL_US
    events: list[Published] = field(default_factory=list)
    _shown: dict[str, Any] = field(default_factory=dict)
    _silent_s: float = 0.0

    def published(self, event: Published) -> None:
        self.events.append(event)

    def start(self, folder: PlantFolder, level: str) -> None:
        """Bring the twin up: first readings, a level for all rules, a desk and the measures."""
        self.slots = TwinSlots({name: m.controller.accepted for name, m in self.line.machines.items()})
        self.tags = plant_tags(self.line, self.slots)
        self.parts.gate.subscribe(self)
        described = folder.graphs[GraphName.PLANT] + folder.graphs[GraphName.POLICY] + folder.graphs[GraphName.RULES]
        (agent,) = read_agents(described)
        self._observe()
        self._set_level(folder, level)
        self.watch = Watch(agent.rules)
        self.past = JournalPast(self.parts.journal, [agent.iri])
        core = Core(Channel(self, AGENT))
        samples = HistorySamples(self.parts.history)
        self.desk = Desk(agent, core, self.watch, samples, self.past, lambda: self.wall_us)
        self.measures = Measures(Channel(self, MEASURES), lambda: self.wall_us)
        self.begin_anew()

    def begin_anew(self) -> None:
        """What the agents' process does at its start: take in a snapshot. What followed effects before is gone."""
        core, counts = Core(Channel(self, AGENT)), HistoryCounts(self.parts.history)
        self.effects = Effects(core, counts, self.past, lambda: self.wall_us)
        quads = tuple(quad for name in GraphName for quad in self._quads(name))
        snapshot = Snapshot(quads, self.parts.gate.seq, "", self.parts.gate.plant_us)
        self.watch.load(snapshot.quads, snapshot.seq, "")
        self.watch.plant_us = snapshot.plant_us
        self.measures.started(snapshot)
        self.effects.started(snapshot)
        self.events.clear()

    async def pass_s(self, plant_s: float) -> None:
        """Let plant time pass in ticks; all parts of the twin have their turn after each."""
        for _ in range(round(plant_s / TICK_S)):
            self.line.step()
            self.wall_us += round(TICK_S / self.speed * 1e6)
            self._observe()
            due = self.parts.clock.due(self.wall_us)
            if due is not None:
                self.submit(due)
            await self._turns()

    async def _turns(self) -> None:
        self._hand_over()
        self._silent_s += TICK_S / self.speed
        if self._silent_s >= 0.25:  # as often as measures are reported
            self._silent_s = 0.0
            await self.measures.report()
        self._hand_over()
        await self.desk.turn()
        self._hand_over()
        self._execute()
        self._hand_over()
        await self.desk.turn()
        await self.effects.turn()
        self._hand_over()

    def _hand_over(self) -> None:
        while self.events:
            event = self.events.pop(0)
            self.watch.apply(event, self.desk.own)
            self.desk.published(event)
            self.measures.published(event)
            self.effects.published(event)

    def submit(self, change: Change) -> Verdict:
        (verdict,) = self.parts.gate.process([change])
        return verdict

    def strike(self, machine: str, duration_s: float | None = None) -> None:
        """A jam, as `--inject jam:MACHINE` makes it."""
        self.line.machines[machine].strike(StopReason.JAM, duration_s)

    def _observe(self) -> None:
        at_us = round(self.line.now.timestamp() * 1e6)
        readings = []
        for tag in self.tags:
            value = tag.read()
            if self._shown.get(tag.name) != value or tag.is_cyclic:
                self._shown[tag.name] = value
                number = self.parts.numbers.get(URIRef(BOT + tag.name))
                if number is not None:
                    readings.append(Reading(number, value, 0, at_us, at_us, self.wall_us))
        facts = (Quad(URIRef(BOT + "LineServer"), TW.connected, Literal(True), GraphName.STATE),)
        self.submit(Change(Kind.OBSERVATION, LINK, adds=facts, readings=tuple(readings), at_us=self.wall_us))

    def _set_level(self, folder: PlantFolder, level: str) -> None:
        old = [q for q in graph_quads(folder.graphs[GraphName.POLICY], GraphName.POLICY) if q.p == TW.level]
        new = tuple(q._replace(o=Literal(level)) for q in old)
        emil = Source(URIRef(BOT + "emil"), Role.ENGINEER)
        verdict = self.submit(Change(Kind.EDIT, emil, adds=new, removes=tuple(old), at_us=self.wall_us))
        assert verdict.admitted, verdict.reasons

    def _execute(self) -> None:
        """What the gateway does with the admitted requests: write, and report."""
        quads = list(self._quads(GraphName.DESIRED))
        for request in open_requests(quads):
            machine = str(request.target).removeprefix(BOT).partition(".")[0]
            value = float(request.value)
            self.line.machines[machine].controller.request(value, self.line.time, is_supervised=True)
            self.slots.set_speeds[machine] = value
            about = {"stage": "written", "ok": True, "target": str(request.target)}
            self.submit(stage_change(request, about, self.wall_us))
            self.submit(self.parts.clock.cool_down(request.target, self.wall_us + 10_000_000))
            desired = [q for q in quads if q.s == request.target and q.p in (TW.desired, TW.desiredBy)]
            told = {"outcome": "confirmed", "value": str(request.value), "sentence": "The feedback shows it."}
            self.submit(outcome_change(request, told, self.wall_us, desired))

    def _quads(self, name: GraphName) -> Iterator[Quad]:
        graph = self.parts.gate.graph
        for s, p, o in graph.triples():
            if graph.marks(s, p, o) & name.bit:
                yield Quad(graph.term(s), graph.term(p), graph.term(o), name)  # type: ignore[arg-type]

    def loss_minutes(self, loss: str) -> float:
        """What the graph says now of a loss, by the end of its IRI; 0 where there is none."""
        quads = self._quads(GraphName.KPI)
        found = (q.o for q in quads if q.p == TW.lossMinutes and str(q.s).endswith(f"Loss.{loss}"))
        return next((float(str(minutes)) for minutes in found), 0.0)

    # people

    def waiting(self, rule: str = "") -> list[str]:
        """The ids of the open proposals, of one rule or of all."""
        return [ident for ident, d in self.desk.open.items() if str(d.proposal.rule).endswith(rule)]

    def story(self, ident: str) -> Story:
        return read_story(self.parts.journal, ident)

    def approve(self, ident: str) -> Verdict:
        """What `twinwright approve` sends for a proposal as the journal shows it."""
        proposal = self.story(ident).proposal
        assert proposal is not None
        read_set: tuple[Expected, ...] = proposal.read_set
        binds = binding_hash(str(proposal.target), term_text(proposal.desired), read_set, self.parts.plant.release)
        told = {"decision": ident, "meaning": "approve", "binds": binds, "expires_us": self.wall_us + 600_000_000}
        return self.submit(Change(Kind.APPROVAL, OLGA, cause=ident, at_us=self.wall_us, detail=told))

    def stages(self, ident: str) -> list[str]:
        return [step.stage for step in self.story(ident).steps]

    def proposals(self, rule: str) -> list[str]:
        """The ids of all proposals of a rule, oldest first."""
        found = decisions(self.parts.journal, limit=0)
        return [summary.id for summary in reversed(found) if str(summary.rule).endswith(rule)]


@contextmanager
def rehearsal(folder: Path, *, speed: float, level: str = "approve", seed: int = 7) -> Iterator[Rehearsal]:
    """Plant and twin in a folder for data."""
    plant = load(Path(plants.__file__ or "").parent / "bottling")
    with DataDirectory(folder) as data:
        held: list[Rehearsal] = []
        parts = build(plant, data, lambda: held[0].wall_us if held else WALL_US)
        made = Rehearsal(parts, Line(seed), speed)
        held.append(made)
        try:
            made.start(plant, level)
            yield made
        finally:
            parts.close(made.wall_us)
