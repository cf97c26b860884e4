"""The queries to begin with, read from examples.ttl."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from rdflib import RDF, RDFS, SH, Graph


@dataclass(frozen=True, slots=True)
class Example:
    """A query with its title and one sentence on what it is for."""

    title: str
    sentence: str
    text: str


@lru_cache(maxsize=1)
def examples() -> tuple[Example, ...]:
    """All examples in their order."""
    graph = Graph().parse(data=files(__package__).joinpath("examples.ttl").read_text(encoding="utf-8"), format="turtle")
    found = []
    for node in graph.subjects(RDF.type, SH.SPARQLExecutable):
        text = next(text for form in (SH.select, SH.ask, SH.construct) for text in graph.objects(node, form))
        order = int(str(graph.value(node, SH.order)))
        said = str(graph.value(node, RDFS.label)), str(graph.value(node, RDFS.comment))
        found.append((order, Example(*said, str(text))))
    return tuple(example for _, example in sorted(found, key=lambda pair: pair[0]))
