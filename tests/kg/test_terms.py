"""Terms and their numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, BNode, Literal, URIRef

from kg.errors import BadTerm
from kg.terms import Terms, double_lexical

VALUES = st.one_of(st.floats(), st.integers(), st.booleans(), st.text())
LITERALS = st.builds(
    lambda text, datatype: Literal(text, datatype=datatype, normalize=False),
    st.one_of(st.text(max_size=5), st.integers().map(str), st.floats().map(repr), st.floats().map(double_lexical)),
    st.sampled_from([XSD.double, XSD.integer, XSD.decimal, XSD.string, XSD.float, None]),
)


@given(VALUES)
def test_value_comes_back_as_it_was(value):
    """A value that the link reports is found again in the term of its node."""
    terms = Terms()

    back = terms.term(terms.of_value(value)).value

    assert back == value or (isinstance(value, float) and math.isnan(value) and math.isnan(back))


@given(st.lists(LITERALS, max_size=20))
def test_nodes_are_equal_exactly_where_terms_are(literals):
    """Lexical forms are kept: two literals share a node only where lexical form, datatype and language agree."""
    terms = Terms()

    def key(literal):
        return str(literal), literal.datatype, literal.language

    nodes = {key(literal): terms.node(literal) for literal in literals}

    assert len(set(nodes.values())) == len(nodes)
    for literal in literals:
        assert key(terms.term(nodes[key(literal)])) == key(literal)
        assert terms.find(literal) == nodes[key(literal)]


@given(st.floats(allow_nan=False), st.integers(-(2**56), 2**56), st.integers(0, 1000))
def test_the_three_kinds_never_meet(number, integer, count):
    """No inline double equals an inline integer or an interned term, whatever their sizes."""
    terms = Terms()
    for n in range(count % 50):
        terms.node(URIRef(f"urn:x:{n}"))

    nodes = [terms.of_value(number), terms.of_value(integer), terms.node(URIRef("urn:y")), terms.node(BNode("y"))]

    assert len(set(nodes)) == 4


def test_live_numbers_do_not_grow_the_dictionary():
    """A million different speeds cost no dictionary entry."""
    terms = Terms()

    for n in range(10_000):
        terms.of_value(n / 7)
        terms.of_value(n)

    assert len(terms) == 0


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_double_lexical_is_exact_and_canonical(value):
    """The lexical form reads back as the same double, with one digit before the point."""
    lexical = double_lexical(value)
    mantissa, _, exponent = lexical.partition("E")

    assert float(lexical) == value
    assert len(mantissa.lstrip("-").partition(".")[0]) == 1
    assert exponent == str(int(exponent))


@pytest.mark.parametrize("iri", ["urn:a b", "urn:<x>", 'urn:"', "urn:a\n"])
def test_odd_iris_are_refused(iri):
    """An IRI that could not be written down never enters the graph."""
    with pytest.raises(BadTerm):
        Terms().node(URIRef(iri))
