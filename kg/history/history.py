"""Writing samples: whole batches, synced before `append` returns."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, insert, select

from kg.change import Reading, TagId
from kg.database import disk_errors_as_record_failed, reading, writing_engine
from kg.errors import UnknownNode
from kg.history.digest import Tag
from kg.history.reader import HistoryReader
from kg.history.schema import LATEST, METADATA, TAGS, to_rows

_INSERT = "INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NOTE_LATEST = "INSERT OR REPLACE INTO latest VALUES (1, ?, ?)"
_DISCARD = "DELETE FROM samples WHERE seq > ?"


class History(HistoryReader):
    """The history of a twin, for its one writer. Threads may share it; appends wait for one another."""

    def __init__(self, engine: Engine) -> None:
        METADATA.create_all(engine)
        self._lock = threading.Lock()
        super().__init__(engine)

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
        rows = to_rows(samples)
        for tag in {row[0] for row in rows} - self._tags.keys():
            raise UnknownNode(f"The history knows no tag {tag}; register it first.", tag=tag)
        seqs = [seq for seq, _ in samples]
        with self._lock, disk_errors_as_record_failed("The history's samples"), self._engine.begin() as connection:
            # In the order of the key each page is found once.
            connection.exec_driver_sql(_INSERT, sorted(rows))
            connection.exec_driver_sql(_NOTE_LATEST, (min(seqs), max(seqs)))

    def latest_batch(self) -> tuple[int, int] | None:
        """First and last seq of the batch appended last; None before the first."""
        with reading(self._engine, "The history") as connection:
            row = connection.execute(select(LATEST.c.first_seq, LATEST.c.last_seq)).one_or_none()
        return None if row is None else (row.first_seq, row.last_seq)

    def discard_after(self, seq: int) -> None:
        """Remove the samples of a batch that was never sealed: everything above a seq. Raises RecordFailed."""
        with self._lock, disk_errors_as_record_failed("The history"), self._engine.begin() as connection:
            connection.exec_driver_sql(_DISCARD, (seq,))
