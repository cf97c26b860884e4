"""Database engines for what is durable: SQLite that has synced what it says, read-only opening, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from kg.errors import JournalBroken, OperatorError, RecordFailed

#: Pages of the write-ahead log between checkpoints, and KiB of page cache: with SQLite's defaults, samples of 1,000
#: tags are written at half the speed, because every commit touches a page for each tag.
_CHECKPOINT_PAGES = 16_000
_CACHE_KIB = 64_000
#: Seconds that a connection waits for another one's lock, for example a reader's checkpoint.
_BUSY_S = 10.0


def writing_engine(target: Path | str) -> Engine:
    """An engine for the one writer of a database: a path means SQLite, anything with `://` is SQLAlchemy's URL.

    SQLite runs in WAL mode with synchronous=FULL: when a commit returns, the transaction has been synced.
    Source: https://www.sqlite.org/pragma.html#pragma_synchronous
    """
    if is_url(target) and not str(target).startswith("sqlite"):
        return create_engine(str(target))
    url = str(target) if is_url(target) else f"sqlite:///{target}"
    engine = create_engine(url, connect_args={"timeout": _BUSY_S, "check_same_thread": False})
    event.listen(engine, "connect", _make_durable)
    return engine


def reading_engine(target: Path | str) -> Engine:
    """An engine that cannot write, for use beside a running twin or after it.

    A SQLite file is opened with mode=ro; where not even the directory can be written (evidence on a read-only
    medium, no WAL beside the file) it is opened as immutable. Raises OperatorError where there is no such file.
    """
    if is_url(target) and not str(target).startswith("sqlite"):
        return create_engine(str(target)).execution_options(postgresql_readonly=True)
    path = Path(str(target).partition(":///")[2] if is_url(target) else target)
    if not path.exists():
        raise OperatorError(f"There is no file {path.name} in {path.parent}; is that a data directory?", path=str(path))
    # SQLAlchemy takes this URL for a database in memory, whose pool closes connections that other threads still use
    return create_engine("sqlite://", creator=lambda: _open_read_only(path), poolclass=QueuePool, max_overflow=-1)


@contextmanager
def reading(engine: Engine, what: str) -> Iterator[Connection]:
    """A connection to read with. Raises JournalBroken where the file is damaged or is not what it should be."""
    try:
        with engine.connect() as connection:
            yield connection
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise JournalBroken(f"{what} cannot be read: {cause}.", what=what, cause=str(cause)) from error


def is_url(target: Path | str) -> bool:
    return isinstance(target, str) and "://" in target


@contextmanager
def disk_errors_as_record_failed(what: str) -> Iterator[None]:
    """Turns what a database or the disk says into RecordFailed, and a damaged file into JournalBroken."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if type(cause) is sqlite3.DatabaseError:
            raise JournalBroken(f"{what}: the file is damaged: {cause}.", what=what, cause=str(cause)) from error
        raise RecordFailed(f"{what} could not be made durable: {cause}.", what=what, cause=str(cause)) from error


def _make_durable(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
    cursor.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    cursor.close()


def _open_read_only(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}"
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=_BUSY_S, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if Path(f"{path}-wal").exists() or not path.exists():
            raise
        connection = sqlite3.connect(f"{uri}?immutable=1", uri=True, check_same_thread=False)
    return connection


__all__ = ["disk_errors_as_record_failed", "is_url", "reading", "reading_engine", "writing_engine"]
