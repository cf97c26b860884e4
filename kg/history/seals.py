"""Seals: what the journal holds of the samples in history, and whether the samples still are what was sealed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kg.change import Reading
from kg.errors import BadValue, JournalBroken, UnknownNode
from kg.history.digest import Tag, digest
from kg.history.reader import HistoryReader
from kg.history.schema import SampleRow
from kg.proof import Json
from kg.record import EntryKind, Recorded

#: Samples read at once by a verification.
_CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Seal:
    """What the body of a READINGS entry says: a span of seq with both ends, and the samples in it."""

    first_seq: int
    last_seq: int
    count: int
    digest: str

    @classmethod
    def over(cls, history: HistoryReader, samples: Sequence[tuple[int, Reading]]) -> Seal:
        """The seal over samples, at least one. Raises UnknownNode and BadValue as their digest does."""
        seqs = [seq for seq, _ in samples]
        return cls(min(seqs), max(seqs), len(samples), history.digest(samples))

    @classmethod
    def of(cls, recorded: Recorded) -> Seal:
        """The seal that a READINGS entry holds. Raises JournalBroken where its body is none."""
        body = recorded.entry.body
        first, last, count, told = (body.get(name) for name in ("first_seq", "last_seq", "count", "digest"))
        if isinstance(first, int) and isinstance(last, int) and isinstance(count, int) and isinstance(told, str):
            return cls(first, last, count, told)
        raise JournalBroken(f"Record {recorded.index} is no seal of readings.", index=recorded.index)

    def body(self) -> dict[str, Json]:
        """The body of its journal entry."""
        return {
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "count": self.count,
            "digest": self.digest,
        }


@dataclass(frozen=True, slots=True)
class SealProblem:
    """Samples that are not what was sealed, by their span and the index of the seal (None: no seal covers them)."""

    first_seq: int
    last_seq: int
    index: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class SealReport:
    """What a verification of seals found."""

    seals: int
    samples: int
    """Samples below the last seal."""
    unsealed: int
    """Samples above the last seal: a batch under way, or one that a crash cut short; a restart removes those."""
    problems: tuple[SealProblem, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def verify_seals(history: HistoryReader, entries: Iterable[Recorded], after_seq: int = 0) -> SealReport:
    """Recompute the digests of sealed samples.

    `entries` are journal entries in order (`journal.entries()` or `journal.of_kind(EntryKind.READINGS)`); samples up
    to `after_seq` are left out. Cost: one pass over the samples, in chunks that fit into memory.
    """
    seals = samples = 0
    problems: list[SealProblem] = []
    for chunk in _chunks(entries):
        rows = history.rows_of_span(after_seq + 1, chunk[-1][1].last_seq)
        problems += _compare(rows, chunk, history.tags())
        seals, samples = seals + len(chunk), samples + len(rows)
        after_seq = max(after_seq, chunk[-1][1].last_seq)
    return SealReport(seals, samples, len(history.rows_of_span(after_seq + 1, 2**63 - 1)), tuple(problems))


def _chunks(entries: Iterable[Recorded]) -> Iterator[list[tuple[int, Seal]]]:
    """Seals with their indices, in groups that hold not many more than _CHUNK samples."""
    chunk: list[tuple[int, Seal]] = []
    count = 0
    for recorded in entries:
        if recorded.entry.kind is EntryKind.READINGS:
            seal = Seal.of(recorded)
            chunk.append((recorded.index, seal))
            count += seal.count
        if count >= _CHUNK:
            yield chunk
            chunk, count = [], 0
    if chunk:
        yield chunk


def _compare(rows: list[SampleRow], seals: list[tuple[int, Seal]], tags: Mapping[int, Tag]) -> Iterator[SealProblem]:
    position = 0
    for index, seal in seals:
        start = bisect_left(rows, seal.first_seq, lo=position, key=_seq)
        end = bisect_right(rows, seal.last_seq, lo=start, key=_seq)
        if start > position:
            first, last = rows[position][2], rows[start - 1][2]
            yield SealProblem(first, last, None, f"Nothing seals the samples of seq {first} to {last}.")
        if end - start != seal.count or _digest(rows[start:end], tags) != seal.digest:
            sentence = f"The samples of seq {seal.first_seq} to {seal.last_seq} are not what record {index} sealed."
            yield SealProblem(seal.first_seq, seal.last_seq, index, sentence)
        position = end


def _seq(row: SampleRow) -> int:
    return row[2]


def _digest(rows: list[SampleRow], tags: Mapping[int, Tag]) -> str | None:
    try:
        return digest(rows, tags)
    except (BadValue, UnknownNode):
        return None
