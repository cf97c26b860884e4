"""Readings that change nothing but their value, taken without asking the stages again.

For each live value a safe band is kept: the open interval in which, all else being equal, no rule, shape or condition
gives another result (`kg.bands`). It is computed from the graph when the value is first looked at, and forgotten with
any change to what it was computed from. A reading is taken here only if it is of good standing as the graph has it
(same status, plausible, not stale) and its value stays in its band; everything else goes through the stages. A band
says nothing about a violation that is open: while one is, there is none.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from kg.bands import Banded, Narrow, Watch
from kg.change import Findings, Reading
from kg.gate.tags import Slot, Tags
from kg.graph import Triple, WorkingGraph
from kg.names import GraphName
from kg.terms import Node, Term

_log = logging.getLogger(__name__)
_STATE: Final = GraphName.STATE
_WHOLE: Final = 2**24
"""Integers up to here keep their value in every numeric type, so that bands of doubles hold for them."""


_Step: TypeAlias = tuple[Slot, int, int, Node, Node]
"""A tag, its newest source and receiving times before, its value before and after; for undoing what one reading did."""


@dataclass(slots=True, eq=False)
class _Lane:
    """The bands of one predicate, by subject."""

    narrows: tuple[Narrow, ...]
    is_read: bool = False
    """Whether bands of other predicates are computed from its values."""
    lows: dict[Node, float] = field(default_factory=dict)
    highs: dict[Node, float] = field(default_factory=dict)
    """Two dicts of numbers, which the collector has nothing to do with, instead of one of pairs."""

    def forget(self, s: Node) -> None:
        self.lows.pop(s, None)

    def forget_all(self) -> None:
        self.lows.clear()
        self.highs.clear()


_Lanes: TypeAlias = dict[Node, list[_Lane]]


class Bands:
    """The bands of a Gate. `stages` gives rules, shapes and conditions as they are now."""

    def __init__(self, graph: WorkingGraph, tags: Tags, stages: Callable[[], Iterable[object]]) -> None:
        self._graph = graph
        self._tags = tags
        self._stages = stages
        self._lanes: dict[Node, _Lane | None] = {}
        self._near: _Lanes = {}
        self._far: _Lanes = {}
        self._shapes: dict[Term, list[_Lane]] = {}
        self.looked = 0
        """Readings looked at and bands computed, for counting work instead of timing it."""

    def clear(self) -> None:
        """Forget everything: the stages, or what they hold, are no longer what they were."""
        self._lanes.clear()
        self._near.clear()
        self._far.clear()
        self._shapes.clear()

    def follow(self, changes: Iterable[tuple[Triple, int, int]], findings: Findings) -> None:
        """Forget what a Change that went through the stages has made doubtful."""
        lanes, near, far = self._lanes, self._near, self._far
        if not lanes:
            return
        for (s, p, _), _, _ in changes:
            own = lanes.get(p)
            if own is not None:
                own.forget(s)
            if p in near:
                for lane in near[p]:
                    lane.forget(s)
            if p in far:
                for lane in far[p]:
                    lane.forget_all()
        for finding in (*findings.introduced, *findings.worsened, *findings.remaining):
            focus = self._graph.terms.node(finding.focus)
            for some in lanes.values():
                if some is not None:
                    some.forget(focus)
            for lane in self._shapes.get(finding.shape, ()):
                lane.forget_all()

    def take(self, readings: Sequence[Reading]) -> Taken | None:
        """Write the values that stay in their bands into the graph; None, and nothing done, where none does.

        The others are left for the stages. They are judged on a graph in which the first have moved already, which is
        the same: nothing follows from those, neither before the others nor after them. Where two readings may be of
        one value their order counts, and either all are taken or none.
        """
        steps: list[_Step] = []
        is_done = False
        try:
            left = [reading for reading in readings if not self._takes(reading, steps)]
            is_done = not left or (bool(steps) and self._are_apart(readings))
        finally:
            if not is_done:
                self._undo(steps)
        return Taken(self, steps, tuple(left)) if is_done else None

    def _are_apart(self, readings: Sequence[Reading]) -> bool:
        """Whether each reading is of a known tag and of a value of its own."""
        slots = [self._tags.of(reading.tag) for reading in readings]
        return len({(slot.equipment, slot.predicate) for slot in slots if slot is not None}) == len(readings)

    def _takes(self, reading: Reading, steps: list[_Step]) -> bool:
        self.looked += 1
        slot = self._tags.of(reading.tag)
        if slot is None:
            return False
        newest, received = slot.newest_us, slot.received_us
        if reading.source_us < newest:
            return True  # late: history keeps it
        value = self._tags.steady(slot, reading, self._graph)
        old = None if value is None else self._graph.only(slot.equipment, slot.predicate, _STATE)
        if value is None or old is None:
            return False
        if old != value and not self._moves(slot.equipment, slot.predicate, old, value):
            return False
        slot.newest_us = reading.source_us
        if reading.received_us > received:
            slot.received_us = reading.received_us
        steps.append((slot, newest, received, old, value))
        return True

    def _moves(self, s: Node, p: Node, old: Node, new: Node) -> bool:
        """True if the new value took the place of the old one, which it may inside its band."""
        lane = self._lane(p)
        if lane is None:
            return False
        if s not in lane.lows and not self._is_looked_up(lane, s, p, old):
            return False
        number = new if new.__class__ is float else self._number(new)
        if number is None or not lane.lows[s] < number < lane.highs[s]:
            return False
        if (old.__class__ is float) is not (new.__class__ is float):
            return False
        self._graph.exchange(s, p, old, new)
        if lane.is_read:
            self._moved(s, p)
        return True

    def _undo(self, steps: list[_Step]) -> None:
        while steps:
            slot, newest, received, old, new = steps.pop()
            slot.newest_us, slot.received_us = newest, received
            if old != new:
                self._graph.exchange(slot.equipment, slot.predicate, new, old)
                self._moved(slot.equipment, slot.predicate)

    def _moved(self, s: Node, p: Node) -> None:
        for lane in self._near.get(p, ()):
            lane.forget(s)
        for lane in self._far.get(p, ()):
            lane.forget_all()

    # bands

    def _is_looked_up(self, lane: _Lane, s: Node, p: Node, held: Node) -> bool:
        try:
            return self._looked_up(lane, s, held)
        except Exception:  # noqa: BLE001  the stages decide what a band can't
            self._give_up(p)
            return False

    def _give_up(self, p: Node) -> None:
        """From here on no bands for a predicate: what broke once would break with every reading."""
        _log.exception("no bands for %s any more", self._graph.term(p))
        self._lanes[p] = None

    def _looked_up(self, lane: _Lane, s: Node, held: Node) -> bool:
        """True if there is a band around the value held; it is computed and kept."""
        self.looked += 1
        number = held if held.__class__ is float else self._number(held)
        if number is None:
            return False
        low, high = -math.inf, math.inf
        for narrow in lane.narrows:
            band = narrow(s, number, low, high)
            if band is None:
                return False
            low, high = band
        lane.lows[s], lane.highs[s] = low, high
        return True

    def _number(self, node: Node) -> float | None:
        if isinstance(node, float):
            return node
        number = self._graph.terms.number(node) if node & 3 == 3 else None
        return float(number) if number is not None and -_WHOLE < number < _WHOLE else None

    def _lane(self, p: Node) -> _Lane | None:
        try:
            return self._lanes[p]
        except KeyError:
            try:
                found = self._lanes[p] = self._made(p)
            except Exception:  # noqa: BLE001  as above
                self._give_up(p)
                return None
            return found

    def _made(self, p: Node) -> _Lane | None:
        watches: list[Watch] = []
        for stage in self._stages():
            watch = stage.watch(p) if isinstance(stage, Banded) else None
            if watch is None:
                return None
            watches.append(watch)
        lane = _Lane(tuple(watch.narrow for watch in watches if watch.narrow is not None))
        for watch in watches:
            for key, lanes in ((watch.near, self._near), (watch.far, self._far)):
                for q in key:
                    lanes.setdefault(q, []).append(lane)
                    self._read(q)
            for shape in watch.shapes:
                self._shapes.setdefault(shape, []).append(lane)
        lane.is_read = p in self._near or p in self._far
        return lane

    def _read(self, q: Node) -> None:
        lane = self._lanes.get(q)
        if lane is not None:
            lane.is_read = True


class Taken:
    """Readings that were taken, and what that did to the graph."""

    __slots__ = ("_bands", "_steps", "left")

    def __init__(self, bands: Bands, steps: list[_Step], left: tuple[Reading, ...]) -> None:
        self._bands = bands
        self._steps = steps
        self.left = left
        """Readings that the stages must judge."""

    def put_back(self) -> None:
        """Undo everything, as if nothing had been taken."""
        self._bands._undo(self._steps)

    def undo(self) -> None:
        """Give back the values that were there; tags stay as they are, as with every Change that is taken back."""
        for slot, _, _, old, new in reversed(self._steps):
            if old != new:
                self._bands._graph.exchange(slot.equipment, slot.predicate, new, old)
        self._bands.clear()

    def net(self) -> list[tuple[Triple, int, int]]:
        """The triples that came or went, as a transaction's `changes` would tell them."""
        before: dict[Triple, bool] = {}
        now: dict[tuple[Node, Node], Node] = {}
        for slot, _, _, old, new in self._steps:
            if old != new:
                s, p = slot.equipment, slot.predicate
                before.setdefault(Triple(s, p, old), True)
                before.setdefault(Triple(s, p, new), False)
                now[s, p] = new
        bit = _STATE.bit
        return [
            (triple, bit * was, bit * (not was))
            for triple, was in before.items()
            if was is (now[triple.s, triple.p] != triple.o)
        ]
