"""What a stranger gets: a way to sign in, and nothing of the console."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from stubs import BOT, StubTwin, people

from api.settings import Settings
from api.web.app import build_app
from api.web.identity import COOKIE
from api.web.strikes import MOST, WITHIN_S, Strikes
from api.web.threshold import Threshold

Ask = Callable[[FastAPI], httpx.AsyncClient]


def app(**settings: Any) -> FastAPI:
    return build_app(StubTwin(settings=Settings.of({}, {}, **settings)), console=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/", "/explain/x?y=1", "/nothing/here"])
async def test_pages_lead_to_the_way_in(ask: Ask, path: str) -> None:
    """Known or unknown, and back afterwards."""
    answer = await ask(app()).get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?to=/")


@pytest.mark.parametrize("path", ["/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/_nicegui_ws/x"])
async def test_sockets_of_pages_need_a_session(ask: Ask, path: str) -> None:
    """By polling; a page of somebody else cannot be reached by knowing its id."""
    answer = await ask(app()).get(path)

    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


@pytest.mark.parametrize(("cookie", "reached"), [("", False), ("forged", False), ("own", True)])
async def test_websockets_need_a_session(cookie: str, reached: bool) -> None:
    """Closed before the toolkit sees them."""
    known, seen, sent = people(), [], []
    value = known.session(known.by_login["vera"]) if cookie == "own" else cookie

    async def inner(*_: object) -> None:
        seen.append(True)

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/_nicegui_ws/", "headers": [(b"cookie", f"{COOKIE}={value}".encode())]}
    await Threshold(inner, known)(scope, receive, send)  # type: ignore[arg-type]

    assert bool(seen) is reached
    assert sent == ([] if reached else ["websocket.close"])


async def test_signing_in_with_a_token(ask: Ask) -> None:
    """The token becomes a session, which leads where one wanted to go, and ends for good."""
    client = ask(app())
    page = await client.get("/sign-in", params={"to": '/explain"><script>'})
    wrong = await client.post("/sign-in", data={"token": "wrong"})
    right = await client.post("/sign-in", data={"token": "token-of-ada", "to": "/explain/1"})
    by_name = await client.post("/sign-in", data={"login": "ada"})
    cookie = right.cookies[COOKIE]
    await client.post("/sign-out", headers={"Cookie": f"{COOKIE}={cookie}"})
    client.cookies.clear()
    after = await client.get("/v1/stops", headers={"Cookie": f"{COOKIE}={cookie}"})

    assert "<script>alert" not in page.text
    assert '"><script>' not in page.text
    assert (wrong.status_code, wrong.headers["location"]) == (303, "/sign-in?failed=1")
    assert (right.status_code, right.headers["location"]) == (303, "/explain/1")
    assert by_name.headers["location"] == "/sign-in?failed=1"
    assert after.status_code == 401


async def test_signing_in_by_name_is_for_demonstrations(ask: Ask) -> None:
    """There the page names the people; elsewhere it does not even tell who they are."""
    demonstration, elsewhere = ask(app(web_open_sign_in=True)), ask(app())
    by_name = await demonstration.post("/sign-in", data={"login": "olga", "to": "//evil.example"})

    assert by_name.headers["location"] == "/"
    assert COOKIE in by_name.cookies
    assert "Olga" in (await demonstration.get("/sign-in")).text
    assert "Olga" not in (await elsewhere.get("/sign-in")).text


async def test_readiness_tells_no_addresses_and_is_asked_seldom(ask: Ask) -> None:
    """Strangers may look as often as they like; the parts are asked twice a second at most."""
    twin = StubTwin()
    client = ask(build_app(twin, console=False))  # type: ignore[arg-type]
    first = await client.get("/readyz")
    link = {str(BOT.Server): {"url": "opc.tcp://10.1.2.3:4840", "connected": False}}
    twin.answers = {("core", "status"): {"link": link}, ("gateway", "status"): {}, ("replica", "status"): {}}
    again = await client.get("/readyz")
    client._transport.app.state.asked_s -= 1  # type: ignore[attr-defined]
    later = await client.get("/readyz")

    assert (first.status_code, again.status_code, later.status_code) == (503, 503, 200)
    assert later.json() == {
        "status": "degraded",
        "parts": {"core": "ok", "gateway": "ok", "replica": "ok"},
        "disconnected": 1,
        "unsealed": False,
    }


def test_whoever_lets_queries_run_over_must_wait() -> None:
    """After three in a minute; others are not held back."""
    now = [0.0]
    strikes = Strikes(lambda: now[0])
    for _ in range(MOST):
        strikes.require_few("vera")
        strikes.out_of_time("vera")
        now[0] += 5

    with pytest.raises(Exception, match="ran into their time limit"):
        strikes.require_few("vera")
    strikes.require_few("ada")
    now[0] = WITHIN_S + 1
    strikes.require_few("vera")
