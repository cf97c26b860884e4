"""Reading samples, also while another process writes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, Engine, func, select

from kg.change import Reading, TagId
from kg.database import reading, reading_engine
from kg.history.digest import Tag, digest, in_order
from kg.history.schema import SAMPLES, TAGS, Sample, SampleRow, from_row, from_rows, to_rows

_OF_SPAN = "SELECT * FROM samples WHERE seq BETWEEN ? AND ?"
# CROSS JOIN keeps SQLite from turning the loops round: one look-up at the end of each tag's samples.
_LASTS = """
    SELECT samples.* FROM tags CROSS JOIN samples
    ON samples.tag = tags.tag AND (samples.source_us, samples.seq, samples.nth) = (
        SELECT source_us, seq, nth FROM samples WHERE tag = tags.tag {condition}
        ORDER BY source_us DESC, seq DESC, nth DESC LIMIT 1)
"""
# A value that came after a newer sample, be that one without a value, never was in force.
_WITH_VALUE_IN_FORCE = """
    AND value IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM samples AS newer WHERE newer.tag = samples.tag AND newer.source_us > samples.source_us
        AND (newer.seq, newer.nth) < (samples.seq, samples.nth))
"""
# SQLite takes the other columns from the row that holds the least or greatest value. Part by part it needs no sorting.
_EXTREMES = """
    SELECT tag, source_us, seq, nth, form, value, status, server_us, received_us, flags FROM (
        SELECT *, MIN(value) FROM samples
        WHERE tag = ?1 AND source_us >= ?2 AND source_us < ?3 AND value IS NOT NULL
        UNION SELECT *, MAX(value) FROM samples
        WHERE tag = ?1 AND source_us >= ?2 AND source_us < ?3 AND value IS NOT NULL
        UNION SELECT *, MIN(source_us) FROM samples
        WHERE tag = ?1 AND source_us >= ?2 AND source_us < ?3 AND value IS NULL)
    WHERE source_us IS NOT NULL GROUP BY source_us, seq, nth ORDER BY source_us, seq, nth
"""
_BY_SEQ = (SAMPLES.c.seq.desc(), SAMPLES.c.nth.desc())
_BY_SOURCE = (SAMPLES.c.source_us.desc(), *_BY_SEQ)


class HistoryReader:
    """A history that cannot be written. Times are plant time in microseconds, as controllers stamped the samples."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tags: dict[int, Tag] = {}
        self._refresh()

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a history by path, read-only."""
        return cls(reading_engine(path))

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def tags(self) -> MappingProxyType[int, Tag]:
        """All tags by number; an older data type's tag of a property is among them."""
        self._refresh()
        return MappingProxyType(self._tags)

    def tag(self, prop: str) -> TagId | None:
        """The tag under which a property is recorded now; None where it has never been registered."""
        with reading(self._engine, "The history") as connection:
            found = connection.execute(select(func.max(TAGS.c.tag)).where(TAGS.c.prop == prop)).scalar()
        return None if found is None else TagId(found)

    def last(self, tag: TagId) -> Sample | None:
        """The newest sample by source time; of several, the one that came last. So a late sample never is the last."""
        return self._first(SAMPLES.c.tag == tag, order=_BY_SOURCE)

    def lasts(self) -> dict[TagId, Sample]:
        """The newest sample of every tag that has one, as `last` finds it. Cost: one look-up for each tag."""
        return self._lasts("")

    def last_values(self) -> dict[TagId, Sample]:
        """The newest sample with a value (neither None nor NaN) that was not late, of every tag that has one.

        That is the value in force: a sample is late when one with a newer source time came before it.
        """
        return self._lasts(_WITH_VALUE_IN_FORCE)

    def last_at(self, tag: TagId, source_us: int) -> Sample | None:
        """The newest sample by source time at or before a moment; of several, the one that came last."""
        return self._first(SAMPLES.c.tag == tag, SAMPLES.c.source_us <= source_us, order=_BY_SOURCE)

    def range(self, tag: TagId, from_us: int, to_us: int, limit: int | None = None) -> tuple[Sample, ...]:
        """Samples with from_us <= source time < to_us, in order of source time, then of arrival; the first `limit`."""
        query = (
            select(SAMPLES)
            .where(SAMPLES.c.tag == tag, SAMPLES.c.source_us >= from_us, SAMPLES.c.source_us < to_us)
            .order_by(SAMPLES.c.source_us, SAMPLES.c.seq, SAMPLES.c.nth)
            .limit(limit)
        )
        with reading(self._engine, "The history") as connection:
            return from_rows(connection.execute(query))

    def extremes(self, tag: TagId, from_us: int, to_us: int, spans: int) -> tuple[Sample, ...]:
        """Of each of `spans` equal parts of a time the samples with the least and the greatest value, and one without
        a value where there is one, in order of source time. For plots: no peak and no gap is lost.

        Cost: SQLite reads every sample between the two.
        """
        width = max(1, -(-(to_us - from_us) // spans))
        found: list[Sample] = []
        with reading(self._engine, "The history") as connection:
            for start in range(from_us, to_us, width):
                part = (int(tag), start, min(start + width, to_us))
                found += from_rows(connection.exec_driver_sql(_EXTREMES, part))
        return tuple(found)

    def sample(self, tag: TagId, seq: int) -> Sample | None:
        """What the Change with this seq brought of a tag; of several samples the last, which the graph then held."""
        return self._first(SAMPLES.c.tag == tag, SAMPLES.c.seq == seq, order=_BY_SEQ)

    def count(self) -> int:
        """How many samples there are. Cost: one pass."""
        with reading(self._engine, "The history") as connection:
            return connection.execute(select(func.count()).select_from(SAMPLES)).scalar_one()

    def digest(self, samples: Sequence[tuple[int, Reading]]) -> str:
        """The digest that seals samples (`kg.history.digest`). Whole slices only: all samples of a seq, or none."""
        return digest(in_order(to_rows(samples)), self._tags)

    def rows_of_span(self, first_seq: int, last_seq: int) -> list[SampleRow]:
        """The samples of a span of seq, both ends included, as rows in the order of their digest."""
        with reading(self._engine, "The history") as connection:
            found = connection.exec_driver_sql(_OF_SPAN, (first_seq, last_seq)).all()
        return in_order([tuple(row) for row in found])

    def _lasts(self, condition: str) -> dict[TagId, Sample]:
        with reading(self._engine, "The history") as connection:
            rows = connection.exec_driver_sql(_LASTS.format(condition=condition)).all()
        return {sample.reading.tag: sample for sample in map(from_row, rows)}

    def _first(self, *conditions: ColumnElement[bool], order: tuple[Any, ...]) -> Sample | None:
        with reading(self._engine, "The history") as connection:
            row = connection.execute(select(SAMPLES).where(*conditions).order_by(*order).limit(1)).one_or_none()
        return None if row is None else from_row(row)

    def _refresh(self) -> None:
        with reading(self._engine, "The history") as connection:
            for tag, prop, data_type in connection.execute(select(TAGS)):
                self._tags[tag] = Tag(prop, data_type)
