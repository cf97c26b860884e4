"""Texts from outside that enter a query."""

from __future__ import annotations

import pytest
from bottling import BOT, info, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from api.console.explore import questions
from api.console.explore.iris import is_iri, named_node, reference, search_literal
from kg.errors import QueryRefused, UnknownNode
from kg.replica import check_query


@pytest.mark.parametrize(
    "text",
    ["", "Filler", "urn:a> . ?s ?p ?o . <urn:b", "urn:a b", 'urn:"', "urn:a\n", "urn:{x}", "urn:\\u003e", "urn:\ud800"],
)
def test_what_is_no_iri_never_enters_a_query(text: str) -> None:
    """Nothing that could end the IRI passes."""
    assert not is_iri(text)
    with pytest.raises(UnknownNode):
        reference(text)


@given(st.text())
@settings(deadline=None)
def test_only_whole_iris_pass(text: str) -> None:
    """Whatever passes is read by the replica's parser as one IRI."""
    iri = "urn:x:" + text
    if is_iri(iri):
        assert check_query(f"ASK {{ {reference(iri)} ?p ?o }}")


@given(st.text())
@settings(deadline=None, max_examples=50)
def test_search_words_cannot_leave_their_string(text: str) -> None:
    """A search is always one string literal."""
    literal = search_literal(text)

    assert literal[0] == literal[-1] == '"'
    assert not set(literal[1:-1]) & set("\"\\\n\r'")
    try:
        check_query(questions.search(text))
    except QueryRefused as refusal:
        pytest.fail(f"{text!r}: {refusal}")


def test_names_of_nodes() -> None:
    """People write a local name, a prefixed name or an IRI."""
    assert named_node(info(), "Filler") == BOT + "Filler"
    assert named_node(info(), " bot:Filler ") == BOT + "Filler"
    assert named_node(info(), f"<{BOT}Filler>") == BOT + "Filler"
    assert named_node(info(), "urn:uuid:1") == "urn:uuid:1"
    assert named_node(info(), "no such<thing>") is None


def test_search_finds_by_label_name_and_code() -> None:
    """What begins with the text comes first; kinds narrow the search."""
    labelled = rows(questions.search("FILLER"))
    coded = rows(questions.search("LIM-FILL-RATIO"))
    named = rows(questions.search("ord-1002"))

    assert labelled[0]["node"]["value"] == BOT + "Filler"
    assert coded[0]["node"]["value"].endswith("#LIM-FILL-RATIO")
    assert named[0]["label"]["value"] == "Order 1002"
    assert rows(questions.search('"} DROP ALL {')) == []


def test_there_is_something_to_begin_with() -> None:
    """The line comes first."""
    assert rows(questions.starts())[0]["label"]["value"] == "Glass line"
