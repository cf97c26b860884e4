"""What becomes true by the passing of time, as Changes. Nothing else in the twin asks what time it is to decide.

Silence and deadlines are measured on the wall clock: how long nothing has arrived, when a cool-down or a stop ends.
`due` is a pure function of the time given and of what was scheduled, so replays and tests feed any time they like.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from rdflib import Literal, URIRef

from kg.change import Change, Kind, Quad, Role, Source
from kg.gate.tags import Tags
from kg.names import GraphName
from ontology import TW

CLOCK = Source(URIRef("urn:twinwright:clock"), Role.CLOCK)
_TRUE = Literal(True)


class Clock:
    """The one source of time: silences of tags, and deadlines at which quads end."""

    def __init__(self, tags: Tags) -> None:
        self._watched = [(slot, round(slot.binding.max_age_s * 1e6)) for slot in tags if slot.binding.max_age_s]
        self._stale: set[URIRef] = set()
        self._deadlines: list[tuple[int, int, Quad]] = []
        self._ends: dict[Quad, int] = {}
        self._count = 0

    def end_at(self, due_us: int, quad: Quad) -> None:
        """Have the quad removed when the wall clock reaches `due_us`, and not at the time given for it before."""
        self._count += 1
        self._ends[quad] = due_us
        heapq.heappush(self._deadlines, (due_us, self._count, quad))

    def keep(self, quad: Quad) -> None:
        """Forget when the quad was to end: it has no term any more, or is gone."""
        self._ends.pop(quad, None)

    def cool_down(self, prop: URIRef, until_us: int) -> Change:
        """The Change that opens a cool-down on a property; its end is scheduled."""
        quad = Quad(prop, TW.coolingDown, _TRUE, GraphName.DESIRED)
        self.end_at(until_us, quad)
        return Change(Kind.CLOCK, CLOCK, adds=(quad,))

    def due(self, now_us: int) -> Change | None:
        """Everything that has become true since the last call, in one Change; None where nothing has."""
        removes = tuple(self._ended(now_us))
        adds = tuple(self._silent(now_us))
        return Change(Kind.CLOCK, CLOCK, adds=adds, removes=removes, at_us=now_us) if adds or removes else None

    def _ended(self, now_us: int) -> Iterable[Quad]:
        while self._deadlines and self._deadlines[0][0] <= now_us:
            due_us, _, quad = heapq.heappop(self._deadlines)
            if self._ends.get(quad) == due_us:
                del self._ends[quad]
                yield quad

    def _silent(self, now_us: int) -> Iterable[Quad]:
        for slot, limit_us in self._watched:
            prop = slot.binding.prop
            if slot.received_us and now_us - slot.received_us <= limit_us:
                self._stale.discard(prop)
            elif prop not in self._stale:
                self._stale.add(prop)
                yield Quad(prop, TW.stale, _TRUE, GraphName.STATE)
