"""The graph as it was before a round, in every way in which rules may look at it."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Transaction, Triple, WorkingGraph
from kg.names import GraphName
from kg.terms import Node
from reasoner.rules.past import Past
from reasoner.rules.views import Gone, Now

NODES = (1.0, 2.0, 3.0)
TRIPLES = [Triple(*nodes) for nodes in product(NODES, repeat=3)]
SETS = st.sets(st.sampled_from(TRIPLES), max_size=14)
SEEN = GraphName.PLANT.bit


def graph_of(triples: set[Triple]) -> WorkingGraph:
    graph = WorkingGraph()
    transaction = Transaction(graph)
    for triple in triples:
        transaction.add(*triple, GraphName.PLANT)
    return graph


@given(SETS, SETS, SETS)
def test_it_is_the_graph_before(before: set[Triple], now: set[Triple], returned: set[Triple]) -> None:
    """What came is not there, what went is, and what went and came back has been there all the time."""
    gone, came = Gone(), set[tuple[Node, Node, Node]]()
    for triple in (before - now) | (returned & before & now):
        gone.add(*triple)
    for triple in now - before:
        came.add(triple)
    view = Now(graph_of(now), SEEN, lambda p, o: False, None)

    past, old = Past(view, gone, came), graph_of(before)

    assert set(past.triples()) == before
    for a in NODES:
        assert set(past.pairs(a)) == set(old.pairs(a))
        assert set(past.predicates(a)) >= set(old.predicates(a))
        for b in NODES:
            assert set(past.objects(a, b)) == set(old.objects(a, b))
            assert set(past.subjects(a, b)) == set(old.subjects(a, b))
            assert all(past.has(a, b, c) == old.has(a, b, c) for c in NODES)
