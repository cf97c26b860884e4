"""A whole twin in one process beside a real OPC UA server: plant, core and gateway, wired as in earnest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rdflib import RDF, XSD, Literal, Namespace, URIRef

from api.core.process import CoreProcess
from api.prepare import prepare
from kg.change import Change, Expected, Kind, Published, Quad, Role, Source, Verdict
from kg.names import GraphName
from kg.opcua.gateway.assembly import build as build_gateway
from kg.opcua.gateway.service import Gateway
from kg.plantfolder import load
from kg.store import DataDirectory
from kg.terms import Term, double_literal
from ontology import TW
from plants.bottling import BottlingOptions, BottlingServer, Write

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
FOLDER = Path(__file__).resolve().parents[2] / "plants" / "bottling"
PASSWORD = "for-tests"
PATIENCE_S = 20.0


@dataclass
class Twin:
    """Everything at hand: the plant as it really is, and the twin of it."""

    plant: BottlingServer
    core: CoreProcess
    gateway: Gateway
    data: Path
    events: list[Published] = field(default_factory=list)

    def published(self, event: Published) -> None:
        self.events.append(event)

    # people

    def person(self, login: str = "olga") -> Source:
        return self.core.parts.plant.persons[login]

    async def submit(self, change: Change) -> Verdict:
        return await self.core.runner.submit(change)

    def request(
        self,
        value: float,
        machine: str = "Filler",
        *,
        by: Source | None = None,
        inputs: Sequence[URIRef] = (),
        read_set: tuple[Expected, ...] = (),
        target: URIRef | None = None,
        life_s: float | None = None,
    ) -> Change:
        """A person's request to set a machine's speed."""
        source = by or self.person()
        draft = Change(Kind.REQUEST, source)
        node = URIRef(draft.id)
        facts: list[tuple[URIRef, Term]] = [
            (RDF.type, TW.Request),
            (TW.target, target or BOT[f"{machine}.SetMachSpeed"]),
            (TW.desiredValue, double_literal(value)),
            (TW.reason, Literal("a test")),
            *((TW.input, prop) for prop in inputs),
        ]
        if life_s is not None:
            end = datetime.now(UTC) + timedelta(seconds=life_s)
            facts.append((TW.expiresAt, Literal(end.isoformat(), datatype=XSD.dateTime, normalize=False)))
        adds = tuple(Quad(node, p, o, GraphName.DESIRED) for p, o in facts)
        return Change(Kind.REQUEST, source, adds=adds, read_set=read_set, id=draft.id, reason="a test")

    # looking

    def values(self, s: URIRef, p: URIRef) -> list[Any]:
        graph = self.core.parts.gate.graph
        node = graph.terms.node
        return [graph.term(o).toPython() for o in graph.objects(node(s), node(p))]

    def value(self, s: URIRef, p: URIRef) -> Any:
        found = self.values(s, p)
        return found[0] if len(found) == 1 else None

    async def until(self, holds: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> Any:
        """Wait until something holds; fails saying what was waited for."""
        end = time.monotonic() + patience_s
        while not (found := holds()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {patience_s:g} s: {what}")
            await asyncio.sleep(0.05)
        return found

    async def outcome(self, request: Change) -> dict[str, Any]:
        """What the gateway said in the end of an admitted request."""

        def found() -> dict[str, Any] | None:
            for event in self.events:
                if event.kind is Kind.OUTCOME and event.cause == request.id and "outcome" in event.detail:
                    return dict(event.detail)
            return None

        told: dict[str, Any] = await self.until(found, f"an outcome of {request.id}")
        return told

    def writes(self, machine: str | None = None) -> list[Write]:
        """Setpoint writes that reached the controllers, whatever came of them."""
        wanted = f"{machine or ''}.Command.SetMachSpeed" if machine else ".Command.SetMachSpeed"
        return [write for write in self.plant.write_log.writes() if wanted in write.node]


@asynccontextmanager
async def running_twin(data: Path, server: BottlingServer, *, with_gateway: bool = True) -> AsyncIterator[Twin]:
    """A core and a gateway on a data directory, for a plant that runs already."""
    prepared = prepare(data, FOLDER, server.url)
    folder = prepared.plant.folder
    with DataDirectory(data) as directory:
        core = CoreProcess(load(folder, server.url), directory)
        gateway = build_gateway(data, folder, user="gateway", password=PASSWORD, endpoint=server.url)
        twin = Twin(server, core, gateway, data)
        core.parts.gate.subscribe(twin)
        tasks = [asyncio.create_task(core.run())]
        if with_gateway:
            tasks.append(asyncio.create_task(gateway.run()))
        try:
            await twin.until(lambda: twin.value(BOT.LineServer, TW.connected), "a connection")
            await twin.until(lambda: twin.value(BOT["Filler.CurMachSpeed"], TW.quality) == "good", "good values")
            if with_gateway:
                await twin.until(lambda: twin.value(BOT.Line, TW.heartbeatOk), "a heartbeat")
            yield twin
        finally:
            core.close()
            gateway.close()
            await asyncio.gather(*tasks)


@pytest.fixture
async def plant() -> AsyncIterator[BottlingServer]:
    """The bottling line at twenty times speed, on a free port."""
    async with BottlingServer(BottlingOptions(seed=7, speed=20, port=0, password=PASSWORD)) as server:
        yield server


@pytest.fixture
async def twin(plant: BottlingServer, tmp_path: Path) -> AsyncIterator[Twin]:
    async with running_twin(tmp_path / "data", plant) as made:
        yield made


@pytest.fixture
def start_twin(tmp_path: Path) -> Callable[..., Any]:
    """For tests that start the twin more than once, or on a plant of their own."""

    def start(server: BottlingServer, name: str = "data", **options: Any) -> Any:
        return running_twin(tmp_path / name, server, **options)

    return start


__all__ = ["BOT", "Role"]
