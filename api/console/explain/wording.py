"""Moments, values and ends of decisions as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from rdflib import Literal

from agents.words import ENDS, sign_of, value_in_words

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CAUTION: Final = frozenset({"refused", "blocked", "rejected", "clamped", "compensated"})
_STAGES: Final = {
    "reasoned": "proposed",
    "checked": "being checked",
    "simulated": "being checked",
    "negotiated": "waiting for people",
    "approval": "approved, about to be sent",
    "rejection": "rejected, about to end",
    "approved": "approved, about to be sent",
    "request": "sent to the gateway",
    "requested": "sent to the gateway",
    "leased": "on its way to the controller",
    "prechecked": "on its way to the controller",
    "intent": "on its way to the controller",
    "written": "written, waiting for feedback",
    "feedback": "feedback seen",
    "effect": "effect seen",
}


@dataclass(frozen=True, slots=True)
class End:
    """How a decision stands, in words; `tone` is alarm or caution where that is abnormal, else empty."""

    word: str
    tone: str


def end_of(end: str | None, stage: str) -> End:
    """How a decision stands: its end, or how far it has come."""
    if end is None:
        return End(f"open: {_STAGES.get(stage, stage)}", "")
    return End(ENDS.get(end, end), "alarm" if end == "unknown" else "caution" if end in _CAUTION else "")


def quantity(value: Literal | None, unit: str | None) -> str:
    """A value with its unit."""
    return "not known" if value is None else value_in_words(value, unit=unit)


def with_unit(number: object, unit: str | None) -> str:
    """A number as it stands in the record, where floats are text, with its unit; any other text as it is."""
    try:
        return quantity(Literal(float(str(number))), unit)
    except ValueError:
        return f"{number} {sign_of(unit)}".strip()


def moment_at(at_us: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=at_us)


def clock(at_us: int) -> str:
    """The time of day in UTC; `--` for no time."""
    return moment_at(at_us).strftime("%H:%M:%S") if at_us else "--"


def fine_clock(at_us: int) -> str:
    """The time of day with milliseconds."""
    return moment_at(at_us).strftime("%H:%M:%S.%f")[:-3] if at_us else "--"


def day(at_us: int) -> str:
    """The date; empty for no time."""
    return moment_at(at_us).strftime("%Y-%m-%d") if at_us else ""


def moment_text(at_us: int) -> str:
    """Date and time of day; `--` for no time."""
    return f"{day(at_us)} {clock(at_us)}" if at_us else "--"


def duration(span_us: int) -> str:
    """A span of time in two figures or three."""
    seconds = span_us / 1e6
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"
