"""The verification behind the button."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from api.console.explain.verify import Verification, verified
from api.console.explain.verify_card import particulars, verdict
from kg.journal import Journal
from kg.record import EntryKind, JournalEntry
from kg.store import DataPaths


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    """A data directory whose journal has five entries."""
    paths = DataPaths(tmp_path)
    with Journal.open(paths.journal) as journal:
        for seq in range(5):
            journal.append([JournalEntry(seq, EntryKind.CHANGE, seq + 1, None, {"kind": "edit", "number": seq})])
    return paths


def test_a_whole_record_tells_head_and_hash(paths: DataPaths) -> None:
    """With words on the way."""
    words: list[str] = []

    found = verified(paths, words.append)

    assert found.ok
    assert (found.entries, found.head) == (5, 5)
    assert words[0].startswith("Recomputing")
    assert verdict(found).startswith("✓ The record is what was written.")
    assert found.hash in particulars(found)


def test_a_changed_entry_is_named(paths: DataPaths) -> None:
    """The sentence says which."""
    with sqlite3.connect(paths.journal) as connection:
        connection.execute("UPDATE entries SET body = replace(body, '2', '7') WHERE idx = 3")
    connection.close()

    found = verified(paths, lambda _: None)

    assert not found.ok
    assert verdict(found) == "The record was changed. Record 3 is not what was written."


async def test_who_asks_meanwhile_waits_for_the_same(paths: DataPaths) -> None:
    """One pass serves both."""
    verification = Verification(paths.journal.parent)

    one, other = await asyncio.gather(verification.run(), verification.run())

    assert one is other
    assert not verification.is_running
    assert verification.progress == ""
