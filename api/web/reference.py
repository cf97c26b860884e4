"""The page docs/reference/http.md: every route with who may, what it takes and which problems it gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.web.access import ALLOWED, Action
from api.web.app import build_api
from api.web.problems import STATUS
from api.web.routes import ROUTERS, demo
from api.web.twin import Twin
from kg.change import Role

_PEOPLE = (Role.VIEWER, Role.AUDITOR, Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER)


class _NoTwin:
    """Describing routes needs no twin; that it is a demonstration lets all of them be described."""

    panel = Path("panel.sock")


def whole_api() -> FastAPI:
    """The API with the routes of a demonstration, for description only."""
    return build_api(cast(Twin, _NoTwin()))


def action_of(route: APIRoute) -> Action:
    """The Action that a route names."""
    pending = [route.dependant]
    while pending:
        dependant = pending.pop()
        action = getattr(dependant.call, "action", None)
        if isinstance(action, Action):
            return action
        pending.extend(dependant.dependencies)
    raise LookupError(f"{route.path} names no action")


def routes() -> list[APIRoute]:
    """All routes of the API."""
    return [route for router in (*ROUTERS, demo.router) for route in router.routes if isinstance(route, APIRoute)]


def http_page(note: str) -> str:
    """The page as Markdown."""
    schema = whole_api().openapi()
    lines = [
        "# The HTTP API",
        note,
        "",
        "Under `/v1`; described for machines in `/v1/openapi.json`. Everybody sends `Authorization: Bearer TOKEN` "
        "(`twinwright people --tokens`). Moments are RFC 3339 in UTC, `plant_at` is the plant's clock; RDF terms are "
        "in N-Triples form. An error is a [problem](errors.md) (RFC 9457) with a stable `code` and a `remedy`. "
        "Beside it, without a version: `/healthz`, `/readyz`, `/metrics`.",
        "",
        "## Who may what",
        "",
        "| action | " + " | ".join(_PEOPLE) + " |",
        "|---|" + "---|" * len(_PEOPLE),
    ]
    for action in Action:
        marks = ("yes" if role in ALLOWED[action] else "" for role in _PEOPLE)
        lines.append(f"| {action} | " + " | ".join(marks) + " |")
    lines += ["", "## Routes", ""]
    for route in routes():
        for method in sorted(route.methods or ()):
            operation = schema["paths"][route.path_format][method.lower()]
            lines += [*_route(method, route, operation), ""]
    lines += ["## Problems", "", "| code | HTTP status |", "|---|---|"]
    lines += [f"| `{error.code}` | {status} |" for error, status in sorted(STATUS.items(), key=lambda row: row[0].code)]
    return "\n".join(lines) + "\n"


def _route(method: str, route: APIRoute, operation: dict[str, Any]) -> Iterator[str]:
    yield f"### {method} {route.path_format}"
    yield ""
    yield f"{operation.get('summary', '')}. Action: {action_of(route)}."
    description = operation.get("description")
    if description:
        yield ""
        yield " ".join(description.split())
    parameters = operation.get("parameters", [])
    if parameters:
        yield ""
        yield "| parameter | where | what |"
        yield "|---|---|---|"
        for parameter in parameters:
            told = " ".join(parameter.get("description", "").split())
            yield f"| `{parameter['name']}` | {parameter['in']} | {told} |"
    bodies = sorted(operation.get("requestBody", {}).get("content", {}))
    if bodies:
        yield ""
        yield "Body: " + ", ".join(f"`{media}`" for media in bodies) + "."
    answers = [f"{status} {_one_line(answer)}" for status, answer in sorted(operation["responses"].items())]
    yield ""
    yield "Answers: " + "; ".join(answers) + "."


def _one_line(answer: dict[str, Any]) -> str:
    return " ".join(answer.get("description", "").split()).rstrip(".")
