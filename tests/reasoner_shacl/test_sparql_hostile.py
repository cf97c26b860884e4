"""Queries and numerals that would hold the Gate for minutes, or end the process."""

from __future__ import annotations

import pytest
from rdflib import XSD, Graph, Literal, Namespace

from kg.errors import ShapeRefused, Undecided
from reasoner import Live, validate

E = Namespace("http://example.org/")
PREFIXES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix e: <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . """


def shapes(where: str) -> Graph:
    """One constraint on what has e:p."""
    text = f'{PREFIXES} e:S a sh:NodeShape ; sh:targetSubjectsOf e:p ; sh:sparql [ sh:select """{where}""" ] .'
    return Graph().parse(data=text, format="turtle")


def data(*values: Literal) -> Graph:
    graph = Graph()
    for number, value in enumerate(values):
        graph.add((E[f"n{number}"], E.p, value))
    return graph


P = "SELECT $this ?v WHERE { $this <http://example.org/p> ?v . %s }"
LONG = "a" * 9999


@pytest.mark.parametrize(
    "body",
    [
        'BIND(CONCAT(?v, ?v, ?v, ?v) AS ?b) FILTER(STRLEN(REPLACE(?b, "a", ?b)) < 5)',
        'FILTER(STRLEN(REPLACE(?v, "a", CONCAT(?v, "$0$0"))) < 5)',
    ],
)
def test_replace_that_would_fill_the_memory_is_undecided(body: str) -> None:
    """Nothing is made first and measured then; and what is not decided does not conform."""
    with pytest.raises(Undecided, match="replaces too much"):
        validate(data(Literal(LONG)), shapes(P % body))


def test_group_concat_without_end_is_undecided() -> None:
    """Its length is known beforehand."""
    query = (
        "SELECT $this WHERE { { SELECT $this (GROUP_CONCAT(?w; separator='%s') AS ?g) WHERE { $this "
        "<http://example.org/p> ?v . ?o <http://example.org/q> ?w } GROUP BY $this } FILTER(STRLEN(?g) > 5) }"
    ) % ("x" * 2000)
    graph = data(Literal(1))
    for number in range(200):
        graph.add((E[f"o{number}"], E.q, Literal(number)))

    with pytest.raises(Undecided, match="GROUP_CONCAT"):
        validate(graph, shapes(query))


def test_numerals_that_are_none_are_errors_not_work() -> None:
    """rdflib takes them for decimals; an error in a filter finds nothing."""
    graph = data(Literal("1E9999999", datatype=XSD.decimal, normalize=False))

    assert validate(graph, shapes(P % "FILTER(CEIL(?v) > 5)")).conforms


def test_numbers_of_thousands_of_digits_are_undecided() -> None:
    """They are values, so that to find nothing would be wrong; to compute with them takes too long."""
    graph = data(Literal("1" * 5000, datatype=XSD.decimal, normalize=False))

    with pytest.raises(Undecided, match="5000 digits"):
        validate(graph, shapes(P % "FILTER(CEIL(?v) > 5)"))


def test_such_numerals_in_a_query_are_refused() -> None:
    """When shapes are compiled, by name."""
    with pytest.raises(ShapeRefused, match="1E9999999"):
        validate(Graph(), shapes(P % 'FILTER(?v < "1E9999999"^^<http://www.w3.org/2001/XMLSchema#decimal>)'))


def test_a_long_list_costs_what_it_takes() -> None:
    """The work counted grows with the query's expressions, so that the budget means something."""
    listed = ", ".join(map(str, range(9000)))
    live = Live(Graph(), shapes=shapes(P % f"FILTER(?v IN ({listed}))"), budget=100_000)

    outcome = live.apply(adds=[(E[f"n{number}"], E.p, Literal(-number - 1)) for number in range(100)])

    assert outcome.undecided


def test_sums_leave_such_numerals_out() -> None:
    """A rule that sums them has no result, instead of one that takes minutes."""
    rule = """CONSTRUCT { <http://example.org/all> <http://example.org/sum> ?t } WHERE {
        { SELECT (SUM(?v) AS ?t) WHERE { ?n <http://example.org/p> ?v } } }"""
    rules = Graph().parse(data=f'{PREFIXES} e:R a sh:SPARQLRule ; sh:construct """{rule}""" .', format="turtle")
    live = Live(data(Literal(1.5)), rules=rules)

    outcome = live.apply(adds=[(E.x, E.p, Literal("1E9999999", datatype=XSD.decimal, normalize=False))])

    assert [fact[1] for fact in outcome.went] == [E["sum"]]
    assert not outcome.came
