"""RDF Patch: order, transactions, prefixes, places of mistakes, and the way back to text."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, BNode, Literal, URIRef

from kg.change import Change, Expected, Kind, Quad, Role, Source
from kg.errors import BadChange, BadTerm, TwinError
from kg.exchange import read_patch, read_steps, to_patch
from kg.names import GraphName

PLANT = "<https://w3id.org/twinwright/graph/plant>"
ROW = f"<urn:s> <urn:p> <urn:o> {PLANT} ."
QUAD = Quad(URIRef("urn:s"), URIRef("urn:p"), URIRef("urn:o"), GraphName.PLANT)


def change(adds: tuple[Quad, ...] = (), removes: tuple[Quad, ...] = ()) -> Change:
    return Change(Kind.EDIT, Source(URIRef("urn:emil"), Role.ENGINEER), adds, removes)


@pytest.mark.parametrize(
    ("rows", "adds", "removes"),
    [
        ("A", True, False),
        ("D", False, True),
        ("DA", True, False),
        ("AD", False, True),
        ("ADA", True, False),
        ("DAD", False, True),
        ("AA", True, False),
    ],
)
def test_the_last_word_on_a_quad_counts(rows: str, adds: bool, removes: bool) -> None:
    """Rows are taken in their order."""
    text = "TX .\n" + "".join(f"{row} {ROW}\n" for row in rows) + "TC .\n"

    effect = read_patch(text).effect

    assert effect.adds == (QUAD,) * adds
    assert effect.removes == (QUAD,) * removes


def test_what_is_removed_must_have_been_there() -> None:
    """The read set names what a deletion began with, not what the patch itself had added."""
    begun = read_patch(f"D {ROW}").effect.read_set
    added_before = read_patch(f"A {ROW} D {ROW}").effect.read_set

    assert begun == (Expected(URIRef("urn:s"), URIRef("urn:p"), URIRef("urn:o")),)
    assert added_before == ()


def test_an_aborted_block_counts_for_nothing() -> None:
    """TA takes back its own block and no other."""
    text = f"TX . A {ROW} TC . TX . D {ROW} TA ."

    assert read_patch(text).effect.adds == (QUAD,)


def test_header_prefixes_comments_and_lexical_forms() -> None:
    """Everything that the format knows, in one patch."""
    text = f"""# a patch
H id <urn:uuid:0686c69d-8f89-4496-acb5-744f0157a8db> .
H note "by hand" .
TX .
PA "e" "http://e#" .
PA xsd <http://www.w3.org/2001/XMLSchema#> .
A e:a e:b "01"^^xsd:integer {PLANT} .  # kept as it is
A <_:x> e:b "a\\"b. #c"@en-GB {PLANT}.
A _:x e:b _:y {PLANT} .
TC .
"""

    patch = read_patch(text)

    assert patch.header == {"id": "urn:uuid:0686c69d-8f89-4496-acb5-744f0157a8db", "note": '"by hand"'}
    a, b = URIRef("http://e#a"), URIRef("http://e#b")
    assert patch.effect.adds == (
        Quad(a, b, Literal("01", datatype=XSD.integer, normalize=False), GraphName.PLANT),
        Quad(BNode("x"), b, Literal('a"b. #c', lang="en-GB"), GraphName.PLANT),
        Quad(BNode("x"), b, BNode("y"), GraphName.PLANT),
    )


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("A <urn:s> <urn:p> <urn:o> .", BadChange, "Line 1: the row names no graph; there are .*plant"),
        ("\nA <urn:s> <urn:p> <urn:o> <urn:g> .", BadChange, "Line 2: there is no named graph <urn:g>; there are"),
        (f"TX .\n\nA e:s <urn:p> <urn:o> {PLANT} .\nTC .", BadTerm, "Line 3: the prefix e: is not declared"),
        (f"PA e <urn:e:> .\nPD e .\nA e:s <urn:p> <urn:o> {PLANT} .", BadTerm, "Line 3: the prefix e: is not"),
        (f"A <urn:s> <urn:p> 5 {PLANT} .", BadTerm, "Line 1: '5' is no term"),
        (f'A {ROW}\nA "s" <urn:p> <urn:o> {PLANT} .', BadTerm, "Line 2: "),
        (f"A {ROW}\n# here\nA <relative> <urn:p> <urn:o> {PLANT} .", BadTerm, "Line 3: "),
        (f"A <urn:s> _:p <urn:o> {PLANT} .", BadTerm, "Line 1: "),
        (f'A <urn:s> <urn:p> "open {PLANT} .\n', BadTerm, "Line 1: this is no term"),
        (f'A <urn:s> <urn:p> "\\x" {PLANT} .', BadTerm, "Line 1: "),
        ("A <urn:s> <a b> <urn:o> .", BadTerm, "Line 1: this is no term: '<a b>"),
        (f"D _:b <urn:p> <urn:o> {PLANT} .", BadChange, "Line 1: a deletion can't name a blank node"),
        ("TX .\nTX .", BadChange, "Line 2: TX inside the transaction that began in line 1"),
        ("TC .", BadChange, "Line 1: TC without a TX"),
        (f"TX .\nA {ROW}", BadChange, "line 1 has no end; the patch was cut off"),
        (f"A {ROW[:-1]}", BadChange, "does not end with a dot"),
        (f"A {ROW}\nH id <urn:x> .", BadChange, "Line 2: a header stands before"),
        ("X <urn:s> .", BadChange, "Line 1: there is no row 'X'; there are H, TX"),
        (".", BadChange, "Line 1: a dot without a row"),
        ("PA e .", BadChange, "Line 1: PA has 2 items"),
        ("INSERT DATA { }", BadChange, "does not end with a dot"),
        ("\x00\x01\x02", BadTerm, "Line 1: |dot"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, error: type[TwinError], says: str) -> None:
    """Whoever wrote the patch finds the row."""
    with pytest.raises((BadChange, BadTerm), match=says) as raised:
        read_patch(text)

    assert "line" in raised.value.facts
    if "\x00" not in text:
        assert type(raised.value) is error


IRIS = st.sampled_from([URIRef("urn:a"), URIRef("http://e/b#c"), URIRef("urn:é")])
LITERALS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"])).map(Literal),
    st.sampled_from(["a\nb", "\\", '"', "\t\r.", " . A ", "#"]).map(Literal),
    st.just(Literal("01", datatype=XSD.integer, normalize=False)),
    st.just(Literal("x", lang="en")),
)
QUADS = st.builds(Quad, IRIS, IRIS, st.one_of(IRIS, LITERALS, st.just(BNode("b1"))), st.sampled_from(list(GraphName)))


@given(st.lists(QUADS, unique=True), st.lists(QUADS, unique=True))
def test_a_change_comes_back_from_its_patch(adds: list[Quad], removes: list[Quad]) -> None:
    """Written and read, a Change adds and removes the same; what is removed and added stays added."""
    gone = tuple(quad for quad in removes if not isinstance(quad.o, BNode))

    effect = read_patch(to_patch(change(tuple(adds), gone))).effect

    assert set(effect.adds) == set(adds)
    assert set(effect.removes) == set(gone) - set(adds)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text brings the reader to another error than its own."""
    with contextlib.suppress(BadChange, BadTerm):
        read_patch(text)


def test_a_patch_for_plain_triples_names_no_graph() -> None:
    """Or any; all rows fall into the one graph that is given, in their order, and deletions may name blank nodes."""
    text = "TX .\nD _:b <urn:p> <urn:o> .\nA <urn:s> <urn:p> <urn:o> <urn:any> .\nTC .\nTX . A <urn:x> <urn:p> 1 . TA ."

    steps = read_steps(text.replace(" 1 ", ' "1" '), GraphName.STATE)

    blank = Quad(BNode("b"), URIRef("urn:p"), URIRef("urn:o"), GraphName.STATE)
    assert steps == ((2, False, blank), (3, True, QUAD._replace(g=GraphName.STATE)))


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("A <urn:s> <urn:p> .", BadChange, "Line 1: A has 3 or 4 items"),
        ("\nA <urn:s> <urn:p> <urn:o> <urn:g> <urn:h> .", BadChange, "Line 2: A has 3 or 4 items"),
        ("D <urn:s> <urn:p> e:o .", BadTerm, "Line 1: the prefix e:"),
        ('A <urn:s> "p" <urn:o> .', BadTerm, "Line 1"),
    ],
)
def test_mistakes_in_a_patch_for_plain_triples(text: str, error: type[TwinError], says: str) -> None:
    """Named with their line as well."""
    with pytest.raises(error, match=says):
        read_steps(text, GraphName.PLANT)
