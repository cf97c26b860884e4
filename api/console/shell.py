"""The frame around every page: who is signed in, where one can go, how the twin is, and the stop button."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from fastapi import FastAPI, Request
from nicegui import app as toolkit
from nicegui import ui
from starlette.responses import RedirectResponse, Response

from api.console import theme
from api.console.status import status_strip
from api.console.stop_button import stop_button
from api.web.identity import Person
from api.web.twin import Twin

_SESSION_EVERY_S: Final = 2.0
_LAST_WORD_S: Final = 0.5
_STATIC: Final = Path(__file__).parent / "static"
_PAGES: Final = (("Operate", "/"), ("Explore", "/explore"), ("Explain", "/explain"), ("Link", "/link"))
_TOUR: Final = ("Tour", "/tour")


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page is given: the twin, and who looks at it."""

    twin: Twin
    person: Person


Content: TypeAlias = Callable[..., Awaitable[None] | None]
Drawn: TypeAlias = Callable[..., Awaitable[Response | None]]
_CONTENTS: Final[dict[str, tuple[str, Content]]] = {}


def page(path: str, title: str) -> Callable[[Content], Content]:
    """Registers a page: `content(visit, **path parameters)` draws what stands inside the frame."""

    def register(content: Content) -> Content:
        _CONTENTS[path] = title, content
        return content

    return register


def mount(app: FastAPI, twin: Twin) -> None:
    """Put all pages on an application. Once in a process: the toolkit keeps its pages in one place."""
    import api.console.pages  # noqa: F401  # registers them

    toolkit.add_static_files("/console-static", _STATIC)
    for path, (title, content) in _CONTENTS.items():
        ui.page(path, title=f"{title} · Twinwright")(_framed(twin, path, title, content))
    # Quasar's bar for requests has no name that could be read aloud
    toolkit.config.quasar_config["loadingBar"] = {"skipHijack": True}
    ui.run_with(
        app,
        title="Twinwright",
        favicon=_STATIC / "icon.svg",
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10.0,
    )


def _framed(twin: Twin, path: str, title: str, content: Content) -> Drawn:
    async def drawn(request: Request, **parameters: str) -> Response | None:
        person = twin.people.of_headers(request.headers.raw)
        if person is None:  # the session ended between the threshold and here
            return RedirectResponse("/sign-in", 303)
        visit = Visit(twin, person)
        _end_with_session(twin, request)
        theme.apply(request)
        _header(visit, path)
        with ui.element("div").classes("tw-main").props("id=content tabindex=-1"):
            status_strip(visit)
            drawing = content(visit, **parameters)
            if inspect.isawaitable(drawing):
                await drawing
        return None

    return _with_parameters(drawn, content)


def _end_with_session(twin: Twin, request: Request) -> None:
    """An open page keeps no authority that its session has lost: it is taken away, whatever the browser does."""
    client = ui.context.client

    def look() -> None:
        if twin.people.of_headers(request.headers.raw) is None:
            ui.navigate.to("/sign-in")
            ui.timer(_LAST_WORD_S, client.delete, once=True)

    ui.timer(_SESSION_EVERY_S, look)


def _with_parameters(drawn: Drawn, content: Content) -> Drawn:
    """The drawn page with the content's own path and query parameters in its signature, which FastAPI reads."""
    own = [p for name, p in inspect.signature(content, eval_str=True).parameters.items() if name != "visit"]
    request = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    given = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]

    @functools.wraps(drawn)
    async def page_function(request: Request, **parameters: str) -> Response | None:
        return await drawn(request, **parameters)

    page_function.__signature__ = inspect.Signature([request, *given])  # type: ignore[attr-defined]
    page_function.__annotations__ = {p.name: p.annotation for p in (request, *given)}
    return page_function


def _header(visit: Visit, path: str) -> None:
    """Where one can go, who one is, and the stop button."""
    with ui.header().classes("tw-header"):
        ui.link("To the content", "#content").classes("tw-skip")
        ui.label("Twinwright").classes("tw-brand")
        with ui.element("nav").classes("tw-nav").props('aria-label="Pages"'):
            for name, target in (*_PAGES, *((_TOUR,) if visit.twin.panel is not None else ())):
                link = ui.link(name, target)
                if target == path or (target != "/" and path.startswith(target)):
                    link.props('aria-current="page"')
        ui.space()
        stop_button(visit)
        _who(visit)


def _who(visit: Visit) -> None:
    with ui.button(visit.person.label, icon="person", color=None).props("flat no-caps").classes("tw-who"), ui.menu():
        ui.item_label(f"{visit.person.role}").props("header")
        ui.menu_item("Light, dark or as the system", theme.next_theme)
        ui.menu_item("Sign out", lambda: ui.run_javascript(theme.post("/sign-out")))
