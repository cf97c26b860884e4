"""The queries that this browser has run, the newest first, as they are kept in its localStorage. Untrusted text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

KEY: Final = "twinwright.explore.queries"
MOST: Final = 50
MOST_CHARACTERS: Final = 300_000
"""Of all queries together; they travel to the page in one message."""
_TITLE: Final = 80


@dataclass(frozen=True, slots=True)
class PastQuery:
    """A query and when it was run, as the browser says it."""

    text: str
    at: str

    @property
    def title(self) -> str:
        """Its first words, without the lines that only declare prefixes."""
        lines = [line.strip() for line in self.text.splitlines()]
        kept = [line for line in lines if line and not line.startswith("#") and not line.upper().startswith("PREFIX ")]
        words = " ".join(kept) or self.text.strip()
        return words if len(words) <= _TITLE else words[: _TITLE - 1] + "…"


def read(stored: object) -> tuple[PastQuery, ...]:
    """What localStorage holds; nothing where it is not ours."""
    if not isinstance(stored, str):
        return ()
    try:
        items = json.loads(stored)
    except ValueError:
        return ()
    return (
        _bounded([PastQuery(*found) for item in items if (found := _fields(item))]) if isinstance(items, list) else ()
    )


def written(queries: Sequence[PastQuery]) -> str:
    """The text for localStorage."""
    return json.dumps([asdict(query) for query in queries])


def with_query(queries: Sequence[PastQuery], text: str, at: str) -> tuple[PastQuery, ...]:
    """The queries with one more at the front; the same text is not kept twice."""
    if not text.strip():
        return tuple(queries)
    return _bounded([PastQuery(text, at), *(query for query in queries if query.text.strip() != text.strip())])


def _bounded(queries: Sequence[PastQuery]) -> tuple[PastQuery, ...]:
    kept: list[PastQuery] = []
    characters = 0
    for query in queries[:MOST]:
        characters += len(query.text)
        if characters <= MOST_CHARACTERS:
            kept.append(query)
    return tuple(kept)


def _fields(item: Any) -> tuple[str, str] | None:
    if not isinstance(item, dict):
        return None
    text, at = item.get("text"), item.get("at")
    return (text, at[:40]) if isinstance(text, str) and isinstance(at, str) and text.strip() else None
