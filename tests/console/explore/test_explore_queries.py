"""Past queries of a browser, and queries that failed."""

from __future__ import annotations

import json

import pytest
from bottling import answer, info

from api.console.explore import past_queries
from api.console.explore.failure import failure
from api.console.explore.past_queries import MOST, MOST_CHARACTERS, PastQuery, read, with_query, written
from kg.errors import QueryOverLimit, QueryRefused, ServiceDown


def test_past_queries_survive_the_browser() -> None:
    """What is written is read again, the newest first and each text once."""
    kept = with_query(with_query(with_query((), "ASK {}", "1"), "SELECT * {}", "2"), " ASK {} ", "3")

    assert [(query.text.strip(), query.at) for query in kept] == [("ASK {}", "3"), ("SELECT * {}", "2")]
    assert read(written(kept)) == kept
    assert with_query(kept, "  \n", "4") == kept


def test_past_queries_are_bounded() -> None:
    """In number and in length; they travel in one message."""
    many: tuple[PastQuery, ...] = ()
    for number in range(MOST + 5):
        many = with_query(many, f"ASK {{ {number} }}", "1")

    assert len(many) == MOST
    assert len(with_query((PastQuery("a" * MOST_CHARACTERS, "1"),), "ASK {}", "2")) == 1


@pytest.mark.parametrize("stored", [None, "", "{", "[1]", '{"a": 1}', '[{"text": 1, "at": "x"}]', '[{"at": "x"}]'])
def test_foreign_storage_is_ignored(stored: object) -> None:
    """Anybody may write into a browser's storage."""
    assert read(stored) == ()


def test_titles_leave_out_prefixes() -> None:
    """A list of queries that all begin with PREFIX tells nothing."""
    assert PastQuery("PREFIX a: <urn:a>\n# note\nSELECT *\n{ }", "").title == "SELECT * { }"
    assert len(PastQuery("x" * 500, "").title) == 80
    assert json.loads(past_queries.written(())) == []


def test_a_failure_names_place_and_remedy() -> None:
    """Line and column come from the facts or from the message."""
    with pytest.raises(QueryRefused) as refused:
        answer("SELECT * {\n ?s ?p }")

    failed = failure(refused.value)

    assert failed.line == 2
    assert failed.place.startswith("Line 2, column ")
    assert failed.remedy


def test_an_unknown_prefix_is_named() -> None:
    """Prefixes inside strings, comments and IRIs do not count, nor variables and declared ones."""
    query = 'PREFIX a: <urn:x:y>\nSELECT * { ?s a:b "not:this" ; <urn:nor:that> ?v:w . ?s foo:bar bot:Filler } # nor:me'
    query = query.replace("?v:w", "?v")

    with pytest.raises(QueryRefused) as refused:
        answer(query)
    failed = failure(refused.value, query, info().prefixes)

    assert failed.message == "foo: is not known."
    assert "bot:" in failed.remedy
    assert failed.line == 2


def test_limits_and_silence_have_their_own_words() -> None:
    """Each says what to do."""
    late = failure(QueryOverLimit("Too long.", limit="time", time_limit_s=10))
    down = failure(ServiceDown("The replica does not answer.", part="replica"))

    assert (late.title, "LIMIT" in late.remedy) == ("Over the limit", True)
    assert (down.title, "kept" in down.remedy) == ("No answer", True)
