"""Journal, history and recorder as a part of the durability workload. A step is one batch of the Gate."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from kg.change import Reading, TagId
from kg.history import History, verify_seals
from kg.journal import Journal, verify
from kg.names import GraphName
from kg.proof import Json
from kg.record import EntryKind, JournalEntry
from kg.recorder import DurableRecorder
from kg.recovery import recover, replay_quads
from kg.store import DataDirectory

_TAGS = {f"urn:prop:{number:02}": "Double" for number in range(40)}
_OURS = (EntryKind.CHANGE, EntryKind.REFUSAL)
_GRAPH = f"<{GraphName.KPI.iri}> ."


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step records."""

    entries: tuple[JournalEntry, ...]
    samples: tuple[tuple[int, Reading], ...]
    last_seq: int


class RecorderPart:
    """Records batch after batch; each is determined by seed and number."""

    def __init__(self, data: DataDirectory, seed: int) -> None:
        self._seed = seed
        recovered = recover(data)
        assert not recovered.discarded, "the workload begins after a recovery"
        self._done = _batches_up_to(seed, recovered.last_seq)
        self._journal = Journal.open(data.paths.journal)
        self._history = History.open(data.paths.history)
        self._history.register_all(_TAGS)
        self._recorder = DurableRecorder(self._journal, self._history)

    def step(self, number: int) -> None:
        if number > self._done:
            batch = _batch(self._seed, number)
            self._recorder.record(batch.entries, batch.samples)
            self._done = number

    def close(self) -> None:
        self._journal.close()
        self._history.close()

    @classmethod
    def check(cls, data: DataDirectory, seed: int, acknowledged: int) -> None:
        recovered = recover(data)
        found = _batches_up_to(seed, recovered.last_seq)
        assert found in (acknowledged, acknowledged + 1), f"{found} batches found, {acknowledged} acknowledged"
        assert replay_quads(recovered)[GraphName.KPI] == _quads(seed, found)
        part = cls(data, seed)
        part.require_batches(found)
        part.step(found + 1)
        part.require_batches(found + 1)
        part.close()
        report = verify(data.paths.journal)
        assert report.ok, report.problems

    def require_batches(self, count: int) -> None:
        """Journal and history hold exactly so many batches, the seals are right, and no seq is missing."""
        recorded = list(self._journal.entries())
        entries = [one.entry for one in recorded if one.entry.kind in _OURS]
        rows = self._history.rows_of_span(0, 2**62)
        seals = verify_seals(self._history, recorded)
        expected = [_batch(self._seed, number) for number in range(1, count + 1)]
        assert seals.ok, seals.problems
        assert seals.unsealed == 0
        assert entries == [entry for batch in expected for entry in batch.entries]
        assert len(rows) == sum(len(batch.samples) for batch in expected)
        told = {(row[2], row[0], row[3]): row[5] for row in rows}
        assert told == {key: value for batch in expected for key, value in _keyed(batch)}
        seqs = {entry.seq for entry in entries} | {row[2] for row in rows}
        assert seqs == set(range(1, expected[-1].last_seq + 1)) if expected else not seqs


def _keyed(batch: Batch) -> Iterator[tuple[tuple[int, int, int], object]]:
    nths: dict[tuple[int, int], int] = {}
    for seq, reading in batch.samples:
        nth = nths.get((seq, reading.tag), 0)
        nths[seq, reading.tag] = nth + 1
        yield (seq, reading.tag, nth), reading.value


@cache
def _batch(seed: int, number: int) -> Batch:
    rng = random.Random(f"{seed}/{number}")
    seq = 0 if number == 1 else _batch(seed, number - 1).last_seq
    entries: list[JournalEntry] = []
    samples: list[tuple[int, Reading]] = []
    for _ in range(rng.randint(1, 5)):
        seq += 1
        if rng.random() < 0.5:
            samples += [(seq, _reading(rng, seq)) for _ in range(rng.randint(1, 25))]
        else:
            entries.append(_entry(rng, seq))
    return Batch(tuple(entries), tuple(samples), seq)


def _reading(rng: random.Random, seq: int) -> Reading:
    moment = 1_700_000_000_000_000 + seq * 1000
    return Reading(TagId(rng.randint(1, len(_TAGS))), rng.random(), 0, moment + rng.randint(-9, 0), moment, moment, 0)


def _entry(rng: random.Random, seq: int) -> JournalEntry:
    adds, removes = ([f"<urn:s> <urn:p> <urn:o{rng.randrange(30)}> {_GRAPH}"] for _ in range(2))
    text = "x" * rng.choice((0, 10, 200, 9000))
    body: dict[str, Json] = {"adds": [*adds], "removes": [*removes], "text": text}
    return JournalEntry(seq, rng.choice(_OURS), seq * 1000, f"urn:decision:{seq % 7}", body)


def _batches_up_to(seed: int, last_seq: int) -> int:
    number = 0
    while _batch(seed, number + 1).last_seq <= last_seq:
        number += 1
    return number


def _quads(seed: int, batches: int) -> set[str]:
    quads: set[str] = set()
    for number in range(1, batches + 1):
        for entry in _batch(seed, number).entries:
            if entry.kind is EntryKind.CHANGE:
                quads -= set(entry.body["removes"])  # type: ignore[arg-type]
                quads |= set(entry.body["adds"])  # type: ignore[arg-type]
    return quads
