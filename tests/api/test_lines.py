"""Published quads read as plain values."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, BNode, Literal, URIRef

from api.live.lines import read_lines
from kg.change import Quad
from kg.names import GraphName
from kg.terms import double_literal
from kg.wire import quads_to_text, text_to_quads

_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
_LEXICAL = st.one_of(_TEXT, st.integers().map(str), st.floats().map(repr), st.sampled_from(["true", "INF", "-0"]))
_TYPES = (XSD.string, XSD.double, XSD.integer, XSD.decimal, XSD.boolean, XSD.dateTime, URIRef("urn:type"))
_IRIS = st.integers(0, 9).map(lambda n: URIRef(f"https://w3id.org/twinwright/x#n{n}"))
_BLANK = st.integers(0, 9).map(lambda n: BNode(f"b{n}"))
_LITERALS = st.one_of(
    _TEXT.map(Literal),
    st.builds(lambda text, tag: Literal(text, lang=tag), _TEXT, st.sampled_from(["en", "de-AT"])),
    st.builds(lambda text, kind: Literal(text, datatype=kind, normalize=False), _LEXICAL, st.sampled_from(_TYPES)),
    st.floats().map(double_literal),
)
_QUADS = st.builds(Quad, _IRIS | _BLANK, _IRIS, _IRIS | _BLANK | _LITERALS, st.sampled_from(list(GraphName)))


@given(st.lists(_QUADS, max_size=8))
def test_lines_say_what_quads_say(quads: list[Quad]) -> None:
    """Whatever is published, the plain values are those of the RDF terms."""
    text = quads_to_text(quads)
    read = [(line.s, line.p, _told(line.value), line.g) for line in read_lines(text)]

    assert read == [(str(q.s), str(q.p), _told(_value(q)), q.g) for q in text_to_quads(text)]


def _value(quad: Quad) -> Any:
    return quad.o.value if isinstance(quad.o, Literal) else str(quad.o)


def _told(value: Any) -> tuple[str, str]:
    """Type and text of a value, so that NaN is itself and 1 is not true."""
    return type(value).__name__, str(value)
