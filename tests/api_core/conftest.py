"""A core built from the bottling plant, without link, gateway and sockets, in a state in which a request passes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from rdflib import RDF, Literal, Namespace, URIRef

from api.core.build import Parts, build
from api.core.feed import Feed
from api.core.plant_side import Timekeeper
from api.core.service import CoreService
from kg.change import Change, Kind, Quad, Reading, Role, Source, Verdict, new_id
from kg.gate import Runner
from kg.names import GraphName
from kg.opcua.facts import LINK, connection_change
from kg.plantfolder import PlantFolder, load
from kg.store import DataDirectory
from kg.terms import Term, double_literal
from ontology import PACK, TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
START_US = 1_800_000_000_000_000
GOOD: dict[URIRef, object] = {
    TW.siteRemote: True,
    TW.twinEnable: True,
    TW.maintenance: False,
    TW.heartbeatOk: True,
    PACK.unitModeCurrent: 1,
    PACK.stateCurrent: 6,
    PACK.setMachSpeed: 300.0,
    PACK.machSpeed: 300.0,
    PACK.curMachSpeed: 300.0,
    TW.fillWeightInControl: True,
}


@dataclass
class Core:
    """The parts of a core, and a clock that a test moves."""

    parts: Parts
    now_us: int = START_US

    def __post_init__(self) -> None:
        self.gate = self.parts.gate
        self.runner = Runner(self.gate, self.parts.clock, lambda: self.now_us)
        self.feed = Feed(self.runner)
        journal = self.parts.journal
        self.service = CoreService(
            self.runner, self.feed, self.parts.history, dict, lambda ident: any(True for _ in journal.of_subject(ident))
        )
        self.gate.subscribe(Timekeeper(self.runner, self.parts.grants))

    def one(self, change: Change) -> Verdict:
        return self.gate.process([change])[0]

    def tick(self) -> None:
        due = self.parts.clock.due(self.now_us)
        if due is not None:
            self.one(due)

    def has(self, s: Term, p: Term, o: Term) -> bool:
        node = self.gate.graph.terms.node
        return self.gate.graph.has(node(s), node(p), node(o))

    def read(self, prop: URIRef, value: object, source_us: int | None = None) -> Verdict:
        at = self.now_us if source_us is None else source_us
        reading = Reading(self.parts.numbers[prop], value, 0, at, at, self.now_us)  # type: ignore[arg-type]
        return self.one(Change(Kind.OBSERVATION, LINK, readings=(reading,)))

    def request(self, value: float, source: Source, rule: URIRef | None = None, **more: object) -> Change:
        """A sound request for the filler's speed."""
        name = more.pop("id", None) or new_id()
        facts = [
            (RDF.type, TW.Request),
            (TW.target, BOT["Filler.SetMachSpeed"]),
            (TW.desiredValue, double_literal(value)),
            (TW.reason, Literal("because")),
        ]
        facts += [(TW.rule, rule)] if rule is not None else []
        facts += more.pop("facts", [])  # type: ignore[arg-type]
        adds = tuple(Quad(URIRef(str(name)), p, o, GraphName.DESIRED) for p, o in facts)
        return Change(Kind.REQUEST, source, adds=adds, id=name, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def bottling() -> PlantFolder:
    return load(Path(str(files("plants.bottling"))))


@pytest.fixture
def core(bottling: PlantFolder, tmp_path: Path) -> Iterator[Core]:
    """The filler runs at 300, everything permits a request."""
    with DataDirectory(tmp_path / "data") as data:
        made: list[Core] = []
        made.append(Core(build(bottling, data, lambda: made[0].now_us if made else START_US)))
        core = made[0]
        for server in bottling.servers:
            core.one(connection_change(server.iri, True, core.now_us))
        for binding in bottling.bindings:
            if binding.predicate in GOOD:
                core.read(binding.prop, GOOD[binding.predicate])
        yield core
        core.parts.close(core.now_us)


@pytest.fixture
def olga() -> Source:
    return Source(BOT.olga, Role.OPERATOR)


@pytest.fixture
def agent(bottling: PlantFolder) -> Source:
    return Source(bottling.agents[0], Role.AGENT)


@pytest.fixture
def send(core: Core) -> Callable[..., Awaitable[Mapping[str, Any]]]:
    """Sends a message to a method of the core while it runs; ends it in good order."""

    async def send(method: str, body: Mapping[str, Any], source: Source) -> Mapping[str, Any]:
        running = asyncio.create_task(core.runner.run())
        try:
            return await asyncio.wait_for(getattr(core.service, method)(source, body), 10)
        finally:
            core.runner.close()
            await running

    return send
