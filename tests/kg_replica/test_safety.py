"""Which SPARQL may run, decided before Oxigraph sees it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kg.errors import QueryRefused
from kg.replica.safety import MAX_BYTES, check_query

SERVICE = "SERVICE <http://198.51.100.1/sparql> { ?s ?p ?o }"

REACHES_OUT = {
    "plain": f"SELECT * {{ {SERVICE} }}",
    "silent": "SELECT * { SERVICE SILENT <http://198.51.100.1/> { ?s ?p ?o } }",
    "variable": "SELECT * { ?s ?p ?o SERVICE ?o { ?a ?b ?c } }",
    "prefixed name": "PREFIX e: <http://198.51.100.1/> SELECT * { SERVICE e:x { ?a ?b ?c } }",
    "lower case": "select * { service <http://198.51.100.1/> { ?a ?b ?c } }",
    "OPTIONAL": f"SELECT * {{ OPTIONAL {{ {SERVICE} }} }}",
    "UNION": f"SELECT * {{ {{ }} UNION {{ {SERVICE} }} }}",
    "MINUS": f"SELECT * {{ ?s ?p ?o MINUS {{ {SERVICE} }} }}",
    "GRAPH": f"SELECT * {{ GRAPH ?g {{ {SERVICE} }} }}",
    "subquery": f"SELECT * {{ {{ SELECT ?s {{ {SERVICE} }} }} }}",
    "EXISTS": f"SELECT * {{ ?s ?p ?o FILTER EXISTS {{ {SERVICE} }} }}",
    "NOT EXISTS in an expression": f"ASK {{ ?s ?p ?o FILTER(?o = 1 || NOT EXISTS {{ {SERVICE} }}) }}",
    "BIND": f"SELECT * {{ BIND(EXISTS {{ {SERVICE} }} AS ?e) }}",
    "SELECT expression": f"SELECT (EXISTS {{ {SERVICE} }} AS ?e) {{ ?s ?p ?o }}",
    "ORDER BY": f"SELECT * {{ ?s ?p ?o }} ORDER BY (EXISTS {{ {SERVICE} }})",
    "GROUP BY": f"SELECT ?e {{ ?s ?p ?o }} GROUP BY (EXISTS {{ {SERVICE} }} AS ?e)",
    "HAVING": f"SELECT ?s {{ ?s ?p ?o }} GROUP BY ?s HAVING (EXISTS {{ {SERVICE} }})",
    "CONSTRUCT": f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {SERVICE} }}",
    "DESCRIBE": f"DESCRIBE ?s WHERE {{ {SERVICE} }}",
    "behind a comment": f"ASK {{ # nothing here\n {SERVICE} }}",
    "FROM http": "SELECT * FROM <http://198.51.100.1/g> { ?s ?p ?o }",
    "FROM file": "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    "FROM NAMED": "SELECT * FROM NAMED <http://198.51.100.1/g> { GRAPH ?g { ?s ?p ?o } }",
    "FROM in CONSTRUCT": "CONSTRUCT FROM <http://198.51.100.1/g> WHERE { ?s ?p ?o }",
    "FROM in ASK": "ASK FROM <http://198.51.100.1/g> { ?s ?p ?o }",
    "FROM in DESCRIBE": "DESCRIBE <urn:x> FROM <http://198.51.100.1/g>",
}

UPDATES = {
    "LOAD http": "LOAD <http://198.51.100.1/g>",
    "LOAD file": "LOAD <file:///etc/passwd> INTO GRAPH <urn:g>",
    "INSERT DATA": "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
    "DELETE WHERE": "DELETE WHERE { ?s ?p ?o }",
    "CLEAR": "CLEAR ALL",
    "second operation": "INSERT DATA { <urn:a> <urn:b> 1 } ; LOAD <http://198.51.100.1/g>",
}

TWO_READINGS = {
    # Oxigraph ends a comment at a carriage return, rdflib does not
    "carriage return": f"ASK {{ # hidden\r {SERVICE} \n}}",
    "escaped quotation mark": f'ASK {{ FILTER("a" = "\\u0022) }} #") {SERVICE} }}',
    "long escape": f'ASK {{ FILTER("a" = "\\U00000022) }} #") {SERVICE} }}',
    "escape beyond Unicode": 'ASK { ?s ?p "\\UFFFFFFFF" }',
    "null character": "ASK { ?s ?p ?o } \x00",
    "form feed": "ASK {\f ?s ?p ?o }",
    "lone surrogate": "ASK { ?s ?p '\ud800' }",
}

MALFORMED = ["", "   ", "SELECT", "SELECT * WHERE {", "SELECT * WHERE { ?s ?p }", "hello", "SELECT * { ?s ?p ?o } }"]


@pytest.mark.parametrize("text", REACHES_OUT.values(), ids=REACHES_OUT.keys())
def test_refuses_what_would_reach_out(text: str) -> None:
    """SERVICE and FROM are found wherever the grammar allows them."""
    with pytest.raises(QueryRefused) as refused:
        check_query(text)

    assert refused.value.facts["construct"] in ("ServiceGraphPattern", "DatasetClause")


@pytest.mark.parametrize("text", UPDATES.values(), ids=UPDATES.keys())
def test_refuses_updates(text: str) -> None:
    """An update, LOAD among them, is told apart from a mistake."""
    with pytest.raises(QueryRefused, match="update"):
        check_query(text)


@pytest.mark.parametrize("text", TWO_READINGS.values(), ids=TWO_READINGS.keys())
def test_refuses_what_two_parsers_read_differently(text: str) -> None:
    """A text in which one parser sees a comment or string and the other a SERVICE never runs."""
    with pytest.raises(QueryRefused):
        check_query(text)


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_text_is_refused(text: str) -> None:
    """What is no SPARQL is refused, not guessed at."""
    with pytest.raises(QueryRefused, match="not a SPARQL"):
        check_query(text)


def test_names_line_and_column() -> None:
    """The place of a syntax error is a fact of the refusal."""
    with pytest.raises(QueryRefused) as refused:
        check_query("SELECT *\nWHERE { ?s ?p ?o } LIMIT x")

    assert refused.value.facts["line"] == 2
    assert refused.value.facts["column"] == 20


def test_limits_of_length_and_depth() -> None:
    """Too long and too deeply nested queries are refused by limit, before they are parsed."""
    with pytest.raises(QueryRefused, match="bytes"):
        check_query("ASK { ?s ?p '" + "é" * (MAX_BYTES // 2) + "' }")
    with pytest.raises(QueryRefused, match="deep"):
        check_query("ASK " + "{" * 65 + "}" * 65)
    with pytest.raises(QueryRefused, match="deep"):
        check_query("ASK { FILTER(" + "(" * 60 + "1" + ")" * 60 + ") }")


@pytest.mark.parametrize(
    "text",
    [
        'SELECT * { ?s ?p "SERVICE <http://198.51.100.1/> { ?a ?b ?c }" }',
        "SELECT * { ?s ?p ?o } # SERVICE <http://198.51.100.1/> {}",
        "SELECT ?service { ?service <urn:from> ?load }",
        'ASK { ?s ?p "\\u00e9\\t\\"" }',
        "SELECT ?s (SUM(?v) AS ?n)\r\nWHERE { ?s (<urn:a>/<urn:b>*)|^<urn:c> ?v } GROUP BY ?s HAVING (SUM(?v) > 3)",
        "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } } LIMIT 10",
        "DESCRIBE <urn:a>",
        "SELECT * { VALUES (?a ?b) { (1 2) (UNDEF 3) } BIND(?a + 1 AS ?c) }",
    ],
)
def test_ordinary_queries_pass(text: str) -> None:
    """Keywords in strings, comments and names do no harm, and line ends are made equal."""
    assert check_query(text) == text.replace("\r\n", "\n")


TOGETHER = """
import sys, threading
from kg.replica.safety import check_query
sys.setswitchinterval(1e-5)
begin = threading.Barrier(8)
def ask(number):
    begin.wait()
    check_query(f"SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c{number} . FILTER(?a = <urn:x>) }} ORDER BY ?n LIMIT 3")
asking = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
[thread.start() for thread in asking]
[thread.join() for thread in asking]
check_query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c }")
"""


def test_queries_that_come_together_do_not_break_the_parser() -> None:
    """pyparsing finds out at first use how many arguments a parse action takes. Threads that did so at the same time
    broke it for good: every query was refused until the process ended. In a process of its own, where it is first use.
    """
    ran = subprocess.run([sys.executable, "-c", TOGETHER], capture_output=True, text=True, timeout=60, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
