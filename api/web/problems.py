"""Errors as HTTP problems (RFC 9457): one table from error class to status, complete by test.

A problem is `{"type", "title", "status", "detail", "code", "remedy", ...facts}` as application/problem+json. `code` is
the same on the command line, between processes and in the record; `type` is its place in docs/reference/errors.md.
"""

from __future__ import annotations

import math
from typing import Any, Final

from starlette.responses import JSONResponse

from api.known_errors import errors as error_classes
from api.web import errors as http
from kg import errors as kg
from kg.errors import TwinError

MEDIA_TYPE: Final = "application/problem+json"

#: An error takes the row of its class, or of the nearest class above it.
STATUS: Final[dict[type[TwinError], int]] = {
    TwinError: 500,
    kg.CallerError: 400,
    kg.BadChange: 400,
    kg.BadTerm: 400,
    kg.BadFile: 400,
    kg.UnknownNode: 404,
    kg.BadValue: 422,
    kg.NotAuthorised: 403,
    kg.NotWritable: 403,
    kg.ReadOnly: 403,
    kg.PreconditionChanged: 409,
    kg.ApprovalInvalid: 409,
    kg.QueryRefused: 400,
    kg.UpdateRefused: 400,
    kg.QueryOverLimit: 422,
    kg.NotYetSeen: 409,
    kg.RuleRefused: 422,
    kg.RuleTextRefused: 422,
    kg.ShapeRefused: 422,
    kg.OperatorError: 503,
    kg.LinkDown: 503,
    kg.PortInUse: 503,
    kg.DataDirectoryLocked: 503,
    kg.RecordFailed: 503,
    kg.ServiceDown: 503,
    kg.WritesFrozen: 409,
    kg.DataError: 500,
    kg.JournalBroken: 500,
    kg.PlantIncomplete: 500,
    kg.InternalError: 500,
    kg.Undecided: 503,
    http.NotSignedIn: 401,
    http.RouteUnknown: 404,
    http.MethodUnknown: 405,
    http.BadRequest: 422,
    http.BodyTooLarge: 413,
    http.UnsupportedMedia: 415,
    http.NotAcceptable: 406,
    http.OriginRefused: 403,
    http.TooManyRequests: 429,
    http.ChangeRefused: 409,
    http.TimeOver: 503,
}
_RESERVED = frozenset({"type", "title", "status", "detail", "code", "remedy", "verdict"})
#: What any route can answer.
_EVERYWHERE: Final = (
    *(http.NotSignedIn, kg.NotAuthorised, http.OriginRefused, http.BadRequest, http.TooManyRequests),
    *(http.BodyTooLarge, kg.CallerError, kg.ServiceDown, http.TimeOver),
)
_RETRY_AFTER_S: Final = "2"


def status_of(error: type[TwinError]) -> int:
    """The HTTP status of an error class."""
    return next(STATUS[base] for base in error.__mro__ if base in STATUS)


def problem_body(error: TwinError) -> dict[str, Any]:
    """The problem document of an error."""
    body: dict[str, Any] = {
        "type": f"urn:twinwright:error:{error.code}",
        "title": error.code.replace("-", " ").capitalize(),
        "status": status_of(type(error)),
        "detail": error.message,
        "code": error.code,
        "remedy": error.remedy,
    }
    body |= {name: _plain(value) for name, value in error.facts.items() if name not in _RESERVED}
    if isinstance(error, http.ChangeRefused):
        body["verdict"] = error.verdict
    return body


def problem(error: TwinError, headers: dict[str, str] | None = None) -> JSONResponse:
    """The HTTP response to an error."""
    told = dict(headers or {})
    status = status_of(type(error))
    if status == 401:
        told["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        told["Retry-After"] = _RETRY_AFTER_S
    return JSONResponse(problem_body(error), status, told, MEDIA_TYPE)


def problem_responses(*classes: type[TwinError]) -> dict[int | str, dict[str, Any]]:
    """What a route's `responses=` says of the problems it can give; those that every route can give are added."""
    every: tuple[type[TwinError], ...] = (*classes, *_EVERYWHERE)
    by_status: dict[int, dict[str, type[TwinError]]] = {}
    for cls in every:
        by_status.setdefault(status_of(cls), {})[cls.code] = cls
    return {
        status: {
            "description": "; ".join(f"`{code}`" for code in sorted(found)),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, found in sorted(by_status.items())
    }


def problem_schema() -> dict[str, Any]:
    """The JSON schema of a problem, for OpenAPI."""
    codes = sorted(cls.code for cls in error_classes())
    text = {"type": "string"}
    return {
        "type": "object",
        "title": "Problem",
        "description": "RFC 9457, with a code that stays the same over versions and what to do about it.",
        "required": ["type", "title", "status", "detail", "code", "remedy"],
        "properties": {
            "type": text | {"examples": ["urn:twinwright:error:unknown-node"]},
            "title": text,
            "status": {"type": "integer", "examples": [404]},
            "detail": text,
            "code": text | {"enum": codes},
            "remedy": text,
        },
        "additionalProperties": True,
    }


def _plain(value: object) -> Any:
    if isinstance(value, bool | int) or value is None:
        return value
    return value if isinstance(value, float) and math.isfinite(value) else str(value)
