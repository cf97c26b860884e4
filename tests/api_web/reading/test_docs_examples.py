"""The examples of docs/how-to/query-over-http.md, run against a server with a replica's process behind it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from rdflib import Namespace

from api.web.app import build_app
from kg.channel import AsyncClient
from kg.errors import ServiceDown
from kg.tokens import REPLICA, read_tokens, socket_path

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "query-over-http.md"
BLOCK = re.compile(r"^```(bash|python)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(kind, note.strip(), code) for kind, note, code in BLOCK.findall(PAGE.read_text(encoding="utf-8"))]
BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
WRAPPER = """
import os, sys
from SPARQLWrapper import CSV, GET, JSON, JSONLD, N3, POST, POSTDIRECTLY, RDFXML, TSV, TURTLE, URLENCODED, XML
from SPARQLWrapper import SPARQLWrapper
method, kind = GET if sys.argv[1] == "GET" else POST, POSTDIRECTLY if sys.argv[1] == "DIRECT" else URLENCODED
sparql = SPARQLWrapper(os.environ["TWIN"] + "/sparql")
sparql.addCustomHttpHeader("Authorization", "Bearer " + os.environ["TOKEN"])
sparql.setMethod(method)
sparql.setRequestMethod(kind)
def ask(query, form):
    sparql.setQuery(query)
    sparql.setReturnFormat(form)
    return sparql.queryAndConvert()
speeds = "SELECT ?m ?v { ?m pack:curMachSpeed ?v }"
assert len(ask(speeds, JSON)["results"]["bindings"]) == 2
assert len(ask(speeds, XML).getElementsByTagName("result")) == 2
assert ask(speeds, CSV).decode().startswith("m,v")
assert ask(speeds, TSV).decode().startswith("?m\\t?v")
assert ask("ASK { ?m pack:curMachSpeed ?v }", JSON)["boolean"] is True
assert ask("ASK { ?m pack:nothing ?v }", XML).getElementsByTagName("boolean")[0].firstChild.data == "false"
links = "CONSTRUCT WHERE { ?m pack:curMachSpeed ?v }"
assert len(ask(links, RDFXML)) == len(ask(links, XML)) == len(ask(links, JSONLD)) == 2
assert b"pack:curMachSpeed" in ask(links, TURTLE)
assert b"pack:curMachSpeed" in ask(links, N3)
assert len(ask("DESCRIBE bot:Filler", RDFXML)) > 3
"""


@pytest.fixture
def served(record: Any, data: Path, bottling: Any, live: str, reading: Any) -> Iterator[dict[str, str]]:
    """The environment of the examples: where the API is, and a viewer's token."""
    record.samples({BOT["Filler.CurMachSpeed"]: [float(number) for number in range(100)]})
    record.proposal("checked", "committed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ready, ended = threading.Event(), []
    loop = asyncio.new_event_loop()
    told = asyncio.Event()

    async def serve() -> None:
        async with reading(data, bottling, live) as reader, replica_process(data):
            config = uvicorn.Config(
                build_app(reader.twin, console=False), port=port, log_level="error", ws="none", lifespan="on"
            )
            server = uvicorn.Server(config)
            server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110  # uvicorn tells it by this flag alone
                await asyncio.sleep(0.02)
            ready.set()
            await told.wait()
            server.should_exit = True
            await serving

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:
            ended.append(error)
            ready.set()
            raise

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(60)
    assert not ended, ended
    yield {"TWIN": f"http://127.0.0.1:{port}/v1", "TOKEN": read_tokens(data)["vera"]}
    loop.call_soon_threadsafe(told.set)
    thread.join(30)
    loop.close()


@asynccontextmanager
async def replica_process(data: Path) -> Any:
    command = [sys.executable, "-m", "kg.replica", "--data", str(data), "--prefix", f"bot={BOT}"]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    client = AsyncClient(socket_path(data, REPLICA), read_tokens(data)[REPLICA])
    try:
        async with asyncio.timeout(60):
            while not await _answers(client):  # noqa: ASYNC110  # the socket appears in another process
                await asyncio.sleep(0.1)
        yield
    finally:
        process.terminate()
        await process.wait()
        await client.close()


async def _answers(client: AsyncClient) -> bool:
    try:
        return bool((await client.call("status", {}, timeout_s=1))["quads"])
    except ServiceDown:
        return False


@pytest.fixture
def run(served: dict[str, str]) -> Callable[..., str]:
    """What a program prints; it fails the test where it ends with an error."""

    def run(*command: str) -> str:
        environment = os.environ | served
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def shell(code: str) -> list[str]:
    return ["bash", "-euo", "pipefail", "-c", code]


def test_every_example_of_the_page(run: Callable[..., str]) -> None:
    """Each block runs and prints something; those that need a running twin find the little that there is here."""
    assert len(BLOCKS) == 7
    for kind, _, code in BLOCKS:
        if kind == "bash" and shutil.which("curl") is None:
            pytest.skip("the examples call curl, which is not installed; scripts/services.sh installs it")
        assert run(*(shell(code) if kind == "bash" else [sys.executable, "-c", code])), code


def test_what_the_examples_find(run: Callable[..., str]) -> None:
    """The answers are those of the bottling line."""
    bash = [code for kind, _, code in BLOCKS if kind == "bash"]
    python = [code for kind, _, code in BLOCKS if kind == "python"]
    if shutil.which("curl") is None:
        pytest.skip("the examples call curl, which is not installed; scripts/services.sh installs it")

    speeds, headers = run(*shell(bash[0])), run(*shell(bash[1]))
    wrapped, table = run(sys.executable, "-c", python[0]), run(sys.executable, "-c", python[1])

    assert speeds.splitlines()[:2] == ["machine,speed", f"{BOT.Filler},412"]
    assert "x-limit-rows: 2" in headers.lower()
    assert "the filler feeds a conveyor: True" in wrapped
    assert re.search(r"low\s+float64", table)
    assert "/min" in table


@pytest.mark.parametrize("method", ["GET", "POST", "DIRECT"])
def test_sparqlwrapper_in_all_its_ways(run: Callable[..., str], method: str) -> None:
    """SELECT, ASK, CONSTRUCT and DESCRIBE in the formats that it knows."""
    run(sys.executable, "-c", WRAPPER, method)
