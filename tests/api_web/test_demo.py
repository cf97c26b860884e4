"""`/v1/demo`: the person at the machines, the killed twin, and the unsafe write."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from rdflib import SH, URIRef
from stubs import StubTwin, bearer

from api.kill import MODULES, kill_parts
from api.run_info import RunInfo
from api.web.errors import RouteUnknown
from api.web.problems import problem
from api.web.routes import demo
from kg.change import Change, Finding, Kind, Reason, Severity, Verdict
from kg.errors import ServiceDown, TwinError, UnknownNode
from kg.plantfolder import PlantFolder, load
from plants.bottling import BottlingOptions, BottlingServer
from plants.bottling.panel import Panel

pytestmark = pytest.mark.asyncio(loop_scope="module")
SHAPE = URIRef("https://w3id.org/twinwright/shapes#LIM-SPEED-MAX")


@pytest.fixture(scope="module")
def bottling() -> PlantFolder:
    return load(Path(str(files("plants.bottling"))))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[BottlingServer]:
    """A line at five times speed. Tests leave it in order."""
    async with BottlingServer(BottlingOptions(seed=3, speed=5, port=0)) as running:
        yield running


@dataclass
class DemoTwin(StubTwin):
    """A demonstration whose Gate says what a test wants."""

    data: Path = Path("/nowhere")
    plant: Any = None
    verdict: Callable[[Change], Verdict] = lambda change: Verdict(change.id, False, 7, "r1")
    submitted: tuple[str, Change, bool] | None = None

    @property
    def info(self) -> RunInfo:
        return RunInfo.of(self.plant)

    def now_us(self) -> int:
        return 1_700_000_000_000_000

    async def submit(self, person: Any, change: Change, dry_run: bool = False) -> Verdict:
        self.submitted = person.login, change, dry_run
        return self.verdict(change)


@pytest_asyncio.fixture(loop_scope="module")
async def twin(server: BottlingServer, bottling: PlantFolder, tmp_path: Path) -> AsyncIterator[DemoTwin]:
    async with Panel(server, tmp_path / "panel.sock"):
        yield DemoTwin(panel=tmp_path / "panel.sock", plant=bottling, data=tmp_path)


@pytest_asyncio.fixture(loop_scope="module")
async def olga(twin: DemoTwin) -> AsyncIterator[httpx.AsyncClient]:
    """The operator's client."""
    app = FastAPI()
    app.state.twin = twin
    app.include_router(demo.router, prefix="/v1")
    app.add_exception_handler(TwinError, _problem)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=bearer("olga")) as client:
        yield client


async def _problem(_: object, error: Exception) -> Any:
    return problem(error if isinstance(error, TwinError) else RouteUnknown("?"))


def _machine(answer: httpx.Response, name: str) -> dict[str, Any]:
    return next(machine for machine in answer.json()["machines"] if machine["name"] == name)


async def test_the_plants_own_truth(olga: httpx.AsyncClient, server: BottlingServer) -> None:
    """Straight from the machines, with an operator's word for each; nothing of the twin is asked."""
    answer = await olga.get("/v1/demo/panel")

    told = answer.json()
    assert answer.status_code == 200
    assert told["order"]["id"] == server.line.order.id
    assert told["plant_at"].endswith("+00:00")
    assert {machine["name"] for machine in told["machines"]} == set(server.line.machines)
    assert all(machine["word"] for machine in told["machines"])


async def test_a_jam_is_made_and_put_right(olga: httpx.AsyncClient, server: BottlingServer) -> None:
    """Held with the word jam; a person clears it; clearing what is in order is an error with a sentence."""
    injected = await olga.post("/v1/demo/inject", json={"fault": "jam", "target": "Labeller", "lasts_s": 3600})
    for _ in range(200):
        held = await olga.get("/v1/demo/panel")
        if _machine(held, "Labeller")["word"] == "jam":
            break
        await asyncio.sleep(0.05)
    cleared = await olga.post("/v1/demo/clear", json={"machine": "Labeller"})
    again = await olga.post("/v1/demo/clear", json={"machine": "Depalletiser"})

    assert (injected.status_code, cleared.status_code) == (200, 200)
    assert _machine(held, "Labeller")["word"] == "jam"
    assert (again.status_code, again.json()["code"]) == (422, "bad-value")
    assert again.json()["detail"] == "Nothing is wrong with Depalletiser, so there is nothing to clear."


async def test_the_selectors_and_the_pace(olga: httpx.AsyncClient) -> None:
    """What a person turns is seen in the answer."""
    local = await olga.post("/v1/demo/local", json={"machine": "Filler", "on": True})
    remote = await olga.post("/v1/demo/local", json={"machine": "Filler", "on": False})
    disabled = await olga.post("/v1/demo/twin-enable", json={"machine": "Packer", "on": False})
    enabled = await olga.post("/v1/demo/twin-enable", json={"machine": "Packer", "on": True})
    faster = await olga.post("/v1/demo/pace", json={"pace": 50})
    await olga.post("/v1/demo/pace", json={"pace": 5})

    assert [_machine(answer, "Filler")["local"] for answer in (local, remote)] == [True, False]
    assert [_machine(answer, "Packer")["twin_enabled"] for answer in (disabled, enabled)] == [False, True]
    assert faster.json()["pace"] == 50.0


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("inject", {"fault": "jam", "target": "Labeller@1h"}),
        ("inject", {"fault": "jam:Labeller"}),
        ("inject", {"fault": "jam", "target": "Oven"}),
        ("inject", {"fault": "jam", "target": "Labeller", "lasts_s": -1}),
        ("inject", {"fault": "jam"}),
        ("inject", {"fault": "vanish", "target": "Labeller"}),
        ("clear", {"machine": "../Labeller"}),
        ("local", {"machine": "Filler"}),
        ("local", {"machine": "Filler", "on": True, "more": 1}),
        ("pace", {"pace": 0}),
        ("pace", {"pace": 101}),
        ("kill", {"parts": []}),
        ("kill", {"parts": ["web"]}),
        ("kill", {"parts": ["plant"]}),
    ],
)
async def test_nonsense_does_nothing(olga: httpx.AsyncClient, route: str, body: dict[str, Any]) -> None:
    """Refused before or by the panel, never a failure."""
    answer = await olga.post(f"/v1/demo/{route}", json=body)

    assert answer.status_code == 422


async def test_who_only_looks_may_only_look(olga: httpx.AsyncClient) -> None:
    """Analyst and auditor see the plant and touch nothing."""
    for login in ("vera", "ada"):
        assert (await olga.get("/v1/demo/panel", headers=bearer(login))).status_code == 200
        answer = await olga.post("/v1/demo/pace", json={"pace": 5}, headers=bearer(login))
        assert (answer.status_code, answer.json()["code"]) == (403, "not-authorised")


async def test_a_plant_that_is_gone_is_said_to_be(olga: httpx.AsyncClient, twin: DemoTwin) -> None:
    """503, with the plant named; the same without a demonstration."""
    twin.panel = Path("/nowhere/panel.sock")
    gone = await olga.get("/v1/demo/panel")
    twin.panel = None
    none = await olga.get("/v1/demo/panel")

    for answer in (gone, none):
        assert (answer.status_code, answer.json()["code"], answer.json()["part"]) == (503, "service-down", "plant")


def _refused(change: Change) -> Verdict:
    finding = Finding(URIRef(change.id), SHAPE, SH.MaxInclusiveConstraintComponent, None, None, Severity.VIOLATION, "")
    return Verdict(change.id, False, 7, "r1", (Reason("LIM-SPEED-MAX", f"{SHAPE} says no.", finding),))


async def test_an_unsafe_write_is_tried_in_earnest(olga: httpx.AsyncClient, twin: DemoTwin) -> None:
    """A real request in the person's name; the answer names value, limit and the shape that refused."""
    twin.verdict = _refused

    told = (await olga.post("/v1/demo/unsafe")).json()

    assert twin.submitted is not None
    login, change, dry_run = twin.submitted
    assert (login, change.kind, dry_run) == ("olga", Kind.REQUEST, False)
    assert (told["admitted"], told["value"], told["limit"], told["unit"]) == (False, 880.0, 440.0, "/min")
    assert told["reasons"][0]["shape"] == str(SHAPE)
    assert told["decision"] == change.id


async def test_a_gate_that_lets_it_through_is_not_glossed_over(olga: httpx.AsyncClient, twin: DemoTwin) -> None:
    """The route reports what the Gate said, whatever it was."""
    twin.verdict = lambda change: Verdict(change.id, True, 8, "r1")

    told = (await olga.post("/v1/demo/unsafe")).json()

    assert (told["admitted"], told["reasons"]) == (True, [])


# killing


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Processes that look like the parts of a twin whose supervisor is this test."""
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "__init__.py").touch()
    (tmp_path / "api" / "child.py").write_text("import time\ntime.sleep(60)\n")
    started = {
        name: subprocess.Popen([sys.executable, "-m", "api.child", module], cwd=tmp_path)
        for name, module in MODULES.items()
    }
    (tmp_path / "supervisor.lock").write_text(str(os.getpid()))
    _note(tmp_path, {name: process.pid for name, process in started.items()})
    yield started
    for process in started.values():
        process.kill()
        process.wait()


def _note(data: Path, pids: dict[str, int | None]) -> None:
    (data / "run").mkdir(exist_ok=True)
    (data / "run" / "parts.json").write_text(json.dumps([{"name": n, "pid": pid} for n, pid in pids.items()]))


async def test_the_parts_asked_for_are_killed(
    olga: httpx.AsyncClient, parts: dict[str, subprocess.Popen[bytes]]
) -> None:
    """Core, gateway and agents by default; the replica lives on."""
    told = (await olga.post("/v1/demo/kill", json={})).json()
    codes = [parts[name].wait(10) for name in ("core", "gateway", "agents")]

    assert told == {"killed": ["core", "gateway", "agents"]}
    assert codes == [-9, -9, -9]
    assert parts["replica"].poll() is None


async def test_nobody_else_is_killed(parts: dict[str, subprocess.Popen[bytes]], tmp_path: Path) -> None:
    """A number that now belongs to another program, another part or another parent is left alone."""
    gateway = parts["gateway"].pid
    _note(tmp_path, {"core": os.getpid(), "agents": gateway, "replica": None, "gateway": 2**22 - 3})
    strangers = kill_parts(tmp_path, list(MODULES))
    _note(tmp_path, {"gateway": gateway})
    (tmp_path / "supervisor.lock").write_text("1")
    orphans = kill_parts(tmp_path, ["gateway"])

    assert strangers == orphans == ()
    assert all(process.poll() is None for process in parts.values())


async def test_without_a_supervisor_nothing_is_killed(tmp_path: Path) -> None:
    """Who would start it again?"""
    with pytest.raises(ServiceDown, match="No supervisor watches"):
        kill_parts(tmp_path, ["core"])
    (tmp_path / "supervisor.lock").write_text(str(os.getpid()))
    with pytest.raises(ServiceDown, match="left word of its parts"):
        kill_parts(tmp_path, ["core"])
    with pytest.raises(UnknownNode, match="no part web"):
        kill_parts(tmp_path, ["web"])
