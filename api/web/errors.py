"""Errors that only HTTP knows. Each has its code, its remedy and a row in the table of `api.web.problems`."""

from __future__ import annotations

from typing import Any

from kg.errors import CallerError, OperatorError


class NotSignedIn(CallerError):
    code = "not-signed-in"
    remedy = "Send `Authorization: Bearer TOKEN` with your token, or sign in to the console."


class RouteUnknown(CallerError):
    code = "route-unknown"
    remedy = "Look at /v1/openapi.json for what there is."


class MethodUnknown(CallerError):
    code = "method-unknown"
    remedy = "Use one of the methods that the header Allow names."


class BadRequest(CallerError):
    code = "bad-request"
    remedy = "Correct the parameters or the body as /v1/openapi.json describes them."


class BodyTooLarge(CallerError):
    code = "body-too-large"
    remedy = "Send several smaller requests."


class UnsupportedMedia(CallerError):
    code = "unsupported-media"
    remedy = "Send one of the media types named, with the header Content-Type."


class NotAcceptable(CallerError):
    code = "not-acceptable"
    remedy = "Accept one of the media types named."


class OriginRefused(CallerError):
    code = "origin-refused"
    remedy = "Use the address under which the twin serves; a proxy must keep the header Host."


class TooManyRequests(CallerError):
    code = "too-many-requests"
    remedy = "Wait for some of your requests to end."


class ChangeRefused(CallerError):
    """The Gate refused a Change. `verdict` is what it said, as the API shows it."""

    code = "change-refused"
    remedy = "Read the reasons in the verdict; `?dry_run=true` asks without doing."

    def __init__(self, message: str, verdict: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.verdict = verdict


class TimeOver(OperatorError):
    code = "time-over"
    remedy = "Try again, or ask for less; if it stays, look at `twinwright status`."
