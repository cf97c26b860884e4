"""After a crash the directory holds whole batches only, and the graphs are what the entries make them."""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing

import pytest

from kg.change import Reading
from kg.errors import JournalBroken
from kg.history import History, verify_seals
from kg.journal import Journal, verify
from kg.names import GraphName
from kg.record import EMPTY_HEAD, EntryKind, JournalEntry
from kg.recorder import DurableRecorder
from kg.recovery import recover, replay_quads
from kg.replay import packed_release
from kg.store import DataDirectory
from ontology import ISA95, TW

MakeReading = Callable[..., Reading]


def line(text: str, graph: GraphName) -> str:
    return f"{text} <{graph.iri}> ."


def release(seq: int, quads: Iterable[str], packed: bool = False) -> JournalEntry:
    body = packed_release("r1", quads) if packed else {"release": "r1", "quads": list(quads)}
    return JournalEntry(seq, EntryKind.RELEASE, 0, body=body)


def change(seq: int, adds: Iterable[str] = (), removes: Iterable[str] = ()) -> JournalEntry:
    return JournalEntry(seq, EntryKind.CHANGE, 0, body={"adds": list(adds), "removes": list(removes)})


def append(data: DataDirectory, *entries: JournalEntry) -> None:
    with Journal.open(data.paths.journal) as journal:
        journal.append(entries)


def test_new_directory_is_empty(data: DataDirectory) -> None:
    """Nothing was acknowledged, nothing is replayed."""
    recovered = recover(data)

    assert recovered.head == EMPTY_HEAD
    assert (recovered.last_seq, recovered.release, recovered.changes, recovered.readings) == (0, None, (), ())
    assert recovered.was_closed
    assert not any(replay_quads(recovered).values())


def test_samples_of_a_batch_cut_short_are_deleted_and_told(data: DataDirectory, reading: MakeReading) -> None:
    """A crash between the commits leaves samples without a seal: they go, and a RECOVERED entry tells it, once."""
    with History.open(data.paths.history) as history, Journal.open(data.paths.journal) as journal:
        tag = history.register("urn:p", "Double")
        DurableRecorder(journal, history).record([change(1)], [(2, reading(tag, 2.0, 2))])
        history.append([(3, reading(tag, 3.0, 3)), (4, reading(tag, 4.0, 4))])

    recovered, again = recover(data, at_us=77), recover(data)

    assert (recovered.last_seq, recovered.discarded, again.discarded) == (2, 2, 0)
    assert recovered.lasts[tag].seq == 2
    assert not recovered.was_closed
    with History.open(data.paths.history) as history, Journal.open(data.paths.journal) as journal:
        last = journal.last()
        assert last is not None
        assert last.entry == JournalEntry(
            2, EntryKind.RECOVERED, 77, body={"discarded": 2, "first_seq": 3, "last_seq": 4}
        )
        assert verify_seals(history, journal.entries()).unsealed == 0


def test_seqs_given_out_again_after_a_crash_do_not_meet_old_samples(data: DataDirectory, reading: MakeReading) -> None:
    """The next batch may use the seqs of the one that was lost."""
    with History.open(data.paths.history) as history:
        tag = history.register("urn:p", "Double")
        history.append([(1, reading(tag, 1.0, 1))])
    recover(data)
    with History.open(data.paths.history) as history, Journal.open(data.paths.journal) as journal:
        DurableRecorder(journal, history).record([], [(1, reading(tag, 7.0, 1))])

        assert verify_seals(history, journal.entries()).ok
        assert history.count() == 1


def test_more_than_one_batch_without_seals_is_no_crash(data: DataDirectory, reading: MakeReading) -> None:
    """A journal that does not belong to this history deletes nothing of it."""
    with History.open(data.paths.history) as history:
        tag = history.register("urn:p", "Double")
        history.append([(1, reading(tag, 1.0, 1))])
        history.append([(2, reading(tag, 2.0, 2))])

    with pytest.raises(JournalBroken, match="never sealed"):
        recover(data)

    with History.open(data.paths.history) as history:
        assert history.count() == 2


def test_cut_or_edited_journal_is_refused_and_left_alone(data: DataDirectory) -> None:
    """Recovery does not begin on a journal that is not what was written."""
    append(data, *(change(seq) for seq in range(1, 6)))
    with closing(sqlite3.connect(data.paths.journal)) as connection, connection:
        connection.execute("UPDATE entries SET body = '{}' WHERE idx = 3")
    before = data.paths.journal.read_bytes()

    with pytest.raises(JournalBroken, match="Record 3"):
        recover(data)

    assert data.paths.journal.read_bytes() == before


def test_lost_journal_with_its_head_left_is_refused(data: DataDirectory) -> None:
    """A journal that vanished is not begun anew."""
    append(data, change(1))
    data.paths.journal.unlink()

    with pytest.raises(JournalBroken):
        recover(data)


def test_lost_history_is_refused(data: DataDirectory, reading: MakeReading) -> None:
    """Seals without their samples are no state to begin from."""
    with History.open(data.paths.history) as history, Journal.open(data.paths.journal) as journal:
        tag = history.register("urn:p", "Double")
        DurableRecorder(journal, history).record([], [(1, reading(tag, 1.0, 1))])
    data.paths.history.unlink()

    with pytest.raises(JournalBroken, match="not in the history"):
        recover(data)


@pytest.mark.parametrize("packed", [False, True])
def test_quads_are_the_release_and_all_changes_since(data: DataDirectory, packed: bool) -> None:
    """Removals come first within a Change; the order of Changes counts."""
    a, b, c = (line(f"<urn:s> <urn:p> <urn:{name}>", GraphName.PLANT) for name in "abc")
    append(data, release(1, [a, b], packed), change(2, adds=[c], removes=[a]), change(3, adds=[a], removes=[a, c]))

    recovered = recover(data)

    assert recovered.release is not None
    assert recovered.release.index == 1
    assert [recorded.index for recorded in recovered.changes] == [2, 3]
    assert replay_quads(recovered)[GraphName.PLANT] == {a, b}


def test_what_no_release_holds_goes_on_across_releases(data: DataDirectory) -> None:
    """A frozen property stays frozen under a new release; the model is what the new release says."""
    frozen = line("<urn:p> <urn:frozen> <urn:true>", GraphName.DESIRED)
    gone = line("<urn:r> <urn:target> <urn:p>", GraphName.DESIRED)
    old, new = (line(f"<urn:s> <urn:p> <urn:{name}>", GraphName.PLANT) for name in ("old", "new"))
    edited = line("<urn:s> <urn:p> <urn:edited>", GraphName.PLANT)
    append(
        data, release(1, [old]), change(2, adds=[frozen, gone, edited]), release(3, [new]), change(4, removes=[gone])
    )

    recovered = recover(data)

    assert recovered.carried == {GraphName.DESIRED: {frozen, gone}}
    quads = replay_quads(recovered)
    assert quads[GraphName.DESIRED] == {frozen}
    assert quads[GraphName.PLANT] == {new}


def test_live_values_are_left_to_history(data: DataDirectory) -> None:
    """Of graph state, the values of bound properties are left out; other facts about the same nodes stay."""
    plant = [
        line(f"<urn:Filler.Speed> <{ISA95.isPropertyOf}> <urn:Filler>", GraphName.PLANT),
        line(f"<urn:Filler.Speed> <{TW.predicate}> <urn:speed>", GraphName.PLANT),
    ]
    value = line('<urn:Filler> <urn:speed> "4.0E2"^^<http://www.w3.org/2001/XMLSchema#double>', GraphName.STATE)
    stale = line('<urn:Filler.Speed> <urn:stale> "a text with spaces"', GraphName.STATE)
    append(data, release(1, plant), change(2, adds=[value, stale]))

    quads = replay_quads(recover(data))

    assert quads[GraphName.STATE] == {stale}
    assert quads[GraphName.PLANT] == set(plant)


def test_quads_of_random_changes_equal_a_plain_replay(data: DataDirectory) -> None:
    """Folding entries gives what applying them one by one gives."""
    rng = random.Random(11)
    pool = [line(f"<urn:s{n}> <urn:p> <urn:o>", g) for n in range(8) for g in (GraphName.KPI, GraphName.POLICY)]
    entries, expected = [], set[str]()
    for seq in range(1, 120):
        if rng.random() < 0.1:
            quads = {text for text in rng.sample(pool, 5) if GraphName.POLICY.iri in text}
            entries.append(release(seq, sorted(quads), packed=rng.random() < 0.5))
            expected = {text for text in expected if GraphName.POLICY.iri not in text} | quads
        else:
            adds, removes = rng.sample(pool, 3), rng.sample(pool, 3)
            entries.append(change(seq, adds, removes))
            expected = (expected - set(removes)) | set(adds)
    append(data, *entries)

    quads = replay_quads(recover(data))

    assert quads[GraphName.KPI] | quads[GraphName.POLICY] == expected


def test_readings_restore_state_in_order(data: DataDirectory, reading: MakeReading) -> None:
    """Where the newest sample carries no value, the newest that does comes before it."""
    with History.open(data.paths.history) as history, Journal.open(data.paths.journal) as journal:
        tags = history.register_all({"urn:a": "Double", "urn:b": "Double"})
        a, b = tags["urn:a"], tags["urn:b"]
        samples = [(1, reading(a, 1.0, 1)), (2, reading(a, None, 2)), (3, reading(b, 3.0, 9)), (4, reading(b, 4.0, 5))]
        DurableRecorder(journal, history).record([], samples)

    recovered = recover(data)

    assert [(sample.seq, sample.reading.tag) for sample in recovered.readings] == [(1, a), (2, a), (3, b)]
    assert {tag: sample.seq for tag, sample in recovered.lasts.items()} == {a: 2, b: 3}


def test_nan_readings_are_restored_once(data: DataDirectory, reading: MakeReading) -> None:
    """A tag that only ever sent NaN has one sample to stage."""
    with History.open(data.paths.history) as history, Journal.open(data.paths.journal) as journal:
        tag = history.register("urn:a", "Double")
        DurableRecorder(journal, history).record([], [(1, reading(tag, math.nan, 1))])

    assert len(recover(data).readings) == 1


def test_closed_in_good_order(data: DataDirectory) -> None:
    """A CLOSED entry at the end tells that nothing was cut short."""
    append(data, change(1), JournalEntry(1, EntryKind.CLOSED, 0))

    assert recover(data).was_closed


@pytest.mark.parametrize(
    "body",
    [
        {"adds": "no list"},
        {"adds": ["<urn:s> <urn:p> <urn:o> <urn:no-such-graph> ."]},
        {"removes": ["nonsense"]},
    ],
)
def test_entries_that_make_no_sense_are_named(data: DataDirectory, body: dict[str, object]) -> None:
    """A CHANGE whose body holds no quads is reported by its index."""
    append(data, JournalEntry(1, EntryKind.CHANGE, 0, body=body))  # type: ignore[arg-type]

    with pytest.raises(JournalBroken, match="1"):
        replay_quads(recover(data))


@pytest.mark.parametrize("body", [{}, {"quads_z": "&&&"}, {"quads_z": "AAAA"}])
def test_release_without_quads_is_named(data: DataDirectory, body: dict[str, object]) -> None:
    """A RELEASE that holds no quads is reported by its index."""
    append(data, JournalEntry(1, EntryKind.RELEASE, 0, body=body))  # type: ignore[arg-type]

    with pytest.raises(JournalBroken, match="1"):
        replay_quads(recover(data))


def test_verification_after_recovery(data: DataDirectory, reading: MakeReading) -> None:
    """The RECOVERED entry is part of the chain."""
    with History.open(data.paths.history) as history:
        history.append([(1, reading(history.register("urn:p", "Double"), 1.0, 1))])
    recovered = recover(data)

    report = verify(data.paths.journal)
    assert report.ok
    assert report.head == recovered.head
    assert report.entries == 1
