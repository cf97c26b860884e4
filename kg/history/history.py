"""Writing samples: whole batches, synced before `append` returns."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine, insert, select

from kg.change import Reading, TagId
from kg.database import disk_errors_as_record_failed, writing_engine
from kg.errors import InternalError, UnknownNode
from kg.history.digest import Tag
from kg.history.keyframe import KEYFRAME_EVERY, Key, keyframe_seq, newest_keys, write_keyframe
from kg.history.reader import HistoryReader
from kg.history.schema import METADATA, PROGRESS, TAGS, SampleRow, to_rows

_INSERT = "INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PROGRESS = "INSERT OR REPLACE INTO progress VALUES (1, ?, ?, ?)"
_DISCARD = "DELETE FROM samples WHERE seq > ?"


class History(HistoryReader):
    """The history of a twin, for its one writer. Threads may share it; appends wait for one another."""

    def __init__(self, engine: Engine) -> None:
        METADATA.create_all(engine)
        self._lock = threading.Lock()
        super().__init__(engine)
        self._keys, self._keyframe_seq = self._stored_progress()
        self._last_seq = _newest_seq(self._keys)
        self._since_keyframe = 0

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open or create a history by path. Raises RecordFailed where it cannot be opened for writing."""
        with disk_errors_as_record_failed("The history"):
            return cls(writing_engine(path))

    def register(self, prop: str, data_type: str) -> TagId:
        """The durable tag of a property with an OPC UA data type, made where there is none yet."""
        return self.register_all({prop: data_type})[prop]

    def register_all(self, data_types: Mapping[str, str]) -> dict[str, TagId]:
        """The durable tags of many properties (IRI to data type), by IRI, in one transaction. Raises RecordFailed."""
        wanted = {Tag(str(prop), data_type) for prop, data_type in data_types.items()}
        with self._lock, disk_errors_as_record_failed("The history's tags"):
            fresh = sorted(wanted - set(self._tags.values()))
            if fresh:
                with self._engine.begin() as connection:
                    connection.execute(insert(TAGS), [tag._asdict() for tag in fresh])
                self._refresh()
        return {tag.prop: TagId(number) for number, tag in self._tags.items() if tag in wanted}

    def append(self, samples: Sequence[tuple[int, Reading]]) -> None:
        """Make samples, each with its seq, durable, all or none, in one synced transaction.

        All samples of a seq come in one call. Raises RecordFailed (nothing was appended) and UnknownNode for a tag
        that has not been registered.
        """
        if not samples:
            return
        for _, reading in samples:
            if reading.tag not in self._tags:
                raise UnknownNode(f"The history knows no tag {reading.tag}; register it first.", tag=reading.tag)
        with self._lock:
            self._append(sorted(to_rows(samples), key=itemgetter(2)))

    def latest_batch(self) -> tuple[int, int] | None:
        """First and last seq of the batch appended last; None before the first."""
        with self._engine.connect() as connection:
            row = connection.execute(select(PROGRESS.c.first_seq, PROGRESS.c.last_seq)).one_or_none()
        return None if row is None else (row.first_seq, row.last_seq)

    def discard_after(self, seq: int) -> None:
        """Remove the samples of the latest batch, which was never sealed: everything above a seq.

        Raises RecordFailed, and InternalError where this would reach into older batches.
        """
        with self._lock, disk_errors_as_record_failed("The history"):
            if seq < self._keyframe_seq:
                raise InternalError(f"Samples up to seq {self._keyframe_seq} are kept.", seq=seq)
            with self._engine.begin() as connection:
                connection.exec_driver_sql(_DISCARD, (seq,))
            self._keys, self._keyframe_seq = self._stored_progress()
            self._last_seq = _newest_seq(self._keys)

    def _append(self, rows: list[SampleRow]) -> None:
        first_seq, last_seq = rows[0][2], rows[-1][2]
        due = self._since_keyframe >= KEYFRAME_EVERY
        keyframe = self._last_seq if due else self._keyframe_seq
        with disk_errors_as_record_failed("The history's samples"), self._engine.begin() as connection:
            if due:
                write_keyframe(connection, self._keys)
            connection.exec_driver_sql(_INSERT, sorted(rows))
            connection.exec_driver_sql(_PROGRESS, (keyframe, first_seq, last_seq))
        self._keys.update((row[0], row[1:4]) for row in rows)
        self._keyframe_seq, self._last_seq = keyframe, last_seq
        self._since_keyframe = len(rows) + (0 if due else self._since_keyframe)

    def _newest_keys(self, connection: Connection) -> Mapping[int, Key]:
        return self._keys

    def _stored_progress(self) -> tuple[dict[int, Key], int]:
        with self._engine.connect() as connection:
            return newest_keys(connection), keyframe_seq(connection)


def _newest_seq(keys: Mapping[int, Key]) -> int:
    return max((seq for _, seq, _ in keys.values()), default=0)
