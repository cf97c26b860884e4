"""A journal with ten entries, and the means to edit its file behind its back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kg.journal import Journal
from kg.record import EntryKind, JournalEntry

Edit = Callable[..., None]


def made(seq: int) -> JournalEntry:
    """Entry number `seq` of the example."""
    body = {"adds": [f"<urn:s> <urn:p> <urn:o{seq}> <https://w3id.org/twinwright/graph/plant> ."], "removes": []}
    return JournalEntry(seq, EntryKind.CHANGE, 1_000_000 * seq, f"urn:decision:{seq % 3}", body)


@pytest.fixture
def entries() -> list[JournalEntry]:
    return [made(seq) for seq in range(1, 11)]


@pytest.fixture
def path(tmp_path: Path, entries: list[JournalEntry]) -> Path:
    """A journal of ten entries, closed in good order."""
    file = tmp_path / "journal.sqlite"
    with Journal.open(file) as journal:
        journal.append(entries[:4])
        journal.append(entries[4:])
    return file


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal, open."""
    with Journal.open(tmp_path / "fresh.sqlite") as fresh:
        yield fresh


@pytest.fixture
def edit(path: Path) -> Edit:
    """Run an SQL statement on the journal's file."""

    def run(statement: str, *parameters: object) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement, parameters)

    return run
