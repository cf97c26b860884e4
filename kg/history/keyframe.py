"""Which sample came last, for every tag, without an index by (tag, seq).

From time to time the writer stores the keys of the newest samples as of the batch before; whoever asks takes them
and reads on from there in order of arrival. So the answer costs the same however long the history is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from sqlalchemy import Connection, select

from kg.history.schema import KEYFRAME, PROGRESS

#: Samples between two keyframes: what a reader goes through at most, some 20 ms.
KEYFRAME_EVERY = 50_000

Key: TypeAlias = tuple[int, int, int]
"""(source_us, seq, nth): what names a sample within its tag."""

_TAIL = "SELECT tag, source_us, seq, nth FROM samples INDEXED BY samples_by_seq WHERE seq > ? ORDER BY seq, tag, nth"
_WRITE = "INSERT OR REPLACE INTO keyframe VALUES (?, ?, ?, ?)"


def keyframe_seq(connection: Connection) -> int:
    """Up to which seq the stored keyframe goes; 0 where there is none."""
    return connection.execute(select(PROGRESS.c.keyframe_seq)).scalar() or 0


def newest_keys(connection: Connection) -> dict[int, Key]:
    """The key of the sample that came last, by tag."""
    after = keyframe_seq(connection)
    keys: dict[int, Key] = {
        tag: (source_us, seq, nth) for tag, source_us, seq, nth in connection.execute(select(KEYFRAME))
    }
    for tag, source_us, seq, nth in connection.exec_driver_sql(_TAIL, (after,)):
        keys[tag] = (source_us, seq, nth)
    return keys


def write_keyframe(connection: Connection, keys: Mapping[int, Key]) -> None:
    """Store the newest keys, in the caller's transaction."""
    if keys:
        connection.exec_driver_sql(_WRITE, [(tag, *key) for tag, key in keys.items()])
