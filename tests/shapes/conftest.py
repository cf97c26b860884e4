"""The golden world, its closure under the domain rules, and pySHACL told which shape to look at."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, RDFS, BNode, Graph
from rdflib.namespace import SH, Namespace
from rdflib.plugins.sparql import prepareQuery
from rdflib.term import Node

import ontology
import shapes

GOLDEN = Path(__file__).parent / "golden"
TWS = Namespace("https://w3id.org/twinwright/shapes#")

#: What the OWL 2 RL closure adds to so small a world, as far as the domain rules read it.
_OWL = (
    "CONSTRUCT { ?x a ?super } WHERE { ?x a ?class . ?class rdfs:subClassOf ?super }",
    "CONSTRUCT { ?x isa95:isPartOf ?z } WHERE { ?x isa95:isPartOf ?y . ?y isa95:isPartOf ?z }",
)


@pytest.fixture(scope="session")
def all_shapes() -> Graph:
    graph = Graph()
    for name in shapes.modules():
        graph += shapes.load(name)
    return graph


@pytest.fixture(scope="session")
def twins() -> dict[str, dict[str, str]]:
    return tomllib.loads((GOLDEN / "twins.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def pristine_world() -> Graph:
    """The golden world with the class hierarchy, asserted facts only; not to be changed."""
    graph = Graph().parse(GOLDEN / "world.ttl", format="turtle")
    for name in ontology.modules():
        for triple in ontology.load(name).triples((None, RDFS.subClassOf, None)):
            graph.add(triple)
    return graph


@pytest.fixture
def world(pristine_world: Graph) -> Graph:
    """A copy of the golden world to change."""
    graph = Graph()
    for prefix, namespace in pristine_world.namespaces():
        graph.bind(prefix, namespace)
    graph += pristine_world
    return graph


@pytest.fixture(scope="session")
def entail() -> Callable[[Graph], None]:
    """Adds what the domain rules derive, to the fixpoint, by plain SPARQL."""
    rules = ontology.load("rules")
    names = {"rdfs": RDFS, "isa95": ontology.ISA95._NS}
    queries = [prepareQuery(text, initNs=names) for text in _OWL]
    queries += [prepareQuery(str(text)) for text in rules.objects(None, SH.construct)]

    def close(graph: Graph) -> None:
        size = -1
        while len(graph) != size:
            size = len(graph)
            for query in queries:
                for triple in list(graph.query(query)):
                    graph.add(triple)

    return close


@pytest.fixture(scope="session")
def report(all_shapes: Graph) -> Callable[[Graph, str], Graph]:
    """pySHACL's report on one shape, or on the shape through which it is reached."""

    def validate(data: Graph, code: str) -> Graph:
        roots = {TWS[code], *all_shapes.subjects(SH.property, TWS[code])}
        wanted = Graph()
        for root in roots:
            _copy(all_shapes, root, wanted)
        _, results, _ = pyshacl.validate(data, shacl_graph=wanted, inplace=True)
        return results

    return validate


@pytest.fixture(scope="session")
def focus_nodes(all_shapes: Graph) -> Callable[[Graph, str], set[Node]]:
    """The target nodes of a shape that has targets of its own or is reached from one that has."""

    def find(data: Graph, code: str) -> set[Node]:
        roots = {TWS[code], *all_shapes.subjects(SH.property, TWS[code])}
        return {node for root in roots for node in _targets(all_shapes, root, data)}

    return find


def _targets(all_shapes: Graph, root: Node, data: Graph) -> Iterator[Node]:
    for cls in all_shapes.objects(root, SH.targetClass):
        for sub in data.transitive_subjects(RDFS.subClassOf, cls):
            yield from data.subjects(RDF.type, sub)
    for predicate in all_shapes.objects(root, SH.targetSubjectsOf):
        yield from data.subjects(predicate=predicate)


def _copy(source: Graph, node: Node, target: Graph) -> None:
    """A shape with the blank nodes and shapes that it refers to."""
    if (node, None, None) in target:
        return
    for triple in source.triples((node, None, None)):
        target.add(triple)
        if isinstance(triple[2], BNode) or (str(triple[2]).startswith(str(TWS)) and triple[1] != SH.group):
            _copy(source, triple[2], target)
