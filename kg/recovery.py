"""What a restart finds: the journal verified, the history cut back to what was sealed, and all that is to be replayed.

A crash between the two commits of a batch leaves samples that nothing seals. They are deleted, not sealed after the
fact: their batch was never published, nobody acted on it, the requests in the same batch are gone, and its sequence
numbers are given out again. So a batch is there whole or not at all. The controllers still hold the values, and the
link reads them anew. What is deleted is told by a RECOVERED entry, which is durable before anything is deleted.

At most the batch appended last can be without a seal. More than that means that a journal was put back that does not
belong to this history; then nothing is touched.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from kg.change import TagId
from kg.errors import JournalBroken
from kg.history import History, Sample, Seal, verify_seals
from kg.journal import Journal, head_path, verify
from kg.names import GraphName
from kg.proof import Json
from kg.record import EntryKind, Head, JournalEntry, Recorded
from kg.replay import Lines, Replay, without_live_values
from kg.store import DataDirectory


@dataclass(frozen=True, slots=True)
class Recovered:
    """The state of a data directory from which a Gate begins."""

    head: Head
    last_seq: int
    """The newest seq that was ever acknowledged; 0 for a new directory."""
    release: Recorded | None
    """The last RELEASE entry."""
    changes: tuple[Recorded, ...]
    """All CHANGE entries after the last RELEASE, in order."""
    carried: Mapping[GraphName, frozenset[str]]
    """What the entries up to the last RELEASE left in the graphs that a release does not hold, as N-Quads lines."""
    lasts: Mapping[TagId, Sample]
    """The newest sample by source time, of every tag."""
    readings: tuple[Sample, ...]
    """What is to be staged, in this order, so that `state` holds what it held: for each tag its newest sample, and
    where that carries no value, before it the newest that does."""
    discarded: int
    """Samples that were deleted because nothing sealed them."""
    was_closed: bool
    """True where the twin before closed its journal in good order, and for a new directory."""


def recover(data: DataDirectory, at_us: int | None = None) -> Recovered:
    """Bring a data directory into a state from which a Gate can begin, and say what it holds. Idempotent.

    `at_us` is wall time for the RECOVERED entry; by default the machine's clock. Cost: one pass over the journal,
    and one over the samples of the last seal. Raises JournalBroken where journal or history are not what was written.
    """
    paths = data.paths
    if paths.journal.exists() or head_path(paths.journal).exists():
        verify(paths.journal).require_ok()
    with Journal.open(paths.journal) as journal, History.open(paths.history) as history:
        last = journal.last()
        discarded = _discard_unsealed(journal, history, at_us)
        replay = Replay.of(journal.of_kind(EntryKind.RELEASE, EntryKind.CHANGE))
        lasts = history.lasts()
        return Recovered(
            head=journal.head(),
            last_seq=journal.last_seq,
            release=replay.release,
            changes=tuple(replay.changes),
            carried=replay.carried,
            lasts=lasts,
            readings=tuple(sorted({*lasts.values(), *history.last_values().values()}, key=_arrival)),
            discarded=discarded,
            was_closed=last is None or last.entry.kind is EntryKind.CLOSED,
        )


def replay_quads(recovered: Recovered) -> Lines:
    """The asserted quads with which a Gate begins, as N-Quads lines by graph.

    The last release and all Changes since, on top of what earlier entries left in the graphs that a release does not
    hold. Without the values of bound properties, which come from `lasts`. Raises JournalBroken.
    """
    replay = Replay(recovered.release, list(recovered.changes), dict(recovered.carried))
    return without_live_values(replay.quads())


def _arrival(sample: Sample) -> tuple[TagId, int, int]:
    return (sample.reading.tag, sample.reading.source_us, sample.seq)


def _discard_unsealed(journal: Journal, history: History, at_us: int | None) -> int:
    seal = journal.last(EntryKind.READINGS)
    sealed = 0 if seal is None else Seal.of(seal).last_seq
    if seal is not None and not verify_seals(history, [seal], after_seq=Seal.of(seal).first_seq - 1).ok:
        raise JournalBroken(f"The samples that record {seal.index} seals are not in the history.", index=seal.index)
    rows = history.rows_of_span(sealed + 1, 2**63 - 1)
    if not rows:
        return 0
    first, last = rows[0][2], rows[-1][2]
    batch = history.latest_batch()
    if batch is None or first < batch[0]:
        raise JournalBroken(
            f"The history holds samples of seq {first} to {last}, which this journal never sealed.",
            first=first,
            last=last,
        )
    body: dict[str, Json] = {"discarded": len(rows), "first_seq": first, "last_seq": last}
    moment = time.time_ns() // 1000 if at_us is None else at_us
    journal.append([JournalEntry(journal.last_seq, EntryKind.RECOVERED, moment, body=body)])
    history.discard_after(sealed)
    return len(rows)
