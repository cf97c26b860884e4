"""Durations as people write them: 90s, 10m, 2h."""

from __future__ import annotations

import re

from kg.errors import BadValue

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([smhd]?)\s*")


def seconds(text: str) -> float:
    """The seconds of a duration; a bare number means seconds. Raises BadValue."""
    found = _DURATION.fullmatch(text)
    if found is None or float(found[1]) <= 0:
        raise BadValue(f"{text!r} is no duration; write for instance 90s, 10m or 2h.", text=text)
    return float(found[1]) * _UNITS[found[2]]
