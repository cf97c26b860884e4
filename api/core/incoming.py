"""What a client sends as a Change, made sound before the Gate sees it: its size, its types and its time.

The core has one writer, and what a client states ends up in the journal. So nothing comes in here that could not be
recorded, and nobody says what time it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kg.change import Change, Source
from kg.errors import BadChange
from kg.wire import json_to_change

LONGEST = 4 << 20
"""Characters of N-Quads in a Change, which are about 40,000 triples; parsing them holds up the Gate."""
DEEPEST = 150
"""Levels of lists and objects in `detail`; a frozen proof has two for each step."""
_INTEGER = 2**63


def incoming(body: Mapping[str, Any], source: Source) -> Change:
    """The Change in a message, dated by the Gate. Raises BadChange, BadTerm, KeyError, TypeError or ValueError."""
    for key in ("adds", "removes"):
        if len(body.get(key) or "") > LONGEST:
            raise BadChange(f"The {key} of a Change are at most {LONGEST} characters long; send several Changes.")
    for key in ("id", "cause", "reason"):
        if not isinstance(body[key] if key == "id" else body.get(key, ""), str | None):
            raise BadChange(f"The {key} of a Change is text.")
    if not isinstance(body.get("detail", {}), dict) or _is_deeper(body.get("detail"), DEEPEST):
        raise BadChange(f"The detail of a Change is a JSON object of at most {DEEPEST} levels.")
    change = json_to_change(body, source)
    if not change.id or not 0 <= change.plant_us < _INTEGER:
        raise BadChange("A Change has an id, and its plant time is in microseconds since 1970.")
    for expected in change.read_set:
        near = expected.tolerance
        if near is not None and not (type(near) in (int, float) and math.isfinite(near) and near >= 0):
            raise BadChange(f"A tolerance is a number, not {near!r}.")
    return replace(change, at_us=0)


def _is_deeper(value: object, levels: int) -> bool:
    """True where lists and objects lie more than so many levels inside each other. Does not recurse."""
    layer = [value]
    for _ in range(levels):
        layer = [inner for outer in layer for inner in _members(outer)]
        if not layer:
            return False
    return True


def _members(value: object) -> list[object]:
    if isinstance(value, dict):
        return [item for item in value.values() if isinstance(item, dict | list)]
    return [item for item in value if isinstance(item, dict | list)] if isinstance(value, list) else []
