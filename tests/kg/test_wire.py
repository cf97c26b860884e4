"""What crosses process borders comes back as it was."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, BNode, Literal, URIRef

from kg.change import (
    Change,
    Expected,
    Finding,
    Findings,
    Kind,
    Match,
    Published,
    Quad,
    Reading,
    Reason,
    Role,
    Severity,
    Source,
    TagId,
    Verdict,
)
from kg.errors import BadTerm
from kg.names import GraphName
from kg.wire import (
    change_to_json,
    json_to_change,
    json_to_published,
    json_to_verdict,
    published_to_json,
    quads_to_text,
    text_to_quads,
    verdict_to_json,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
IRIS = st.sampled_from([URIRef("urn:a"), URIRef("https://example.org/x#y")])
LITERALS = st.one_of(
    TEXT.map(Literal),
    st.floats(allow_nan=False).map(lambda x: Literal(repr(x), datatype=XSD.double, normalize=False)),
    TEXT.map(lambda text: Literal(text, lang="en")),
    st.just(Literal("01", datatype=XSD.integer, normalize=False)),
)
QUADS = st.builds(
    Quad, st.one_of(IRIS, st.just(BNode("b0"))), IRIS, st.one_of(IRIS, LITERALS), st.sampled_from(list(GraphName))
)
READINGS = st.builds(
    Reading,
    st.integers(1, 9).map(TagId),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    st.integers(0, 2**32 - 1),
    st.integers(0),
    st.integers(0),
    st.integers(0),
    st.integers(0, 63),
)
SOURCE = Source(URIRef("urn:test:olga"), Role.OPERATOR)
FINDING = Finding(
    URIRef("urn:f"),
    URIRef("urn:s"),
    URIRef("urn:c"),
    "<urn:p>/<urn:q>",
    Literal(5),
    Severity.VIOLATION,
    "No.",
    "C",
    2.5,
)


def there_and_back(body):
    return json.loads(json.dumps(body, allow_nan=False))


@given(st.lists(QUADS, max_size=8))
def test_quads(quads):
    """N-Quads text keeps every term exactly, line ends, quotes and lexical forms included."""
    assert text_to_quads(quads_to_text(quads)) == tuple(quads)


@given(st.lists(QUADS, max_size=4), st.lists(READINGS, max_size=4))
def test_change(quads, readings):
    """A Change comes back equal, NaN and infinity too; its source is what the server knows."""
    expected = (Expected(URIRef("urn:s"), URIRef("urn:p"), Literal(1.5), True, 0.25),)
    change = Change(
        Kind.REQUEST, SOURCE, tuple(quads), (), tuple(readings), expected, "c", "why", 5, 6, detail={"a": 1}
    )

    back = json_to_change(there_and_back(change_to_json(change)), SOURCE)

    def key(c):
        return [*map(repr, c.readings)]

    assert key(back) == key(change)
    assert all(math.isnan(r.value) for r in readings if isinstance(r.value, float) and r.value != r.value)
    assert (back.adds, back.read_set, back.id, back.detail) == (change.adds, change.read_set, change.id, change.detail)


def test_verdict_and_published():
    """Findings, reasons and matches survive the journey."""
    reason = Reason("C", "No.", FINDING)
    verdict = Verdict(Change(Kind.STOP, SOURCE).id, False, 7, "r", (reason,), Findings(introduced=(FINDING,)))
    match = Match(URIRef("urn:rule"), URIRef("urn:prop"), Literal(400.0))
    event = Published(
        7,
        "r",
        Kind.OUTCOME,
        verdict.change,
        "urn:a",
        None,
        1,
        2,
        (),
        (),
        (),
        (FINDING,),
        (),
        (match,),
        (),
        True,
        (reason,),
    )

    assert json_to_verdict(there_and_back(verdict_to_json(verdict))) == verdict
    assert json_to_published(there_and_back(published_to_json(event))) == event
    assert json_to_verdict(verdict_to_json(verdict)).reasons[0].finding.distance == 2.5


@pytest.mark.parametrize("text", ["<urn:a> <urn:b> .", "garbage", '<urn:a> <urn:b> "x" <urn:nowhere> .'])
def test_malformed_quads_are_an_error(text):
    """Half a line, nonsense and graphs that do not exist are refused as a whole."""
    with pytest.raises(BadTerm):
        text_to_quads(text)
