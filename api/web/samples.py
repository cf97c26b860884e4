"""Samples of the history as the API shows them, and the spans of plant time in which they are asked for."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api.web.errors import BadRequest
from kg.history.schema import Sample
from kg.opcua.values import severity, status_name

COLUMNS: Final = (
    *("source_at", "value", "status", "status_name", "quality"),
    *("server_at", "received_at", "seq", "flags"),
)
_RELATIVE: Final = re.compile(r"-([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhd])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LOST_PLUS: Final = re.compile(r"(?<=\d) (?=\d\d:\d\d$)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST_US: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


def moment_us(name: str, text: str, now_us: int) -> int:
    """The plant time of `now`, a moment (RFC 3339) or a span before now (-15m), in microseconds. Raises BadRequest."""
    relative = _RELATIVE.fullmatch(text)
    if text == "now":
        return now_us
    if relative is not None:
        found = now_us - round(float(relative[1]) * _SECONDS[relative[2]] * 1e6)
    else:
        found = _absolute_us(name, text)
    if not 0 <= found <= _LAST_US:
        raise BadRequest(f"{name} lies outside the years 1970 to 9998.", where=name)
    return found


def row(sample: Sample) -> tuple[Any, ...]:
    """A sample in the order of COLUMNS."""
    seq, reading = sample
    return (
        _moment(reading.source_us),
        reading.value,
        reading.status,
        status_name(reading.status),
        severity(reading.status),
        _moment(reading.server_us),
        _moment(reading.received_us),
        seq,
        reading.flags,
    )


def as_csv(samples: Iterable[Sample]) -> bytes:
    """The samples with a line of names. Numbers as they are, booleans as true and false, no value as nothing."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for source_at, value, *rest in map(row, samples):
        writer.writerow((source_at, str(value).lower() if isinstance(value, bool) else value, *rest))
    return text.getvalue().encode("utf-8", "replace")


def as_json(head: dict[str, Any], samples: Iterable[Sample]) -> bytes:
    """`head` with the samples as `items`. What is no JSON number stands as text: NaN, INF, -INF."""
    items = [dict(zip(COLUMNS, _plain(row(sample)), strict=True)) for sample in samples]
    return json.dumps({**head, "items": items}).encode("ascii")


def _plain(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    value = cells[1]
    if isinstance(value, float) and not math.isfinite(value):
        return (cells[0], "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF", *cells[2:])
    return cells


def _absolute_us(name: str, text: str) -> int:
    try:
        # an offset's plus sign that was not percent-encoded arrives as a space
        found = datetime.fromisoformat(_LOST_PLUS.sub("+", text))
    except ValueError:
        told = f"{name} is a moment such as 2026-11-22T08:00:00Z, a span before now such as -15m, or now"
        raise BadRequest(f"{told}; not {text[:50]!r}.", where=name) from None
    if found.tzinfo is None:
        raise BadRequest(f"{name} needs an offset from UTC, or Z.", where=name)
    return (found - _EPOCH) // _MICROSECOND


def _moment(at_us: int) -> str | None:
    """None for a time that was not sent, or that no calendar holds."""
    if not 0 < at_us <= _LAST_US:
        return None
    return (_EPOCH + timedelta(microseconds=at_us)).isoformat(timespec="microseconds")
