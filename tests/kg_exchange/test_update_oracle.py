"""Our reading of an update against Oxigraph's: the same data afterwards, for random data and random updates."""

from __future__ import annotations

from collections.abc import Callable

import pyoxigraph
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from kg.change import Quad
from kg.exchange import Effect, read_update
from kg.names import GraphName
from kg.terms import term_text
from kg.wire import quads_to_text
from tests.kg_exchange.conftest import KNOWN, answer_of, quads_of, store_of

GRAPHS = (GraphName.PLANT, GraphName.POLICY)
NODES = [URIRef(f"urn:{name}") for name in "abc"]
PREDICATES = [URIRef(f"urn:{name}") for name in "pq"]
VALUES = [Literal("x"), Literal("} # {"), Literal('a"\\'), Literal("y", lang="en")]
QUADS = st.builds(
    Quad, st.sampled_from(NODES), st.sampled_from(PREDICATES), st.sampled_from(NODES + VALUES), st.sampled_from(GRAPHS)
)
DATA = st.lists(QUADS, max_size=12, unique=True)

NODE = st.sampled_from([*map(term_text, NODES), "?s", "?o", "?t", "?s"])
PREDICATE = st.sampled_from([*map(term_text, PREDICATES), "?p"])
VALUE = st.one_of(NODE, st.sampled_from([*map(term_text, VALUES), "'}'", '"""{"#"""', "?o", "?unbound"]))
GRAPH = st.sampled_from([*(f"<{name.iri}>" for name in GRAPHS), "graph:plant", "?g"])
FIXED_GRAPH = st.sampled_from([*(f"<{name.iri}>" for name in GRAPHS), "graph:policy"])
TRIPLE = st.builds("{} {} {}".format, NODE, PREDICATE, VALUE)
TRIPLES = st.lists(TRIPLE, min_size=1, max_size=2).map(" . ".join)
GAP = st.sampled_from(["", " ", "\n", " # } in a comment {\n"])


def in_graph(graph: str, inside: str) -> str:
    return f"GRAPH {graph} {{ {inside} }}"


def braced(gap: str, inside: str) -> str:
    return f"{{{gap}{inside}{gap}}}"


BLOCK = st.builds(in_graph, GRAPH, TRIPLES)
PATTERN = st.one_of(
    BLOCK,
    st.builds("{} {}".format, BLOCK, BLOCK),
    st.builds("{} OPTIONAL {{ {} }}".format, BLOCK, BLOCK),
    st.builds("{{ {} }} UNION {{ {} }}".format, BLOCK, BLOCK),
    st.builds("{} FILTER(STR(?o) != '}} ;')".format, BLOCK),
    st.builds("{} FILTER(STRLEN(STR(?o)) < 6 && STR(?s) > 'urn:a')".format, BLOCK),
    st.builds("{} FILTER NOT EXISTS {{ {} }}".format, BLOCK, BLOCK),
    st.builds("{} MINUS {{ {} }}".format, BLOCK, BLOCK),
    st.builds("{{ SELECT ?s ?o (COUNT(*) AS ?n) {{ {} }} GROUP BY ?s ?o }}".format, BLOCK),
    st.builds("{} BIND(STR(?o) AS ?z)".format, BLOCK),
    st.builds("VALUES (?s ?o) {{ (<urn:a> 'x') (UNDEF <urn:b>) }} {}".format, BLOCK),
)
TEMPLATE = st.lists(BLOCK, max_size=2).map(" ".join)
GROUP, WHERE = st.builds(braced, GAP, TEMPLATE), st.builds(braced, GAP, PATTERN)
PLAIN = st.one_of(TRIPLES, st.builds("{} . {}".format, TRIPLES, BLOCK), st.builds("{} {}".format, BLOCK, TRIPLES))


def data_operation(word: str, quads: list[Quad]) -> str:
    inside = " ".join(in_graph(f"<{q.g.iri}>", f"{term_text(q.s)} {term_text(q.p)} {term_text(q.o)}") for q in quads)
    return f"{word} DATA {{ {inside} }}"


DATA_OPERATION = st.builds(data_operation, st.sampled_from(["INSERT", "DELETE", "insert"]), DATA)
WHERE_OPERATION = st.one_of(
    st.builds(
        "DELETE {} INSERT {} WHERE {}".format, *[st.builds(braced, GAP, part) for part in (TEMPLATE, TEMPLATE, PATTERN)]
    ),
    st.builds("DELETE {} WHERE {}".format, *[st.builds(braced, GAP, part) for part in (TEMPLATE, PATTERN)]),
    st.builds("INSERT {} WHERE {}".format, *[st.builds(braced, GAP, part) for part in (TEMPLATE, PATTERN)]),
    st.builds("DELETE WHERE {{ {} }}".format, TEMPLATE),
    st.builds("WITH {} DELETE {{ {} }} INSERT {{ {} }} WHERE {{ {} }}".format, FIXED_GRAPH, PLAIN, TEMPLATE, PLAIN),
    st.builds("WITH {} INSERT {{ {} }} WHERE {{ {} OPTIONAL {{ {} }} }}".format, FIXED_GRAPH, PLAIN, PLAIN, PLAIN),
    st.builds("WITH {} DELETE {{ {} }} WHERE {{ {} FILTER EXISTS {{ {} }} }}".format, FIXED_GRAPH, PLAIN, PLAIN, PLAIN),
)
UPDATE = st.builds(
    lambda first, rest, gap: f" ;{gap}".join([first, *rest]),
    st.one_of(DATA_OPERATION, WHERE_OPERATION),
    st.lists(DATA_OPERATION, max_size=2),
    GAP,
)


def expected(data: list[Quad], text: str) -> frozenset[Quad]:
    store = store_of(data)
    store.update(text, prefixes=KNOWN)
    return quads_of(store)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DATA, UPDATE)
@example([], "INSERT DATA { }")
@example([Quad(NODES[0], PREDICATES[0], NODES[1], GraphName.PLANT)], "DELETE WHERE { GRAPH ?g { ?s ?p ?o } }")
def test_the_same_data_afterwards(data: list[Quad], text: str) -> None:
    """Data without the removals, with the additions, is what Oxigraph's own update leaves."""
    update = read_update(text, KNOWN)
    effect = update.effect(answer_of(store_of(data), update.query) if update.query else None)

    assert (frozenset(data) - set(effect.removes)) | set(effect.adds) == expected(data, text)
    assert not set(effect.adds) & set(effect.removes)


def canonical(text: str) -> set[str]:
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.N_QUADS))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return set(map(str, dataset))


def test_blank_nodes_are_fresh_in_each_solution(effect_of: Callable[..., Effect]) -> None:
    """Brackets, lists and labels make nodes of their own for every row, as in Oxigraph."""
    data = [Quad(node, PREDICATES[0], Literal("x"), GraphName.PLANT) for node in NODES[:2]]
    text = """WITH graph:plant
    INSERT { ?s <urn:q> [ <urn:r> (1 ?o) ] , _:b . _:b <urn:r> "01" . GRAPH graph:policy { _:b a [] } }
    WHERE { ?s <urn:p> ?o } ; INSERT DATA { GRAPH graph:plant { _:c <urn:r> _:c } }"""
    store = store_of(data)
    store.update(text, prefixes=KNOWN)

    effect = effect_of(text, data)

    ours = quads_to_text([*data, *effect.adds])
    theirs = pyoxigraph.serialize(store, format=pyoxigraph.RdfFormat.N_QUADS) or b""
    assert canonical(ours) == canonical(theirs.decode())
