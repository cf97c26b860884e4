"""Is a journal what was written? Every hash is recomputed from the contents; stored ones are only compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, inspect, select
from sqlalchemy.exc import DBAPIError

from kg.database import is_url, reading_engine
from kg.errors import JournalBroken
from kg.journal.chain import entry_hash
from kg.journal.head import head_path, read_head
from kg.journal.schema import ENTRIES
from kg.record import EMPTY_HEAD, EntryKind, Head, JournalEntry

_PAGE = 1000


class Damage(StrEnum):
    """What is wrong at an index."""

    ALTERED = "altered"
    """Body, hash or another field was changed, or another record stands here (moved, inserted)."""
    MISSING = "missing"
    """The record was dropped."""
    CUT = "cut"
    """The journal ends before the head that it once had."""
    REWRITTEN = "rewritten"
    """The chain fits together but does not lead to the head: it was hashed anew from somewhere up to here."""
    UNREADABLE = "unreadable"
    """The file itself is damaged: from this record on, or (index 0) in what only serves to find records."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A place where the journal is not what was written."""

    index: int
    damage: Damage
    sentence: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found."""

    entries: int
    """Records read."""
    head: Head
    """The end of the chain as recomputed; to be compared with a head kept elsewhere."""
    anchor: Head | None
    """The head against which it was compared; None where there was none, so that a cut tail would not be seen."""
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    def require_ok(self) -> None:
        """Raises JournalBroken naming the first problem."""
        if self.problems:
            first = self.problems[0]
            raise JournalBroken(
                first.sentence, index=first.index, damage=str(first.damage), problems=len(self.problems)
            )


def verify(target: Path | str, expected: Head | None = None) -> VerifyReport:
    """Verify a journal by path (SQLite, opened read-only; no twin is needed) or URL.

    `expected` is a head kept elsewhere; without it the head file beside the journal serves. Cost: one pass.
    Raises JournalBroken where there is no journal at all or the head file is damaged.
    """
    anchor = expected
    if not is_url(target):
        path = Path(target)
        if not path.exists():
            raise JournalBroken(f"There is no journal at {path.name}.", path=str(path))
        anchor = expected or read_head(head_path(path))
    engine = reading_engine(target)
    try:
        return _verify(engine, anchor)
    finally:
        engine.dispose()


def _verify(engine: Engine, anchor: Head | None) -> VerifyReport:
    walk = _Walk(anchor)
    count = 0
    try:
        # A crash while the journal was made leaves a file without the table: a journal without entries.
        for row in _rows(engine) if inspect(engine).has_table(ENTRIES.name) else ():
            walk.see(row)
            count += 1
        if not walk.problems and (told := _file_damage(engine)):
            walk.blame(0, Damage.UNREADABLE, f"The journal's file is damaged: {told}.")
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        walk.blame(walk.index + 1, Damage.UNREADABLE, f"The journal cannot be read after record {walk.index}: {cause}.")
    else:
        walk.end()
    return VerifyReport(count, Head(walk.index, walk.computed), anchor, tuple(walk.problems))


class _Walk:
    """The state of one pass over the chain.

    After a problem the next record may follow what was computed (a hash was changed) or what is stored (a body was
    changed), so that one damaged record is blamed once and does not make all later ones look damaged.
    """

    def __init__(self, anchor: Head | None) -> None:
        self.index, self.computed = EMPTY_HEAD.index, EMPTY_HEAD.hash
        self.problems: list[Problem] = []
        self._stored = self.computed
        self._anchor = anchor
        self._anchor_met = anchor is None or anchor == EMPTY_HEAD
        self._seq = 0

    def see(self, row: Row[Any]) -> None:
        if row.idx <= self.index:
            self.blame(row.idx, Damage.ALTERED, f"Record {row.idx} stands before the first record.")
            return
        for index in range(self.index + 1, row.idx):
            self.blame(index, Damage.MISSING, f"Record {index} is missing.")
        self._chain(row)
        self.index, self._seq = row.idx, max(self._seq, row.seq)
        if self._anchor is not None and row.idx == self._anchor.index:
            self._anchor_met = True
            if not self.problems and self.computed != self._anchor.hash:
                self.blame(row.idx, Damage.REWRITTEN, f"The chain does not lead to the head kept for record {row.idx}.")

    def end(self) -> None:
        if self._anchor is not None and not self._anchor_met:
            first = self.index + 1
            self.blame(first, Damage.CUT, f"The journal was cut: records {first} to {self._anchor.index} are missing.")

    def blame(self, index: int, damage: Damage, sentence: str) -> None:
        self.problems.append(Problem(index, damage, sentence))

    def _chain(self, row: Row[Any]) -> None:
        stored, computed = bytes(row.hash), _hash_of(self.computed, row)
        if row.idx != self.index + 1:
            # The hash of the missing record is unknown, so that this record can't be recomputed.
            computed = stored
        elif stored != computed and stored == _hash_of(self._stored, row):
            computed = stored
        if stored != computed or row.seq < self._seq:
            self.blame(row.idx, Damage.ALTERED, f"Record {row.idx} is not what was written.")
        self.computed, self._stored = computed, stored


def _hash_of(previous: bytes, row: Row[Any]) -> bytes:
    try:
        entry = JournalEntry(int(row.seq), EntryKind(row.kind), int(row.at_us), row.subject)
        return entry_hash(previous, int(row.idx), entry, str(row.body))
    except (ValueError, TypeError):
        return b"no entry has this hash"


def _file_damage(engine: Engine) -> str | None:
    """What SQLite says of a file whose records are all there: an index that leads astray would hide decisions."""
    if engine.dialect.name != "sqlite":
        return None
    with engine.connect() as connection:
        told = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
    return None if told == "ok" else told


def _rows(engine: Engine) -> Iterator[Row[Any]]:
    after, page = -(2**63), _PAGE
    while True:
        query = select(ENTRIES).where(ENTRIES.c.idx > after).order_by(ENTRIES.c.idx).limit(page)
        try:
            with engine.connect() as connection:
                rows = connection.execute(query).all()
        except (DBAPIError, sqlite3.Error):
            if page == 1:
                raise
            page = 1  # one by one up to the damage, to name the record
            continue
        for row in rows:
            if row.idx <= after:  # a damaged tree may lead round in circles
                raise sqlite3.DatabaseError(f"record {row.idx} comes after record {after}")
            after = row.idx
            yield row
        if len(rows) < page:
            return
