"""Follows confirmed writes to the horizon of their predictions, and then records what came of them.

A follower of the core beside the desks (`agents.runtime.Follower`): no step of any decision waits for it. The step
`effect` is of kind proposal like the agent's other steps, and the last on record of a decision that was committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from rdflib import Graph, URIRef

from agents.awaited import Awaited, Ledger
from agents.core import Core, Snapshot
from agents.layout import read_layouts
from agents.outturn import Counts, Places, compare, not_compared, read_outturn
from agents.pipeline import Stage
from agents.proposal import stage_quads
from agents.watch import plant_time
from kg.bindings import read_bindings
from kg.change import Change, Kind, Published, Role, Source
from kg.errors import TwinError
from kg.history import HistoryReader
from kg.names import GraphName
from kg.proof import Json

_LOG = logging.getLogger(__name__)
_LATE_US = 2_000_000
"""How long after the horizon, plant time, the counts are read: the last samples before it are durable by then."""
_AT_MOST_EVERY_S = 0.5


class Unmeasured(Protocol):
    """What an earlier run left without its comparison. May block."""

    def unmeasured(self) -> Sequence[Awaited]: ...


class Effects:
    """Effect against prediction, for all agents of the process."""

    def __init__(self, core: Core, counts: Counts, past: Unmeasured, now_us: Callable[[], int]) -> None:
        self._core, self._counts, self._past, self._now_us = core, counts, past, now_us
        self._ledger = Ledger()
        self._places = Places({}, {})
        self._plant_us = 0
        self._missed = False
        self._wake = asyncio.Event()

    def started(self, snapshot: Snapshot) -> None:
        """Begin, or go on after a gap."""
        model = Graph()
        for quad in snapshot.quads:
            if quad.g is GraphName.PLANT:
                model.add((quad.s, quad.p, quad.o))
        properties = {(b.equipment, b.predicate): b.prop for b in read_bindings(model)}
        layouts = read_layouts(snapshot.quads)
        ends = {machine: layout.end for layout in layouts for machine in layout.machines if layout.end is not None}
        self._places = Places(properties, ends)
        self._plant_us = max(self._plant_us, snapshot.plant_us)
        self._missed = True
        self._wake.set()

    def published(self, event: Published) -> None:
        """Take note of an agent's step, and of the time."""
        self._plant_us = max(self._plant_us, plant_time(event))
        if event.kind is Kind.PROPOSAL and event.admitted:
            self._ledger.take(event.detail, event.plant_us)
        if self._ledger.due(self._plant_us - _LATE_US):
            self._wake.set()

    async def work(self) -> None:
        """Compare what is due until cancelled. What could not be recorded is tried again."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.turn()
            await asyncio.sleep(_AT_MOST_EVERY_S)

    async def turn(self) -> None:
        """Compare everything that is due now."""
        if self._missed:
            self._missed = False
            for left in await asyncio.to_thread(self._past.unmeasured):
                self._ledger.add(left)
        for awaited in self._ledger.due(self._plant_us - _LATE_US):
            facts = await asyncio.to_thread(self._facts, awaited)
            if await self._record(awaited, facts):
                self._ledger.drop(awaited)

    def _facts(self, awaited: Awaited) -> dict[str, Json]:
        try:
            seen = read_outturn(awaited, self._places, self._counts)
        except TwinError as error:
            seen = f"the history could not be read ({error.message})"
        return not_compared(seen) if isinstance(seen, str) else compare(awaited, seen)

    async def _record(self, awaited: Awaited, facts: dict[str, Json]) -> bool:
        """False where the core was away, so that it is worth another try."""
        proposal, now = awaited.proposal, self._now_us()
        ok = facts.get("within_band") is not False
        change = Change(
            kind=Kind.PROPOSAL,
            source=Source(proposal.agent, Role.AGENT),
            adds=stage_quads(proposal, Stage.EFFECT, awaited.steps + 1, ok, now),
            cause=proposal.id,
            reason=proposal.sentence,
            at_us=now,
            plant_us=self._plant_us,
            detail={"decision": proposal.id, "stage": str(Stage.EFFECT), "ok": ok, "facts": facts},
        )
        try:
            verdict = await self._core.submit(change)
        except TwinError as error:
            _LOG.warning("the effect of %s is not on record yet: %s", proposal.id, error)
            return False
        if not verdict.admitted:
            told = "; ".join(reason.sentence for reason in verdict.reasons)
            _LOG.error("the effect of %s was refused: %s", proposal.id, told)
        return True


class HistoryCounts:
    """Counts out of the twin's own history file, read-only."""

    def __init__(self, reader: HistoryReader) -> None:
        self._reader = reader

    def increase(self, prop: URIRef, from_us: int, to_us: int) -> int | None:
        tag = self._reader.tag(str(prop))
        first = None if tag is None else self._reader.last_at(tag, from_us)
        if tag is None or first is None:
            return None
        values = [first.reading.value, *(s.reading.value for s in self._reader.range(tag, from_us + 1, to_us + 1))]
        numbers = [int(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        # a counter that falls was reset: all it shows is new
        return sum(b - a if b >= a else b for a, b in pairwise(numbers))

    def code_at(self, prop: URIRef, at_us: int) -> int | None:
        tag = self._reader.tag(str(prop))
        sample = None if tag is None else self._reader.last_at(tag, at_us)
        value = None if sample is None else sample.reading.value
        return int(value) if isinstance(value, int | float) else None

    def first(self, prop: URIRef, codes: frozenset[int], from_us: int, to_us: int) -> int | None:
        tag = self._reader.tag(str(prop))
        if tag is None:
            return None
        found = (s.reading for s in self._reader.range(tag, from_us, to_us + 1) if s.reading.value in codes)
        return next((reading.source_us for reading in found), None)
