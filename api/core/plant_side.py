"""Between the link and the Gate: readings in slices, own writes recognised, cool-downs and stops that end in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rdflib import Literal, URIRef

from api.core.build import Parts
from kg.bindings import WriteGrant
from kg.change import Change, Kind, Published, Quad, Reading
from kg.gate import Clock, Runner
from kg.names import GraphName
from kg.opcua.echo import EchoFilter
from kg.opcua.facts import LINK
from kg.terms import Term
from kg.wire import text_to_quads
from ontology import TW

SLICE = 16
"""Readings decided together: about a millisecond of work (docs/reference/speed.md)."""


class LinkSink:
    """Where the link leaves what it sees. Implements kg.opcua's Sink."""

    def __init__(self, runner: Runner, echo: EchoFilter) -> None:
        self._runner = runner
        self._echo = echo

    @property
    def has_room(self) -> bool:
        return self._runner.has_room

    def readings(self, batch: list[Reading]) -> None:
        """Queue a batch of readings in slices; those that echo an own write carry the flag."""
        marked, facts = self._echo.mark(batch)
        for start in range(0, len(marked), SLICE):
            readings = tuple(marked[start : start + SLICE])
            self._runner.offer(Change(Kind.OBSERVATION, LINK, readings=readings))
        for fact in facts:
            self._runner.offer(fact)

    def facts(self, change: Change) -> None:
        """Queue what the link says about itself."""
        self._runner.offer(change)


class Timekeeper:
    """Subscriber that schedules what ends by itself: cool-downs after a write, stops with a term."""

    def __init__(self, runner: Runner, grants: Mapping[URIRef, WriteGrant]) -> None:
        self._runner = runner
        self._grants = grants

    def published(self, event: Published) -> None:
        """Called by the Gate for each recorded Change."""
        if not event.admitted:
            return
        if event.kind is Kind.OUTCOME and event.detail.get("stage") == "written":
            self._cool_down(URIRef(str(event.detail["target"])), event.at_us)
        if event.kind is Kind.STOP:
            for quad in event.removed:
                self._runner.clock.keep(quad)
            _end_stops(self._runner.clock, event.added, event.detail.get("until_us"))

    def _cool_down(self, target: Term, at_us: int) -> None:
        grant = self._grants.get(URIRef(target))
        if grant is not None and grant.min_interval_s > 0:
            until_us = at_us + round(grant.min_interval_s * 1e6)
            self._runner.offer(self._runner.clock.cool_down(grant.prop, until_us))


def resume_deadlines(parts: Parts, now_us: int) -> None:
    """Schedule anew what a restart has found running: cool-downs from now, stops until the time that was set."""
    graph, clock = parts.gate.graph, parts.clock
    node = graph.terms.node
    cooling = Quad(TW.Plant, TW.coolingDown, Literal(True), GraphName.DESIRED)
    for prop, grant in parts.grants.items():
        if graph.has(node(prop), node(TW.coolingDown), node(Literal(True))):
            clock.end_at(now_us + round(grant.min_interval_s * 1e6), cooling._replace(s=prop))
    for recorded in parts.recovered.changes:
        detail = recorded.entry.body.get("detail")
        if recorded.entry.body.get("kind") == Kind.STOP and isinstance(detail, Mapping):
            lines = recorded.entry.body["adds"]
            quads = text_to_quads("\n".join(map(str, lines if isinstance(lines, list) else ())))
            there = [quad for quad in quads if graph.has(node(quad.s), node(quad.p), node(quad.o))]
            _end_stops(clock, there, detail.get("until_us"))


def _end_stops(clock: Clock, quads: Iterable[Quad], until_us: object) -> None:
    """The newest word about a switch says when it ends; without a time it ends by hand only."""
    for quad in quads:
        if quad.p == TW.stopped and quad.g is GraphName.POLICY:
            if isinstance(until_us, int):
                clock.end_at(until_us, quad)
            else:
                clock.keep(quad)
