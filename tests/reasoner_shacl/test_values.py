"""Values: legal lexical forms, order, and patterns."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Literal, URIRef
from rdflib.namespace import RDF, XSD

from kg.terms import Terms
from reasoner.shacl.lexical import is_legal, is_well_typed
from reasoner.shacl.regex import Regex
from reasoner.shacl.values import Values, compare, distance, value_of

SHAPE = URIRef("http://example.org/S")


def literal(text: str, datatype: URIRef) -> Literal:
    return Literal(text, datatype=datatype, normalize=False)


def order(a: tuple[str, URIRef], b: tuple[str, URIRef]) -> int | None:
    x, y = value_of(literal(*a)), value_of(literal(*b))
    assert x is not None
    assert y is not None
    return compare(x, y)


@pytest.mark.parametrize(
    ("a", "b", "sign"),
    [
        (("2", XSD.integer), ("10", XSD.integer), -1),
        (("1.10", XSD.decimal), ("1.1", XSD.decimal), 0),
        (("0.1", XSD.decimal), ("0.1", XSD.double), 0),
        (("0.1", XSD.float), ("0.1", XSD.double), 1),
        (("0.1", XSD.float), ("0.1", XSD.decimal), 0),
        (("9007199254740993", XSD.integer), ("9007199254740992", XSD.double), 0),
        (("9007199254740993", XSD.integer), ("9007199254740992", XSD.decimal), 1),
        (("INF", XSD.double), ("1" + "0" * 400, XSD.integer), 0),
        (("NaN", XSD.double), ("NaN", XSD.double), None),
        (("7", XSD.unsignedByte), ("7", XSD.integer), 0),
        (("5", XSD.integer), ("5", XSD.string), None),
        (("true", XSD.boolean), ("0", XSD.boolean), 1),
        (("true", XSD.boolean), ("1", XSD.integer), None),
        (("2026-01-01T00:00:00Z", XSD.dateTime), ("2026-01-01T01:00:00+01:00", XSD.dateTime), 0),
        (("2026-01-01T00:00:00Z", XSD.dateTime), ("2026-01-01T00:00:00", XSD.dateTime), None),
        (("2026-01-01T00:00:00Z", XSD.dateTime), ("2026-01-02T00:00:00", XSD.dateTime), -1),
        (("2025-12-31T24:00:00Z", XSD.dateTime), ("2026-01-01T00:00:00Z", XSD.dateTime), 0),
        (("2026-01-01T00:00:00Z", XSD.dateTimeStamp), ("2026-01-01T00:00:00Z", XSD.dateTime), 0),
        (("-0044-03-15", XSD.date), ("2026-01-01", XSD.date), -1),
        (("2026-01-01", XSD.date), ("2026-01-01T00:00:00", XSD.dateTime), None),
        (("10:00:00", XSD.time), ("09:59:59.5", XSD.time), 1),
        (("PT36H", XSD.dayTimeDuration), ("P1DT12H", XSD.dayTimeDuration), 0),
        (("-P1Y", XSD.yearMonthDuration), ("P1M", XSD.yearMonthDuration), -1),
        (("P1M", XSD.duration), ("P30D", XSD.duration), None),
        (("a", XSD.string), ("b", XSD.string), -1),
    ],
)
def test_values_compare_as_xsd_says(a: tuple[str, URIRef], b: tuple[str, URIRef], sign: int | None) -> None:
    """Numbers are promoted, times need a zone on both sides or fourteen hours, other kinds don't compare."""
    assert order(a, b) == sign
    assert order(b, a) == (None if sign is None else -sign)


@pytest.mark.parametrize(
    "bad",
    [
        Literal("hello", lang="en"),
        literal("five", XSD.integer),
        literal("2026-02-30", XSD.date),
        literal("1" * 5000, XSD.integer),
        literal("x", URIRef("http://example.org/own")),
        literal("aGk=", XSD.base64Binary),
    ],
)
def test_what_has_no_order_has_no_value(bad: Literal) -> None:
    """Ill-typed, tagged, foreign and unreasonably long literals compare with nothing."""
    assert value_of(bad) is None


@pytest.mark.parametrize(
    ("datatype", "legal", "illegal"),
    [
        (XSD.integer, ["+5", "-0", "007"], ["", "5.0", " 5", "5e3", "٣"]),
        (XSD.byte, ["-128", "127"], ["128", "-129", "1" * 60]),
        (XSD.unsignedInt, ["0", "4294967295"], ["-1", "4294967296"]),
        (XSD.positiveInteger, ["1", "9" * 60], ["0", "-5"]),
        (XSD.decimal, ["1.", ".5", "-3.14"], ["1e3", ".", "INF"]),
        (XSD.double, ["1", "1.5e-3", "INF", "-INF", "NaN"], ["1e", "inf", "nan"]),
        (XSD.boolean, ["true", "0"], ["True", "yes"]),
        (XSD.dateTime, ["2024-02-29T00:00:00", "2026-01-01T24:00:00.0Z"], ["2026-02-29T00:00:00", "2026-1-1T0:0:0"]),
        (XSD.dateTimeStamp, ["2026-01-01T00:00:00Z"], ["2026-01-01T00:00:00"]),
        (XSD.date, ["2000-02-29", "-0001-12-31+14:00"], ["1900-02-29", "2026-13-01", "2026-01-01+15:00"]),
        (XSD.time, ["23:59:59.999"], ["24:00:01", "1:00:00"]),
        (XSD.duration, ["P1Y2M3DT4H5M6.7S", "-PT1S"], ["P", "PT", "P1YT", "1Y"]),
        (XSD.dayTimeDuration, ["P3D", "PT5M"], ["P1Y"]),
        (XSD.yearMonthDuration, ["P1Y", "P5M"], ["P1D"]),
        (XSD.gMonthDay, ["--02-29"], ["--02-30", "--04-31"]),
        (XSD.hexBinary, ["", "0aFF"], ["0"]),
        (XSD.base64Binary, ["", "aGk=", "aGVs"], ["aGk", "a==="]),
        (XSD.token, ["a b"], [" a", "a  b"]),
        (XSD.language, ["de-AT"], ["deutschland"]),
        (XSD.NCName, ["_a.b-1"], ["1a", "a:b"]),
        (URIRef("http://example.org/own"), ["anything"], []),
    ],
)
def test_lexical_forms(datatype: URIRef, legal: list[str], illegal: list[str]) -> None:
    """Legal and illegal forms of the XSD datatypes; foreign datatypes accept everything."""
    assert [text for text in legal if not is_legal(text, datatype)] == []
    assert [text for text in illegal if is_legal(text, datatype)] == []


def test_tagged_strings_need_their_tag() -> None:
    """rdf:langString without a language is ill-typed."""
    assert is_well_typed("hi", RDF.langString, "en")
    assert not is_well_typed("hi", RDF.langString, None)
    assert is_well_typed("hi", None, None)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.integers(-(10**9), 10**9))
@settings(deadline=None, max_examples=100)
def test_exact_numbers_compare_exactly(a: Decimal, b: int) -> None:
    """Decimals and integers are never rounded when compared."""
    sign = order((f"{a:f}", XSD.decimal), (str(b), XSD.integer))

    assert sign == (a > b) - (a < b)


def test_distances_are_in_the_unit_of_the_value() -> None:
    """Numbers by difference, moments in seconds, nothing else."""
    noon, one = (value_of(literal(f"2026-01-01T{h}:00:00Z", XSD.dateTime)) for h in (12, 13))
    assert noon is not None
    assert one is not None

    assert distance(noon, one) == 3600.0
    assert distance(Decimal("2.5"), 4) == 1.5
    assert distance("a", "b") is None
    assert distance(float("nan"), 1.0) is None


def test_values_of_nodes_are_those_of_their_terms() -> None:
    """Inline numbers, interned numbers, texts and IRIs."""
    terms = Terms()
    values = Values(terms)
    of = [values.of(terms.node(t)) for t in (Literal(5), literal("05", XSD.integer), Literal("x"), SHAPE)]

    assert of == [5, 5, "x", None]
    assert values.of(4.5) == 4.5


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "found"),
    [
        ("^a+b$", "i", "AAAB", True),
        ("a.b", "", "a\nb", False),
        ("a.b", "s", "a\nb", True),
        ("a.b", "q", "axb", False),
        ("a b", "x", "ab", True),
        ("^b", "m", 'a"\nb', True),
        (r"\d{3}-\p{L}\\", "", "x123-é\\", True),
        ("[^a-c]", "", "abc", False),
    ],
)
def test_patterns_follow_xpath(pattern: str, flags: str, text: str, found: bool) -> None:
    """Unanchored search, with XPath's flags; the second answer comes from memory."""
    regex = Regex(pattern, flags, SHAPE)

    assert regex.matches(text) is found
    assert regex.matches(text) is found


def test_a_pattern_that_stalls_others_takes_no_time() -> None:
    """Nested quantifiers on a long text: backtracking would need longer than the universe is old."""
    regex = Regex("^((a+)+)+$", "", SHAPE)
    before = time.process_time()

    assert not regex.matches("a" * 20_000 + "!")
    assert time.process_time() - before < 5


def test_booleans_are_no_numbers(bench: Callable[..., Any]) -> None:
    """true is neither above nor below 3."""
    line = bench(":n :p true .", ":S sh:targetNode :n ; sh:property [ sh:path :p ; sh:maxExclusive 3 ] .")

    assert len(line.started) == 1


def test_sh_in_of_many_values(bench: Callable[..., Any]) -> None:
    """A list of 20,000 members compiles into one set."""
    members = " ".join(str(i) for i in range(20_000))

    line = bench(":n :p 19999 , 20000 .", f":S sh:targetNode :n ; sh:property [ sh:path :p ; sh:in ({members}) ] .")

    assert [str(f.value) for f in line.started] == ["20000"]
