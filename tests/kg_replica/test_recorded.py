"""What a replica reads from the journal, since the core's snapshot does not hold it."""

from __future__ import annotations

from pathlib import Path

from kg.journal import Journal
from kg.names import GraphName
from kg.record import EntryKind, JournalEntry
from kg.replay import packed_release
from kg.replica.recorded import recorded_quads
from kg.store import DataPaths


def quad(name: str, graph: GraphName) -> str:
    return f"<urn:{name}> <urn:p> <urn:o> <{graph.iri}> ."


def test_documents_of_the_release_in_force_and_all_decisions(tmp_path: Path) -> None:
    """Shapes and rules of the last release only; decisions of every admitted Change; nothing of the other graphs."""
    old, new = quad("old", GraphName.SHAPES), quad("new", GraphName.SHAPES)
    rule, model = quad("rule", GraphName.RULES), quad("model", GraphName.PLANT)
    decided, desired = quad("decided", GraphName.DECISIONS), quad("desired", GraphName.DESIRED)
    journal = Journal.open(DataPaths(tmp_path).journal)
    journal.append(
        [
            JournalEntry(0, EntryKind.RELEASE, 1, body=packed_release("a", [old, model])),
            JournalEntry(1, EntryKind.CHANGE, 2, "urn:d", {"adds": [decided, desired], "removes": []}),
            JournalEntry(1, EntryKind.REFUSAL, 3, "urn:e", {"adds": [quad("refused", GraphName.DECISIONS)]}),
            JournalEntry(1, EntryKind.RELEASE, 4, body=packed_release("b", [new, rule, model])),
        ]
    )
    journal.close()

    lines = [line for text in recorded_quads(tmp_path) for line in text.splitlines()]

    assert lines == [new, rule, decided]


def test_without_a_journal_there_is_nothing(tmp_path: Path) -> None:
    """A replica may start before the core has written anything."""
    assert list(recorded_quads(tmp_path)) == []
