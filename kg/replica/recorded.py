"""The quads that the core's snapshot does not hold, read from the journal: decisions, and documents of the release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kg.journal import JournalReader
from kg.names import GraphName
from kg.record import EntryKind
from kg.store import DataPaths

_DECISIONS = f" <{GraphName.DECISIONS.iri}> ."


def recorded_decisions(data: Path) -> Iterator[str]:
    """The N-Quads of every decision in the journal, one text an entry, oldest first; nothing without a journal."""
    journal = DataPaths(data).journal
    if not journal.exists():
        return
    with JournalReader.open(journal) as reader:
        for recorded in reader.of_kind(EntryKind.CHANGE):
            lines = recorded.entry.body.get("adds", [])
            kept = [line for line in lines if str(line).endswith(_DECISIONS)] if isinstance(lines, list) else []
            if kept:
                yield "".join(f"{line}\n" for line in kept)
