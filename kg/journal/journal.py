"""Writing the journal: one transaction for a batch, synced before `append` returns."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, delete, insert

from kg.database import disk_errors_as_record_failed, is_url, writing_engine
from kg.errors import InternalError, JournalBroken
from kg.journal.canonical import canonical
from kg.journal.chain import entry_hash
from kg.journal.head import head_path, read_head, write_head
from kg.journal.reader import JournalReader
from kg.journal.schema import ENTRIES, METADATA
from kg.record import EMPTY_HEAD, Head, JournalEntry

#: Entries between two writes of the head file: what a cut may take unseen after a crash.
_HEAD_EVERY = 256


class Journal(JournalReader):
    """The journal of a twin, for its one writer. Threads may share it; appends wait for one another."""

    def __init__(self, engine: Engine, head_file: Path | None) -> None:
        super().__init__(engine)
        self._head_file = head_file
        self._lock = threading.Lock()
        self._doubtful = False
        METADATA.create_all(engine)
        last = self.last()
        self._head = super().head()
        self._last_seq = 0 if last is None else last.entry.seq
        self._last_at_us = 0 if last is None else last.entry.at_us
        self._anchored = self._anchor_found()

    @classmethod
    def open(cls, target: Path | str, head_file: Path | None = None) -> Self:
        """Open or create a journal by path (SQLite) or URL. A path keeps its head file beside it.

        Raises RecordFailed where it cannot be opened for writing, and JournalBroken where it does not reach the head
        that its head file names.
        """
        if head_file is None and not is_url(target):
            head_file = head_path(Path(target))
        with disk_errors_as_record_failed("The journal"):
            return cls(writing_engine(target), head_file)

    @property
    def last_seq(self) -> int:
        """The seq of the newest entry; 0 without entries."""
        return self._last_seq

    def head(self) -> Head:
        return self._head

    def append(self, entries: Sequence[JournalEntry]) -> None:
        """Make entries durable, all or none, in one synced transaction.

        Raises RecordFailed (nothing was appended), BadValue for a body that is not plain JSON and InternalError
        where `seq` would fall.
        """
        if not entries:
            return
        with self._lock:
            head, rows = self._chained(entries)
            with disk_errors_as_record_failed("The journal's entries"):
                self._insert(rows)
                self._head, self._last_seq, self._last_at_us = head, entries[-1].seq, entries[-1].at_us
            if head.index - self._anchored >= _HEAD_EVERY:
                # The entries are durable whether or not the anchor is; the next append tries again.
                with suppress(OSError):
                    self._anchor()

    def close(self) -> None:
        """Write the head file and close. Idempotent. Raises RecordFailed where the head cannot be written."""
        with self._lock, disk_errors_as_record_failed("The journal's head"):
            try:
                if self._head.index > self._anchored:
                    self._anchor()
            finally:
                super().close()

    def _chained(self, entries: Sequence[JournalEntry]) -> tuple[Head, list[dict[str, Any]]]:
        index, previous = self._head.index, self._head.hash
        seq = self._last_seq
        rows = []
        for entry in entries:
            if entry.seq < seq:
                raise InternalError(f"An entry with seq {entry.seq} cannot follow {seq}.", seq=entry.seq, last=seq)
            seq, index, body = entry.seq, index + 1, canonical(entry.body)
            previous = entry_hash(previous, index, entry, body)
            rows.append(
                {
                    "idx": index,
                    "seq": entry.seq,
                    "kind": str(entry.kind),
                    "at_us": entry.at_us,
                    "subject": entry.subject,
                    "body": body,
                    "hash": previous,
                }
            )
        return Head(index, previous), rows

    def _insert(self, rows: list[dict[str, Any]]) -> None:
        doubtful, self._doubtful = self._doubtful, True
        with self._engine.begin() as connection:
            if doubtful:
                # A commit that failed may still have reached the disk. Its caller was told that nothing was recorded.
                connection.execute(delete(ENTRIES).where(ENTRIES.c.idx > self._head.index))
            connection.execute(insert(ENTRIES), rows)
        self._doubtful = False

    def _anchor_found(self) -> int:
        anchor = None if self._head_file is None else read_head(self._head_file)
        if anchor is None:
            return 0
        held = EMPTY_HEAD.hash if anchor.index == 0 else getattr(self.entry(anchor.index), "hash", None)
        if held != anchor.hash:
            raise JournalBroken(
                f"The journal has {self._head.index} entries and does not lead to the head at {anchor.index}.",
                entries=self._head.index,
                head=anchor.index,
            )
        return anchor.index

    def _anchor(self) -> None:
        if self._head_file is not None:
            write_head(self._head_file, self._head, self._last_at_us)
        self._anchored = self._head.index
