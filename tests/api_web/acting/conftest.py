"""A core's real Gate with real shapes and a journal on disk, behind routes served in-process; the gateway is a fake."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from rdflib import Literal, Namespace, URIRef

from agents.pipeline import Stage
from agents.prediction import Effect
from agents.proposal import Proposal, proposal_quads, proposal_to_json, stage_quads
from api.core.build import Parts, build
from api.core.feed import working_quads
from api.core.incoming import incoming
from api.live import LineModel
from api.run_info import RunInfo
from api.web.app import build_api
from api.web.identity import People, Person
from kg.change import Change, Expected, Kind, Match, Published, Quad, Role, Source, Verdict, new_id
from kg.errors import BadValue, NotAuthorised, ServiceDown
from kg.journal import JournalReader
from kg.names import GraphName
from kg.plantfolder import PlantFolder, load
from kg.store import DataDirectory
from kg.terms import double_literal
from kg.tokens import CORE, GATEWAY
from kg.wire import change_to_json, published_to_json, quads_to_text
from ontology import PACK, TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
SET = BOT["Filler.SetMachSpeed"]
RULE = BOT.SlowFillerBeforeBlock
NOW_US = 1_790_000_000_000_000


@pytest.fixture(scope="session")
def bottling() -> PlantFolder:
    """The shipped plant, loaded once."""
    return load(Path(str(files("plants.bottling"))))


@dataclass
class FakeGateway:
    """Switches and freezes as the gateway keeps them, without a controller."""

    stops: dict[str, dict[str, Any]] = field(default_factory=dict)
    frozen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, person: Person, method: str, body: Mapping[str, Any], now_us: int) -> dict[str, Any]:
        if method in ("stop", "unfreeze") and person.role not in (Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER):
            raise NotAuthorised("The role may not set stops.", role=person.role)
        if method == "stop":
            self._switch(person, body, now_us)
        if method == "unfreeze":
            held = self.frozen.pop(body["property"], None)
            return {"property": body["property"], "request": held and held["request"], "by": str(person.iri)}
        return {"stops": list(self.stops.values()), "frozen": self.frozen}

    def _switch(self, person: Person, body: Mapping[str, Any], now_us: int) -> None:
        scope, until_us = body["scope"], body["until_us"]
        if until_us is not None and until_us <= now_us:
            raise BadValue("This stop would have ended before it began.", until_us=until_us)
        self.stops.pop(scope, None)
        if body["mode"] != "release":
            self.stops[scope] = {**body, "by": str(person.iri), "at_us": now_us}


class Bench:
    """What routes are given instead of `api.web.twin.Twin`, and what tests look at."""

    def __init__(self, plant: PlantFolder, data: DataDirectory) -> None:
        self.clock = [NOW_US]
        self.plant = plant
        self.info = RunInfo.of(plant)
        tokens = {login: f"token-of-{login}" for login in plant.persons}
        self.people = People(plant.persons, plant.graphs[GraphName.POLICY], tokens)
        self.data = data
        self.gateway = FakeGateway()
        self.down: set[str] = set()
        self.panel = None
        self.calls: list[tuple[str, str, str]] = []
        self.parts: Parts
        self.journal = None
        self.start()

    # the twin as routes see it

    async def call(
        self, person: Person, part: str, method: str, body: Any = None, timeout_s: float = 10.0
    ) -> dict[str, Any]:
        self.calls.append((part, method, person.login))
        if part in self.down:
            raise ServiceDown(f"The {part} does not answer.", part=part)
        if part == GATEWAY:
            return self.gateway.answer(person, method, body or {}, self.now_us())
        return {"release": self.plant.release}

    async def submit(self, person: Person, change: Change, dry_run: bool = False) -> Verdict:
        self.calls.append((CORE, "submit", person.login))
        if CORE in self.down:
            raise ServiceDown("The core does not answer.", part=CORE)
        return self.decide(change, Source(person.iri, person.role))

    def now_us(self) -> int:
        return self.clock[0]

    # the core

    def start(self) -> None:
        """A core on the data directory, as at any start."""
        self.parts = build(self.plant, self.data, self.now_us)
        self.model = LineModel()
        gate = self.parts.gate
        self.model.start({"quads": quads_to_text(working_quads(gate)), "seq": gate.seq})
        self.hub = SimpleNamespace(model=self.model, connected=True, release=gate.release.hash)
        gate.subscribe(self)
        if self.journal is None:
            self.journal = JournalReader.open(self.data.paths.journal)

    def published(self, event: Published) -> None:
        self.model.apply(published_to_json(event))

    def close(self) -> None:
        self.parts.close(None)

    def decide(self, change: Change, source: Source) -> Verdict:
        """The Gate's verdict on a Change as it arrives over the channel."""
        return self.parts.gate.process([incoming(change_to_json(change), source)])[0]

    # the agents

    def level(self, word: str, rule: URIRef = RULE) -> None:
        """Set a rule's level, as an engineer does."""
        node = URIRef(f"{rule}.Autonomy")
        held = str(self.model.get(node, TW.level))
        emil = self.people.by_login["emil"]
        change = Change(
            Kind.EDIT,
            Source(emil.iri, emil.role),
            adds=(Quad(node, TW.level, Literal(word), GraphName.POLICY),),
            removes=(Quad(node, TW.level, Literal(held), GraphName.POLICY),),
        )
        if held != word:
            assert self.decide(change, change.source).admitted

    def propose(self, value: float = 300.0, life_s: float = 120.0, **parts: Any) -> Proposal:
        """A proposal that waits for people, on record."""
        now_us, desired = self.now_us(), double_literal(value)
        given: dict[str, Any] = {
            "id": new_id(),
            "agent": BOT.LineAgent,
            "rule": RULE,
            "target": SET,
            "equipment": BOT.Filler,
            "desired": desired,
            "prior": double_literal(400.0),
            "unit": "/min",
            "goal": None,
            "sentence": "Run the filler at 300 per minute.",
            "effect": Effect(True, "About +70 units.", 70, 40, 90),
            "if_nothing": "The filler stops in 2 min.",
            "inputs": (),
            "read_set": (Expected(BOT.Filler, PACK.machSpeed, double_literal(400.0), tolerance=12.5),),
            "proof": {},
            "made_us": now_us,
            "plant_us": now_us - 1,
            "expires_us": now_us + round(life_s * 1e6),
            "match": Match(RULE, SET, desired),
            **parts,
        }
        proposal = Proposal(**given)
        self.step(proposal, 1, Stage.REASONED, {"proposal": proposal_to_json(proposal)})
        for number, stage in enumerate((Stage.CHECKED, Stage.SIMULATED, Stage.NEGOTIATED), 2):
            self.step(proposal, number, stage)
        return proposal

    def step(self, proposal: Proposal, number: int, stage: str, facts: Mapping[str, Any] | None = None) -> None:
        """A step in a proposal's life, on record."""
        quads = stage_quads(proposal, str(stage), number, True, self.now_us())
        if number == 1:
            quads = (*proposal_quads(proposal), *quads)
        detail = {"decision": proposal.id, "stage": str(stage), "ok": True, "facts": dict(facts or {})}
        source = Source(proposal.agent, Role.AGENT)
        change = Change(Kind.PROPOSAL, source, adds=quads, cause=proposal.id, detail=detail)
        assert self.decide(change, source).admitted


@pytest.fixture
def bench(bottling: PlantFolder, tmp_path: Path) -> Iterator[Bench]:
    with DataDirectory(tmp_path / "data") as data:
        made = Bench(bottling, data)
        yield made
        made.journal.close()
        made.close()


@pytest.fixture
def ask(bench: Bench) -> Iterator[Callable[..., Any]]:
    """`ask("sam", "POST", "/proposals/...", json=...)`: the response to a person's request."""
    app = build_api(bench)  # type: ignore[arg-type]  # as much of a twin as these routes need

    async def request(login: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer token-of-{login}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            return await client.request(method, path, **more)

    with asyncio.Runner() as runner:
        yield lambda *given, **more: runner.run(request(*given, **more))
