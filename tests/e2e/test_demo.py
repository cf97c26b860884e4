"""The twin as its users start it: every process of its own, judged by the controllers' write log."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from api.demo import DemoOptions, demonstrate
from api.session import Session
from kg.channel import AsyncClient
from kg.errors import TwinError
from kg.journal import verify
from kg.tokens import CORE, REPLICA, socket_path

LABELLER_JAMS = "jam:labeller@120s+120s"


@pytest.mark.timeout(300)
def test_agent_writes_and_every_write_is_explained(tmp_path: Path) -> None:
    """Two minutes at twenty times speed: at least one write, all of them in the controllers' log and explained."""
    program = str(Path(sys.executable).with_name("twinwright"))
    command = [program, "demo", "--headless", "--for", "120s", "--speed", "20"]
    command += ["--inject", LABELLER_JAMS, "--autonomy", "autonomous", "--json", "--data", str(tmp_path / "data")]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, cwd=tmp_path)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(ended.stdout)
    assert told["writes"] >= 1
    assert told["matched_write_log"]
    assert told["explained"] == len(told["decisions"]) >= 1
    assert told["unexplained"] == []
    assert verify(tmp_path / "data" / "journal.sqlite").ok


@pytest.mark.timeout(300)
async def test_without_the_agent_nothing_is_written_and_the_twin_survives_its_own_deaths(tmp_path: Path) -> None:
    """No agent, no write. Killed core, replica and agents come back by themselves; the line runs on all the time."""
    seen: dict[str, Any] = {}

    async def watch(twin: Session) -> None:
        data, token = twin.prepared.data, twin.prepared.tokens["emil"]
        seen["produced"] = await _answer(data, token, "orderActual")
        for name in ("agents", "replica", "core"):
            pid = twin.supervisor.states[name].pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await _until(lambda name=name, pid=pid: twin.supervisor.states[name].pid not in (None, pid))
        seen["seq"] = await _seq(data, token)
        seen["produced later"] = await _answer(data, token, "orderActual")
        twin.supervisor.stop()

    options = DemoOptions(
        inject=(LABELLER_JAMS,), agents=False, autonomy="autonomous", data=tmp_path / "data", for_s=200
    )
    told = await demonstrate(options, watch)

    assert told.writes == 0
    assert told.restarts == 3
    assert seen["seq"] > 0
    assert seen["produced later"] > seen["produced"]
    assert verify(tmp_path / "data" / "journal.sqlite").ok


async def _answer(data: Path, token: str, name: str) -> float:
    """The newest value of a property of the line, asked by SPARQL until the twin answers."""
    line = "<https://w3id.org/twinwright/plants/bottling#Line>"
    query = f"SELECT ?v {{ {line} tw:{name} ?v }}"
    end = time.monotonic() + 60
    while True:
        client = AsyncClient(socket_path(data, REPLICA), token)
        try:
            answer = await client.call("query", {"query": query, "timeout_s": 5, "limit": 5})
            found = answer["results"]["results"]["bindings"]
            if found:
                return float(found[0]["v"]["value"])
        except TwinError:
            pass
        finally:
            await client.close()
        assert time.monotonic() < end, "the replica does not answer"
        await asyncio.sleep(0.5)


async def _seq(data: Path, token: str) -> int:
    end = time.monotonic() + 60
    while True:
        client = AsyncClient(socket_path(data, CORE), token)
        try:
            return int((await client.call("status", {}))["seq"])
        except TwinError:
            assert time.monotonic() < end, "the core does not answer"
        finally:
            await client.close()
        await asyncio.sleep(0.5)


async def _until(holds: Any, patience_s: float = 60) -> None:
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "the part was not started again"
        await asyncio.sleep(0.1)
