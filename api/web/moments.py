"""Moments as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

#: RFC 3339 in UTC, with microseconds.
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-22T08:15:30.250000+00:00"])]


def moment(at_us: int) -> str:
    """Microseconds since 1970 as RFC 3339."""
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="microseconds")


def moment_or_none(at_us: int | None) -> str | None:
    """The same; None for None and for 0, which stands for no time."""
    return moment(at_us) if at_us else None


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment."""
    return round(moment.timestamp() * 1e6)
