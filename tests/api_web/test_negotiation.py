"""Content negotiation after RFC 9110."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.errors import NotAcceptable
from api.web.negotiation import Offer, best, choose, prefers_page

OFFERS = (
    Offer("json", "application/sparql-results+json", ("srj",)),
    Offer("xml", "application/sparql-results+xml"),
    Offer("csv", "text/csv"),
    Offer("tsv", "text/tab-separated-values"),
    Offer("json", "application/json"),
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def picked(accept: str | None, name: str | None = None) -> str | None:
    found = best(OFFERS, accept, name)
    return None if found is None else found.media


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/sparql-results+json"),
        ("", "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; charset=utf-8", "text/csv"),
        ("text/*", "text/csv"),
        ("application/json", "application/json"),
        ("application/sparql-results+json,application/json,text/javascript", "application/sparql-results+json"),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.7", "application/sparql-results+xml"),
        ("text/csv;q=0.5, */*;q=0.1", "text/csv"),
        ("text/*;q=0.9, text/csv;q=0.1", "text/tab-separated-values"),
        ("*/*, application/sparql-results+json;q=0", "application/sparql-results+xml"),
        ("text/csv;q=0", None),
        ("image/png", None),
        ("nonsense, text/csv", "text/csv"),
        ("nonsense", "application/sparql-results+json"),
        ("text/csv;q=2, text/tab-separated-values", "text/tab-separated-values"),
        ('text/csv;note="a,b;q=0", image/png', "text/csv"),
        (BROWSER, "application/sparql-results+json"),
    ],
)
def test_what_is_sent(accept: str | None, media: str | None) -> None:
    """The most specific range gives the weight, the highest weight wins, then the server's order."""
    assert picked(accept) == media


@pytest.mark.parametrize("name", ["csv", "CSV", " text/csv "])
def test_a_format_in_the_link_goes_first(name: str) -> None:
    """`?format=` wins over the header, by short name or media type."""
    assert picked("application/json", name) == "text/csv"
    assert picked(None, "srj") == "application/sparql-results+json"


def test_the_refusal_lists_what_there_is() -> None:
    """Nothing acceptable, or a format that does not exist: 406 names media types and formats, each once."""
    with pytest.raises(NotAcceptable) as by_header:
        choose(OFFERS, "image/png")
    with pytest.raises(NotAcceptable, match="format=pdf"):
        choose(OFFERS, "*/*", "pdf")

    assert by_header.value.facts["formats"] == "json, xml, csv, tsv"
    assert by_header.value.facts["available"].startswith("application/sparql-results+json, ")


def test_browsers_are_known_by_their_wish_for_pages() -> None:
    """A browser prefers HTML; programs do not, even those that would take anything."""
    assert prefers_page(BROWSER)
    assert not prefers_page("*/*")
    assert not prefers_page("application/json, text/html;q=0.5")
    assert not prefers_page("text/html;q=0")
    assert not prefers_page(None)


def test_text_says_its_encoding() -> None:
    """Content types of text carry UTF-8, others need none."""
    assert OFFERS[2].content_type == "text/csv; charset=utf-8"
    assert OFFERS[0].content_type == "application/sparql-results+json"


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    """No header makes trouble."""
    assert best(OFFERS, header) in (None, *OFFERS)


def test_long_headers_are_read_quickly() -> None:
    """A header made to be slow is read in a moment."""
    began = time.process_time()
    for hostile in ("a/b;" + " " * 60_000 + '"', "," * 60_000, '"' * 60_001, "text/csv;" * 8000, "*/" * 30_000):
        best(OFFERS, hostile)

    assert time.process_time() - began < 1
