"""What was appended is there, once, in order, or not at all."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import BadValue, InternalError, JournalBroken, RecordFailed
from kg.journal import Journal, JournalReader, head_path, verify
from kg.record import EMPTY_HEAD, EntryKind, JournalEntry

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), JSON, max_size=4)


@contextmanager
def no_room(size: int) -> Iterator[None]:
    """Files can't grow beyond `size` bytes, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_entries_come_back_in_order_with_indices(path: Path, entries: list[JournalEntry]) -> None:
    """Ten entries appended in two batches have the indices 1 to 10."""
    with JournalReader.open(path) as reader:
        found = list(reader.entries())
        late = list(reader.entries(after=7))

    assert [recorded.entry for recorded in found] == entries
    assert [recorded.index for recorded in found] == list(range(1, 11))
    assert [recorded.index for recorded in late] == [8, 9, 10]


def test_reopened_journal_goes_on_where_it_ended(path: Path) -> None:
    """A second process appends to the same chain."""
    with Journal.open(path) as journal:
        assert journal.last_seq == 10
        journal.append([JournalEntry(11, EntryKind.CLOSED, 5)])
        head = journal.head()

    report = verify(path)
    assert report.ok
    assert report.head == head == report.anchor
    assert report.entries == 11


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(BODIES, min_size=1, max_size=4), subject=st.none() | st.text("abc:é", max_size=6))
def test_any_json_body_round_trips(journal: Journal, bodies: list[dict[str, object]], subject: str | None) -> None:
    """Whatever JSON a body holds comes back, whole numbers of any size and text of any script included."""
    batch = [JournalEntry(journal.last_seq + 1, EntryKind.CHANGE, 7, subject, body) for body in bodies]  # type: ignore[arg-type]
    before = journal.head().index

    journal.append(batch)

    assert [recorded.entry for recorded in journal.entries(after=before)] == batch


def test_of_subject_finds_all_entries_of_a_decision(path: Path) -> None:
    """A decision's entries are found by its id."""
    with JournalReader.open(path) as reader:
        assert [recorded.entry.seq for recorded in reader.of_subject("urn:decision:1")] == [1, 4, 7, 10]
        assert list(reader.of_subject("urn:decision:9")) == []


def test_of_kind_and_last(path: Path) -> None:
    """Entries are found by kind, and the newest of a kind at once."""
    with Journal.open(path) as journal:
        journal.append([JournalEntry(10, EntryKind.REFUSAL, 1), JournalEntry(11, EntryKind.CHANGE, 1)])

        assert [r.index for r in journal.of_kind(EntryKind.REFUSAL, EntryKind.CLOSED)] == [11]
        assert [r.index for r in journal.of_kind(EntryKind.CHANGE, after=9)] == [10, 12]
        refusal, newest, closed = journal.last(EntryKind.REFUSAL), journal.last(), journal.last(EntryKind.CLOSED)
    assert refusal is not None
    assert newest is not None
    assert (refusal.index, newest.index, closed) == (11, 12, None)


def test_more_than_a_page_is_read_whole(journal: Journal) -> None:
    """Reading goes on beyond the first thousand entries."""
    journal.append([JournalEntry(seq, EntryKind.CHANGE, 0) for seq in range(1, 2501)])

    assert [recorded.index for recorded in journal.entries()] == list(range(1, 2501))


def test_a_new_journal_has_the_empty_head(journal: Journal) -> None:
    """A journal without entries has the head that everybody knows."""
    assert journal.head() == EMPTY_HEAD
    assert journal.last() is None
    assert journal.last_seq == 0


def test_seq_may_not_fall(journal: Journal) -> None:
    """An entry with a lower seq is refused, and its batch with it."""
    journal.append([JournalEntry(5, EntryKind.CHANGE, 0)])

    with pytest.raises(InternalError):
        journal.append([JournalEntry(6, EntryKind.CHANGE, 0), JournalEntry(4, EntryKind.CHANGE, 0)])

    assert journal.head().index == 1


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": object()}, {"x": "\ud800"}, {"x": {1: 2}}])
def test_what_is_no_json_is_refused_whole(journal: Journal, body: dict[str, object]) -> None:
    """A body that JSON cannot hold refuses the batch before anything is written."""
    with pytest.raises(BadValue):
        journal.append([JournalEntry(1, EntryKind.CHANGE, 0), JournalEntry(2, EntryKind.CHANGE, 0, None, body)])  # type: ignore[arg-type]

    assert list(journal.entries()) == []


def test_full_disk_appends_nothing(tmp_path: Path) -> None:
    """A batch that does not fit raises RecordFailed and leaves no part of itself; with room again it fits."""
    file = tmp_path / "journal.sqlite"
    big = [JournalEntry(seq, EntryKind.CHANGE, 0, None, {"text": "x" * 50_000}) for seq in range(2, 12)]
    with Journal.open(file) as journal:
        journal.append([JournalEntry(1, EntryKind.CHANGE, 0)])
        with no_room(200_000), pytest.raises(RecordFailed):
            journal.append(big)
        assert [recorded.index for recorded in journal.entries()] == [1]
        journal.append(big)

    assert verify(file).ok
    assert verify(file).entries == 11


def test_reader_sees_entries_while_the_journal_is_written(path: Path) -> None:
    """A reader opened beside the writer sees what has been committed, and cannot write."""
    with Journal.open(path) as journal, JournalReader.open(path) as reader:
        journal.append([JournalEntry(11, EntryKind.CHANGE, 0)])

        last = reader.last()
    assert last is not None
    assert last.index == 11
    assert not hasattr(reader, "append")


def test_closed_journal_is_read_where_nothing_can_be_written(path: Path) -> None:
    """Evidence on a read-only medium, where SQLite can't make its shared memory, is verified as it is."""
    (path.parent / "journal.sqlite-shm").mkdir()

    assert verify(path).ok
    assert verify(path).entries == 10


def test_a_file_that_is_no_database_is_broken_not_overwritten(tmp_path: Path) -> None:
    """Something else under the journal's name is reported and left alone."""
    file = tmp_path / "journal.sqlite"
    file.write_bytes(b"this is not a database, but a text of some length" * 50)
    before = file.read_bytes()

    with pytest.raises(JournalBroken):
        Journal.open(file)

    assert file.read_bytes() == before


def test_head_file_is_written_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    """The anchor follows every 256 entries, so that a crash leaves at most those without it."""
    file = tmp_path / "journal.sqlite"
    with Journal.open(file) as journal:
        journal.append([JournalEntry(seq, EntryKind.CHANGE, 0) for seq in range(1, 256)])
        assert not head_path(file).exists()
        journal.append([JournalEntry(256, EntryKind.CHANGE, 0)])
        assert verify(file).anchor == journal.head()
        journal.append([JournalEntry(257, EntryKind.CHANGE, 0)])

    anchor = verify(file).anchor
    assert anchor is not None
    assert anchor.index == 257
