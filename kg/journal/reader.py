"""Reading a journal, also while another process writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, Engine, Row, or_, select

from kg.database import reading, reading_engine
from kg.errors import JournalBroken
from kg.journal.schema import ENTRIES
from kg.record import EMPTY_HEAD, EntryKind, Head, JournalEntry, Recorded

_PAGE = 1000


class JournalReader:
    """A journal that cannot be written. Each page of entries is read on its own, so long reads hold nothing back."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, target: Path | str) -> Self:
        """Open a journal by path (SQLite, mode=ro) or URL."""
        return cls(reading_engine(target))

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def entries(self, after: int = 0) -> Iterator[Recorded]:
        """All entries with an index above `after`, in order."""
        return self._pages(after)

    def of_subject(self, subject: str) -> Iterator[Recorded]:
        """All entries of a decision, in order; found by an index."""
        return self._pages(0, ENTRIES.c.subject == subject)

    def of_kind(self, *kinds: EntryKind, after: int = 0) -> Iterator[Recorded]:
        """All entries of these kinds with an index above `after`, in order; found by an index."""
        return self._pages(after, ENTRIES.c.kind.in_([str(kind) for kind in kinds]))

    def newest(self, holding: Sequence[str], before: int, after: int = 0, limit: int | None = None) -> list[Recorded]:
        """Up to `limit` entries with after < index < before whose body's text holds one of some texts, newest first.

        Bodies are canonical JSON, so `"kind":"request"` is found as it stands. Cost: reads the text of the entries
        between the two until there are enough.
        """
        texts = or_(*(ENTRIES.c.body.contains(text, autoescape=True) for text in holding))
        query = select(ENTRIES).where(ENTRIES.c.idx > after, ENTRIES.c.idx < before, texts)
        with reading(self._engine, "The journal") as connection:
            rows = connection.execute(query.order_by(ENTRIES.c.idx.desc()).limit(limit)).all()
        return [_recorded(row) for row in rows]

    def last(self, kind: EntryKind | None = None) -> Recorded | None:
        """The newest entry, or the newest of a kind; None where there is none."""
        query = select(ENTRIES).order_by(ENTRIES.c.idx.desc()).limit(1)
        if kind is not None:
            query = query.where(ENTRIES.c.kind == str(kind))
        with reading(self._engine, "The journal") as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _recorded(row)

    def entry(self, index: int) -> Recorded | None:
        """The entry at an index; None where there is none."""
        with reading(self._engine, "The journal") as connection:
            row = connection.execute(select(ENTRIES).where(ENTRIES.c.idx == index)).one_or_none()
        return None if row is None else _recorded(row)

    def head(self) -> Head:
        """How many entries there are and the hash of the newest; EMPTY_HEAD without entries."""
        last = self.last()
        return EMPTY_HEAD if last is None else Head(last.index, last.hash)

    def _pages(self, after: int, *conditions: ColumnElement[bool]) -> Iterator[Recorded]:
        while True:
            query = select(ENTRIES).where(ENTRIES.c.idx > after, *conditions).order_by(ENTRIES.c.idx).limit(_PAGE)
            with reading(self._engine, "The journal") as connection:
                rows = connection.execute(query).all()
            for row in rows:
                if row.idx <= after:  # a damaged tree may lead round in circles
                    raise JournalBroken(f"Record {row.idx} comes after record {after}.", index=row.idx)
                after = row.idx
                yield _recorded(row)
            if len(rows) < _PAGE:
                return


def _recorded(row: Row[Any]) -> Recorded:
    try:
        entry = JournalEntry(row.seq, EntryKind(row.kind), row.at_us, row.subject, json.loads(row.body))
    except ValueError as error:
        raise JournalBroken(f"Record {row.idx} is not what was written.", index=row.idx) from error
    return Recorded(row.idx, entry, bytes(row.hash))
