"""The bottling line's Turtle, alone and together with what the twin adds to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import RDFS, Graph
from rdflib.namespace import SH
from rdflib.plugins.sparql import prepareQuery

import ontology
import plants.bottling

FOLDER = Path(plants.bottling.__file__).parent
_OWL = (
    "CONSTRUCT { ?x a ?super } WHERE { ?x a ?class . ?class rdfs:subClassOf ?super }",
    "CONSTRUCT { ?x isa95:isPartOf ?z } WHERE { ?x isa95:isPartOf ?y . ?y isa95:isPartOf ?z }",
)


@pytest.fixture(scope="session")
def folder() -> Path:
    return FOLDER


@pytest.fixture(scope="session")
def turtle() -> dict[str, Graph]:
    """Each Turtle file of the plant by its name without `.ttl`; not to be changed."""
    return {path.stem: Graph().parse(path, format="turtle") for path in FOLDER.glob("*.ttl")}


@pytest.fixture(scope="session")
def plant(turtle: dict[str, Graph]) -> Graph:
    """All files of the plant in one graph, with the class hierarchy; not to be changed."""
    graph = Graph()
    for part in turtle.values():
        graph += part
    for name in ontology.modules():
        for triple in ontology.load(name).triples((None, RDFS.subClassOf, None)):
            graph.add(triple)
    return graph


@pytest.fixture(scope="session")
def closed_plant(plant: Graph) -> Graph:
    """The plant with its classes inherited and its hierarchy closed; not to be changed."""
    graph = Graph()
    graph += plant
    size = -1
    while len(graph) != size:
        size = len(graph)
        for text in _OWL:
            for triple in list(graph.query(text, initNs={"rdfs": RDFS, "isa95": ontology.ISA95._NS})):
                graph.add(triple)
    return graph


@pytest.fixture(scope="session")
def derive() -> Callable[[Graph], None]:
    """Adds what the domain rules derive, by plain SPARQL. One pass will do: none reads what another one derives."""
    queries = [prepareQuery(str(text)) for text in ontology.load("rules").objects(None, SH.construct)]

    def apply(graph: Graph) -> None:
        for query in queries:
            for triple in list(graph.query(query)):
                graph.add(triple)

    return apply
