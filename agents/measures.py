"""Reports features and KPIs to the core: only what has changed, in one Change, and not too often.

What agents' conditions stand on is reported as soon as it changes; indicators and losses every twenty plant seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from rdflib import RDF, Literal, URIRef

from agents.core import Channel, Core, Snapshot
from agents.features import Facts, Features, difference
from agents.layout import read_layouts
from agents.watch import plant_time
from kg.change import Change, Kind, Published, Quad, Role, Source
from kg.errors import TwinError
from kg.names import GraphName
from ontology import PACK, TW

_LOG = logging.getLogger(__name__)
_SOURCE = Source(URIRef("urn:twinwright:measures"), Role.MEASURE)
_INDICATORS_EVERY_US = 20_000_000
_AT_MOST_EVERY_S = 0.25
_LIVE = frozenset({GraphName.STATE, GraphName.INFERRED})
_READ = frozenset(
    {
        *(PACK.stateCurrent, PACK.stopReason, PACK.prodProcessedCount, PACK.prodDefectiveCount),
        *(TW.plannedBusy, TW.skuRatedSpeed, TW.fillWeightInControl),
    }
)


class Measures:
    """A follower of the core (`agents.runtime.Follower`) that computes and reports."""

    def __init__(self, channel: Channel, now_us: Callable[[], int]) -> None:
        self._core = Core(channel)
        self._now_us = now_us
        self._features: list[Features] = []
        self._reported: Facts = {}
        self._indicators: Facts = {}
        self._indicators_us = 0
        self._wake = asyncio.Event()
        self.changes = 0
        """How many Changes have been reported."""

    def started(self, snapshot: Snapshot) -> None:
        """Begin, or go on after a gap; what the graph holds of earlier reports is taken over."""
        layouts = read_layouts(snapshot.quads)
        if [features.layout for features in self._features] != list(layouts):
            self._features = [Features(layout) for layout in layouts]
        self._reported = _reported(snapshot)
        for features in self._features:
            features.pass_to(snapshot.plant_us)
            self._take(features, snapshot.quads)
        self._wake.set()

    def published(self, event: Published) -> None:
        """Take in an event."""
        if event.kind is Kind.MEASURE:
            return
        for features in self._features:
            features.pass_to(plant_time(event))
            self._take(features, event.added)
        self._wake.set()

    async def work(self) -> None:
        """Report until cancelled. What could not be reported is reported next time."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.report()
            await asyncio.sleep(_AT_MOST_EVERY_S)

    async def report(self) -> None:
        """Report what has changed since the last report, if anything has."""
        change = self._change()
        if change is None:
            return
        try:
            verdict = await self._core.submit(change)
        except TwinError as error:
            _LOG.warning("measures were not reported: %s", error)
            return
        if verdict.admitted:
            self.changes += 1
            _replace(self._reported, change)
        else:
            _LOG.error("measures were refused: %s", "; ".join(reason.sentence for reason in verdict.reasons))

    def _change(self) -> Change | None:
        added, removed = difference(self._reported, self._facts())
        if not (added or removed):
            return None
        return Change(
            Kind.MEASURE,
            _SOURCE,
            adds=tuple(Quad(s, p, o, GraphName.KPI) for (s, p), o in added.items()),
            removes=tuple(Quad(s, p, o, GraphName.KPI) for (s, p), o in removed.items()),
            at_us=self._now_us(),
            plant_us=max((features.now_us for features in self._features), default=0),
        )

    def _facts(self) -> Facts:
        now = max((features.now_us for features in self._features), default=0)
        if now - self._indicators_us >= _INDICATORS_EVERY_US or not self._indicators:
            self._indicators_us = now
            self._indicators = {key: value for features in self._features for key, value in features.facts().items()}
        urgent = {key: value for features in self._features for key, value in features.urgent_facts().items()}
        return {key: value for key, value in self._indicators.items() if key[1] not in _URGENT} | urgent

    @staticmethod
    def _take(features: Features, quads: tuple[Quad, ...]) -> None:
        # the reason first: it tells what a state that arrives in the same slice means
        wanted = [q for q in quads if q.p in _READ and q.g in _LIVE]
        for quad in sorted(wanted, key=lambda q: q.p != PACK.stopReason):
            if isinstance(quad.s, URIRef) and isinstance(quad.o, Literal):
                features.take(quad.s, quad.p, quad.o.value)


_URGENT = frozenset({TW.stoppedForS, TW.expectedRemainingS, TW.firstOut, TW.firstOutReason, TW.outOfControlAgoS})
_OWN = _URGENT | {
    *(TW.availability, TW.effectiveness, TW.qualityRatio, TW.oee, TW.throughputPerH, TW.goodCount, TW.minorStops),
    *(TW.ofEquipment, TW.lossReason, TW.lossMinutes, TW.constraintMinutes),
}
"""What is reported here; people's own entries in the graph `kpi` are not touched."""


def _reported(snapshot: Snapshot) -> Facts:
    """What earlier reports have left in the graph; the newest facts replace it."""
    kpi = (q for q in snapshot.quads if q.g is GraphName.KPI and (q.p in _OWN or (q.p, q.o) == (RDF.type, TW.Loss)))
    return {(quad.s, quad.p): quad.o for quad in kpi if isinstance(quad.s, URIRef)}


def _replace(facts: Facts, change: Change) -> None:
    for quad in change.removes:
        facts.pop((quad.s, quad.p), None)  # type: ignore[arg-type]  # subjects here are IRIs
    for quad in change.adds:
        facts[quad.s, quad.p] = quad.o  # type: ignore[index]
