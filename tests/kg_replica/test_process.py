"""The replica as a process: `python -m kg.replica`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kg.channel import AsyncClient, Server
from kg.errors import QueryOverLimit, ServiceDown
from kg.tokens import CORE, REPLICA, create_tokens, socket_path, viewers

STATE = "<https://w3id.org/twinwright/graph/state>"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z FILTER(STR(?x) < STR(?y) && ?y < ?z) }"


@asynccontextmanager
async def replica(data: Path, core: Any) -> AsyncIterator[tuple[asyncio.subprocess.Process, AsyncClient]]:
    """A replica's process that follows a fake core over real sockets, and a client of it."""
    tokens = create_tokens(data, [])
    server = Server(socket_path(data, CORE), viewers(tokens))
    server.streaming("subscribe", lambda source, body: core.stream("subscribe", body))
    await server.start()
    command = [sys.executable, "-m", "kg.replica", "--data", str(data), "--prefix", "bot=urn:bot:"]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    client = AsyncClient(socket_path(data, REPLICA), tokens[CORE])
    try:
        async with asyncio.timeout(30):
            while not await _answers(client):  # noqa: ASYNC110  # the socket appears in another process
                await asyncio.sleep(0.05)
            yield process, client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await client.close()
        await server.stop()


async def _answers(client: AsyncClient) -> bool:
    try:
        await client.call("status", {}, timeout_s=1)
    except ServiceDown:
        return False
    return True


async def test_follows_answers_and_ends(core: Any, tmp_path: Path) -> None:
    """It holds the core's snapshot and events, knows the plant's prefix, and ends with 0 when told to."""
    core.quads = f'<urn:bot:Filler> <urn:p> "1" {STATE} .\n'
    async with replica(tmp_path, core) as (process, client):
        seq = core.publish(f'<urn:bot:Filler> <urn:p> "2" {STATE} .\n', core.quads)
        answer = await client.call("query", {"query": "SELECT ?o { bot:Filler ?p ?o }", "min_seq": seq})
        process.send_signal(signal.SIGTERM)
        code = await process.wait()

    assert [row["o"]["value"] for row in answer["results"]["results"]["bindings"]] == ["2"]
    assert code == 0
    assert not socket_path(tmp_path, REPLICA).exists()


async def test_makes_way_for_a_fresh_process(core: Any, tmp_path: Path) -> None:
    """A query that cannot be ended costs its caller the time limit and the process its life: exit code 75."""
    core.quads = "".join(f'<urn:s{i}> <urn:p> "{i}" {STATE} .\n' for i in range(500))
    async with replica(tmp_path, core) as (process, client):
        with pytest.raises(QueryOverLimit, match="time limit"):
            await client.call("query", {"query": ENDLESS, "timeout_s": 0.2})
        code = await process.wait()

    assert code == 75


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has network namespaces")
async def test_has_no_network_where_the_system_allows_that(core: Any, tmp_path: Path) -> None:
    """The process says whether it could leave the network; if so it sees no interface but an unused loopback."""
    async with replica(tmp_path, core) as (process, client):
        isolated = (await client.call("status", {}))["isolated"]
        links = await asyncio.to_thread(Path(f"/proc/{process.pid}/net/dev").read_text)

    names = {line.split(":")[0].strip() for line in links.splitlines()[2:]}
    assert isinstance(isolated, bool)
    assert not isolated or names <= {"lo", "tunl0", "sit0", "ip6tnl0"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux chooses whom to end when memory is short")
async def test_is_the_first_to_go_when_memory_is_short(core: Any, tmp_path: Path) -> None:
    """A query took two gigabytes with twenty rounds of CONCAT; the core on the same machine must not pay for it."""
    async with replica(tmp_path, core) as (process, _):
        score = await asyncio.to_thread(Path(f"/proc/{process.pid}/oom_score_adj").read_text)

    assert score.strip() == "1000"
