"""The tables of the history in SQLite, and samples as rows of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.types import UserDefinedType

from kg.change import Reading, TagId
from kg.history.values import from_columns, to_columns

METADATA = MetaData()


class _AsItIs(UserDefinedType[Any]):
    """A column without a declared type: SQLite then converts nothing, and minus zero stays what it is."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return ""


#: Which equipment property a tag is. A property whose data type changes gets a new tag: rows are never changed.
TAGS = Table(
    "tags",
    METADATA,
    Column("tag", Integer, primary_key=True),
    Column("prop", Text, nullable=False),
    Column("data_type", Text, nullable=False),
    UniqueConstraint("prop", "data_type"),
)

SAMPLES = Table(
    "samples",
    METADATA,
    Column("tag", Integer, primary_key=True, autoincrement=False),
    Column("source_us", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    # How many samples of the tag stand before this one in the slice of the same seq.
    Column("nth", Integer, primary_key=True, autoincrement=False),
    Column("form", Integer, nullable=False),
    Column("value", _AsItIs),
    Column("status", Integer, nullable=False),
    Column("server_us", Integer, nullable=False),
    Column("received_us", Integer, nullable=False),
    Column("flags", Integer, nullable=False),
    sqlite_with_rowid=False,
)
# In order of arrival, so that appending touches few pages: a second index by tag halves the samples a second.
Index("samples_by_seq", SAMPLES.c.seq, SAMPLES.c.tag, SAMPLES.c.nth)

#: The span of the batch appended last, in one row: only its samples may be without a seal after a crash.
LATEST = Table(
    "latest",
    METADATA,
    Column("one", Integer, primary_key=True),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
)

SampleRow: TypeAlias = tuple[int, int, int, int, int, Any, int, int, int, int]
"""The columns of SAMPLES in their order."""


class Sample(NamedTuple):
    """A reading with the seq of the Change that brought it."""

    seq: int
    reading: Reading


def to_rows(samples: Sequence[tuple[int, Reading]]) -> list[SampleRow]:
    """Samples as rows, in their order."""
    rows: list[SampleRow] = []
    nths: dict[tuple[int, int], int] = {}
    for seq, (tag, value, status, source_us, server_us, received_us, flags) in samples:
        nth = nths.get((tag, seq), 0)
        nths[tag, seq] = nth + 1
        form, stored = to_columns(value)
        rows.append((tag, source_us, seq, nth, form, stored, status, server_us, received_us, flags))
    return rows


def from_row(row: Sequence[Any]) -> Sample:
    """The sample of a row."""
    tag, source_us, seq, _, form, stored, status, server_us, received_us, flags = row
    return Sample(
        seq, Reading(TagId(tag), from_columns(form, stored), status, source_us, server_us, received_us, flags)
    )


def from_rows(rows: Iterable[Sequence[Any]]) -> tuple[Sample, ...]:
    return tuple(from_row(row) for row in rows)
