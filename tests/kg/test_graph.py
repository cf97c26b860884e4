"""The working graph and its transactions, against a set of quads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kg.graph import OldAndNew, Restricted, Transaction, WorkingGraph
from kg.names import VISIBLE, GraphName, mask

NODES = st.integers(0, 5).map(lambda n: 2**53 + 1 + 4 * n)
NAMES = st.sampled_from([GraphName.PLANT, GraphName.STATE, GraphName.INFERRED, GraphName.VIOLATIONS])
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "replace", "clear"]), NODES, NODES, NODES, NAMES), max_size=40
)


def contents(graph: WorkingGraph) -> set[tuple[object, ...]]:
    return {(*t, name) for t in graph.triples() for name in GraphName if graph.marks(*t) & name.bit}


def apply(quads: set[tuple[object, ...]], transaction: Transaction, steps: list[tuple[object, ...]]) -> None:
    """Do the same to a set of quads and to the graph."""
    for what, s, p, o, name in steps:
        if what == "add":
            assert transaction.add(s, p, o, name) == ((s, p, o, name) not in quads)
            quads.add((s, p, o, name))
        elif what == "remove":
            assert transaction.remove(s, p, o, name) == ((s, p, o, name) in quads)
            quads.discard((s, p, o, name))
        else:
            if what == "replace":
                transaction.replace(s, p, o, name)
            else:
                transaction.clear(s, p, name)
            quads -= {q for q in quads if q[0] == s and q[1] == p and q[3] == name}
            if what == "replace":
                quads.add((s, p, o, name))


@given(STEPS, STEPS, st.booleans())
def test_graph_equals_a_set_of_quads(first, second, indexed):
    """Whatever is done, the graph holds what a set of quads would, with and without reverse indexes."""
    graph, quads = WorkingGraph(), set()
    if indexed:
        for n in range(6):
            list(graph.subjects(2**53 + 1 + 4 * n, 2**53 + 1))
    apply(quads, Transaction(graph), first)
    apply(quads, Transaction(graph), second)

    assert contents(graph) == quads
    triples = {q[:3] for q in quads}
    assert len(graph) == len(triples)
    for s, p, o in triples:
        assert o in set(graph.objects(s, p))
        assert s in set(graph.subjects(p, o))
        assert p in set(graph.predicates(s))


@given(STEPS, STEPS, STEPS)
def test_rollback_restores_everything(first, second, third):
    """A rollback to a savepoint, and then to the start, gives back exactly what was there."""
    graph, quads = WorkingGraph(), set()
    apply(quads, Transaction(graph), first)
    start = set(quads)
    transaction = Transaction(graph)
    apply(quads, transaction, second)
    middle, savepoint = set(quads), transaction.savepoint()
    apply(quads, transaction, third)

    transaction.rollback(savepoint)
    assert contents(graph) == middle
    transaction.rollback()
    assert contents(graph) == start
    assert not transaction.changes()


@given(STEPS, STEPS, STEPS)
def test_net_delta_since_any_point(first, second, third):
    """The delta since a savepoint is the difference of the graphs then and now, seen through any marks."""
    graph, quads = WorkingGraph(), set()
    transaction = Transaction(graph)
    apply(quads, transaction, first)
    apply(quads, transaction, second)
    then, savepoint = set(quads), transaction.savepoint()
    apply(quads, transaction, third)

    visible = mask(VISIBLE)
    seen_then = {q[:3] for q in then if q[3].bit & visible}
    seen_now = {q[:3] for q in quads if q[3].bit & visible}
    assert {tuple(t) for t in transaction.added(visible, savepoint)} == seen_now - seen_then
    assert {tuple(t) for t in transaction.removed(visible, savepoint)} == seen_then - seen_now


@given(STEPS, STEPS)
def test_old_and_new_is_the_union(first, second):
    """The view for footprints shows what held before or holds after."""
    graph, quads = WorkingGraph(), set()
    apply(quads, Transaction(graph), first)
    before = {q[:3] for q in quads}
    transaction = Transaction(graph)
    apply(quads, transaction, second)
    union = before | {q[:3] for q in quads}

    view = OldAndNew(graph, transaction.removed())

    for s, p, o in union:
        assert view.has(s, p, o)
        assert o in set(view.objects(s, p))
        assert s in set(view.subjects(p, o))
        assert (s, o) in set(view.pairs(p))
        assert p in set(view.predicates(s))


@given(STEPS)
def test_restricted_view_shows_some_graphs_only(steps):
    """A view of the asserted graphs does not show what was only inferred."""
    graph, quads = WorkingGraph(), set()
    apply(quads, Transaction(graph), steps)
    view = Restricted(graph, GraphName.PLANT.bit | GraphName.STATE.bit)

    for s, p, o in {q[:3] for q in quads}:
        shown = any((s, p, o, name) in quads for name in (GraphName.PLANT, GraphName.STATE))
        assert view.has(s, p, o) == shown
        assert (o in set(view.objects(s, p))) == shown
        assert (s in set(view.subjects(p, o))) == shown
