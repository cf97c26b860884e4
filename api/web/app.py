"""Puts the application together: the API under /v1, health beside it, sign-in and console for people, guards around."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.settings import Settings, is_loopback
from api.web.errors import BadRequest, MethodUnknown, RouteUnknown
from api.web.guard import LOOPBACK, Guard
from api.web.metrics import Metered, Meters
from api.web.problems import problem, problem_schema
from api.web.routes import ROUTERS, health, sign_in
from api.web.shares import Shares
from api.web.threshold import Threshold
from api.web.twin import Twin
from kg.errors import CallerError, InternalError, TwinError

_LOG = logging.getLogger(__name__)
_DESCRIPTION = """What the twin knows, why it acts, and how to stop it.

Everybody needs a token: `Authorization: Bearer TOKEN`. Errors are RFC 9457 problems with a stable `code` and a
`remedy`. Moments are RFC 3339 in UTC; `plant_at` is the plant's clock. RDF terms are in N-Triples form.
"""


def build_api(twin: Twin) -> FastAPI:
    """The API alone, to be mounted at /v1."""
    api = FastAPI(
        title="Twinwright",
        version=version("twinwright"),
        summary="An agentic digital twin: a live RDF graph in which a proved update is the actuation.",
        description=_DESCRIPTION,
        openapi_url="/openapi.json",
        docs_url=None,  # these pages would be fetched from elsewhere
        redoc_url=None,
        servers=[{"url": "/v1"}],
    )
    api.state.twin = twin
    for router in ROUTERS:
        api.include_router(router)
    if twin.panel is not None:
        try:
            from api.web.routes import demo

            api.include_router(demo.router)
        except ImportError:
            pass
    _answer_problems(api)
    api.openapi = lambda: _openapi(api)  # type: ignore[method-assign]
    return api


def build_app(twin: Twin, *, console: bool = True) -> FastAPI:
    """The whole application. It follows the core while it serves; the caller closes the twin."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(twin.hub.run())
        try:
            yield
        finally:
            following.cancel()
            await asyncio.wait({following})

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.twin = twin
    app.state.meters = Meters()
    api = build_api(twin)
    api.add_middleware(Shares, people=twin.people)
    api.add_middleware(Metered, meters=app.state.meters)
    app.include_router(health.router)
    app.include_router(sign_in.router)
    app.mount("/v1", api)
    _answer_problems(app)
    if console:
        from api.console import mount  # the toolkit keeps state of its own as soon as it is imported

        mount(app, twin)
    app.add_middleware(Threshold, people=twin.people)
    app.add_middleware(Guard, names=served_names(twin.settings))
    return app


def served_names(settings: Settings) -> frozenset[str]:
    """The host names under which requests are accepted."""
    own = {settings.web_host.lower(), *(name.strip().lower() for name in settings.web_names.split(","))} - {""}
    return frozenset(own | LOOPBACK if is_loopback(settings.web_host) else own)


def _answer_problems(app: FastAPI) -> None:
    app.add_exception_handler(TwinError, _twin_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


async def _twin_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, TwinError)  # noqa: S101
    return problem(error)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return problem(BadRequest(f"{where}: {first['msg']}.", where=where, problems=len(error.errors())))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = dict(error.headers or {})
    if error.status_code == 404:
        return problem(RouteUnknown(f"There is nothing at {request.url.path}."), headers)
    if error.status_code == 405:
        return problem(MethodUnknown(f"{request.method} is not for {request.url.path}."), headers)
    return problem(CallerError(str(error.detail)), headers)


async def _unforeseen(request: Request, error: Exception) -> Response:
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(InternalError("This is our mistake; it is in the log of the web process."))


def _openapi(api: FastAPI) -> dict[str, Any]:
    if api.openapi_schema is None:
        schema = get_openapi(
            title=api.title,
            version=api.version,
            summary=api.summary,
            description=api.description,
            routes=api.routes,
            servers=api.servers,
        )
        components = schema.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = problem_schema()
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"token": []}]
        api.openapi_schema = schema
    return api.openapi_schema
