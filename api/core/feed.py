"""The stream of published Changes: in order, at least once, with a snapshot to begin from.

Each is written as JSON once, however many subscribers take it. A subscriber that is too slow is disconnected and starts
again from a snapshot; nobody makes the Gate wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from kg.change import Published, Quad
from kg.channel import Encoded, encoded
from kg.errors import ServiceDown
from kg.gate import Gate, Runner
from kg.names import WORKING
from kg.wire import published_to_json, quads_to_text

KEPT = 2048
"""Events that a subscriber may have missed and still resume without a snapshot."""
BEHIND = 8192
"""Events that may wait for one subscriber before it is disconnected."""


class _Told:
    """A published Change, and its JSON from when the first subscriber takes it until the last has."""

    __slots__ = ("_event", "_json")

    def __init__(self, event: Published) -> None:
        self._event = event
        self._json: Encoded | None = None

    def to_json(self) -> Mapping[str, Any]:
        if self._json is None:
            self._json = encoded(published_to_json(self._event))
        return {"event": self._json}


class Feed:
    """Subscriber of the Gate, publisher for the channel."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._recent: deque[Published] = deque(maxlen=KEPT)
        self._queues: set[asyncio.Queue[_Told | None]] = set()

    def published(self, event: Published) -> None:
        """Called by the Gate for each recorded Change."""
        self._recent.append(event)
        told = _Told(event)
        for queue in list(self._queues):
            if queue.qsize() >= BEHIND:
                self._queues.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(told)

    async def stream(self, from_seq: int | None) -> AsyncIterator[Mapping[str, Any]]:
        """A snapshot where needed, then every event after it. Raises ServiceDown when the reader is too slow."""
        queue: asyncio.Queue[_Told | None] = asyncio.Queue()
        async with self._runner.between_batches() as gate:
            missed = self._missed(from_seq, gate)
            self._queues.add(queue)
            snapshot = None if missed is not None else _snapshot(gate)
        try:
            if snapshot is not None:
                yield {"snapshot": snapshot}
            for event in missed or ():
                yield _Told(event).to_json()
            while (following := await queue.get()) is not None:
                yield following.to_json()
            raise ServiceDown("This subscriber was too slow; begin again from a snapshot.", part="core")
        finally:
            self._queues.discard(queue)

    def _missed(self, from_seq: int | None, gate: Gate) -> list[Published] | None:
        """The events after a seq, or None where a snapshot is needed."""
        if from_seq is None or from_seq > gate.seq:
            return None
        if from_seq == gate.seq:
            return []
        if not self._recent or self._recent[0].seq > from_seq + 1:
            return None
        return [event for event in self._recent if event.seq > from_seq]


def _snapshot(gate: Gate) -> dict[str, Any]:
    quads = quads_to_text(working_quads(gate))
    return {"seq": gate.seq, "release": gate.release.hash, "plant_us": gate.plant_us, "quads": quads}


def working_quads(gate: Gate) -> Iterable[Quad]:
    """Every quad of the working graph. Walks everything."""
    graph = gate.graph
    for triple in graph.triples():
        marks = graph.marks(*triple)
        s, p, o = (graph.term(node) for node in triple)
        for name in WORKING:
            if marks & name.bit:
                yield Quad(s, p, o, name)  # type: ignore[arg-type]  # predicates are IRIs
