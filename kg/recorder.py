"""The recorder: makes a batch of the Gate durable in the order that every later proof relies on.

Samples are durable in history before the journal seals them, and a seal stands before the entries that may have used
its readings. All of it is durable before `record` returns.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby
from operator import attrgetter, itemgetter

from kg.change import Reading
from kg.errors import TwinError
from kg.history import History, Seal
from kg.journal import Journal
from kg.record import EntryKind, JournalEntry

#: Entries kept in memory while nothing can be recorded.
_KEPT = 10_000

_Sample = tuple[int, Reading]


class DurableRecorder:
    """Implements `kg.stages.Recorder` over a journal and a history. For the Gate's one recording thread."""

    def __init__(self, journal: Journal, history: History) -> None:
        self._journal = journal
        self._history = history
        self._hole: _Hole | None = None
        self._has_leftovers = False

    def record(self, entries: Sequence[JournalEntry], samples: Sequence[_Sample]) -> None:
        """Samples durable in history, then entries and seals durable in the journal, in order of seq.

        Where a hole was announced (`resume_unsealed`), the UNSEALED entry and the entries kept come first.
        Raises RecordFailed; then nothing of the batch is acknowledged and nothing of it will be found after a
        restart. Raises BadValue or UnknownNode for content that cannot be recorded, before anything is written.
        """
        hole = () if self._hole is None else self._hole.entries()
        sealed = self._with_seals(entries, samples)
        if self._has_leftovers:
            self._discard()
        try:
            self._history.append(samples)
            self._journal.append([*hole, *sealed])
        except Exception:
            self._has_leftovers = True
            with suppress(TwinError):
                self._discard()
            raise
        self._hole = None

    def resume_unsealed(self, entries: Sequence[JournalEntry], samples: Sequence[_Sample]) -> None:
        """Remember a batch with which the Gate goes on although `record` failed: observation without a record.

        Its samples are lost and will be counted; its entries are kept in memory (the first 10,000 of a hole) and
        recorded late. When recording works again, an UNSEALED entry tells the span before them.
        """
        if not entries and not samples:
            return
        if self._hole is None:
            self._hole = _Hole()
        self._hole.add(entries, samples)

    @property
    def is_unsealed(self) -> bool:
        """True while there is a hole that has not become an entry."""
        return self._hole is not None

    def _with_seals(self, entries: Sequence[JournalEntry], samples: Sequence[_Sample]) -> list[JournalEntry]:
        """Entries and seals by seq, a seal before the entries of the same seq; one seal for each run of samples."""
        ordered = sorted(entries, key=attrgetter("seq"))
        after = [entry.seq for entry in ordered]
        merged: list[JournalEntry] = []
        position = 0
        for end, run in groupby(sorted(samples, key=itemgetter(0)), key=lambda sample: bisect_left(after, sample[0])):
            merged += ordered[position:end]
            position = end
            merged.append(self._seal(list(run)))
        return merged + ordered[position:]

    def _seal(self, samples: list[_Sample]) -> JournalEntry:
        seal = Seal.over(self._history, samples)
        at_us = max(reading.received_us for _, reading in samples)
        return JournalEntry(seal.last_seq, EntryKind.READINGS, at_us, body=seal.body())

    def _discard(self) -> None:
        self._history.discard_after(self._journal.last_seq)
        self._has_leftovers = False


class _Hole:
    """A span in which nothing could be recorded."""

    def __init__(self) -> None:
        self._seqs: list[int] = []
        self._at_us = 0
        self._samples = 0
        self._lost = 0
        self._kept: list[JournalEntry] = []

    def add(self, entries: Sequence[JournalEntry], samples: Sequence[_Sample]) -> None:
        seqs = [entry.seq for entry in entries] + [seq for seq, _ in samples]
        times = [entry.at_us for entry in entries] + [reading.received_us for _, reading in samples]
        self._seqs = [min(self._seqs + seqs), max(self._seqs + seqs)]
        self._at_us = max(self._at_us, *times)
        self._samples += len(samples)
        room = _KEPT - len(self._kept)
        self._kept += entries[:room]
        self._lost += len(entries[room:])

    def entries(self) -> tuple[JournalEntry, ...]:
        """The UNSEALED entry, with the first seq of the hole, and the entries kept, in order of seq."""
        first, last = self._seqs
        body = {
            "first_seq": first,
            "last_seq": last,
            "samples_lost": self._samples,
            "entries_late": len(self._kept),
            "entries_lost": self._lost,
        }
        told = JournalEntry(first, EntryKind.UNSEALED, self._at_us, body=body)
        return (told, *sorted(self._kept, key=attrgetter("seq")))
