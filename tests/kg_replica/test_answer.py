"""Running a checked query within limits."""

from __future__ import annotations

import itertools
import threading

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from kg.errors import QueryOverLimit, QueryRefused
from kg.replica.answer import Limits, run_query
from kg.replica.formats import Wanted
from kg.replica.prefixes import PREFIXES

G = NamedNode("https://w3id.org/twinwright/graph/state")
P = NamedNode("https://w3id.org/twinwright/core#fillCount")


@pytest.fixture
def store() -> Store:
    made = Store()
    made.extend(Quad(NamedNode(f"urn:s{i}"), P, Literal(i), G) for i in range(10))
    return made


def test_select_gives_sparql_json(store: Store) -> None:
    """Terms come in the form of SPARQL 1.1 Query Results JSON, from the union of all graphs."""
    store.add(Quad(BlankNode("b"), NamedNode("urn:label"), Literal("Füller", language="de"), G))

    table = run_query(store, "SELECT ?s ?v ?none { ?s tw:fillCount ?v } ORDER BY ?v LIMIT 1", PREFIXES, Limits())
    label = run_query(store, "SELECT ?s ?l { ?s <urn:label> ?l }", PREFIXES, Limits())

    integer = "http://www.w3.org/2001/XMLSchema#integer"
    assert table.results == {
        "head": {"vars": ["s", "v", "none"]},
        "results": {
            "bindings": [
                {"s": {"type": "uri", "value": "urn:s0"}, "v": {"type": "literal", "value": "0", "datatype": integer}}
            ]
        },
    }
    assert label.results is not None
    (row,) = label.results["results"]["bindings"]
    assert row["s"]["type"] == "bnode"
    assert row["l"] == {"type": "literal", "value": "Füller", "xml:lang": "de"}


def test_row_limit_is_named(store: Store) -> None:
    """An answer that is cut says so and at which limit; one that just fits is not called cut."""
    cut = run_query(store, "SELECT * { ?s ?p ?o }", PREFIXES, Limits(rows=3)).to_json()
    whole = run_query(store, "SELECT * { ?s ?p ?o }", PREFIXES, Limits(rows=10)).to_json()

    assert (cut["rows"], cut["truncated"], cut["row_limit"]) == (3, True, 3)
    assert (whole["rows"], whole["truncated"]) == (10, False)


def test_ask_and_graphs(store: Store) -> None:
    """ASK gives a boolean; CONSTRUCT and DESCRIBE give Turtle with the project's prefixes, or N-Triples."""
    ask = run_query(store, "ASK { <urn:s3> ?p 3 }", PREFIXES, Limits())
    turtle = run_query(store, "CONSTRUCT { ?s tw:fillCount ?o } WHERE { ?s tw:fillCount ?o }", PREFIXES, Limits())
    lines = run_query(store, "DESCRIBE <urn:s3>", PREFIXES, Limits(), Wanted(graph="ntriples"))

    assert ask.results == {"head": {}, "boolean": True}
    assert turtle.graph is not None
    assert "tw:fillCount 3" in turtle.graph
    assert turtle.rows == 10
    assert lines.graph is not None
    assert lines.graph.count("\n") == 1


def test_time_limit_between_rows(store: Store) -> None:
    """A query whose rows take longer than the limit is refused, naming the limit."""
    ticks = itertools.count()

    with pytest.raises(QueryOverLimit, match="time limit of 4 s") as refused:
        run_query(store, "SELECT * { ?s ?p ?o }", PREFIXES, Limits(seconds=4), now_s=lambda: float(next(ticks)))

    assert refused.value.facts == {"limit": "time", "time_limit_s": 4}


def test_size_limit(store: Store) -> None:
    """An answer may not grow without end, however few rows it has."""
    text = 'SELECT (CONCAT("0123456789", "0123456789") AS ?v) { ?s ?p ?o }'

    with pytest.raises(QueryOverLimit, match="longer than 50"):
        run_query(store, text, PREFIXES, Limits(characters=50))


def test_what_oxigraph_refuses_is_a_refusal(store: Store) -> None:
    """A prefix that nobody declared is bad input with a place, not a crash."""
    with pytest.raises(QueryRefused) as refused:
        run_query(store, "SELECT * { ?s nobody:knows ?o }", PREFIXES, Limits())

    assert refused.value.facts["line"] == 1


def test_a_running_query_lets_other_threads_work() -> None:
    """Oxigraph releases the interpreter while it evaluates, so one query cannot hold the process."""
    store = Store()
    store.extend(Quad(NamedNode(f"urn:s{i}"), P, Literal(i), G) for i in range(150))
    text = "SELECT (COUNT(*) AS ?n) { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z FILTER(?x + ?y < ?z) }"
    query = threading.Thread(target=run_query, args=(store, text, PREFIXES, Limits()))
    turns = 0

    query.start()
    while query.is_alive():
        turns += 1
        query.join(0.001)

    assert turns > 10
