"""The gateway as a process of its own, against the shipped bottling plant."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import pytest

from kg.channel import AsyncClient
from kg.errors import ServiceDown
from kg.plantfolder import load
from kg.tokens import CORE, GATEWAY, create_tokens, socket_path
from plants.bottling import BottlingOptions, BottlingServer

PASSWORD = "a password for tests"
BOT = "https://w3id.org/twinwright/plants/bottling#"
SPEED = "Filler.Command.SetMachSpeed"
BOTTLING = Path(str(files("plants.bottling")))


@pytest.fixture
def tokens(tmp_path):
    return create_tokens(tmp_path, load(BOTTLING).persons)


@pytest.fixture
async def plant():
    """The bottling plant at a free port, its time following the wall clock."""
    async with BottlingServer(BottlingOptions(speed=10, port=0, password=PASSWORD, watchdog_s=120)) as server:
        yield server


@pytest.fixture
def gateway(tmp_path, tokens):
    """Starts a gateway process on a data directory and waits until it answers."""

    @asynccontextmanager
    async def start(folder, *arguments, password=PASSWORD):
        where = ("--data", str(tmp_path), "--plant", str(folder))
        environment = {**os.environ, "TWINWRIGHT_GATEWAY_PASSWORD": password}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kg.opcua.gateway", *where, *arguments, env=environment
        )
        client = AsyncClient(socket_path(tmp_path, GATEWAY), tokens[CORE])
        try:
            await _answers(client)
            yield process, client
        finally:
            await client.close()
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), 10)

    return start


async def _answers(client, within_s=30.0):
    until_s = time.monotonic() + within_s
    while True:
        try:
            status = await client.call("status", {}, timeout_s=1.0)
            if status["read_only"] is not None or all(d["connected"] for d in status["devices"].values()):
                return status
        except ServiceDown:
            pass
        assert time.monotonic() < until_s
        await asyncio.sleep(0.05)


def _order(request, value, prior, token=1):
    return {
        "request": request,
        "decision": request,
        "target": BOT + "Filler.SetMachSpeed",
        "value": value,
        "prior": prior,
        "author": BOT + "olga",
        "agent": None,
        "rule": None,
        "token": token,
        "expires_us": time.time_ns() // 1000 + 20_000_000,
        "release": "release",
    }


async def test_a_write_reaches_the_bottling_plant_once_and_a_kill_loses_nothing(plant, gateway):
    """Confirmed by the filler's feedback, logged once by its controller; after SIGKILL the outcome is still known."""
    before = plant.tags[[tag.path for tag in plant.tags].index(SPEED)].read()
    order = _order("urn:uuid:1", before - 20.0, before)
    async with gateway(BOTTLING, "--endpoint", plant.url) as (process, client):
        await client.call("alive", {"token": 1, "ttl_s": 10.0})
        told = [event async for event in client.stream("execute", order)]
        await asyncio.sleep(1.2)
        process.kill()

    assert told[-1]["outcome"] == "confirmed", told[-1]
    assert [write.value for write in plant.write_log.writes(SPEED)] == [before - 20.0]
    assert plant.write_log.writes("Line.Twin.Heartbeat")

    async with gateway(BOTTLING, "--endpoint", plant.url) as (_, client):
        known = await client.call("outcomes", {"requests": ["urn:uuid:1"]})
        await client.call("alive", {"token": 1, "ttl_s": 10.0})
        again = [event async for event in client.stream("execute", order)]

    assert known["outcomes"]["urn:uuid:1"] == again[-1] == told[-1]
    assert len(plant.write_log.writes(SPEED)) == 1


async def test_a_changed_plant_folder_is_read_only(plant, gateway, tmp_path):
    """One more triple in the model, and nothing is written, not even the heartbeat; the gateway opens no session."""
    folder = tmp_path / "other"
    shutil.copytree(BOTTLING, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with (folder / "model.ttl").open("a", encoding="utf-8") as file:
        file.write("\n<urn:x> <urn:y> <urn:z> .\n")

    async with gateway(folder, "--endpoint", plant.url) as (_, client):
        status = await client.call("status", {})
        await client.call("alive", {"token": 1, "ttl_s": 10.0})
        told = [event async for event in client.stream("execute", _order("urn:uuid:1", 380.0, 400.0))]

    assert "shipped" in status["read_only"]
    assert (told[-1]["outcome"], told[-1]["code"]) == ("blocked", "read-only")
    assert plant.write_log.writes() == ()
