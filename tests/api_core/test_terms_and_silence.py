"""Stops that end at their newest term, over a restart too, and late samples that make nothing look fresh."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rdflib import Literal, URIRef

from api.core.plant_side import resume_deadlines
from kg.change import Change, Kind, Quad
from kg.gate import Clock
from kg.names import GraphName
from kg.record import EntryKind
from ontology import TW

BOT = "https://w3id.org/twinwright/plants/bottling#"
FILLER = URIRef(BOT + "Filler")
SWITCH = Quad(FILLER, TW.stopped, TW.NoWrites, GraphName.POLICY)
SECOND = 1_000_000


def stop(source, until_us=None, release=False):
    detail = {} if until_us is None else {"until_us": until_us}
    change = {"removes": (SWITCH,)} if release else {"adds": (SWITCH,)}
    return Change(Kind.STOP, source, detail=detail, **change)


class TestStops:
    def is_set(self, core):
        return core.has(*SWITCH[:3])

    @pytest.mark.parametrize("until_us", ["abc", 1.5, True, [1], -5, 0])
    def test_a_term_that_is_no_time(self, core, olga, until_us):
        """A stop with a malformed term is refused; recorded, it would end the core now and at each start."""
        assert core.one(stop(olga, until_us)).reasons[0].code == "bad-change"

    def test_it_ends_at_its_term(self, core, olga):
        """The clock takes the switch back."""
        core.one(stop(olga, core.now_us + SECOND))
        core.now_us += SECOND
        core.tick()

        assert not self.is_set(core)

    @pytest.mark.parametrize("longer_s", [None, 100])
    def test_set_again_the_newest_term_counts(self, core, olga, longer_s):
        """A stop that is prolonged, or set without a term, does not end at the first one."""
        core.one(stop(olga, core.now_us + SECOND))
        core.one(stop(olga, None if longer_s is None else core.now_us + longer_s * SECOND))
        core.now_us += 2 * SECOND
        core.tick()

        assert self.is_set(core)

    def test_a_released_stop_takes_its_term_along(self, core, olga):
        """A new stop on the same scope does not inherit the end of an old one."""
        core.one(stop(olga, core.now_us + SECOND))
        core.one(stop(olga, release=True))
        core.one(stop(olga))
        core.now_us += 2 * SECOND
        core.tick()

        assert self.is_set(core)

    def test_the_newest_term_counts_after_a_restart(self, core, olga):
        """The journal tells the term of a switch that was set again."""
        core.one(stop(olga, core.now_us + SECOND))
        core.one(stop(olga))
        changes = tuple(core.parts.journal.of_kind(EntryKind.CHANGE))
        clock = Clock(core.parts.tags)
        parts = replace(core.parts, clock=clock, recovered=replace(core.parts.recovered, changes=changes))
        resume_deadlines(parts, core.now_us)
        due = clock.due(core.now_us + 2 * SECOND)

        assert due is None or SWITCH not in due.removes


class TestSilence:
    def test_late_samples_do_not_keep_a_value_fresh(self, core):
        """A controller whose clock was set back tells nothing new; its old value becomes stale and blocks."""
        slot = next(slot for slot in core.parts.tags if slot.binding.max_age_s)
        prop = slot.binding.prop
        core.read(prop, 0.5 if slot.binding.high and slot.binding.high <= 1 else 1.0)
        begun_us = core.now_us
        for _ in range(10):
            core.now_us += round(slot.binding.max_age_s * SECOND)
            core.read(prop, 0.25, source_us=begun_us - SECOND)
        core.tick()

        assert core.has(prop, TW.stale, Literal(True))
