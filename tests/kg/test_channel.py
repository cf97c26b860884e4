"""The request channel: who speaks, what comes back, and errors that keep their class."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rdflib import URIRef

from kg.change import Role, Source
from kg.channel import AsyncClient, Client, Server
from kg.errors import CallerError, NotAuthorised, NotWritable, ServiceDown

OLGA = Source(URIRef("urn:test:olga"), Role.OPERATOR)


@pytest.fixture
async def socket(tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / ("long" * 30) / "core.sock"
    path.parent.mkdir()
    server = Server(path, {"secret": OLGA})

    async def who(source, body):
        return {"author": source.author, "said": body["said"]}

    async def refuse(source, body):
        raise NotWritable("Not that one.", target="urn:x", limit=3)

    async def count(source, body):
        for n in range(body["to"]):
            yield {"n": n}
        if body.get("fail"):
            raise ServiceDown("Too slow.")

    async def never(source, body):
        await asyncio.sleep(60)

    server.unary("who", who)
    server.unary("refuse", refuse)
    server.unary("never", never)
    server.streaming("count", count)
    await server.start()
    yield path
    await server.stop(0)


@pytest.fixture
async def client(socket: Path) -> AsyncIterator[AsyncClient]:
    made = AsyncClient(socket, "secret")
    yield made
    await made.close()


async def test_source_follows_from_the_token(client):
    """The server knows who speaks; the body does not say it."""
    assert await client.call("who", {"said": "hi"}) == {"author": "urn:test:olga", "said": "hi"}


async def test_unknown_token(socket):
    """A token that nobody drew opens nothing."""
    client = AsyncClient(socket, "guess")

    with pytest.raises(NotAuthorised):
        await client.call("who", {"said": "hi"})
    await client.close()


async def test_errors_keep_class_code_and_facts(client):
    """A typed error arrives as itself."""
    with pytest.raises(NotWritable) as caught:
        await client.call("refuse", {})

    assert caught.value.facts == {"target": "urn:x", "limit": 3}


async def test_malformed_message_is_the_callers_error(client):
    """A missing key is told, not answered with a crash."""
    with pytest.raises(CallerError):
        await client.call("who", {})


async def test_stream_and_its_error(client):
    """A stream yields in order and may end in an error."""
    stream = client.stream("count", {"to": 3, "fail": True})
    seen = [(await anext(stream))["n"] for _ in range(3)]

    assert seen == [0, 1, 2]
    with pytest.raises(ServiceDown):
        await anext(stream)


async def test_deadline(client):
    """Nobody waits for ever."""
    with pytest.raises(ServiceDown):
        await client.call("never", {}, timeout_s=0.2)


async def test_nobody_there(tmp_path):
    """A part that does not run is named."""
    client = AsyncClient(tmp_path / "gateway.sock", "secret")

    with pytest.raises(ServiceDown, match="gateway"):
        await client.call("who", {}, timeout_s=1)
    await client.close()


async def test_ordinary_client(socket):
    """The command line's client speaks the same language."""

    def ask():
        client = Client(socket, "secret")
        try:
            return client.call("who", {"said": "x"}), [item["n"] for item in client.stream("count", {"to": 2})]
        finally:
            client.close()

    assert await asyncio.to_thread(ask) == ({"author": "urn:test:olga", "said": "x"}, [0, 1])


async def test_a_message_that_is_too_long_is_not_taken(client):
    """It is refused before it is read, and the next one is answered."""
    with pytest.raises(CallerError, match="longer than"):
        await client.call("who", {"said": "x" * (17 << 20)})

    assert (await client.call("who", {"said": "hi"}))["said"] == "hi"


async def test_a_long_answer_is_taken(client):
    """Snapshots are longer than anything that may be asked."""
    said = "x" * (12 << 20)

    assert len((await client.call("who", {"said": said}))["said"]) == len(said)
