"""A twin to read from: a real record on disk, a real replica, and a core that shows the bottling line as it stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from rdflib import RDF, Literal, Namespace, URIRef
from starlette.requests import Request
from starlette.responses import Response

from agents.pipeline import Stage
from agents.prediction import Effect
from agents.proposal import Proposal, proposal_quads, proposal_to_json, stage_quads
from api.run_info import RunInfo
from api.settings import Settings
from api.web.errors import BadRequest
from api.web.problems import problem
from api.web.routes import decisions, explanations, history, kpis, sparql, violations
from api.web.twin import Twin
from kg.change import (
    Change,
    Finding,
    Findings,
    Kind,
    Match,
    Quad,
    Reading,
    Reason,
    Role,
    Severity,
    Source,
    Verdict,
    new_id,
)
from kg.channel import AsyncClient, Server
from kg.errors import TwinError
from kg.gate.entries import change_entry
from kg.history import History
from kg.journal import Journal
from kg.names import GraphName
from kg.plantfolder import PlantFolder, graph_quads, load
from kg.record import EntryKind, JournalEntry
from kg.replay import packed_release
from kg.replica import PREFIXES, Limits, Mirror
from kg.replica.follow import Follower
from kg.replica.service import QueryService
from kg.store import DataPaths
from kg.terms import double_literal
from kg.tokens import CORE, REPLICA, create_tokens, read_tokens, socket_path, sources
from kg.wire import finding_to_json, quad_line, quads_to_text
from ontology import PACK, TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
SET, SPEED = BOT["Filler.SetMachSpeed"], BOT["Filler.CurMachSpeed"]
NOW_US = 1_790_000_000_000_000
RELEASE = "release-1"


@pytest.fixture(scope="session")
def bottling() -> PlantFolder:
    """The shipped plant, loaded once."""
    return load(Path(str(files("plants.bottling"))))


@dataclass
class Record:
    """Writes what a twin has on record: entries as a Gate would, samples as a link would."""

    data: Path
    seq: int = 0
    at_us: int = NOW_US

    def release(self, entry: JournalEntry) -> None:
        self._append([entry])

    def changes(self, *changes: Change, reasons: Sequence[Reason] = (), findings: Findings | None = None) -> None:
        """Each Change, a second after the one before."""
        entries = []
        for change in changes:
            self.seq, self.at_us = self.seq + 1, self.at_us + 1_000_000
            verdict = Verdict(change.id, not reasons, self.seq, RELEASE, tuple(reasons), findings or Findings())
            dated = Change(**{name: getattr(change, name) for name in change.__slots__} | {"at_us": self.at_us})
            found = findings or Findings()
            entries.append(change_entry(dated, verdict, change.adds, (), found.introduced, found.fixed, ()))
        self._append(entries)

    def noise(self, count: int) -> None:
        """Changes that are no decisions."""
        source = Source(URIRef("urn:twinwright:measures"), Role.MEASURE)
        self.changes(*(Change(Kind.MEASURE, source) for _ in range(count)))

    def proposal(self, *stages: str, sentence: str = "Run the filler at 300 per minute.") -> str:
        """An agent's proposal with these steps; its id."""
        desired = double_literal(300.0)
        proposal = Proposal(
            id=new_id(),
            agent=BOT.LineAgent,
            rule=BOT.SlowFillerBeforeBlock,
            target=SET,
            equipment=BOT.Filler,
            desired=desired,
            prior=double_literal(400.0),
            unit="/min",
            goal=None,
            sentence=sentence,
            effect=Effect(True, "About +70 units.", 70, 40, 90),
            if_nothing="The filler stops in 2 min.",
            inputs=(),
            read_set=(),
            proof={},
            made_us=self.at_us,
            plant_us=self.at_us,
            expires_us=self.at_us + 60_000_000,
            match=Match(BOT.SlowFillerBeforeBlock, SET, desired),
        )
        source = Source(proposal.agent, Role.AGENT)
        for number, stage in enumerate((Stage.REASONED, *stages), 1):
            quads = stage_quads(proposal, str(stage), number, True, self.at_us)
            facts = {"proposal": proposal_to_json(proposal)} if number == 1 else {}
            detail = {"decision": proposal.id, "stage": str(stage), "ok": True, "facts": facts}
            adds = (*proposal_quads(proposal), *quads) if number == 1 else quads
            self.changes(Change(Kind.PROPOSAL, source, adds=adds, cause=proposal.id, detail=detail))
        return proposal.id

    def request(self, login: str = "olga", *, refused: str | None = None) -> str:
        """A person's own request; its id."""
        ident = new_id()
        node = URIRef(ident)
        facts = [(RDF.type, TW.Request), (TW.target, SET), (TW.desiredValue, double_literal(900.0))]
        adds = tuple(Quad(node, p, o, GraphName.DESIRED) for p, o in facts)
        source = Source(BOT[login], Role.OPERATOR)
        reasons = [] if refused is None else [Reason(refused, "The speed is too high.")]
        self.changes(Change(Kind.REQUEST, source, adds, reason="Faster, please.", id=ident), reasons=reasons)
        return ident

    def samples(self, values: Mapping[URIRef, Sequence[Any]], step_us: int = 1_000_000, kind: str = "Float") -> None:
        """Values a second apart, the last at NOW_US; a pair is value and status."""
        with History.open(DataPaths(self.data).history) as kept:
            for prop, row in values.items():
                tag = kept.register(str(prop), kind)
                readings = []
                for number, given in enumerate(row):
                    value, status = given if isinstance(given, tuple) else (given, 0)
                    at_us = NOW_US - (len(row) - 1 - number) * step_us
                    reading = Reading(tag, value, status, at_us, at_us + 1, at_us + 2)
                    readings.append((self.seq + 1 + number, reading))
                self.seq += len(row)
                kept.append(readings)

    def _append(self, entries: Sequence[JournalEntry]) -> None:
        with Journal.open(DataPaths(self.data).journal) as journal:
            journal.append(entries)


@pytest.fixture
def data(tmp_path: Path, bottling: PlantFolder) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    create_tokens(folder, bottling.persons)
    RunInfo.of(bottling).write(folder)
    return folder


@pytest.fixture(scope="session")
def release(bottling: PlantFolder) -> JournalEntry:
    """The model of the plant, as a journal begins with it."""
    lines = [quad_line(quad) for quad in graph_quads(bottling.graphs[GraphName.PLANT], GraphName.PLANT)]
    return JournalEntry(0, EntryKind.RELEASE, NOW_US, None, packed_release(RELEASE, lines))


@pytest.fixture(scope="session")
def live(bottling: PlantFolder) -> str:
    """What a core's snapshot holds, as N-Quads."""
    return quads_to_text(live_quads(bottling))


@pytest.fixture
def record(data: Path, release: JournalEntry) -> Record:
    made = Record(data)
    made.release(release)
    History.open(DataPaths(data).history).close()
    return made


@dataclass
class FakeCore:
    """Answers what routes ask of the core."""

    quads: str
    seq: int = 10
    findings: list[Finding] = field(default_factory=list)

    async def subscribe(self, source: Source, body: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        yield {"snapshot": {"seq": self.seq, "release": RELEASE, "plant_us": NOW_US, "quads": self.quads}}
        await asyncio.Event().wait()

    async def violations(self, source: Source, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"findings": [finding_to_json(finding) for finding in self.findings]}


@dataclass
class Reader:
    """What a test reads with: `get` and `post` as a person over HTTP."""

    twin: Twin
    core: FakeCore
    app: FastAPI
    http: httpx.AsyncClient
    replica: QueryService | None = None

    async def get(self, path: str, accept: str | None = None, login: str = "vera", **parameters: Any) -> httpx.Response:
        headers = {} if accept is None else {"Accept": accept}
        return await self.http.get(path, params=parameters or None, headers=headers | self.bearer(login))

    async def post(self, path: str, login: str = "vera", **more: Any) -> httpx.Response:
        return await self.http.post(path, headers=self.bearer(login) | more.pop("headers", {}), **more)

    def bearer(self, login: str = "vera") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.twin.people.by_login[login].token}"}


def live_quads(plant: PlantFolder) -> list[Quad]:
    """The model with a few values, as a core's snapshot has them."""
    quads = [quad for name, graph in plant.graphs.items() for quad in graph_quads(graph, name)]
    loss = BOT["Line.Loss.Labeller.Jam"]
    values = [
        (BOT.Filler, PACK.curMachSpeed, double_literal(412.0), GraphName.STATE),
        (BOT.Labeller, PACK.curMachSpeed, double_literal(430.0), GraphName.STATE),
        (BOT.Line, TW.oee, double_literal(0.83), GraphName.KPI),
        (BOT.Line, TW.throughputPerH, double_literal(21000.0), GraphName.KPI),
        (BOT.Filler, TW.availability, double_literal(0.91), GraphName.KPI),
        (loss, RDF.type, TW.Loss, GraphName.KPI),
        (loss, TW.ofEquipment, BOT.Labeller, GraphName.KPI),
        (loss, TW.lossReason, Literal("jam"), GraphName.KPI),
        (loss, TW.lossMinutes, double_literal(12.5), GraphName.KPI),
    ]
    return quads + [Quad(*value) for value in values]


@pytest.fixture
async def reader(record: Record, data: Path, bottling: PlantFolder, live: str) -> AsyncIterator[Reader]:
    """Record, core and the routes; without a replica."""
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(reading_of(data, bottling, live))


@pytest.fixture
async def asked(reader: Reader, data: Path) -> AsyncIterator[Reader]:
    """The same with a replica."""
    async with replica(reader, data):
        yield reader


@asynccontextmanager
async def reading_of(data: Path, plant: PlantFolder, live: str) -> AsyncIterator[Reader]:
    tokens = read_tokens(data)
    core = FakeCore(live)
    server = Server(socket_path(data, CORE), sources(tokens, plant.persons, plant.agents[0]))
    server.streaming("subscribe", core.subscribe)
    server.unary("violations", core.violations)
    await server.start()
    twin = Twin(data, plant, Settings(query_rows=5000, query_timeout_s=5.0))
    twin.hub.model.start({"quads": core.quads, "seq": core.seq, "plant_us": NOW_US})
    app = api(twin)
    transport = httpx.ASGITransport(app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            yield Reader(twin, core, app, http)
    finally:
        await twin.close()
        await server.stop(0)


@pytest.fixture
def reading() -> Callable[..., Any]:
    """`async with reading(data, plant, live)`: the same on an event loop of one's own."""
    return reading_of


@asynccontextmanager
async def replica(reader: Reader, data: Path) -> AsyncIterator[QueryService]:
    plant, tokens = reader.twin.plant, read_tokens(data)
    core = AsyncClient(socket_path(data, CORE), tokens[REPLICA])
    follower = Follower(Mirror(), core)
    following = asyncio.create_task(follower.run())
    limits = Limits(reader.twin.settings.query_timeout_s, reader.twin.settings.query_rows)
    service = QueryService(follower, PREFIXES | dict(reader.twin.info.prefixes), limits)
    server = Server(socket_path(data, REPLICA), sources(tokens, plant.persons, plant.agents[0]))
    service.serve_on(server)
    await server.start()
    try:
        yield service
    finally:
        following.cancel()
        await asyncio.wait({following})
        await server.stop(0)
        await core.close()
        service.close()


def api(twin: Twin) -> FastAPI:
    """The reading routes with the problems of the whole application, and nothing around them."""
    app = FastAPI()
    app.state.twin = twin
    for routes in (sparql, decisions, explanations, kpis, history, violations):
        app.include_router(routes.router, prefix="/v1")

    async def twin_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, TwinError)
        return problem(error)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem(BadRequest(str(error.errors()[0]["msg"])))

    app.add_exception_handler(TwinError, twin_error)
    app.add_exception_handler(RequestValidationError, invalid)
    return app


@pytest.fixture
def finding() -> Finding:
    """The filler runs faster than it may."""
    return Finding(
        focus=BOT.Filler,
        shape=URIRef("https://w3id.org/twinwright/shapes#SpeedMax"),
        component=URIRef("http://www.w3.org/ns/shacl#MaxInclusiveConstraintComponent"),
        path=f"<{PACK.curMachSpeed}>",
        value=double_literal(500.0),
        severity=Severity.VIOLATION,
        message=f"The speed of <{BOT.Filler}> is above its limit.",
        code="LIM-SPEED-MAX",
        distance=60.0,
    )
