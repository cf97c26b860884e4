"""Pages of decisions that fit a filter, read backwards from the journal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from agents.explanation import DecisionSummary
from agents.explanation.story import Story
from api.console.explain.wanted import Wanted
from api.web.decisions import Sought, page
from kg.journal import JournalReader

PAGE: Final = 25
_AT_ONCE: Final = 100
_WITHIN_S: Final = 1.5
"""A search that finds little answers after this with what it has, and says how far back it has looked."""


@dataclass(frozen=True, slots=True)
class Found:
    """Decisions, the newest first."""

    decisions: tuple[tuple[Story, DecisionSummary], ...]
    older: int | None
    """The place in the journal before which to go on; None where there is nothing older."""
    back_to_us: int
    """Wall time back to which the journal has been looked through; 0 where all of it has."""


def find(
    journal: JournalReader, wanted: Wanted, machines: Mapping[str, str], now_us: int, before: int | None = None
) -> Found:
    """The next page of a filter; `machines` tells the machine of a target. Blocks; returns after two seconds or so."""
    place = before if before is not None else _end(journal, wanted.until)
    sought = Sought(author=wanted.who or None, since_us=wanted.since_us(now_us))
    found: list[tuple[Story, DecisionSummary]] = []
    until_s = time.monotonic() + _WITHIN_S
    while True:
        some, place = page(journal, sought, PAGE - len(found) if wanted.is_everything else _AT_ONCE, place)
        for story, summary in some:
            if wanted.fits(summary, machines.get(summary.target or "")):
                found.append((story, summary))
                if len(found) == PAGE:
                    return Found(tuple(found), story.steps[0].index, summary.at_us)
        if place is None:
            return Found(tuple(found), None, 0)
        if len(found) == PAGE or time.monotonic() > until_s:
            return Found(tuple(found), place, _at_us(journal, place))


def _end(journal: JournalReader, until: str) -> int | None:
    """The place before which everything began before a moment; None for no moment, or one that is not understood."""
    try:
        at_us = round(datetime.fromisoformat(until).replace(tzinfo=UTC).timestamp() * 1e6) if until else None
    except ValueError:
        return None
    if at_us is None:
        return None
    low, high = 0, journal.head().index + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _at_us(journal, middle) < at_us:
            low = middle
        else:
            high = middle
    return high


def _at_us(journal: JournalReader, place: int) -> int:
    recorded = journal.entry(place)
    return 0 if recorded is None else recorded.entry.at_us
