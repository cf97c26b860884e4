"""Every route of the API against every role: nobody gets further than the table says, and no route is without it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from stubs import LOGINS, StubTwin, bearer

from api.web.access import ALLOWED, Action
from api.web.app import build_api
from api.web.routes import ROUTERS, demo, health

ROUTES = [route for router in (*ROUTERS, demo.router) for route in router.routes if isinstance(route, APIRoute)]
CALLS = [(route, method) for route in ROUTES for method in sorted(route.methods)]


def actions(route: APIRoute) -> Iterator[Action]:
    """The Actions that a route depends on, at any depth."""
    pending = [route.dependant]
    while pending:
        dependant = pending.pop()
        action = getattr(dependant.call, "action", None)
        if isinstance(action, Action):
            yield action
        pending.extend(dependant.dependencies)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_route_names_one_action(route: APIRoute) -> None:
    """A route without an Action would be open to everybody."""
    assert len(list(actions(route))) == 1


@pytest.mark.parametrize(("route", "method"), CALLS, ids=lambda value: getattr(value, "path", value))
async def test_a_route_lets_in_whom_the_table_says(
    ask: Callable[[FastAPI], httpx.AsyncClient], route: APIRoute, method: str
) -> None:
    """401 without a token; 403 for a role that may not; anything else for one that may."""
    (action,) = actions(route)
    client = ask(build_api(StubTwin(panel=Path("/nowhere"))))  # type: ignore[arg-type]
    path = re.sub(r"\{[^}]*\}", "plant", route.path)

    nobody = await client.request(method, path)
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not-signed-in")
    for login, role in LOGINS.items():
        if role in ALLOWED[action] and route.path == "/events":
            continue  # its answer never ends; tests of its own read it
        answer = await client.request(method, path, headers=bearer(login))
        if role in ALLOWED[action]:
            assert answer.status_code not in (401, 403), login
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "not-authorised"), login


def test_the_plant_panel_is_for_demonstrations_only() -> None:
    """Without a simulated plant the routes that play the person at the machine do not exist."""

    def paths(twin: Any) -> set[str]:
        return set(build_api(twin).openapi()["paths"])

    with_panel = paths(StubTwin(panel=Path("/nowhere")))

    assert {path for path in with_panel if path.startswith("/demo/")}
    assert paths(StubTwin()) == {path for path in with_panel if not path.startswith("/demo/")}


def test_only_health_is_open() -> None:
    """Beside /v1 two routes answer without a token, and they say nothing of the plant."""
    open_ones = {r.path for r in health.router.routes if isinstance(r, APIRoute) and not list(actions(r))}

    assert open_ones == {"/healthz", "/readyz"}
