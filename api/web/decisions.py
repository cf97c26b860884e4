"""Decisions in the order in which they began, read backwards from the journal in pages of bounded cost.

The journal finds the entries of one decision but not decisions among other entries, so a page looks back through a
bounded number of entries. A page may therefore hold fewer decisions than were asked for, and still not be the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agents.explanation.story import Story, read_story
from agents.explanation.summaries import DecisionSummary, summary_of
from api.web.beginnings import beginnings_of
from kg.errors import UnknownNode
from kg.journal import JournalReader

LOOKED_AT: Final = 20_000
"""Entries of the journal that one page looks at; reading so many for the first time takes about 0.1 s."""
_CLOCK_SLACK_US: Final = 3600 * 1_000_000
"""How far the clock may have been put back between entries."""


class State(StrEnum):
    """Open, ended in whatever way, or one way of ending."""

    OPEN = "open"
    ENDED = "ended"
    SHADOW = "shadow"
    ADVISED = "advised"
    OUTRANKED = "outranked"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REFUSED = "refused"
    BLOCKED = "blocked"
    COMMITTED = "committed"
    COMPENSATED = "compensated"
    CLAMPED = "clamped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which decisions are asked for."""

    state: State | None = None
    author: str | None = None
    """IRI of who began it."""
    since_us: int = 0


def page(
    journal: JournalReader, sought: Sought, limit: int, before: int | None = None
) -> tuple[list[tuple[Story, DecisionSummary]], int | None]:
    """Up to `limit` decisions, newest first, that began before a place, and the place of the next page or None."""
    start = journal.head().index + 1 if before is None else before
    floor = _place_of(journal, sought.since_us - _CLOCK_SLACK_US, start) if sought.since_us else 0
    last = max(floor, start - LOOKED_AT - 1)
    found: list[tuple[Story, DecisionSummary]] = []
    for begun in beginnings_of(journal).newest(start, last):
        if (sought.author and begun.author != sought.author) or begun.at_us < sought.since_us:
            continue
        story = read_story(journal, begun.subject)
        summary = summary_of(story)
        if _fits(summary, sought.state):
            found.append((story, summary))
            if len(found) == limit:
                last = begun.place - 1
                break
    return found, last + 1 if last > floor else None


def require_decision(journal: JournalReader, ident: str) -> str:
    """The whole id of a decision on record, given with or without `urn:uuid:`. Raises UnknownNode."""
    whole = ident if ident.startswith("urn:") else f"urn:uuid:{ident}"
    for spelt in dict.fromkeys((whole, whole.lower())):
        if next(journal.of_subject(spelt), None) is not None:
            return spelt
    raise UnknownNode(f"The journal knows no decision {ident[:100]}; GET /v1/decisions lists them.", id=ident[:100])


def _place_of(journal: JournalReader, at_us: int, end: int) -> int:
    """The place of the newest entry before a moment, found by halving; 0 where there is none."""
    low, high = 0, end
    while high - low > 1:
        middle = (low + high) // 2
        recorded = journal.entry(middle)
        if recorded is not None and recorded.entry.at_us < at_us:
            low = middle
        else:
            high = middle
    return low


def _fits(summary: DecisionSummary, state: State | None) -> bool:
    match state:
        case None:
            return True
        case State.OPEN:
            return summary.end is None
        case State.ENDED:
            return summary.end is not None
        case _:
            return summary.end == state
