"""Signing in to the console: a token becomes a session cookie. In a demonstration a name is enough.

Signing in to a demonstration by name works on this machine alone; the settings refuse it elsewhere.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from api.web.identity import COOKIE, SESSION_S
from api.web.sign_in_page import sign_in_page
from api.web.twin import the_twin

router = APIRouter(include_in_schema=False)
AFTER: Final = "/"


@router.get("/sign-in")
async def ask_who(request: Request, to: str = AFTER, failed: bool = False) -> HTMLResponse:
    """The page on which people sign in."""
    twin = the_twin(request)
    people = twin.people.by_login.values() if twin.settings.web_open_sign_in else None
    return HTMLResponse(sign_in_page(people, to if is_own_path(to) else AFTER, failed))


@router.post("/sign-in")
async def sign_in(
    request: Request,
    token: Annotated[str, Form(max_length=200)] = "",
    login: Annotated[str, Form(max_length=200)] = "",
    to: Annotated[str, Form(max_length=500)] = AFTER,
) -> Response:
    """A session cookie for the person with this token, and on to the page that was asked for."""
    twin = the_twin(request)
    person = twin.people.of_token(token.strip()) if token else None
    if person is None and login and twin.settings.web_open_sign_in:
        person = twin.people.by_login.get(login)
    if person is None:
        return RedirectResponse("/sign-in?failed=1", 303)
    answer = RedirectResponse(to if is_own_path(to) else AFTER, 303)
    answer.set_cookie(
        COOKIE,
        twin.people.session(person),
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https" or twin.settings.web_plain,  # then a proxy ends TLS
    )
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """No session any more, neither here nor for whoever has a copy of the cookie."""
    the_twin(request).people.end_session(request.headers.get("cookie", ""))
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def is_own_path(path: str) -> bool:
    """True for a path of this server; `//host` and `/\\host` would lead elsewhere."""
    return path.startswith("/") and not path.startswith(("//", "/\\"))
