"""The last decisions with their outcome in words, read from the journal once for all who look."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from typing import Final
from weakref import WeakKeyDictionary

from agents.explanation import DecisionSummary, decisions
from agents.explanation.story import read_story
from agents.pipeline import End
from api.acts import label
from api.console.operate.figures import duration
from api.live import LineModel
from api.live.words import ENDS
from api.web.twin import Twin
from kg.journal import JournalReader
from kg.plantfolder import PlantFolder
from kg.wire import text_to_term

SHOWN: Final = 6
_READ: Final = 24
NBSP: Final = "\N{NO-BREAK SPACE}"
_BAD: Final = frozenset({"refused", "blocked", "unknown"})

#: What has happened to decisions, as far as a reader must know to look anew.
Mark = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision that has ended. `why` is the reason of a refusal, or of the decision."""

    id: str
    at_us: int
    what: str
    who: str
    outcome: str
    why: str
    is_bad: bool
    times: int = 1
    """How often the same has happened in a row; the newest is shown."""


def mark_of(model: LineModel) -> Mark:
    """Changes whenever a decision begins or moves."""
    return tuple((shown.id, shown.stage) for shown in model.decisions.values())


async def newest(twin: Twin) -> tuple[DecisionRow, ...]:
    """The decisions that ended last, the newest first; read again only when something has happened."""
    mark, held = mark_of(twin.hub.model), _HELD.get(twin.journal)
    if held is None or held[0] != mark:
        rows = await asyncio.to_thread(read_newest, twin)
        _HELD[twin.journal] = held = (mark, rows)
    return held[1]


def read_newest(twin: Twin) -> tuple[DecisionRow, ...]:
    """The same from the journal. Blocks."""
    ended = [found for found in decisions(twin.journal, _READ) if found.end is not None]
    return folded(_refused(twin, row_of(found, twin.plant), found.end) for found in ended)[:SHOWN]


def folded(rows: Iterable[DecisionRow]) -> tuple[DecisionRow, ...]:
    """The rows with those that say the same in a row put together."""
    alike = (list(same) for _, same in groupby(rows, key=lambda row: (row.what, row.who, row.outcome, row.why)))
    return tuple(replace(same[0], times=len(same)) for same in alike)


def row_of(found: DecisionSummary, plant: PlantFolder) -> DecisionRow:
    """A decision in words."""
    end = str(found.end)
    return DecisionRow(
        id=found.id,
        at_us=found.at_us,
        what=_what(found, plant),
        who=label(plant, found.author),
        outcome=ENDS.get(end, (end, ""))[0],
        why=found.sentence,
        is_bad=end in _BAD,
    )


def rows_markup(rows: tuple[DecisionRow, ...], now_us: int) -> str:
    """The decisions as a table."""
    if not rows:
        return '<p class="tw-quiet op-note">No decision has ended yet.</p>'
    return (
        '<table class="tw-table op-decisions"><caption class="op-hidden">Last decisions, the newest first</caption>'
        '<thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Outcome</th>'
        f'<th scope="col">Why</th></tr></thead><tbody>{"".join(_row(row, now_us) for row in rows)}</tbody></table>'
    )


def _row(row: DecisionRow, now_us: int) -> str:
    sign = '<span class="tw-alarm-text" aria-hidden="true">✕ </span>' if row.is_bad else ""
    what, who = escape(row.what), escape(row.who)
    times = f", {row.times} times" if row.times > 1 else ""
    place = escape(row.id.removeprefix("urn:uuid:"))
    return (
        f'<tr><td class="tw-number">{duration((now_us - row.at_us) / 1e6)} ago</td>'
        f'<th scope="row"><a href="/explain/{place}">{what}</a><br/><span class="tw-quiet">{who}{times}</span></th>'
        f"<td>{sign}{escape(row.outcome)}</td><td>{escape(row.why)}</td></tr>"
    )


def _refused(twin: Twin, row: DecisionRow, end: str | None) -> DecisionRow:
    """With the Gate's reasons in place of the proposal's, where it was refused."""
    if end != End.REFUSED:
        return row
    told = " ".join(reason.sentence for reason in read_story(twin.journal, row.id).refusals)
    return replace(row, why=twin.info.in_words(told)) if told else row


def _what(found: DecisionSummary, plant: PlantFolder) -> str:
    if found.target is None:
        return "a change"
    change = f"{_number(found.prior)} → {_number(found.desired)}"
    return f"{label(plant, found.target)} {change.replace(' ', NBSP)}"


def _number(term: str | None) -> str:
    if term is None:
        return "?"
    value = getattr(text_to_term(term), "value", term)
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


_HELD: WeakKeyDictionary[JournalReader, tuple[Mark, tuple[DecisionRow, ...]]] = WeakKeyDictionary()
