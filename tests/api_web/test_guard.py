"""Host, origin, size and headers of every request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from fastapi import FastAPI, Request

from api.web.guard import LOOPBACK, Guard

Ask = Callable[[FastAPI], httpx.AsyncClient]


def small_app() -> FastAPI:
    app = FastAPI()

    @app.post("/take")
    async def take(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    app.add_middleware(Guard, names=LOOPBACK, longest_body=1000)
    return app


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1].evil"])
async def test_foreign_names_are_refused(ask: Ask, host: str) -> None:
    """A name that is pointed at this machine (DNS rebinding) is not served."""
    answer = await ask(small_app()).post("/take", headers={"Host": host})

    assert (answer.status_code, answer.json()["code"]) == (403, "origin-refused")


@pytest.mark.parametrize("host", ["127.0.0.1:8090", "localhost", "LOCALHOST:1", "[::1]:8090"])
async def test_own_names_are_served(ask: Ask, host: str) -> None:
    """With any port, in any case."""
    answer = await ask(small_app()).post("/take", headers={"Host": host})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1.evil.example:8090"]
)
async def test_foreign_pages_are_refused(ask: Ask, origin: str) -> None:
    """A page from elsewhere cannot use the visitor's session."""
    answer = await ask(small_app()).post("/take", headers={"Origin": origin})

    assert answer.status_code == 403


async def test_own_pages_are_served(ask: Ask) -> None:
    """The console's own requests carry its own origin."""
    answer = await ask(small_app()).post("/take", headers={"Origin": "http://127.0.0.1:8090"})

    assert answer.status_code == 200


async def test_a_foreign_websocket_is_closed() -> None:
    """WebSockets are not held back by browsers, so the origin is checked here."""
    sent: list[dict[str, object]] = []

    async def never(*_: object) -> None:
        raise AssertionError("the application was reached")

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8090"), (b"origin", b"http://evil.example")]
    await Guard(never)({"type": "websocket", "headers": headers, "path": "/"}, receive, send)  # type: ignore[arg-type]

    assert sent[0]["type"] == "websocket.close"


async def test_bodies_are_bounded_by_what_they_say(ask: Ask) -> None:
    """A Content-Length above the bound is refused before anything is read."""
    answer = await ask(small_app()).post("/take", content=b"x" * 1001)

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_bodies_are_bounded_by_what_they_bring(ask: Ask) -> None:
    """So is a body in chunks, which says nothing of its length."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    answer = await ask(small_app()).post("/take", content=chunks())

    assert answer.status_code == 413


async def test_answers_carry_security_headers(ask: Ask) -> None:
    """On every answer, refusals included."""
    client = ask(small_app())
    answers = [await client.post("/take"), await client.post("/take", headers={"Host": "evil"})]

    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
