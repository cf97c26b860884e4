"""Property paths: text, reversal, occurrences, and what they reach."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph, URIRef

from kg.errors import BadTerm
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from reasoner.shacl.parse_paths import read_path
from reasoner.shacl.paths import (
    Alternative,
    Inverse,
    Path,
    Predicate,
    Repeat,
    Sequence,
    occurrences,
    of_text,
    reverse,
    settle,
    text_of,
)
from reasoner.shacl.report import write_path
from reasoner.shacl.sight import Meter, Trace
from reasoner.shacl.walk import compile_path

_PREDICATES = [Predicate(URIRef(f"http://example.org/p{i}")) for i in range(3)]


def _grow(inner: st.SearchStrategy[Path]) -> st.SearchStrategy[Path]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return (
        inner.map(Inverse)
        | several.map(Sequence)
        | several.map(Alternative)
        | st.builds(Repeat, inner, st.sampled_from("*+?"))
    )


PATHS: st.SearchStrategy[Path] = st.recursive(st.sampled_from(_PREDICATES), _grow, max_leaves=6)
EDGES = st.sets(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(0, 4)), max_size=12)


@given(PATHS)
@settings(deadline=None, max_examples=150)
def test_a_path_survives_its_text_and_its_rdf(path: Path) -> None:
    """Written in SPARQL syntax or as RDF and read again, it is the same path."""
    graph = Graph()

    assert of_text(text_of(path)) == path
    assert read_path(graph, write_path(path, graph)) == path


@given(PATHS, EDGES)
@settings(deadline=None, max_examples=150)
def test_a_reversed_path_leads_back(path: Path, edges: set[tuple[int, int, int]]) -> None:
    """From exactly those nodes that the path reaches does its reverse reach the start."""
    graph = WorkingGraph()
    node = graph.terms.node
    nodes = [node(URIRef(f"http://example.org/n{i}")) for i in range(5)]
    predicates = [node(p.iri) for p in _PREDICATES]
    transaction = Transaction(graph)
    for s, p, o in edges:
        transaction.add(nodes[s], predicates[p], nodes[o], GraphName.PLANT)
    reader = Trace(graph, Meter())
    there, back = compile_path(path, node), compile_path(reverse(path), node)

    for start in nodes:
        reached = set(there(reader, start))
        assert {end for end in nodes if start in back(reader, end)} == reached
        assert set(compile_path(settle(path), node)(reader, start)) == reached


@pytest.mark.parametrize("text", ["", "<a", "<http://a>/", "(<http://a>", "<http://a>)", "ex:p", "<http://a>**x"])
def test_a_malformed_path_is_refused(text: str) -> None:
    """Whatever is no path in SPARQL syntax with full IRIs raises BadTerm."""
    with pytest.raises(BadTerm):
        of_text(text)


def test_occurrences_name_the_way_to_each_predicate() -> None:
    """In a sequence the way is what comes before; in a star it may go round any number of times."""
    path = of_text("<http://a>/(^<http://b>)*/<http://c>?")

    found = [
        (place.prefix and text_of(place.prefix), str(place.predicate), place.forward) for place in occurrences(path)
    ]

    assert found == [
        (None, "http://a", True),
        ("<http://a>/(^<http://b>)*", "http://b", False),
        ("<http://a>/(^<http://b>)*", "http://c", True),
    ]


def test_a_chain_of_ten_thousand_links_is_walked(bench: Callable[..., object]) -> None:
    """Stars are walked without recursion."""
    data = "".join(f":n{i} :next :n{i + 1} . " for i in range(10_000))
    shapes = ":S sh:targetNode :n0 ; sh:property [ sh:path [ sh:zeroOrMorePath :next ] ; sh:minCount 10001 ] ."

    assert bench(data, shapes).started == ()  # type: ignore[attr-defined]
