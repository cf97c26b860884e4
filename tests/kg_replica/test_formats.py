"""Answers in every format, by the quick way and by the slow one."""

from __future__ import annotations

import csv
import io
import itertools
import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
)
from rdflib import Graph

from kg.errors import QueryOverLimit, QueryRefused
from kg.replica.answer import Answer, Limits, run_query
from kg.replica.formats import GRAPHS, TABLES, Wanted
from kg.replica.prefixes import PREFIXES

G, P = NamedNode("urn:g"), NamedNode("urn:p#speed")
TABLE = "SELECT ?s ?o { ?s ?p ?o } ORDER BY ?s ?o"
GRAPH = "CONSTRUCT WHERE { ?s ?p ?o }"
MANY = 1000


def store_of(*values: Literal | NamedNode | BlankNode) -> Store:
    store = Store()
    store.extend(Quad(NamedNode(f"urn:s{i:05d}"), P, value, G) for i, value in enumerate(values))
    return store


def ask(store: Store, text: str, limits: Limits | None = None, **wanted: str | None) -> Answer:
    return run_query(store, text, PREFIXES, limits or Limits(), Wanted(**wanted))


@pytest.fixture(scope="module")
def many() -> Store:
    return store_of(
        *(Literal(float(i)) if i % 2 else Literal(f'Füller\t"{i}"\r\n', language="de") for i in range(MANY))
    )


def text_of(answer: Answer) -> str:
    assert answer.text is not None
    return answer.text


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_what_oxigraph_writes_itself(many: Store, name: str) -> None:
    """Gathering under limits and turning into a format changes nothing."""
    whole = many.query(TABLE, use_default_graph_as_union=True)
    assert isinstance(whole, QuerySolutions)

    answer = ask(many, TABLE, table=name)

    assert (answer.form, answer.format, answer.rows, answer.truncated) == ("select", name, MANY, False)
    assert text_of(answer).encode() == whole.serialize(format=TABLES[name])


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_are_the_same_in_every_format(many: Store, name: str) -> None:
    """What is read back from a format is the graph that was asked for."""
    answer = ask(many, GRAPH, graph=name)

    held = {(quad.subject, quad.predicate, quad.object) for quad in parse(text_of(answer), format=GRAPHS[name])}
    assert held == {(quad.subject, quad.predicate, quad.object) for quad in many}
    assert (answer.form, answer.rows) == ("graph", MANY)


@pytest.mark.parametrize("most", [1, 99, 100, 101, 500, MANY - 1, MANY])
@pytest.mark.parametrize("query", [TABLE, GRAPH], ids=["table", "graph"])
def test_cut_at_every_place(many: Store, query: str, most: int) -> None:
    """The row limit holds before, at and after the place where Oxigraph takes over the writing."""
    answer = ask(many, query, Limits(rows=most), table="tsv", graph="ntriples")

    assert text_of(answer).count("\n") - (query is TABLE) == most
    assert (answer.rows, answer.truncated) == (most, most < MANY)


def test_slow_rows_are_taken_one_at_a_time(many: Store) -> None:
    """Where rows come slowly the clock is looked at after each one, and the answer is the same."""
    ticks = itertools.count(step=1.0)
    now_s = lambda: float(next(ticks))  # noqa: E731

    slow = run_query(many, TABLE, PREFIXES, Limits(seconds=10 * MANY), now_s=now_s)
    with pytest.raises(QueryOverLimit) as refused:
        run_query(many, TABLE, PREFIXES, Limits(seconds=MANY / 2), now_s=now_s)

    assert slow.text == ask(many, TABLE).text
    assert next(ticks) >= MANY
    assert refused.value.facts["limit"] == "time"


def test_limits_hold_while_oxigraph_writes(many: Store) -> None:
    """Time and size end an answer also after the first rows came quickly."""
    quick = itertools.chain(itertools.repeat(0.0, 104), itertools.repeat(60.0))

    with pytest.raises(QueryOverLimit, match="time limit"):
        run_query(many, TABLE, PREFIXES, Limits(), now_s=lambda: next(quick))
    with pytest.raises(QueryOverLimit, match="longer than 20000") as refused:
        ask(many, TABLE, Limits(characters=20_000))

    assert refused.value.facts == {"limit": "size", "max_characters": 20_000}


def test_yes_or_no_in_every_format(many: Store) -> None:
    """ASK is answered in the table formats."""
    told = {name: text_of(ask(many, "ASK { ?s ?p 1.0e0 }", table=name)) for name in TABLES}

    assert json.loads(told["json"]) == {"head": {}, "boolean": True}
    assert ET.fromstring(told["xml"])[1].text == "true"
    assert told["csv"] == told["tsv"] == "true"


def test_nothing_is_evaluated_without_a_format(many: Store) -> None:
    """Whoever takes graphs only is told that the answer would be a table, and the other way round."""
    table, graph = ask(many, TABLE, table=None), ask(many, GRAPH, graph=None)

    assert (table.form, table.format, table.text) == ("select", None, None)
    assert (graph.form, graph.format, graph.text) == ("graph", None, None)


def test_unknown_formats_are_refused(many: Store) -> None:
    """A format that does not exist is the caller's mistake."""
    with pytest.raises(QueryRefused, match="there are json, xml, csv, tsv"):
        ask(many, TABLE, table="pdf")
    with pytest.raises(QueryRefused, match="there are turtle"):
        ask(many, TABLE, graph="pdf")


def test_what_xml_cannot_hold_is_refused() -> None:
    """Control characters and predicates without an XML name give an error, never broken XML."""
    control, predicate = store_of(Literal("a\x01b")), Store()
    predicate.add(Quad(NamedNode("urn:s"), NamedNode("https://example.org/123"), Literal(1), G))

    with pytest.raises(QueryRefused, match="cannot be written as xml"):
        ask(control, TABLE, table="xml")
    for store in (control, predicate):
        with pytest.raises(QueryRefused, match="cannot be written as rdfxml"):
            ask(store, GRAPH, graph="rdfxml")
    assert json.loads(text_of(ask(control, TABLE)))["results"]["bindings"][0]["o"]["value"] == "a\x01b"


def test_triple_terms_are_refused() -> None:
    """SPARQL 1.1 results cannot hold them, be there one or many; a text that looks like one is a text."""
    one, many = Store(), Store()
    for store, count in ((one, 1), (many, 300)):
        terms = (Triple(NamedNode("urn:s"), P, Literal(i)) for i in range(count))
        store.extend(Quad(NamedNode("urn:s"), P, term, G) for term in terms)

    for store in (one, many):
        with pytest.raises(QueryRefused, match="triple term"):
            ask(store, TABLE)
    assert "<<( a )>>" in text_of(ask(store_of(Literal("\t<<( a )>>")), TABLE))


def test_no_columns_no_rows_and_unbound(many: Store) -> None:
    """The corners of tab-separated values come through."""
    empty = ask(many, "SELECT ?x { VALUES ?x {} }").results
    nothing = ask(many, "SELECT * {}").results
    unbound = ask(many, "SELECT ?a ?b { VALUES (?a ?b) { (UNDEF UNDEF) (UNDEF 1) } }").results

    assert empty == {"head": {"vars": ["x"]}, "results": {"bindings": []}}
    assert nothing == {"head": {"vars": []}, "results": {"bindings": [{}]}}
    assert unbound is not None
    assert [set(row) for row in unbound["results"]["bindings"]] == [set(), {"b"}]


def test_csv_and_rdfxml_are_read_by_others(many: Store) -> None:
    """Python's csv and rdflib's RDF/XML reader find what was written."""
    rows = list(csv.reader(io.StringIO(text_of(ask(many, TABLE, table="csv")), newline="")))
    graph = Graph().parse(data=text_of(ask(many, GRAPH, graph="rdfxml")), format="xml")

    assert rows[:2] == [["s", "o"], ["urn:s00000", 'Füller\t"0"\r\n']]
    assert len(rows) == MANY + 1
    assert len(graph) == MANY


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
literals = st.one_of(
    texts.map(Literal),
    texts.map(lambda text: Literal(text, language="de")),
    texts.map(lambda text: Literal(text, datatype=NamedNode("urn:type"))),
    st.floats().map(Literal),
    st.integers(-(2**70), 2**70).map(lambda number: Literal(str(number))),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(literals, min_size=1, max_size=8), st.integers(0, 3))
def test_any_value_comes_through(values: list[Literal], copies: int) -> None:
    """Whatever literals hold, JSON gives the terms that the store holds, by both ways of gathering."""
    store = store_of(*values * 50**copies if copies < 2 else values)
    whole = store.query(TABLE, use_default_graph_as_union=True)
    assert isinstance(whole, QuerySolutions)

    got = parse_query_results(text_of(ask(store, TABLE)), format=QueryResultsFormat.JSON)
    turtle = parse(text_of(ask(store, GRAPH)), format=RdfFormat.TURTLE)

    assert isinstance(got, QuerySolutions)
    assert [list(map(str, row)) for row in got] == [list(map(str, row)) for row in whole]
    assert {quad.triple for quad in turtle} == {quad.triple for quad in store}
