"""The replica's copy of the graph: an Oxigraph store that is replaced before its dead quads hurt.

Oxigraph never frees an overwritten quad and its in-memory indexes are linked lists, so a store in which live values
are overwritten slows down without end. The mirror therefore gathers what changes, writes only the net difference,
and after `swap_after` removed quads builds a fresh store from what holds and drops the old one. Queries keep the
store they began with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from pyoxigraph import BlankNode, Quad, RdfFormat, Store, parse, serialize

DEFAULT_SWAP_AFTER = 20_000
_REST_PER_WORK = 10.0
"""Seconds between two swaps per second that the last one took, so that large graphs are not rebuilt without pause."""


class Mirror:
    """What holds, as of `seq`. One thread gathers and flushes; any number read `store`."""

    def __init__(self, swap_after: int = DEFAULT_SWAP_AFTER, now_s: Callable[[], float] = time.monotonic) -> None:
        self.store = Store()
        self.seq = 0
        """The last Change that queries see."""
        self.generation = 0
        self.gathered_seq = 0
        """The last Change that has been gathered."""
        self.dead = 0
        """Quads removed from this generation's store."""
        self._swap_after = swap_after
        self._now_s = now_s
        self._pending: dict[Quad, bool] = {}
        self._not_before = 0.0

    def load(self, nquads: str, seq: int, recorded: Iterable[str] = ()) -> None:
        """Start again from a snapshot; `recorded` are further quads as N-Quads texts."""
        fresh = Store()
        fresh.bulk_extend(_parse(nquads))
        for text in recorded:
            fresh.extend(_parse(text))
        self._pending.clear()
        self._take(fresh)
        self.seq = self.gathered_seq = seq

    def gather(self, seq: int, added: str, removed: str) -> None:
        """Note a Change (N-Quads texts); queries see it after the next flush. A seq that was seen is dropped."""
        if seq <= self.gathered_seq:
            return
        for quad in _parse(removed):
            self._pending[quad] = False
        for quad in _parse(added):
            self._pending[quad] = True
        self.gathered_seq = seq

    def take_pending(self) -> tuple[dict[Quad, bool], int]:
        """What has been gathered since the last call, and the seq it reaches; for `write` on another thread."""
        pending, self._pending = self._pending, {}
        return pending, self.gathered_seq

    def write(self, pending: dict[Quad, bool], seq: int) -> None:
        """Make gathered changes visible, all at once, and swap the store if it is due. Blocks."""
        store = self.store
        removes = [quad for quad, holds in pending.items() if not holds and quad in store]
        adds = [quad for quad, holds in pending.items() if holds and quad not in store]
        _apply(store, adds, removes)
        self.dead += len(removes)
        self.seq = seq
        if self.dead >= self._swap_after and self._now_s() >= self._not_before:
            self.swap()

    def flush(self) -> None:
        """`take_pending` and `write` in one, for callers with one thread."""
        self.write(*self.take_pending())

    def swap(self) -> None:
        """Build a fresh store from what holds and drop the old one. Cost: about 4 us a quad that holds."""
        began = self._now_s()
        fresh = Store()
        fresh.bulk_extend(self.store)
        self._take(fresh)
        now = self._now_s()
        self._not_before = now + _REST_PER_WORK * (now - began)

    def _take(self, fresh: Store) -> None:
        self.store = fresh
        self.dead = 0
        self.generation += 1


def _apply(store: Store, adds: list[Quad], removes: list[Quad]) -> None:
    """One transaction for everything that SPARQL can name, so that no query sees a value gone and not yet back."""
    blank_adds = [quad for quad in adds if _has_blank(quad)]
    named_removes = [quad for quad in removes if not _has_blank(quad)]
    named_adds = [quad for quad in adds if not _has_blank(quad)]
    if blank_adds:
        store.extend(blank_adds)
    steps = []
    if named_removes:
        steps.append("DELETE DATA {" + _blocks(named_removes) + "}")
    if named_adds:
        steps.append("INSERT DATA {" + _blocks(named_adds) + "}")
    if steps:
        store.update(" ;\n".join(steps))
    for quad in removes:
        if _has_blank(quad):
            store.remove(quad)


def _blocks(quads: list[Quad]) -> str:
    by_graph: dict[str, list[Quad]] = {}
    for quad in quads:
        by_graph.setdefault(str(quad.graph_name), []).append(quad)
    blocks = []
    for graph, members in by_graph.items():
        lines = serialize((quad.triple for quad in members), format=RdfFormat.N_TRIPLES) or b""
        blocks.append(f"GRAPH {graph} {{\n{lines.decode()}}}")
    return "\n".join(blocks)


def _has_blank(quad: Quad) -> bool:
    return isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)


def _parse(nquads: str) -> Iterable[Quad]:
    return parse(nquads, format=RdfFormat.N_QUADS) if nquads else ()
