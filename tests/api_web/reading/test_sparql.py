"""The SPARQL 1.1 Protocol over a real replica."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from typing import Any
from urllib.parse import quote

import pytest
from rdflib import RDF, Graph, Namespace

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
PATH = "/v1/sparql"
SPEEDS = "SELECT ?m ?v { ?m pack:curMachSpeed ?v } ORDER BY ?v"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}


async def test_three_ways_of_asking(asked: Any) -> None:
    """GET, a form and a body with the query alone give the same answer."""
    by_get = await asked.get(PATH, query=SPEEDS)
    by_form = await asked.post(PATH, data={"query": SPEEDS})
    by_body = await asked.post(PATH, content=SPEEDS, headers=DIRECT)

    assert by_get.status_code == 200
    assert by_get.headers["content-type"] == "application/sparql-results+json"
    assert [row["v"]["value"] for row in by_get.json()["results"]["bindings"]] == ["412", "430"]
    assert by_get.json() == by_form.json() == by_body.json()


async def test_limits_are_in_the_headers(asked: Any) -> None:
    """Time and rows in force, rows found, whether they were cut, and how far the replica had come."""
    whole = await asked.get(PATH, query=SPEEDS)
    cut = await asked.get(PATH, query=SPEEDS, limit=1, timeout=2.5)

    told = {name: cut.headers[name] for name in ("x-limit-time-s", "x-limit-rows", "x-rows", "x-truncated", "x-seq")}
    assert told == {
        "x-limit-time-s": "2.5",
        "x-limit-rows": "1",
        "x-rows": "1",
        "x-truncated": "true",
        "x-seq": str(asked.core.seq),
    }
    assert (whole.headers["x-limit-rows"], whole.headers["x-truncated"]) == ("5000", "false")
    assert whole.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("accept", "query", "media"),
    [
        ("text/csv", SPEEDS, "text/csv; charset=utf-8"),
        ("text/tab-separated-values", SPEEDS, "text/tab-separated-values; charset=utf-8"),
        ("application/sparql-results+xml", SPEEDS, "application/sparql-results+xml"),
        ("application/json", SPEEDS, "application/json"),
        ("text/turtle, text/csv;q=0.1", SPEEDS, "text/csv; charset=utf-8"),
        ("application/sparql-results+xml", "ASK { ?s ?p ?o }", "application/sparql-results+xml"),
        (None, "CONSTRUCT WHERE { ?m pack:curMachSpeed ?v }", "text/turtle; charset=utf-8"),
        ("application/rdf+xml", "CONSTRUCT WHERE { ?m pack:curMachSpeed ?v }", "application/rdf+xml"),
        ("application/ld+json", "DESCRIBE bot:Filler", "application/ld+json"),
        ("application/n-triples", "DESCRIBE bot:Filler", "application/n-triples"),
        ("application/trig", "DESCRIBE bot:Filler", "application/trig"),
    ],
)
async def test_formats(asked: Any, accept: str | None, query: str, media: str) -> None:
    """The format follows from the header and the form of the query."""
    answer = await asked.get(PATH, accept, query=query)

    assert (answer.status_code, answer.headers["content-type"]) == (200, media)
    assert answer.content


async def test_csv_and_a_format_in_the_link(asked: Any) -> None:
    """`format` wins over the header, and stands for the graph format of its name too."""
    table = await asked.get(PATH, BROWSER, query=SPEEDS, format="csv")
    graph = await asked.get(PATH, BROWSER, query="DESCRIBE bot:Filler", format="json")

    assert next(csv.DictReader(io.StringIO(table.text)))["v"] == "412"
    assert graph.headers["content-type"] == "application/ld+json"


async def test_nothing_acceptable(asked: Any) -> None:
    """406 says what there is, before the query runs or when its form is known."""
    neither = await asked.get(PATH, "image/png", query=SPEEDS)
    other_form = await asked.get(PATH, "text/turtle", query=SPEEDS)
    unknown = await asked.get(PATH, query=SPEEDS, format="pdf")

    for answer in (neither, other_form, unknown):
        assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
    assert "turtle" in neither.json()["formats"]
    assert other_form.json()["formats"] == "json, xml, csv, tsv"


async def test_without_a_query(asked: Any) -> None:
    """Programs get the service description, browsers the workbench."""
    turtle = await asked.get(PATH)
    page = await asked.get(PATH, BROWSER)
    xml = await asked.get(PATH, "application/rdf+xml")
    refused = await asked.get(PATH, "text/csv")

    graph = Graph().parse(data=turtle.text, format="turtle")
    (service,) = graph.subjects(RDF.type, SD.Service)
    assert str(graph.value(service, SD.endpoint)) == "http://localhost/v1/sparql"
    assert len(list(graph.subjects(RDF.type, SD.NamedGraph))) == 11
    assert (page.status_code, page.headers["location"]) == (303, "/explore")
    assert len(Graph().parse(data=xml.text, format="xml")) == len(graph)
    assert refused.status_code == 406


@pytest.mark.parametrize(
    ("method", "more", "status", "code"),
    [
        ("POST", {"data": {"other": "1"}}, 400, "query-refused"),
        ("POST", {"data": {"query": ["ASK {}", "ASK {}"]}}, 400, "query-refused"),
        ("POST", {"params": {"query": "ASK {}"}, "content": "ASK {}", "headers": DIRECT}, 400, "query-refused"),
        ("POST", {"content": "", "headers": DIRECT}, 400, "query-refused"),
        ("POST", {"content": "ASK {}", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported-media"),
        ("POST", {"content": "ASK {}"}, 415, "unsupported-media"),
        (
            "POST",
            {"content": "ASK {}", "headers": {"Content-Type": "application/sparql-query; charset=latin-1"}},
            415,
            "unsupported-media",
        ),
        ("POST", {"content": b"ASK { ?s ?p '\xff' }", "headers": DIRECT}, 400, "query-refused"),
        ("POST", {"content": b"query=%FF", "headers": FORM}, 400, "query-refused"),
        ("POST", {"content": b"query=\xc3\xa9", "headers": FORM}, 400, "query-refused"),
        ("POST", {"content": b"a=1&" * 100, "headers": FORM}, 400, "query-refused"),
        ("POST", {"content": b"A" * 10_000_000, "headers": DIRECT}, 413, "body-too-large"),
        ("POST", {"content": b"A" * 100_000, "headers": DIRECT}, 400, "query-refused"),
        ("POST", {"data": {"query": "ASK {}", "default-graph-uri": "urn:g"}}, 400, "query-refused"),
        ("GET", {"params": {"query": "ASK {}", "named-graph-uri": "urn:g"}}, 400, "query-refused"),
        ("GET", {"params": {"query": "ASK FROM <urn:g> {}"}}, 400, "query-refused"),
        ("GET", {"params": {"query": "hello"}}, 400, "query-refused"),
        ("GET", {"params": {"query": "ASK {}", "limit": "0"}}, 422, "bad-request"),
        ("GET", {"params": {"query": "ASK {}", "limit": "1000000"}}, 422, "bad-request"),
        ("GET", {"params": {"query": "ASK {}", "limit": "many"}}, 422, "bad-request"),
        ("GET", {"params": {"query": "ASK {}", "timeout": "nan"}}, 422, "bad-request"),
        ("GET", {"params": {"query": "ASK {}", "timeout": "-1"}}, 422, "bad-request"),
        ("GET", {"params": {"query": "ASK {}", "timeout": "1e9"}}, 422, "bad-request"),
        ("GET", {"params": {"query": "ASK {}", "min_seq": "-1"}}, 422, "bad-request"),
        ("GET", {"params": {"query": "ASK {}", "min_seq": "9" * 5000}}, 422, "bad-request"),
    ],
)
async def test_bad_input_is_a_typed_problem(
    asked: Any, method: str, more: dict[str, Any], status: int, code: str
) -> None:
    """Whatever is wrong, the answer is a problem with a code and a remedy."""
    headers = asked.bearer() | more.get("headers", {})

    answer = await asked.http.request(method, PATH, **{**more, "headers": headers})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["remedy"]


@pytest.mark.parametrize(
    "more",
    [
        {"data": {"update": "CLEAR ALL"}},
        {"content": "CLEAR ALL", "headers": {"Content-Type": "application/sparql-update"}},
    ],
)
async def test_updates_are_shown_the_way(asked: Any, more: dict[str, Any]) -> None:
    """The graph changes by POST /v1/changes alone."""
    answer = await asked.post(PATH, **more)

    assert answer.status_code in (400, 415)
    assert "POST /v1/changes" in answer.json()["detail"]


async def test_over_the_limits(asked: Any) -> None:
    """A query over its time or size is 422 and says which limit it was."""
    long = "SELECT ?s ?p ?o ('" + "x" * 30_000 + "' AS ?long) { ?s ?p ?o }"

    big = await asked.get(PATH, query=long)
    slow = await asked.get(PATH, query="SELECT * { ?a ?p ?x . ?b ?q ?y }", timeout=0.001)

    assert (big.status_code, big.json()["code"], big.json()["limit"]) == (422, "query-over-limit", "size")
    assert (slow.status_code, slow.json()["code"], slow.json()["limit"]) == (422, "query-over-limit", "time")
    assert slow.json()["time_limit_s"] == 0.001


async def test_reads_what_was_written(asked: Any) -> None:
    """With `min_seq` the answer waits for a Change, and says how far it came where that does not happen."""
    here = await asked.get(PATH, query="ASK {}", min_seq=asked.core.seq)
    never = await asked.get(PATH, query="ASK {}", min_seq=asked.core.seq + 1, timeout=0.2)

    assert here.status_code == 200
    assert (never.status_code, never.json()["code"]) == (409, "not-yet-seen")


async def test_without_a_replica(reader: Any) -> None:
    """A replica that does not run is a problem that the operator solves."""
    answer = await reader.get(PATH, query="ASK {}")

    assert (answer.status_code, answer.json()["code"], answer.json()["part"]) == (503, "service-down", "replica")


async def test_strangers_are_not_answered(asked: Any) -> None:
    """Nobody asks without a token, and a part's token is none."""
    nobody = await asked.http.get(PATH, params={"query": "ASK {}"})
    part = await asked.http.get(PATH, params={"query": "ASK {}"}, headers={"Authorization": "Bearer x"})

    assert nobody.status_code == part.status_code == 401


async def test_other_requests_go_on(asked: Any) -> None:
    """While a large answer is made, the event loop stays free."""
    longest, running = 0.0, True

    async def watch() -> None:
        nonlocal longest
        while running:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - began)

    watching = asyncio.create_task(watch())
    answer = await asked.get(PATH, query="SELECT ?a ?p ?o { ?a ?p ?o . ?b ?q ?x }", format="csv")
    running = False
    await watching

    assert answer.headers["x-rows"] == "5000"
    assert longest < 1.0  # a query on the loop would hold it until the answer is there


async def test_a_percent_encoded_query_with_letters_beyond_ascii(asked: Any) -> None:
    """UTF-8 comes through the address."""
    query = quote("SELECT ('Füller→' AS ?x) {}")

    answer = await asked.http.get(f"{PATH}?query={query}", headers=asked.bearer())

    assert answer.json()["results"]["bindings"][0]["x"]["value"] == "Füller→"
