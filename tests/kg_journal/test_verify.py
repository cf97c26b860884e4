"""Every kind of edit to a journal is found and located."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kg.errors import JournalBroken
from kg.journal import Damage, Journal, head_path, verify
from kg.journal.canonical import canonical
from kg.journal.chain import entry_hash
from kg.record import EntryKind, Head, JournalEntry

Edit = Callable[..., None]


def found(path: Path) -> list[tuple[int, Damage]]:
    return [(problem.index, problem.damage) for problem in verify(path).problems]


def rehash(path: Path, first: int) -> None:
    """Hash the chain anew from an index on, as an intruder would who knows how."""
    with closing(sqlite3.connect(path)) as connection, connection:
        (previous,) = connection.execute("SELECT hash FROM entries WHERE idx = ?", (first - 1,)).fetchone()
        rows = connection.execute("SELECT idx, seq, kind, at_us, subject, body FROM entries WHERE idx >= ?", (first,))
        for idx, seq, kind, at_us, subject, body in rows.fetchall():
            previous = entry_hash(previous, idx, JournalEntry(seq, EntryKind(kind), at_us, subject), body)
            connection.execute("UPDATE entries SET hash = ? WHERE idx = ?", (previous, idx))


def test_an_untouched_journal_verifies(path: Path) -> None:
    """Without edits there is nothing to report, and the head is the one on file."""
    report = verify(path)

    assert report.ok
    assert report.entries == report.head.index == 10
    assert report.anchor == report.head


@pytest.mark.parametrize(
    "assignment",
    [
        "body = '{}'",
        "body = body || ' '",
        "body = replace(body, 'urn:o', 'urn:x')",
        "seq = seq + 1",
        "at_us = at_us - 1",
        "kind = 'refusal'",
        "kind = 'no such kind'",
        "subject = NULL",
        "subject = 'urn:decision:other'",
        "hash = zeroblob(32)",
        "hash = x''",
        "body = 'no json at all'",
        "body = x'ff00'",
    ],
)
@pytest.mark.parametrize("index", [1, 5, 10])
def test_a_changed_field_is_located(path: Path, edit: Edit, assignment: str, index: int) -> None:
    """Whatever field of a record is changed, exactly that record is named."""
    edit(f"UPDATE entries SET {assignment} WHERE idx = ?", index)

    assert found(path) == [(index, Damage.ALTERED)]


def test_two_changed_records_are_both_named(path: Path, edit: Edit) -> None:
    """A body changed here and a hash changed there are two findings."""
    edit("UPDATE entries SET body = '{}' WHERE idx = 3")
    edit("UPDATE entries SET hash = zeroblob(32) WHERE idx = 7")

    assert found(path) == [(3, Damage.ALTERED), (7, Damage.ALTERED)]


def test_a_run_of_changed_records_is_named(path: Path, edit: Edit) -> None:
    """Neighbours that were changed are each named."""
    edit("UPDATE entries SET body = '{}' WHERE idx BETWEEN 3 AND 6")

    assert [index for index, _ in found(path)] == [3, 4, 5, 6]


def test_a_dropped_record_is_named(path: Path, edit: Edit) -> None:
    """A hole in the indices is a missing record."""
    edit("DELETE FROM entries WHERE idx = 4")

    assert found(path) == [(4, Damage.MISSING)]


def test_a_dropped_record_is_located_although_the_rest_was_renumbered(path: Path, edit: Edit) -> None:
    """Moving up what follows does not hide it: from there on nothing is what was written, and the end is missing."""
    edit("DELETE FROM entries WHERE idx = 4")
    edit("UPDATE entries SET idx = -idx WHERE idx > 4")
    edit("UPDATE entries SET idx = -idx - 1 WHERE idx < 0")

    problems = found(path)
    assert problems[0] == (4, Damage.ALTERED)
    assert problems[-1] == (10, Damage.CUT)


def test_the_first_record_dropped_is_named(path: Path, edit: Edit) -> None:
    """The chain begins with record 1."""
    edit("DELETE FROM entries WHERE idx = 1")

    assert found(path) == [(1, Damage.MISSING)]


def test_swapped_records_are_named(path: Path, edit: Edit) -> None:
    """Two records that changed places are both named."""
    edit("UPDATE entries SET idx = -1 WHERE idx = 6")
    edit("UPDATE entries SET idx = 6 WHERE idx = 7")
    edit("UPDATE entries SET idx = 7 WHERE idx = -1")

    assert [index for index, _ in found(path)][:2] == [6, 7]


def test_an_inserted_record_is_located(path: Path, edit: Edit) -> None:
    """Making room for a record in the middle is seen where it stands."""
    edit("UPDATE entries SET idx = -idx WHERE idx >= 5")
    edit("UPDATE entries SET idx = -idx + 1 WHERE idx < 0")
    edit("INSERT INTO entries SELECT 5, seq, kind, at_us, subject, '{}', hash FROM entries WHERE idx = 4")

    assert found(path)[0] == (5, Damage.ALTERED)


def test_a_record_before_the_first_is_named(path: Path, edit: Edit) -> None:
    """Records below index 1 belong to no chain."""
    edit("INSERT INTO entries SELECT 0, 0, kind, at_us, subject, '{}', hash FROM entries WHERE idx = 1")

    assert found(path) == [(0, Damage.ALTERED)]


@pytest.mark.parametrize("kept", [0, 1, 9])
def test_a_cut_tail_is_located(path: Path, edit: Edit, kept: int) -> None:
    """The head file tells that there was more."""
    edit("DELETE FROM entries WHERE idx > ?", kept)

    assert found(path) == [(kept + 1, Damage.CUT)]


def test_a_chain_hashed_anew_does_not_lead_to_the_head(path: Path, edit: Edit) -> None:
    """Somebody who recomputes all hashes fails at the head."""
    edit("UPDATE entries SET body = '{}' WHERE idx = 3")
    rehash(path, 3)

    assert found(path) == [(10, Damage.REWRITTEN)]


def test_a_head_kept_elsewhere_unmasks_who_rewrote_the_head_file_too(path: Path, edit: Edit) -> None:
    """With a head from another place even a consistent forgery is found."""
    honest = verify(path).head
    edit("UPDATE entries SET body = '{}' WHERE idx = 3")
    rehash(path, 3)
    head_path(path).unlink()

    assert verify(path).ok
    assert [p.damage for p in verify(path, expected=honest).problems] == [Damage.REWRITTEN]


def test_without_any_head_the_report_says_so(path: Path, edit: Edit) -> None:
    """A cut that nothing could show is at least not called anchored."""
    edit("DELETE FROM entries WHERE idx > 8")
    head_path(path).unlink()

    assert verify(path).anchor is None


def test_a_damaged_file_is_reported(path: Path) -> None:
    """Pages overwritten with zeros are reported wherever they lie, also those that only hold an index."""
    whole = path.read_bytes()
    for start in range(4096, len(whole), 4096):
        path.write_bytes(whole[:start] + bytes(4096) + whole[start + 4096 :])

        assert Damage.UNREADABLE in [damage for _, damage in found(path)]


def test_unreadable_text_is_located(path: Path, edit: Edit) -> None:
    """A body whose bytes are no text is named by its index."""
    edit("UPDATE entries SET body = CAST(x'ff22' AS TEXT) WHERE idx = 6")

    assert found(path) == [(6, Damage.UNREADABLE)]


def test_no_journal_at_all_is_broken(tmp_path: Path) -> None:
    """A journal that is not there is not an empty journal."""
    with pytest.raises(JournalBroken):
        verify(tmp_path / "journal.sqlite")


def test_damaged_head_file_is_broken(path: Path) -> None:
    """A head file that is no head is reported as such."""
    head_path(path).write_text("{}")

    with pytest.raises(JournalBroken):
        verify(path)


def test_a_cut_journal_is_not_opened_for_writing(path: Path, edit: Edit) -> None:
    """Appending to a cut journal would hide the cut; so opening it fails and the head file stays."""
    edit("DELETE FROM entries WHERE idx > 6")
    before = head_path(path).read_bytes()

    with pytest.raises(JournalBroken):
        Journal.open(path)

    assert head_path(path).read_bytes() == before


def test_require_ok_names_the_first_problem(path: Path, edit: Edit) -> None:
    """As an error, the report tells where to look."""
    edit("DELETE FROM entries WHERE idx = 4")

    with pytest.raises(JournalBroken, match="Record 4 is missing") as caught:
        verify(path).require_ok()

    assert caught.value.facts["index"] == 4


def test_random_bytes_changed_in_bodies_are_located(path: Path, entries: list[JournalEntry], edit: Edit) -> None:
    """One character changed anywhere in a body is found in its record."""
    rng = random.Random(4)
    for _ in range(20):
        index = rng.randint(1, 10)
        text = canonical(entries[index - 1].body)
        place = rng.randrange(len(text))
        forged = text[:place] + ("#" if text[place] != "#" else "+") + text[place + 1 :]
        edit("UPDATE entries SET body = ? WHERE idx = ?", forged, index)

        assert found(path) == [(index, Damage.ALTERED)]
        edit("UPDATE entries SET body = ? WHERE idx = ?", text, index)


def test_the_hash_is_the_documented_one(path: Path) -> None:
    """A stranger can compute the first hash from the documentation alone."""
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT at_us, body, idx, kind, seq, subject, hash FROM entries LIMIT 1").fetchone()
    at_us, body, index, kind, seq, subject, stored = row
    text = f'{{"at_us":{at_us},"body":{body},"index":{index},"kind":"{kind}","seq":{seq},"subject":"{subject}"}}'

    assert hashlib.sha256(bytes(32) + text.encode()).digest() == stored


def test_expected_head_of_a_journal_that_was_longer(path: Path) -> None:
    """A head kept elsewhere that lies beyond the end is a cut."""
    report = verify(path, expected=Head(12, bytes(32)))

    assert [(p.index, p.damage) for p in report.problems] == [(11, Damage.CUT)]
