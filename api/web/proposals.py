"""The agents' proposals in the order in which they were made, read from the journal as it grows.

The journal finds the entries of one decision, but not decisions by their state; so what was read once is kept here: of
each proposal the place of its first entry and whether it has ended. A page reads only what is new.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from enum import StrEnum

from agents.explanation.story import Story, read_story
from agents.explanation.summaries import summary_of
from agents.pipeline import End, Stage
from agents.recovery import RECENT
from api.web.known import Known
from kg.change import Kind
from kg.journal import JournalReader
from kg.record import EntryKind, Recorded

_TEXTS = (f'"kind":"{Kind.PROPOSAL}"',)
_ENDS = frozenset(str(end) for end in End)


class State(StrEnum):
    """Which proposals are asked for."""

    OPEN = "open"
    ENDED = "ended"
    ALL = "all"


class Proposals:
    """The proposals of one journal. Blocks; may be asked from any thread."""

    def __init__(self, journal: JournalReader) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._made: list[tuple[int, str]] = []
        """(index of the first entry, id), the oldest first."""
        self._ended: set[str] = set()
        self._first = self._last = max(0, journal.head().index - RECENT)
        """Entries after the one and up to the other have been read."""

    def page(self, state: State, limit: int, before: int | None = None) -> tuple[list[Story], int | None]:
        """Up to `limit` proposals, the newest first, made before a place; and the place of the next page, or None.

        Open ones are looked for among the newest entries only, as agents do when they start.
        """
        found: list[Story] = []
        place = before
        for index, ident in self._backwards(state, before):
            story = read_story(self._journal, ident)
            if story.proposal is None or not _fits(story, state):
                continue
            if len(found) == limit:
                return found, place
            found.append(story)
            place = index
        return found, None

    def _backwards(self, state: State, before: int | None) -> Iterator[tuple[int, str]]:
        with self._lock:
            self._read_on()
            held = self._held(state, before)
        yield from held
        while state is not State.OPEN:
            with self._lock:
                if self._first == 0:
                    return
                older = self._first
                self._read_back()
                held = self._held(state, min(older + 1, before or older + 1))
            yield from held

    def _held(self, state: State, before: int | None) -> list[tuple[int, str]]:
        places = (place for place in reversed(self._made) if before is None or place[0] < before)
        return [place for place in places if state is not State.OPEN or place[1] not in self._ended]

    def _read_on(self) -> None:
        end = self._journal.head().index
        if end > self._last:
            for recorded in reversed(self._journal.newest(_TEXTS, before=end + 1, after=self._last)):
                self._made.extend(self._take(recorded))
            self._last = end

    def _read_back(self) -> None:
        start = max(0, self._first - RECENT)
        older: list[tuple[int, str]] = []
        for recorded in reversed(self._journal.newest(_TEXTS, before=self._first + 1, after=start)):
            older.extend(self._take(recorded))
        self._made[:0] = older
        self._first = start

    def _take(self, recorded: Recorded) -> Iterable[tuple[int, str]]:
        entry = recorded.entry
        detail = entry.body.get("detail")
        if entry.kind is not EntryKind.CHANGE or entry.body.get("kind") != Kind.PROPOSAL:
            return ()
        if entry.subject is None or not isinstance(detail, dict):
            return ()
        if detail.get("stage") in _ENDS:
            self._ended.add(entry.subject)
        return ((recorded.index, entry.subject),) if detail.get("stage") == Stage.REASONED else ()


proposals_of = Known(Proposals).of
"""The proposals of a journal, known as far as they have been read before."""


def _fits(story: Story, state: State) -> bool:
    match state:
        case State.OPEN:
            return summary_of(story).end is None
        case State.ENDED:
            return summary_of(story).end is not None
        case State.ALL:
            return True
