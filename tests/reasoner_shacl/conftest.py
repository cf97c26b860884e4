"""Graphs, shapes and transactions for the tests of SHACL."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from rdflib import Graph
from rdflib.term import Node as RdfNode

from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from reasoner.shacl import Shapes, compile_shapes

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
