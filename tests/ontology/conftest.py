"""All vocabulary modules in one graph."""

from __future__ import annotations

import pytest
from rdflib import Graph

import ontology


@pytest.fixture(scope="session")
def vocabulary() -> Graph:
    """The terms of all modules; not to be changed."""
    graph = Graph()
    for name in ontology.modules():
        graph += ontology.load(name)
    return graph
