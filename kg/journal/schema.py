"""The table of the journal. Bodies are text in every dialect: a database that reorders JSON would break hashes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

#: SQLite knows its row number as INTEGER PRIMARY KEY only.
_INDEX = BigInteger().with_variant(Integer(), "sqlite")

ENTRIES = Table(
    "entries",
    METADATA,
    Column("idx", _INDEX, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("subject", Text),
    Column("body", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

_HAS_SUBJECT = ENTRIES.c.subject.is_not(None)
Index("entries_by_subject", ENTRIES.c.subject, ENTRIES.c.idx, sqlite_where=_HAS_SUBJECT, postgresql_where=_HAS_SUBJECT)
Index("entries_by_kind", ENTRIES.c.kind, ENTRIES.c.idx)
