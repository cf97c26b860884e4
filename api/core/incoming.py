"""What a client sends as a Change, made sound before the Gate sees it: its size, its types and its time.

The core has one writer, and what a client states ends up in the journal. So nothing comes in here that could not be
recorded, and nobody says what time it is.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from kg.change import Change, Role, Source
from kg.errors import BadChange
from kg.wire import json_to_change

LONGEST: Final = 4 << 20
"""Characters of N-Quads in a Change, which are about 40,000 triples; parsing them holds up the Gate."""
MOST_QUADS: Final = 500
"""Lines of N-Quads in a Change, adds and removes together, and triples in its read set.

While the Gate judges a Change, readings and stops wait: 19,000 quads took 2.3 to 4.7 s, 500 take 0.02 to 0.13 s.
"""
LONGEST_DETAIL: Final = 256 << 10
"""Bytes of a person's `detail` as JSON: a SPARQL Update of 64 KiB, which goes on record there, with its escapes."""
LONGEST_PROOF: Final = 512 << 10
"""Bytes of a `detail` of anybody else: an agent's carries a frozen proof, on the bottling line up to 12 KiB."""
DEEPEST: Final = 150
"""Levels of lists and objects in `detail`; a frozen proof has two for each step."""
_INTEGER: Final = 2**63
_PEOPLE: Final = frozenset({Role.VIEWER, Role.AUDITOR, Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER})
_IN_ONE_PIECE: Final = frozenset({Role.IMPORTER, Role.MEASURE})
"""Who may send more quads: a model, and all measures of a plant at the start, come in one Change."""
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:[^\x00-\x20<>\"{}|\\^`]{1,170}")
_LINE: Final = re.compile(r"[^\r\n]+")


def incoming(body: Mapping[str, Any], source: Source) -> Change:
    """The Change in a message, dated by the Gate. Raises BadChange, BadTerm, KeyError, TypeError or ValueError."""
    _require_few_quads(body, source.role)
    for key in ("id", "cause", "reason"):
        if not isinstance(body[key] if key == "id" else body.get(key, ""), str | None):
            raise BadChange(f"The {key} of a Change is text.")
    if not isinstance(body.get("detail", {}), dict) or _is_deeper(body.get("detail"), DEEPEST):
        raise BadChange(f"The detail of a Change is a JSON object of at most {DEEPEST} levels.")
    longest = LONGEST_DETAIL if source.role in _PEOPLE else LONGEST_PROOF
    if _size(body.get("detail")) > longest:
        raise BadChange(f"The detail of a Change has at most {longest} bytes as JSON; send several Changes.")
    change = json_to_change(body, source)
    if not _IRI.fullmatch(change.id):
        raise BadChange("The id of a Change is an IRI of at most 200 characters, such as urn:uuid:...")
    if not 0 <= change.plant_us < _INTEGER:
        raise BadChange("The plant time of a Change is in microseconds since 1970.")
    for expected in change.read_set:
        near = expected.tolerance
        if near is not None and not (type(near) in (int, float) and math.isfinite(near) and near >= 0):
            raise BadChange(f"A tolerance is a number, not {near!r}.")
    return replace(change, at_us=0)


def _require_few_quads(body: Mapping[str, Any], role: Role) -> None:
    """Nothing where the Gate can judge a Change without others having to wait. Counts lines; parses nothing."""
    lines = 0
    for key in ("adds", "removes"):
        text = body.get(key, "")
        if not isinstance(text, str):
            raise BadChange(f"The {key} of a Change are N-Quads text.")
        if len(text) > LONGEST:
            raise BadChange(f"The {key} of a Change are at most {LONGEST} characters long; send several Changes.")
        lines += sum(1 for _ in _LINE.finditer(text))  # N-Quads has at most one quad in a line
    for key in ("read_set", "readings"):
        if not isinstance(body.get(key, []), list | tuple):
            raise BadChange(f"The {key} of a Change is a list.")
    if role in _IN_ONE_PIECE:
        return
    if lines > MOST_QUADS:
        told = f"A Change adds and removes at most {MOST_QUADS} quads together, and this one has {lines} lines"
        raise BadChange(f"{told}; send several Changes.", lines=lines, most=MOST_QUADS)
    for key in ("read_set", "readings"):
        if len(body.get(key, ())) > MOST_QUADS:
            raise BadChange(f"The {key} of a Change has at most {MOST_QUADS} entries; send several Changes.")


def _size(detail: object) -> int:
    """Bytes of a detail as JSON."""
    return len(json.dumps(detail, ensure_ascii=False, separators=(",", ":"), default=str).encode(errors="replace"))


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
