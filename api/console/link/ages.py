"""Spans of time as control engineers read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def age(from_us: int | None, now_us: int) -> str:
    """How long ago a moment is; `never` for none."""
    if not from_us:
        return "never"
    return span(max(now_us - from_us, 0))


def span(us: float) -> str:
    """A span in its two largest units."""
    seconds = us / 1e6
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s" if minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def clock(at_us: int | None) -> str:
    """Time of day in UTC with tenths; `--` for none."""
    return "--" if not at_us else (_EPOCH + timedelta(microseconds=at_us)).strftime("%H:%M:%S.%f")[:-5]


def moment(at_us: int | None) -> str:
    """Date and time of day in UTC; `--` for none."""
    return "--" if not at_us else (_EPOCH + timedelta(microseconds=at_us)).strftime("%Y-%m-%d %H:%M:%S")
