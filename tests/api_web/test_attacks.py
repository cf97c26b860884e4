"""What an attack on the doors of 22 November 2026 found; each test is one finding, and stays shut."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from stubs import StubTwin, bearer, people
from test_changes import PATCH, GateTwin

import api.web.__main__
from api.settings import Settings
from api.web.app import build_api, build_app
from api.web.identity import COOKIE
from api.web.metrics import Meters
from api.web.routes.events import resume_after
from api.web.shares import MOST_WAITING, STREAMS, Shares

Ask = Callable[[FastAPI], httpx.AsyncClient]


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "http://[x]:y", "http://a]b"])
async def test_an_origin_that_is_no_address_is_refused(ask: Ask, origin: str) -> None:
    """Python's parser raises for these; the guard stands before everything that would catch it."""
    answer = await ask(build_app(StubTwin(), console=False)).get("/healthz", headers={"Origin": origin})

    assert (answer.status_code, answer.json()["code"]) == (403, "origin-refused")


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("cross-site", "no-cors", 403),
        ("same-site", "no-cors", 403),
        ("same-site", "cors", 403),
        ("cross-site", "navigate", 200),
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
    ],
)
async def test_foreign_pages_cannot_ask_with_the_visitors_cookie(ask: Ask, site: str, mode: str, status: int) -> None:
    """Another port of this machine is the same site: its `<img>` carries our cookie, and no Origin."""
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    answer = await ask(build_app(StubTwin(), console=False)).get("/healthz", headers=headers)

    assert answer.status_code == status
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_headers_are_bounded() -> None:
    """uvicorn bounds them with h11 alone; with httptools 200 MB of one header were taken before anybody asked who."""
    source = inspect.getsource(api.web.__main__)

    assert 'http="h11"' in source
    assert "h11_max_incomplete_event_size" in source


@pytest.mark.parametrize(
    ("given", "after"),
    [("4711", 4711), ("²", None), ("٣", None), ("9" * 5000, None), ("", None), ("-1", None), (None, None)],
)
def test_only_plain_digits_are_resumed_after(given: str | None, after: int | None) -> None:
    """`²` is a digit to Python but no number, and numbers may be too long for it."""
    assert resume_after(given, None) == after


async def test_methods_that_do_not_exist_do_not_fill_the_memory(ask: Ask) -> None:
    """Whoever invents methods is counted, but not by the name that he gave."""
    app = build_app(StubTwin(), console=False)
    client = ask(app)
    for number in range(20):
        await client.request(f"M{number}", "/v1/kpis")

    meters: Meters = app.state.meters
    methods = {sample.labels["method"] for family in meters.registry.collect() for sample in family.samples}
    assert methods == {"other"}


async def test_whoever_signs_out_is_out(ask: Ask) -> None:
    """A copy of the cookie is worth nothing afterwards; other sessions of the same person go on."""
    client = ask(build_app(StubTwin(), console=False))
    first, second = [(await client.post("/sign-in", data={"token": "token-of-ada"})).cookies[COOKIE] for _ in range(2)]
    client.cookies.clear()

    async def status(cookie: str) -> int:
        return (await client.get("/v1/events?kind=nonsense", headers={"Cookie": f"{COOKIE}={cookie}"})).status_code

    assert await status(first) == 422
    await client.post("/sign-out", headers={"Cookie": f"{COOKIE}={first}"})

    assert first != second
    assert (await status(first), await status(second)) == (401, 422)


def test_forged_sessions_are_not_kept_in_mind() -> None:
    """Signing out with invented cookies costs nothing."""
    known = people()
    for number in range(100):
        known.end_session(f"{COOKIE}={number}")

    assert not known._ended


async def test_behind_a_proxy_the_cookie_is_for_tls_alone(ask: Ask) -> None:
    """web_plain says that a proxy ends TLS, so the browser speaks HTTPS though we do not."""
    twin = StubTwin(settings=Settings(web_host="plant.example", web_plain=True))
    client = ask(build_app(twin, console=False))
    answer = await client.post("/sign-in", data={"token": "token-of-ada"}, headers={"Host": "plant.example"})

    assert "Secure" in answer.headers["set-cookie"]


class Slow:
    """An application that answers when it is told to, and notes how many requests it holds."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.inside = self.most = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.go.wait()
        self.inside -= 1
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def statuses(shares: Shares, *requests: tuple[str, str, str], slow: Slow) -> list[int]:
    """The statuses of requests (login, method, path) that are made at once."""
    told: dict[int, int] = {}

    async def one(number: int, login: str, method: str, path: str) -> None:
        async def send(message: Any) -> None:
            told.setdefault(number, message.get("status"))

        headers = [(b"authorization", bearer(login)["Authorization"].encode())]
        scope = {"type": "http", "method": method, "path": f"/v1{path}", "root_path": "/v1", "headers": headers}
        await shares(scope, None, send)  # type: ignore[arg-type]

    asking = [asyncio.create_task(one(number, *request)) for number, request in enumerate(requests)]
    for _ in range(3 * len(requests)):
        await asyncio.sleep(0)
    slow.go.set()
    await asyncio.gather(*asking)
    return [told[number] for number in range(len(requests))]


@pytest.mark.parametrize(("method", "path"), [("GET", "/history"), ("POST", "/sparql"), ("POST", "/changes")])
async def test_one_person_does_not_take_it_all(method: str, path: str) -> None:
    """Twenty downloads of one viewer delayed everybody's stops by two seconds; now they wait for each other."""
    slow = Slow()
    asked = [("olga", method, path)] * 20
    found = await statuses(Shares(slow, people()), *asked, slow=slow)

    assert found == [204] * 20
    assert slow.most <= 3


async def test_others_and_stops_do_not_wait() -> None:
    """However much somebody has asked for, other persons are served, and so is a stop of the same person."""
    slow = Slow()
    shares = Shares(slow, people())
    asked = [("olga", "GET", "/history")] * 5
    acts = [("olga", "PUT", "/stops/plant"), ("olga", "POST", "/proposals/x/reject"), ("sam", "GET", "/history")]
    await statuses(shares, *asked, *acts, slow=slow)

    assert slow.most == 3 + len(acts)


async def test_the_line_is_not_endless() -> None:
    """Beyond it the answer is 429 at once; what is done makes room again."""
    slow = Slow()
    shares = Shares(slow, people())
    found = await statuses(shares, *[("vera", "GET", "/kpis")] * (3 + MOST_WAITING + 5), slow=slow)

    assert sorted(found) == [204] * (3 + MOST_WAITING) + [429] * 5
    assert await statuses(shares, ("vera", "GET", "/kpis"), slow=slow) == [204]


async def test_one_person_does_not_hold_all_streams() -> None:
    """Streams do not wait: those that are too many are refused."""
    slow = Slow()
    found = await statuses(Shares(slow, people()), *[("vera", "GET", "/events")] * (STREAMS + 1), slow=slow)

    assert found == [204] * STREAMS + [429]


TAKEN = ["decision", "stage", "outcome", "ok", "facts", "request", "meaning", "binds", "expires_us", "until_us"]


@pytest.mark.parametrize("key", TAKEN)
async def test_nobody_writes_into_the_story_of_a_decision(ask: Ask, key: str) -> None:
    """`detail` named a decision and a stage, and the explanation of an agent's proposal said `committed (Olga)`."""
    body = {"kind": "manual", "reason": "r", "detail": {key: "committed"}}
    answer = await ask(build_api(GateTwin())).post("/changes", json=body, headers=bearer("olga"))

    assert (answer.status_code, answer.json()["code"]) == (400, "bad-change")
    assert key in answer.json()["detail"]


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", b'{"kind": "manual", "reason": "r", "detail": {"a": "' + b"x" * 70_000 + b'"}}'),
        (PATCH, b'H a "' + b"x" * 70_000 + b'" .\nTX .\nTC .\n'),
    ],
)
async def test_details_are_bounded(ask: Ask, media: str, body: bytes) -> None:
    """They are kept and published even where the Change is refused: five of 4 MB made the core 100 MB larger."""
    headers = bearer("olga") | {"Content-Type": media}
    answer = await ask(build_api(GateTwin())).post("/changes?reason=r", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad-change")
    assert re.search("65536|64 KiB", answer.json()["detail"])
