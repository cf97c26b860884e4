"""The recorder keeps the order of durability, and a failed batch leaves nothing behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing

import pytest

from kg.change import Reading, TagId
from kg.errors import BadValue, InternalError, RecordFailed
from kg.history import History, Seal, verify_seals
from kg.journal import Journal, verify
from kg.record import EntryKind, JournalEntry
from kg.recorder import DurableRecorder
from kg.store import DataDirectory

MakeReading = Callable[..., Reading]


def change(seq: int, text: str = "") -> JournalEntry:
    return JournalEntry(seq, EntryKind.CHANGE, seq * 1000, f"urn:d:{seq}", {"text": text})


@pytest.fixture
def journal(data: DataDirectory) -> Iterator[Journal]:
    with Journal.open(data.paths.journal) as opened:
        yield opened


@pytest.fixture
def recorder(journal: Journal, history: History) -> DurableRecorder:
    return DurableRecorder(journal, history)


def test_seal_covers_the_samples_and_stands_before_what_used_them(
    recorder: DurableRecorder, journal: Journal, history: History, speed: TagId, reading: MakeReading
) -> None:
    """Samples up to a Change are sealed before its entry, later ones after it, and seq never falls."""
    samples = [(seq, reading(speed, float(seq), seq)) for seq in (1, 2, 2, 4, 6)]

    recorder.record([change(5), change(3), change(4)], samples)

    told = [(r.entry.seq, r.entry.kind) for r in journal.entries()]
    assert told == [
        (2, EntryKind.READINGS),
        (3, EntryKind.CHANGE),
        (4, EntryKind.READINGS),
        (4, EntryKind.CHANGE),
        (5, EntryKind.CHANGE),
        (6, EntryKind.READINGS),
    ]
    seals = [Seal.of(recorded) for recorded in journal.of_kind(EntryKind.READINGS)]
    assert [(seal.first_seq, seal.last_seq, seal.count) for seal in seals] == [(1, 2, 3), (4, 4, 1), (6, 6, 1)]
    assert verify_seals(history, journal.entries()).ok


def test_batches_without_samples_or_without_entries(
    recorder: DurableRecorder, journal: Journal, speed: TagId, reading: MakeReading
) -> None:
    """Nothing gives no entry, samples alone a seal, entries alone themselves."""
    recorder.record([], [])
    recorder.record([], [(1, reading(speed, 1.0, 1))])
    recorder.record([change(2)], [])

    assert [r.entry.kind for r in journal.entries()] == [EntryKind.READINGS, EntryKind.CHANGE]


@pytest.mark.parametrize("who", ["journal", "history"])
def test_failed_batch_leaves_nothing(
    recorder: DurableRecorder,
    journal: Journal,
    history: History,
    speed: TagId,
    reading: MakeReading,
    full_disk: Callable[[int], AbstractContextManager[None]],
    who: str,
) -> None:
    """Whether samples or entries do not fit: RecordFailed, and neither is there, then or after the next batch."""
    recorder.record([change(1)], [(1, reading(speed, 1.0, 1))])
    text = "x" * 900_000 if who == "journal" else ""
    value = "x" * 900_000 if who == "history" else 2.0
    with full_disk(500_000), pytest.raises(RecordFailed):
        recorder.record([change(2, text)], [(2, reading(speed, value, 2))])

    assert journal.last_seq == 1
    assert history.count() == 1
    recorder.record([change(2)], [(2, reading(speed, 2.5, 2))])
    assert history.count() == 2
    assert verify_seals(history, journal.entries()).ok


def test_content_that_cannot_be_recorded_is_refused_before_anything_is_written(
    recorder: DurableRecorder, journal: Journal, history: History, speed: TagId, reading: MakeReading
) -> None:
    """A status that is none, a body that is no JSON, a seq that falls: the batch leaves no trace."""
    recorder.record([change(5)], [])
    with pytest.raises(BadValue):
        recorder.record([], [(6, reading(speed, 1.0, 1, status=2**32))])
    with pytest.raises(BadValue):
        recorder.record([change(6, float("nan"))], [(6, reading(speed, 1.0, 1))])  # type: ignore[arg-type]
    with pytest.raises(InternalError):
        recorder.record([change(4)], [(6, reading(speed, 1.0, 1))])

    assert history.count() == 0
    assert journal.last_seq == 5


def test_hole_becomes_an_entry_with_span_and_losses(
    recorder: DurableRecorder, journal: Journal, history: History, speed: TagId, reading: MakeReading
) -> None:
    """After a time without record, the span, the samples lost and the entries kept are told before what follows."""
    recorder.record([change(1)], [])
    recorder.resume_unsealed([change(3)], [(2, reading(speed, 2.0, 2)), (4, reading(speed, 4.0, 4))])
    recorder.resume_unsealed([], [(5, reading(speed, 5.0, 5))])
    assert recorder.is_unsealed
    recorder.record([change(7)], [(6, reading(speed, 6.0, 6))])

    entries = [recorded.entry for recorded in journal.entries()]
    assert [(entry.seq, entry.kind) for entry in entries] == [
        (1, EntryKind.CHANGE),
        (2, EntryKind.UNSEALED),
        (3, EntryKind.CHANGE),
        (6, EntryKind.READINGS),
        (7, EntryKind.CHANGE),
    ]
    assert entries[1].body == {"first_seq": 2, "last_seq": 5, "samples_lost": 3, "entries_late": 1, "entries_lost": 0}
    assert not recorder.is_unsealed
    assert history.count() == 1
    assert verify_seals(history, journal.entries()).ok


def test_hole_stays_announced_until_it_is_recorded(
    recorder: DurableRecorder,
    journal: Journal,
    speed: TagId,
    reading: MakeReading,
    full_disk: Callable[[int], AbstractContextManager[None]],
) -> None:
    """A batch that fails in between does not lose the hole."""
    recorder.resume_unsealed([], [(1, reading(speed, 1.0, 1))])
    with full_disk(400_000), pytest.raises(RecordFailed):
        recorder.record([change(2, "x" * 900_000)], [])
    recorder.record([change(3)], [])

    assert [r.entry.kind for r in journal.entries()] == [EntryKind.UNSEALED, EntryKind.CHANGE]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE samples SET value = 99.0 WHERE seq = 2",
        "UPDATE samples SET status = 1 WHERE seq = 2",
        "UPDATE samples SET form = 4 WHERE seq = 2",
        "UPDATE samples SET status = -7 WHERE seq = 2",
        "UPDATE samples SET flags = 'many' WHERE seq = 2",
        "UPDATE samples SET received_us = 0 WHERE seq = 2",
        "DELETE FROM samples WHERE seq = 2",
        "INSERT INTO samples SELECT tag, source_us, seq, 1, form, value, status, 0, 0, 0 FROM samples WHERE seq = 2",
        "UPDATE tags SET prop = 'urn:prop:another'",
        "UPDATE samples SET tag = 77 WHERE seq = 2",
    ],
)
def test_every_edit_of_sealed_samples_is_located(
    recorder: DurableRecorder,
    journal: Journal,
    data: DataDirectory,
    history: History,
    speed: TagId,
    reading: MakeReading,
    statement: str,
) -> None:
    """The seal whose samples were touched is named by its index."""
    for seq in (1, 2, 3):
        recorder.record([], [(seq, reading(speed, float(seq), seq))])
    history.close()
    with closing(sqlite3.connect(data.paths.history)) as connection, connection:
        connection.execute(statement)

    with History.open(data.paths.history) as edited:
        report = verify_seals(edited, journal.entries())
    assert not report.ok
    assert 2 in [problem.index for problem in report.problems]


def test_samples_that_nothing_seals_are_reported(
    recorder: DurableRecorder, journal: Journal, history: History, speed: TagId, reading: MakeReading
) -> None:
    """Samples slipped in between sealed spans are found; those above the last seal are counted."""
    recorder.record([], [(1, reading(speed, 1.0, 1))])
    recorder.record([change(2)], [(3, reading(speed, 3.0, 3))])
    history.append([(2, reading(speed, 2.0, 2)), (9, reading(speed, 9.0, 9))])

    report = verify_seals(history, journal.entries())
    assert [(p.first_seq, p.last_seq, p.index) for p in report.problems] == [(2, 2, None)]
    assert (report.seals, report.samples, report.unsealed) == (2, 3, 1)


def test_a_chunk_of_seals_is_a_pass_of_its_own(
    recorder: DurableRecorder,
    journal: Journal,
    history: History,
    speed: TagId,
    reading: MakeReading,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Verification in small chunks finds the same as in one."""
    monkeypatch.setattr("kg.history.seals._CHUNK", 2)
    for seq in range(1, 8):
        recorder.record([], [(seq, reading(speed, float(seq), seq))])

    report = verify_seals(history, journal.entries())
    assert report.ok
    assert (report.seals, report.samples) == (7, 7)
    assert verify_seals(history, journal.of_kind(EntryKind.READINGS, after=3), after_seq=3).samples == 4


def test_journal_verifies_after_many_batches(
    recorder: DurableRecorder, data: DataDirectory, speed: TagId, reading: MakeReading
) -> None:
    """While the recorder is still open, anyone can verify the file."""
    for seq in range(1, 40):
        recorder.record([change(seq)], [(seq, reading(speed, float(seq), seq))])

    report = verify(data.paths.journal)
    assert report.ok
    assert report.entries == 78
