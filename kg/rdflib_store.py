"""The working graph as an rdflib store, so that rdflib code runs on it as it is: views, paths, collections, SPARQL.

`Graph(store=WorkingGraphStore(graph))` is the union of the named graphs that are visible; `Dataset(store=...)` has
each of them under its IRI and the union as its default graph. Terms keep their lexical forms. Reads go through the
graph's indexes; writes go through the transaction that was given, or are refused. Knows nothing of rules, shapes or
the Gate: what is written here has been judged by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from rdflib import BNode, Literal, URIRef
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID, ConjunctiveGraph, Graph
from rdflib.store import Store
from rdflib.term import Node as RdfNode

from kg.errors import BadTerm, ReadOnly
from kg.graph import Transaction, Triple, WorkingGraph
from kg.names import GraphName
from kg.terms import Node

if TYPE_CHECKING:
    from rdflib.graph import _ContextType, _TriplePatternType, _TripleType

_SLICE = 1024
"""Nodes looked at between two calls of `on_work` in a long look-up."""


class WorkingGraphStore(Store):
    """A context-aware rdflib store over a working graph.

    A look-up takes a snapshot of the bucket it finds, so the graph may change while results are read: a triple that
    has gone by then is left out, one that has come since is not given. An object without a predicate is looked up in
    every predicate's index of objects, which the graph builds once and then keeps.
    """

    context_aware = True
    graph_aware = True
    transaction_aware = True

    def __init__(
        self,
        graph: WorkingGraph,
        visible: int = -1,
        on_work: Callable[[int], None] | None = None,
        transaction: Transaction | None = None,
        into: GraphName | None = None,
    ) -> None:
        """`visible` are the marks of the named graphs shown.

        `on_work` is told the number of nodes that each look-up returns, and may raise. Changes go through
        `transaction`, into the named graph addressed or else `into`.
        """
        super().__init__()
        self._graph = graph
        self._visible = visible
        self._on_work = on_work
        self._transaction = transaction
        self._into = into
        self._savepoint = 0 if transaction is None else transaction.savepoint()
        self._named = {name: Graph(self, URIRef(name.iri)) for name in GraphName if name.bit & visible}
        self._holders: dict[int, tuple[Graph, ...]] = {}
        self._namespaces: dict[str, URIRef] = {}
        self._prefixes: dict[URIRef, str] = {}

    # reading

    def triples(
        self, triple_pattern: _TriplePatternType, context: _ContextType | None = None
    ) -> Iterator[tuple[_TripleType, Iterator[_ContextType | None]]]:
        """The triples that match and are in the context, each with the named graphs that hold it."""
        term, marks = self._graph.terms.term, self._graph.marks
        seen = self._marks_of(context)
        for s, p, o in self._matches(triple_pattern) if seen else ():
            held = marks(s, p, o)
            if held & seen:
                yield (term(s), term(p), term(o)), iter(self._graphs(held))

    def __len__(self, context: _ContextType | None = None) -> int:
        """How many triples a context holds. Walks them all, unless everything is visible and asked for."""
        graph, seen = self._graph, self._marks_of(context)
        if seen == -1:
            return len(graph)
        return sum(1 for triple in graph.triples() if graph.marks(*triple) & seen)

    def contexts(self, triple: _TripleType | None = None) -> Generator[_ContextType, None, None]:
        """The visible named graphs, or those that hold the triple."""
        if triple is None or all(term is None for term in triple):
            yield from self._named.values()
            return
        held = 0
        for match in self._matches(triple):
            held |= self._graph.marks(*match)
        yield from self._graphs(held)

    def _graphs(self, held: int) -> tuple[Graph, ...]:
        graphs = self._holders.get(held)
        if graphs is None:
            graphs = self._holders[held] = tuple(g for name, g in self._named.items() if name.bit & held)
        return graphs

    def _marks_of(self, context: _ContextType | None) -> int:
        """The marks in which a context looks; 0 for a graph that does not exist or is not visible."""
        if _is_union(context):
            return self._visible
        name = None if context is None else GraphName.of_iri(str(context.identifier))
        return 0 if name is None else name.bit & self._visible

    def _matches(self, pattern: _TriplePatternType) -> Iterator[Triple]:
        """Everything in the graph that matches, whatever its marks."""
        find = self._graph.terms.find
        nodes = [None if term is None else find(term) for term in pattern]
        if any(node is None and term is not None for node, term in zip(nodes, pattern, strict=True)):
            self._work(0)
            return
        s, p, o = nodes
        if p is not None:
            yield from self._of_predicate(s, p, o)
            return
        for each in self._taken(self._graph.all_predicates() if s is None else self._graph.predicates(s)):
            yield from self._of_predicate(s, each, o)

    def _of_predicate(self, s: Node | None, p: Node, o: Node | None) -> Iterable[Triple]:
        graph = self._graph
        if s is None:
            if o is None:
                return [Triple(x, p, y) for x, y in self._taken(graph.pairs(p))]
            return [Triple(x, p, o) for x in self._taken(graph.subjects(p, o))]
        if o is None:
            return [Triple(s, p, x) for x in self._taken(graph.objects(s, p))]
        present = graph.has(s, p, o)
        self._work(present)
        return (Triple(s, p, o),) if present else ()

    def _taken(self, found: Iterable[Any]) -> list[Any]:
        """A snapshot. Work is told slice by slice, so that a look-up that is too long ends early."""
        members = iter(found)
        taken = list(islice(members, _SLICE))
        self._work(len(taken))
        while more := list(islice(members, _SLICE)):
            taken += more
            self._work(len(more))
        return taken

    def _work(self, nodes: int) -> None:
        if self._on_work is not None:
            self._on_work(nodes)

    # writing

    def add(self, triple: _TripleType, context: _ContextType, quoted: bool = False) -> None:
        """Add a triple to the graph addressed. Raises ReadOnly, or BadTerm for what is not an RDF triple."""
        transaction, name = self._target(context)
        s, p, o = triple
        if isinstance(s, Literal) or not isinstance(p, URIRef):
            raise BadTerm(f"This is not an RDF triple: {s!r} {p!r} {o!r}.", triple=repr(triple))
        super().add(triple, context, quoted)
        node = self._graph.terms.node
        transaction.add(node(s), node(p), node(o), name)

    def remove(self, triple: _TriplePatternType, context: _ContextType | None = None) -> None:
        """Remove what matches from the graph addressed. Raises ReadOnly."""
        transaction, name = self._target(context)
        super().remove(triple, context)
        for match in list(self._matches(triple)):
            transaction.remove(*match, name)

    def add_graph(self, graph: Graph) -> None:
        """Graphs are given: this only looks whether there is one of that name. Raises BadTerm."""
        if not _is_union(graph):
            self._name_of(graph)

    def remove_graph(self, graph: Graph) -> None:
        """Remove all triples of a named graph. Raises ReadOnly."""
        self.remove((None, None, None), graph)

    def commit(self) -> None:
        """From here on `rollback` returns to this point. The transaction stays open: its owner ends it."""
        if self._transaction is not None:
            self._savepoint = self._transaction.savepoint()

    def rollback(self) -> None:
        """Undo what the transaction did since the store was opened or `commit` was called."""
        if self._transaction is not None:
            self._transaction.rollback(self._savepoint)

    def _target(self, context: _ContextType | None) -> tuple[Transaction, GraphName]:
        if self._transaction is None:
            raise ReadOnly("This view of the working graph has no transaction.")
        if not _is_union(context):
            return self._transaction, self._name_of(context)
        if self._into is None:
            raise ReadOnly("A union of named graphs can't be written to.")
        return self._transaction, self._into

    def _name_of(self, context: _ContextType | None) -> GraphName:
        iri = "" if context is None else str(context.identifier)
        name = GraphName.of_iri(iri)
        if name is None or not name.bit & self._visible:
            raise BadTerm(f"There is no named graph {iri} here.", graph=iri)
        return name

    # prefixes

    def bind(self, prefix: str, namespace: URIRef, override: bool = True) -> None:
        """Bind a prefix; without `override` only where neither prefix nor namespace is bound."""
        if not override and (prefix in self._namespaces or namespace in self._prefixes):
            return
        self._namespaces.pop(self._prefixes.pop(namespace, ""), None)
        self._prefixes.pop(self._namespaces.get(prefix, namespace), None)
        self._namespaces[prefix] = namespace
        self._prefixes[namespace] = prefix

    def namespace(self, prefix: str) -> URIRef | None:
        return self._namespaces.get(prefix)

    def prefix(self, namespace: URIRef) -> str | None:
        return self._prefixes.get(namespace)

    def namespaces(self) -> Iterator[tuple[str, URIRef]]:
        yield from list(self._namespaces.items())


def _is_union(context: _ContextType | None) -> bool:
    """True for what names no graph: nothing, a dataset, its default graph, a graph under a blank node."""
    if context is None or isinstance(context, ConjunctiveGraph):
        return True
    identifier: RdfNode = context.identifier
    return isinstance(identifier, BNode) or identifier == DATASET_DEFAULT_GRAPH_ID


__all__ = ["WorkingGraphStore"]
