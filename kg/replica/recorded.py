"""The quads that the core's snapshot does not hold, read from the journal: decisions, and documents of the release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from kg.journal import JournalReader
from kg.names import GraphName
from kg.record import EntryKind
from kg.replay import release_lines
from kg.store import DataPaths

_DECISIONS = f" <{GraphName.DECISIONS.iri}> ."
_DOCUMENTS = tuple(f" <{name.iri}> ." for name in (GraphName.SHAPES, GraphName.RULES))


def recorded_quads(data: Path) -> Iterator[str]:
    """N-Quads texts: shapes and rules of the release in force, then every decision, oldest first.

    Nothing without a journal. Raises JournalBroken for a release that cannot be read.
    """
    journal = DataPaths(data).journal
    if not journal.exists():
        return
    with JournalReader.open(journal) as reader:
        release = reader.last(EntryKind.RELEASE)
        if release is not None:
            yield _text(line for line in release_lines(release) if line.endswith(_DOCUMENTS))
        for recorded in reader.of_kind(EntryKind.CHANGE):
            lines = recorded.entry.body.get("adds", [])
            kept = [line for line in lines if str(line).endswith(_DECISIONS)] if isinstance(lines, list) else []
            if kept:
                yield _text(map(str, kept))


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
