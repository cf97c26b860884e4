"""Following the core, and the service on top."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kg.change import Role, Source
from kg.channel import AsyncClient, Server
from kg.errors import NotAuthorised, NotYetSeen, QueryOverLimit, QueryRefused, ServiceDown
from kg.replica.answer import Limits
from kg.replica.follow import Follower
from kg.replica.mirror import Mirror
from kg.replica.prefixes import PREFIXES
from kg.replica.service import QueryService
from kg.tokens import part_iri

STATE = "<https://w3id.org/twinwright/graph/state>"
DECISIONS = "<https://w3id.org/twinwright/graph/decisions>"
READER = Source(part_iri("reader"), Role.VIEWER)


def value(o: object) -> str:
    return f'<urn:filler> <urn:speed> "{o}" {STATE} .\n'


@contextlib.asynccontextmanager
async def following(core: Any, **options: Any) -> AsyncIterator[Follower]:
    follower = Follower(Mirror(), core, **options)
    task = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def speeds(service: QueryService, **body: Any) -> list[str]:
    answer = await service.query(READER, {"query": "SELECT ?v { <urn:filler> <urn:speed> ?v }", **body})
    return [row["v"]["value"] for row in answer["results"]["results"]["bindings"]]


async def test_reads_its_own_writes(core: Any) -> None:
    """A query that names a seq waits until the replica has come so far, without waiting for the next flush."""
    core.quads = value(0)
    async with following(core, coalesce_s=30.0) as follower:
        service = QueryService(follower, PREFIXES)
        await speeds(service)
        for i in range(50):
            seq = core.publish(value(i + 1), value(i))

        assert await speeds(service, min_seq=seq) == ["50"]


async def test_a_seq_that_does_not_come_is_an_error(core: Any) -> None:
    """Waiting ends with the query's own time limit and says how far the replica is."""
    async with following(core) as follower:
        service = QueryService(follower, PREFIXES)

        with pytest.raises(NotYetSeen, match="not yet to 7"):
            await speeds(service, min_seq=7, timeout_s=0.3)


async def test_without_a_core_queries_say_so() -> None:
    """A replica that has heard nothing yet does not answer with an empty graph."""

    class Absent:
        async def stream(self, name: str, body: object) -> AsyncIterator[dict[str, Any]]:
            raise ServiceDown("absent", part="core")
            yield {}

    async with following(Absent()) as follower:
        with pytest.raises(ServiceDown, match="not heard from the core"):
            await speeds(QueryService(follower, PREFIXES), timeout_s=0.2)


async def test_resumes_and_starts_again_from_a_snapshot(core: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a cut the replica asks for what it has missed, and takes a snapshot where the core gives one."""
    monkeypatch.setattr("kg.replica.follow._RETRY_S", 0.01)
    decided = f"<urn:d> <urn:p> <urn:o> {DECISIONS} .\n"
    core.quads = value(0)
    async with following(core, recorded=lambda: [decided], coalesce_s=0.01) as follower:
        service = QueryService(follower, PREFIXES)
        await service.query(READER, {"query": "ASK {}"})
        core.publish(value(1), value(0))
        await follower.reach(1, 5)
        core.cut()
        await core.subscribed(2)
        resumed = await speeds(service, min_seq=core.publish(value(2), value(1)))
        core.always_snapshot, core.quads = True, value(9)
        core.seq = 40
        core.cut()
        again = await speeds(service, min_seq=40)
        held = await service.query(READER, {"query": "ASK { GRAPH graph:decisions { <urn:d> ?p ?o } }"})

    assert core.subscriptions[:3] == [None, 1, 2]
    assert resumed == ["2"]
    assert again == ["9"]
    assert held["results"]["boolean"]


async def test_people_see_no_value_vanish(core: Any) -> None:
    """An overwrite is one step: no query finds the value gone and the new one not yet there."""
    core.quads = value(0)
    async with following(core, coalesce_s=0.001) as follower:
        service = QueryService(follower, PREFIXES)
        seen = [await speeds(service)]
        for i in range(150):
            core.publish(value(i + 1), value(i))
            seen.append(await speeds(service))

    assert {len(rows) for rows in seen} == {1}


async def test_over_the_channel(core: Any, tmp_path: Path) -> None:
    """Refusals keep their class and facts across the wire, strangers are refused, status counts."""
    socket = tmp_path / "replica.sock"
    async with following(core) as follower:
        service = QueryService(follower, PREFIXES)
        server = Server(socket, {"known": READER})
        service.serve_on(server)
        await server.start()
        client, stranger = AsyncClient(socket, "known"), AsyncClient(socket, "stranger")
        try:
            answer = await client.call("query", {"query": "ASK {}"})
            with pytest.raises(QueryRefused) as refused:
                await client.call("query", {"query": "SELECT * { SERVICE <http://198.51.100.1/> {} }"})
            with pytest.raises(QueryRefused, match="row limit"):
                await client.call("query", {"query": "ASK {}", "limit": 10**9})
            with pytest.raises(NotAuthorised):
                await stranger.call("query", {"query": "ASK {}"})
            status = await client.call("status", {})
        finally:
            await client.close()
            await stranger.close()
            await server.stop()
            service.close()

    assert answer["results"]["boolean"] is True
    assert refused.value.facts["construct"] == "ServiceGraphPattern"
    assert status["queries"] == {"answered": 1, "refused": 1, "out_of_time": 0}
    assert status["connected"] is True


async def test_a_query_that_cannot_be_ended_ends_the_process(core: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller gets its time limit back; the service takes no more queries and asks to be replaced."""
    monkeypatch.setattr("kg.replica.service._GRACE_S", 0.05)
    monkeypatch.setattr("kg.replica.service._STUCK_GRACE_S", 0.05)
    core.quads = "".join(f"<urn:s{i}> <urn:p> {chr(34)}{i}{chr(34)} {STATE} .\n" for i in range(400))
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z FILTER(STR(?x) < STR(?y) && ?y < ?z) }"
    async with following(core) as follower:
        service = QueryService(follower, PREFIXES, Limits(seconds=0.3))
        with pytest.raises(QueryOverLimit, match=r"time limit of 0\.3 s"):
            await service.query(READER, {"query": endless})
        async with asyncio.timeout(5):
            await service.over.wait()
        with pytest.raises(ServiceDown, match="busy"):
            await service.query(READER, {"query": "ASK {}"})
        service.close()


async def test_a_query_whose_caller_has_gone_does_not_hold_its_thread_for_ever(
    core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled by the caller and not to be ended by Oxigraph: the process asks to be replaced all the same."""
    monkeypatch.setattr("kg.replica.service._STUCK_GRACE_S", 0.05)
    core.quads = "".join(f"<urn:s{i}> <urn:p> {chr(34)}{i}{chr(34)} {STATE} .\n" for i in range(400))
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z FILTER(STR(?x) < STR(?y) && ?y < ?z) }"
    async with following(core) as follower:
        service = QueryService(follower, PREFIXES, Limits(seconds=0.3))
        asking = asyncio.create_task(service.query(READER, {"query": endless}))
        await asyncio.sleep(0.1)
        asking.cancel()
        await asyncio.wait({asking})
        async with asyncio.timeout(5):
            await service.over.wait()
        service.close()
