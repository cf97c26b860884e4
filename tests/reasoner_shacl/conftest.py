"""Graphs, shapes and transactions for the tests of SHACL."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from rdflib import Graph
from rdflib.term import Node as RdfNode

from kg.change import Findings
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from reasoner.shacl import BUDGET, Shapes, Validator, compile_shapes

PREFIXES = """
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix tw: <https://w3id.org/twinwright/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <http://example.org/> .
"""


@pytest.fixture
def turtle() -> Callable[[str], Graph]:
    """Parses Turtle with the usual prefixes."""
    return lambda text: Graph().parse(data=PREFIXES + text, format="turtle")


@pytest.fixture
def shapes_of(turtle: Callable[[str], Graph]) -> Callable[[str], Shapes]:
    """Compiles shapes written in Turtle."""
    return lambda text: compile_shapes(turtle(text))


@pytest.fixture
def load() -> Callable[[Iterable[tuple[RdfNode, RdfNode, RdfNode]]], WorkingGraph]:
    """A working graph with these triples in the graph `plant`."""

    def fill(triples: Iterable[tuple[RdfNode, RdfNode, RdfNode]]) -> WorkingGraph:
        graph = WorkingGraph()
        transaction = Transaction(graph)
        node = graph.terms.node
        for s, p, o in triples:
            transaction.add(node(s), node(p), node(o), GraphName.PLANT)
        return graph

    return fill


class Bench:
    """A working graph with shapes, changed one transaction at a time, in full IRIs or prefixed Turtle."""

    def __init__(self, data: Graph, shapes: Shapes, budget: int) -> None:
        self.graph = WorkingGraph()
        self.transaction = Transaction(self.graph)
        self._apply(data, GraphName.PLANT, add=True)
        self.validator = Validator(self.graph, shapes, budget=budget)
        self.started = self.validator.start(self.transaction)

    def _apply(self, triples: Graph, name: GraphName, *, add: bool) -> None:
        node = self.graph.terms.node
        for s, p, o in triples:
            (self.transaction.add if add else self.transaction.remove)(node(s), node(p), node(o), name)

    def begin(self) -> None:
        """From here on, changes belong to a new transaction."""
        self.transaction = Transaction(self.graph)

    def add(self, text: str, name: GraphName = GraphName.PLANT) -> None:
        self._apply(Graph().parse(data=PREFIXES + text, format="turtle"), name, add=True)

    def remove(self, text: str, name: GraphName = GraphName.PLANT) -> None:
        self._apply(Graph().parse(data=PREFIXES + text, format="turtle"), name, add=False)

    def check(self) -> Findings:
        return self.validator.check(self.transaction)

    def change(self, add: str = "", remove: str = "", name: GraphName = GraphName.PLANT) -> Findings:
        """A transaction of its own."""
        self.begin()
        self.remove(remove, name)
        self.add(add, name)
        return self.check()


@pytest.fixture
def bench(shapes_of: Callable[[str], Shapes], turtle: Callable[[str], Graph]) -> Callable[..., Bench]:
    """A started validator over data and shapes written in Turtle."""
    return lambda data, shapes, budget=BUDGET: Bench(turtle(data), shapes_of(shapes), budget)
