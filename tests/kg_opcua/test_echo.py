"""Own writes recognised in telemetry, foreign ones noticed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from kg.bindings import WriteGrant
from kg.change import Quad, Reading, ReadingFlag, TagId
from kg.gate.authority import authorise
from kg.names import GraphName
from kg.opcua import EchoFilter
from ontology import TW

PROP = URIRef("urn:speed")
TAG, OTHER = TagId(1), TagId(2)
BAD = 0x80000000


def reading(value, tag=TAG, status=0, at_us=1_000, flags=0):
    return Reading(tag, value, status, at_us, at_us, at_us, flags)


def make():
    grant = WriteGrant(PROP, 0.0, 600.0, 600.0, 0.0, 10, 0.5, 1.0, 1)
    return EchoFilter([grant], {PROP: TAG, URIRef("urn:other"): OTHER})


@pytest.fixture
def echo():
    return make()


def test_an_expected_value_is_an_own_write(echo):
    """Flagged OWN_WRITE, recognised by its request, no foreign-write fact."""
    echo.mark([reading(400.0)])
    echo.expect(PROP, 410.0, 0.5, "urn:r", 5_000)

    marked, facts = echo.mark([reading(410.1)])

    assert marked[0].flags & ReadingFlag.OWN_WRITE
    assert echo.classify(reading(410.1)) == "urn:r"
    assert facts == []


def test_a_setpoint_that_somebody_else_moved_is_a_fact(echo):
    """One fact for the change, none for its repetition; other tags pass untouched."""
    _, first = echo.mark([reading(400.0, flags=ReadingFlag.INITIAL), reading(7.0, tag=OTHER)])
    marked, facts = echo.mark([reading(380.0), reading(380.0, at_us=1_100), reading(9.0, tag=OTHER)])

    assert first == []
    assert [fact.adds for fact in facts] == [(Quad(PROP, TW.foreignWrite, Literal(True), GraphName.STATE),)]
    assert [r.flags for r in marked] == [0, 0, 0]
    authorise(facts[0])


def test_a_change_while_nobody_looked_is_foreign_too(echo):
    """After a gap the value is compared with the last one known."""
    echo.mark([reading(400.0)])

    _, facts = echo.mark([reading(300.0, flags=ReadingFlag.INITIAL | ReadingFlag.AFTER_GAP)])

    assert len(facts) == 1


def test_a_change_since_the_earlier_run_is_foreign_too():
    """With the last readings of that run, the first value of this one is compared."""
    grant = WriteGrant(PROP, 0.0, 600.0, 600.0, 0.0, 10, 0.5, 1.0, 1)
    same, other = (EchoFilter([grant], {PROP: TAG}, held=[reading(v), reading(7.0, tag=OTHER)]) for v in (400.0, 390.0))

    assert same.mark([reading(400.0)])[1] == []
    assert len(other.mark([reading(400.0)])[1]) == 1


def test_an_expectation_ends_with_its_time(echo):
    """A value that comes too late is somebody else's."""
    echo.mark([reading(400.0)])
    echo.expect(PROP, 410.0, 0.5, "urn:r", 5_000)

    _, facts = echo.mark([reading(410.0, at_us=5_001)])

    assert len(facts) == 1


def test_a_bad_value_says_nothing_about_who_wrote(echo):
    """Bad quality and missing values are neither echo nor foreign write."""
    echo.mark([reading(400.0)])

    _, facts = echo.mark([reading(0.0, status=BAD), reading(None, status=BAD), reading(400.0)])

    assert facts == []


@given(st.lists(st.one_of(st.floats(0, 600), st.none(), st.booleans()), max_size=30))
@settings(deadline=None, max_examples=60)
def test_marking_keeps_number_order_and_values(values):
    """Whatever comes, every reading goes on, in order, with its value."""
    marked, _ = make().mark([reading(value, at_us=n) for n, value in enumerate(values)])

    assert [(r.value, r.source_us) for r in marked] == [(value, n) for n, value in enumerate(values)]
