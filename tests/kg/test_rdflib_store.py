"""The working graph as an rdflib store, against rdflib's own in-memory store holding the same quads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, RDFS, XSD, BNode, Dataset, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.compare import isomorphic

from kg.errors import BadTerm, ReadOnly
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.rdflib_store import WorkingGraphStore
from kg.terms import double_literal

E = Namespace("http://example.org/")
PLANT, STATE, VIOLATIONS = GraphName.PLANT, GraphName.STATE, GraphName.VIOLATIONS
NAMES = (PLANT, STATE, VIOLATIONS)
SEEN = PLANT.bit | STATE.bit
SUBJECTS = [E.a, E.b, E.c, BNode("n")]
PREDICATES = [E.p, E.q, E.r]
OBJECTS = [
    *SUBJECTS,
    Literal("x"),
    Literal("x", lang="en"),
    Literal("01", datatype=XSD.integer, normalize=False),
    Literal("1", datatype=XSD.integer),
    Literal("1.0", datatype=XSD.decimal, normalize=False),
    double_literal(412.0),
    Literal("412", datatype=XSD.double, normalize=False),
    Literal("no number", datatype=XSD.integer, normalize=False),
]
QUADS = st.lists(
    st.tuples(*map(st.sampled_from, (SUBJECTS, PREDICATES, OBJECTS, NAMES))), max_size=25, unique_by=lambda q: repr(q)
)
QUERIES = [
    "SELECT ?s ?o { ?s :p ?o }",
    "SELECT ?s ?p { ?s ?p 1 }",
    "SELECT ?x ?z { ?x :p ?y . ?y :q ?z }",
    "SELECT ?x ?y { ?x (:p|:q)+ ?y }",
    "SELECT ?x ?y { ?x ^:p/:q* ?y }",
    "SELECT ?x { ?x :p ?y FILTER(?y > 0) }",
    "SELECT ?x ?z { ?x :p ?y OPTIONAL { ?y :r ?z } }",
    "SELECT ?x { ?x :p ?y FILTER NOT EXISTS { ?x :q ?z } }",
    "SELECT ?x (COUNT(?y) AS ?n) { ?x :p ?y } GROUP BY ?x",
    "SELECT ?g ?s ?o { GRAPH ?g { ?s :p ?o } }",
    f"SELECT ?s ?p ?o {{ GRAPH <{STATE.iri}> {{ ?s ?p ?o }} }}",
    f"SELECT ?x ?z {{ GRAPH <{STATE.iri}> {{ ?x :p ?y }} GRAPH <{PLANT.iri}> {{ ?y :q ?z }} }}",
]


@pytest.fixture(autouse=True)
def _no_talk_of_the_old_dataset() -> Iterator[None]:
    """rdflib's own SPARQL engine and serialisers call methods of Dataset that it deprecates."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(Dataset|ConjunctiveGraph)", DeprecationWarning)
        yield


def put(graph: WorkingGraph, quads) -> None:
    transaction, node = Transaction(graph), graph.terms.node
    for s, p, o, name in quads:
        transaction.add(node(s), node(p), node(o), name)


def filled(quads) -> WorkingGraph:
    graph = WorkingGraph()
    put(graph, quads)
    return graph


def reference(quads, visible: int = -1) -> Dataset:
    """The same quads in rdflib's store, with the union as the default graph."""
    dataset = Dataset(default_union=True)
    for s, p, o, name in quads:
        if name.bit & visible:
            dataset.graph(URIRef(name.iri)).add((s, p, o))
    return dataset


def exact(terms) -> tuple:
    return tuple(t.n3() if t is not None else "" for t in terms)


def rows(found) -> list:
    return sorted(exact(row) for row in found)


@settings(deadline=None, max_examples=60)
@given(QUADS, st.sampled_from([-1, SEEN, STATE.bit]))
def test_every_kind_of_pattern_finds_what_rdflib_finds(quads, visible):
    """All eight kinds of pattern, in the union and in each named graph, with lexical forms kept."""
    store, expected = WorkingGraphStore(filled(quads), visible), reference(quads, visible)
    views = [(Graph(store), expected), (Dataset(store), expected)]
    views += [(Graph(store, URIRef(name.iri)), expected.graph(URIRef(name.iri))) for name in NAMES]
    asked = [*(q[:3] for q in quads[:4]), (E.a, E.p, E.b), (E.never, E.p, E.seen), (E.a, E.p, Literal(412.0))]

    for (view, oracle), (s, p, o) in product(views, asked):
        assert len(view) == len(set(oracle.triples((None, None, None))))
        for pattern in product((s, None), (p, None), (o, None)):
            assert rows(view.triples(pattern)) == rows(oracle.triples(pattern)), pattern
            assert (pattern in view) == (pattern in oracle)


@settings(deadline=None, max_examples=60)
@given(QUADS)
def test_quads_and_contexts_name_the_graphs_that_hold_a_triple(quads):
    """A triple in two named graphs is two quads and one triple; what is not visible is not named."""
    store, expected = WorkingGraphStore(filled(quads), SEEN), reference(quads, SEEN)

    assert {str(g.identifier) for g in store.contexts()} == {PLANT.iri, STATE.iri}
    assert rows(Dataset(store).quads()) == rows(expected.quads())
    for s, p, o, _ in quads:
        holders = {str(g.identifier) for g in store.contexts((s, p, o))}
        assert holders == {str(g) for *_, g in expected.quads((s, p, o, None))}


@settings(deadline=None, max_examples=60)
@given(QUADS, st.sampled_from(QUERIES))
def test_sparql_gives_the_same_answers(quads, query):
    """rdflib's SPARQL engine over a Dataset: joins, paths, absence, aggregates, GRAPH."""
    text = f"PREFIX : <{E}> {query}"
    dataset = Dataset(WorkingGraphStore(filled(quads)))

    assert rows(dataset.query(text)) == rows(reference(quads).query(text))
    if "GRAPH" not in query:
        assert rows(Graph(dataset.store).query(text)) == rows(reference(quads).query(text))


@settings(deadline=None, max_examples=60)
@given(QUADS, st.lists(st.tuples(st.booleans(), *map(st.sampled_from, (SUBJECTS, PREDICATES, OBJECTS, NAMES)))))
def test_changes_go_through_the_transaction_and_back(quads, steps):
    """Adding and removing through rdflib equals the same on rdflib's store; a rollback restores everything."""
    graph, expected = filled(quads), reference(quads)
    before = {t: graph.marks(*t) for t in graph.triples()}
    transaction = Transaction(graph)
    dataset = Dataset(WorkingGraphStore(graph, transaction=transaction))
    for adds, s, p, o, name in steps:
        for view in (dataset.graph(URIRef(name.iri)), expected.graph(URIRef(name.iri))):
            _ = view.add((s, p, o)) if adds else view.remove((s, None, o))

    assert rows(dataset.quads()) == rows(expected.quads())
    transaction.rollback()
    assert {t: graph.marks(*t) for t in graph.triples()} == before


def test_update_writes_into_the_named_graph_or_else_into_the_given_one():
    """SPARQL Update through a union writes where the caller said; a named graph is written as named."""
    graph = filled([(E.a, E.p, E.b, PLANT), (E.a, E.p, E.b, STATE)])
    dataset = Dataset(WorkingGraphStore(graph, transaction=Transaction(graph), into=STATE))

    dataset.update(f"DELETE {{ ?x <{E.p}> <{E.b}> }} INSERT {{ <{E.c}> <{E.p}> 1 }} WHERE {{ ?x <{E.p}> <{E.b}> }}")
    dataset.update(f"INSERT DATA {{ GRAPH <{PLANT.iri}> {{ <{E.c}> <{E.p}> 2 }} }}")
    Graph(dataset.store).set((E.d, E.p, Literal(3)))

    held = {(s, int(o) if isinstance(o, Literal) else o, str(g)) for s, _, o, g in dataset.quads()}
    assert held == {(E.a, E.b, PLANT.iri), (E.c, 1, STATE.iri), (E.c, 2, PLANT.iri), (E.d, 3, STATE.iri)}


def test_commit_and_rollback_are_points_in_the_transaction():
    """`commit` moves the point to which `rollback` returns; what was before the store was opened stays."""
    graph = WorkingGraph()
    transaction = Transaction(graph)
    node = graph.terms.node
    transaction.add(node(E.a), node(E.p), node(E.a), PLANT)
    view = Graph(WorkingGraphStore(graph, transaction=transaction, into=PLANT))
    view.add((E.a, E.p, E.b))
    view.commit()
    view.add((E.a, E.p, E.c))

    view.rollback()

    assert set(view.objects(E.a, E.p)) == {E.a, E.b}


def test_without_a_transaction_nothing_is_written():
    """Adding, removing and clearing are refused with what to do instead; so is a union without a target."""
    graph = filled([(E.a, E.p, E.b, PLANT)])
    view, named = Graph(WorkingGraphStore(graph)), WorkingGraphStore(graph, transaction=Transaction(graph))

    for act in (
        lambda: view.add((E.a, E.p, E.c)),
        lambda: view.remove((None, None, None)),
        lambda: Dataset(view.store).remove_graph(URIRef(PLANT.iri)),
        lambda: Graph(named).add((E.a, E.p, E.c)),
    ):
        with pytest.raises(ReadOnly, match="Send a Change"):
            act()
    assert len(graph) == 1


def test_what_is_no_rdf_triple_or_no_graph_is_refused():
    """A literal as subject, a blank node as predicate, an IRI with a space, an unknown or hidden graph."""
    graph = WorkingGraph()
    dataset = Dataset(WorkingGraphStore(graph, SEEN, transaction=Transaction(graph), into=PLANT))

    for triple in ((Literal(1), E.p, E.a), (E.a, BNode(), E.a), (E.a, E.p, URIRef("urn:a b"))):
        with pytest.raises(BadTerm):
            dataset.add(triple)
    for iri in ("urn:elsewhere", VIOLATIONS.iri):
        with pytest.raises(BadTerm, match="no named graph"):
            Graph(dataset.store, URIRef(iri)).add((E.a, E.p, E.a))
        with pytest.raises(BadTerm, match="no named graph"):
            dataset.graph(URIRef(iri))
        assert not list(Graph(dataset.store, URIRef(iri)))
    assert len(graph) == 0


def test_a_view_may_change_while_it_is_read():
    """What a look-up found is a snapshot: removing as one goes ends, and new predicates don't upset it."""
    graph = filled([(E[f"s{n}"], E[f"p{n % 7}"], Literal(n), PLANT) for n in range(3000)])
    view = Graph(WorkingGraphStore(graph, transaction=Transaction(graph), into=PLANT))

    for s, p, o in view:
        view.remove((s, p, o))
        view.add((s, E.new, o))

    assert len(view) == 3000
    assert set(view.predicates()) == {E.new}


def test_work_is_told_and_can_end_a_look_up():
    """Each look-up tells how many nodes it found; a long one is ended after a slice, not at its end."""
    graph = filled([(E[f"s{n}"], E.p, Literal(n), PLANT) for n in range(5000)])
    told: list[int] = []
    view = Graph(WorkingGraphStore(graph, on_work=told.append))

    assert view.value(E.s7, E.p) == Literal(7)
    assert list(view.objects(E.nothing, E.p)) == []
    assert told == [1, 0]
    told.clear()
    assert (E.s7, E.p, Literal(8)) not in view
    assert sum(told) == 0

    def enough(nodes: int) -> None:
        told.append(nodes)
        if sum(told) > 2000:
            raise TimeoutError

    told.clear()
    with pytest.raises(TimeoutError):
        list(Graph(WorkingGraphStore(graph, on_work=enough)))
    assert sum(told) < 4000


@pytest.mark.parametrize(
    ("pattern", "found"),
    [((E.s7, None, None), 2), ((None, E.p, Literal(7)), 1), ((E.s7, None, Literal(7)), 2), ((None, None, E.s7), 1)],
)
def test_a_bound_end_looks_only_at_what_it_finds(pattern, found):
    """The work of a look-up with an end bound does not depend on the size of the graph."""
    graph = filled([(E[f"s{n}"], E.p, Literal(n), PLANT) for n in range(500)])
    put(graph, [(E.s7, E.q, E.s8, PLANT), (E.s6, E.q, E.s7, PLANT)])
    told: list[int] = []

    list(Graph(WorkingGraphStore(graph, on_work=told.append)).triples(pattern))

    assert sum(told) <= found + 2


def test_collections_labels_and_files():
    """rdf:List walks, `value`, serialising to Turtle, TriG and N-Quads and reading back."""
    head = BNode()
    source = Graph()
    Collection(source, head, [E.a, Literal("two", lang="en"), Literal(3)])
    source.add((E.list, RDF.value, head))
    source.add((E.list, RDFS.label, Literal("A list")))
    graph = filled([(*triple, PLANT) for triple in source] + [(E.list, E.speed, Literal(412), STATE)])
    store = WorkingGraphStore(graph)
    view = Graph(store)

    assert list(Collection(view, view.value(E.list))) == [E.a, Literal("two", lang="en"), Literal(3)]
    assert view.value(E.list, RDFS.label) == Literal("A list")
    assert isomorphic(Graph().parse(data=Graph(store, URIRef(PLANT.iri)).serialize(format="turtle")), source)
    for form in ("trig", "nquads"):
        back = Dataset().parse(data=Dataset(store).serialize(format=form), format=form)
        assert isomorphic(back.graph(URIRef(PLANT.iri)), source)
        assert len(back.graph(URIRef(STATE.iri))) == 1
        assert isomorphic(back.default_graph, Graph() + view), "the default graph is the union"


def test_prefixes_are_kept_with_the_store():
    """A bound prefix serves all views; without `override` the first binding stays."""
    store = WorkingGraphStore(filled([(E.a, E.p, E.b, PLANT)]))
    Graph(store).bind("ex", E)
    store.bind("ex", URIRef("urn:other"), override=False)
    assert "ex:a ex:p ex:b" in Dataset(store).default_graph.serialize(format="turtle")
    assert store.namespace("ex") == URIRef(E)

    store.bind("other", URIRef(E))

    assert store.prefix(URIRef(E)) == "other"
    assert store.namespace("ex") is None
    assert ("other", URIRef(E)) in set(store.namespaces())
