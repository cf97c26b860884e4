"""The values that the gateway keeps: what it was asked, what it meant to do, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Result(StrEnum):
    """How a request ended."""

    CONFIRMED = "confirmed"
    """The controller's feedback shows the value."""
    REFUSED = "refused"
    """The controller said no, or provably did nothing."""
    CLAMPED = "clamped"
    """The controller accepted another value."""
    BLOCKED = "blocked"
    """Not written: something spoke against it."""
    EXPIRED = "expired"
    """Not written: too late."""
    UNKNOWN = "unknown"
    """Written, or perhaps written, and nothing shows what came of it. The property is frozen."""


class StopMode(StrEnum):
    """What a stop switch forbids in its scope."""

    PROPOSE_ONLY = "propose-only"
    """Agents may propose and not write; people may write."""
    NO_WRITES = "no-writes"
    """Nobody writes."""
    READ_ONLY = "read-only"
    """Nobody writes and agents do not even propose; on the whole plant the heartbeat ends, so that the controllers
    go back to their own setpoints."""


@dataclass(frozen=True, slots=True)
class Order:
    """A request as the core sends it."""

    request: str
    decision: str
    target: str
    value: float
    prior: float
    author: str
    agent: str | None
    rule: str | None
    token: int
    expires_us: int
    release: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be written; durable before it is."""

    request: str
    decision: str
    target: str
    value: float
    prior: float
    token: int
    author: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended."""

    request: str
    decision: str
    target: str
    result: Result
    code: str
    """Stable and short, such as `range`, `prior-changed` or the name of a status code."""
    sentence: str
    value: float | None
    """What the feedback said last."""
    status: int | None
    """The controller's answer to the write."""
    written: bool
    """True where a write went out, or may have."""
    at_us: int

    def to_json(self) -> dict[str, Any]:
        return {
            "outcome": self.result.value,
            "request": self.request,
            "decision": self.decision,
            "target": self.target,
            "code": self.code,
            "sentence": self.sentence,
            "value": self.value,
            "status": self.status,
            "written": self.written,
            "at_us": self.at_us,
        }


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop switch that is set."""

    scope: str
    mode: StopMode
    until_us: int | None
    """Wall time at which it ends by itself; None for never."""
    reason: str
    by: str
    at_us: int

    def to_json(self) -> dict[str, Any]:
        return {
            "scope": self.scope,
            "mode": self.mode.value,
            "until_us": self.until_us,
            "reason": self.reason,
            "by": self.by,
            "at_us": self.at_us,
        }


@dataclass(frozen=True, slots=True)
class Freeze:
    """A property that nobody writes until a person has looked."""

    target: str
    request: str
    at_us: int
