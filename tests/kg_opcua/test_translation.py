"""Node ids, values, status codes and the link's own facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from asyncua import ua
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from kg.errors import BadValue, PlantIncomplete
from kg.gate.authority import authorise
from kg.opcua import Gap, connection_change, gap_change
from kg.opcua.facts import instant
from kg.opcua.nodes import resolve, split
from kg.opcua.values import fits, is_good, micros, plain, severity, status_name, variant_of
from ontology import TW

SERVER = URIRef("https://example.org/mini#LineServer")


def test_a_node_is_found_by_its_namespace_uri():
    """The index comes from the server's array of this session; an unknown namespace gives None."""
    found = resolve(["nsu=urn:b;s=A.B;C", "nsu=urn:z;i=7"], ["http://opcfoundation.org/UA/", "urn:a", "urn:b"])

    assert found["nsu=urn:b;s=A.B;C"] == ua.NodeId("A.B;C", 2)
    assert found["nsu=urn:z;i=7"] is None
    assert split("nsu=urn:x%3By%25;i=1") == ("urn:x;y%", "i=1")


@pytest.mark.parametrize("text", ["ns=2;s=x", "nsu=urn:a", "nsu=urn:a;x=1", "s=x", "", "nsu=urn:a;i=abc"])
def test_a_malformed_node_id_is_the_models_fault(text):
    """PlantIncomplete names it."""
    with pytest.raises(PlantIncomplete):
        resolve([text], ["urn:a"])


@given(st.sampled_from(["SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"]), st.integers())
@settings(deadline=None, max_examples=100)
def test_a_whole_number_is_written_exactly_or_not_at_all(data_type, value):
    """The variant holds the same number in the node's type, or BadValue is raised."""
    try:
        variant = variant_of(value, data_type)
    except BadValue:
        return
    assert (variant.Value, variant.VariantType) == (value, ua.VariantType[data_type])


@pytest.mark.parametrize(
    ("value", "data_type"),
    [
        (1.5, "Int32"),
        (2**31, "Int32"),
        (-1, "Byte"),
        (float("nan"), "Double"),
        (float("inf"), "Float"),
        (1e39, "Float"),
        (True, "Int32"),
        (1.0, "String"),
        (1.0, "Boolean"),
    ],
)
def test_what_a_node_cannot_hold_is_refused(value, data_type):
    """No rounding, no wrapping, no truth value as a number."""
    with pytest.raises(BadValue):
        variant_of(value, data_type)


def test_types_that_were_promised_fit():
    """A whole number serves as a float; a truth value is no number."""
    assert fits(1, float)
    assert fits(1.0, float)
    assert not fits(True, float)
    assert not fits(True, int)
    assert not fits(1.0, int)
    assert not fits(None, str)


def test_variants_become_plain_values():
    """Scalars stay, localised text becomes text, structures become None."""
    assert plain(ua.LocalizedText("Hallo")) == "Hallo"
    assert plain([1, 2]) is None
    assert plain(3.5) == 3.5


def test_status_codes_have_severity_and_name():
    """Severity from the top two bits; info bits do not hide the name."""
    assert [severity(code) for code in (0x00000480, 0x40000000, 0x80340000, 0xC0000000)] == [
        "good",
        "uncertain",
        "bad",
        "bad",
    ]
    assert status_name(0x80340480) == "BadNodeIdUnknown"
    assert status_name(0x12340000) == "0x12340000"
    assert is_good(0x480)


@given(st.integers(-2_000_000_000_000_000, 250_000_000_000_000_000))
@settings(deadline=None, max_examples=100)
def test_times_are_exact_microseconds(at_us):
    """From any zone, and naive stamps as UTC."""
    stamp = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    assert micros(stamp) == at_us
    assert micros(stamp.astimezone(timezone(timedelta(hours=5)))) == at_us
    assert micros(stamp.replace(tzinfo=None)) == at_us
    assert micros(None) is None


def test_facts_of_the_link_are_authorised_and_replace_each_other():
    """Connected takes away disconnected and the other way round."""
    up, down = connection_change(SERVER, True, 1), connection_change(SERVER, False, 2, "gone")

    for change in (up, down):
        authorise(change)
    assert up.adds == down.removes
    assert down.adds == up.removes
    assert {(q.p, q.o) for q in up.adds} == {(TW.connected, Literal(True))}


def test_a_gap_is_the_same_node_whenever_it_is_said():
    """Deterministic IRI; an old one can be forgotten in the same Change."""
    old = Gap(SERVER, 1, 2, "before")
    change = gap_change(SERVER, 1_700_000_000_000_000, 1_700_000_060_000_000, "server gone", old)

    authorise(change)
    assert change.adds == gap_change(SERVER, 1_700_000_000_000_000, 1_700_000_060_000_000, "server gone").adds
    assert change.removes == old.quads()
    assert instant(1_700_000_000_000_000) in {quad.o for quad in change.adds}
