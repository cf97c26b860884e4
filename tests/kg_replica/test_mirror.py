"""The replica's copy of the graph."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Store

from kg.replica.mirror import Mirror

G = "<https://w3id.org/twinwright/graph/state>"


def line(s: int, o: int) -> str:
    return f'<urn:s{s}> <urn:p> "{o}" {G} .\n'


def lines(store: Store) -> set[str]:
    return {text + "\n" for text in (store.dump(format=RdfFormat.N_QUADS) or b"").decode().splitlines()}


def test_snapshot_and_decisions() -> None:
    """A snapshot replaces everything, decisions from the journal included."""
    mirror = Mirror()
    mirror.load(line(9, 9), 1)

    mirror.load(line(1, 1), 5, [line(2, 2), line(3, 3)])

    assert lines(mirror.store) == {line(1, 1), line(2, 2), line(3, 3)}
    assert mirror.seq == 5


def test_only_the_net_change_is_written() -> None:
    """A value that was overwritten many times between two flushes leaves one dead quad, not many."""
    mirror = Mirror()
    mirror.load(line(1, 0), 0)
    for i in range(100):
        mirror.gather(i + 1, line(1, i + 1), line(1, i))

    before = lines(mirror.store)
    mirror.flush()

    assert before == {line(1, 0)}
    assert lines(mirror.store) == {line(1, 100)}
    assert (mirror.dead, mirror.seq) == (1, 100)


def test_events_seen_before_are_dropped() -> None:
    """At-least-once delivery does no harm."""
    mirror = Mirror()
    mirror.load(line(1, 1), 7)

    mirror.gather(7, line(2, 2), line(1, 1))
    mirror.flush()

    assert lines(mirror.store) == {line(1, 1)}


def test_generations_swap_by_dead_quads() -> None:
    """After so many overwrites a fresh store takes over; a query that runs keeps the one it began with."""
    mirror = Mirror(swap_after=10, now_s=lambda: 0.0)
    mirror.load(line(1, 0), 0)
    first = mirror.store
    for i in range(10):
        mirror.gather(i + 1, line(1, i + 1), line(1, i))
        mirror.flush()

    assert mirror.generation == 2
    assert mirror.store is not first
    assert mirror.dead == 0
    assert lines(mirror.store) == {line(1, 10)}


def test_large_graphs_are_not_rebuilt_without_pause() -> None:
    """The time between two swaps is a multiple of what the last one took."""
    seconds = itertools.count()
    mirror = Mirror(swap_after=1, now_s=lambda: float(next(seconds)))
    mirror.load(line(1, 0), 0)
    generations = []

    for i in range(11):
        mirror.gather(i + 1, line(1, i + 1), line(1, i))
        mirror.flush()
        generations.append(mirror.generation)

    assert generations == [2] * 10 + [3]


def test_blank_nodes_and_odd_strings_survive() -> None:
    """Quads that SPARQL's INSERT DATA cannot name, and strings that look like syntax, are carried over."""
    odd = f'<urn:s> <urn:p> "a\\"}} ; DROP ALL # \\\\ \\n"@en {G} .\n'
    blank = f"_:b <urn:p> <urn:o> {G} .\n"
    mirror = Mirror()
    mirror.load("", 0)

    mirror.gather(1, odd + blank, "")
    mirror.flush()
    mirror.swap()
    kept = lines(mirror.store)
    mirror.gather(2, "", odd + blank)
    mirror.flush()

    assert kept == {odd, blank}
    assert lines(mirror.store) == set()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=4)), max_size=25
    ),
    st.integers(1, 5),
    st.integers(1, 4),
)
def test_equals_the_plain_set(
    steps: list[tuple[bool, set[tuple[int, int]]]], swap_after: int, flush_every: int
) -> None:
    """However changes are gathered, flushed and swapped, the store holds what a plain set would hold."""
    mirror = Mirror(swap_after, now_s=lambda: 0.0)
    mirror.load("", 0)
    held: set[str] = set()

    for seq, (adds, pairs) in enumerate(steps, 1):
        texts = {line(*pair) for pair in pairs}
        held = held | texts if adds else held - texts
        joined = "".join(sorted(texts))
        mirror.gather(seq, joined if adds else "", "" if adds else joined)
        if seq % flush_every == 0:
            mirror.flush()
    mirror.flush()

    assert lines(mirror.store) == held
    assert mirror.seq == len(steps)
