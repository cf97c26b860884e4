"""Names as people type them, compared with those of the plant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from rdflib import Graph, URIRef

from api.cli.twin import Twin
from kg.errors import TwinError, UnknownNode
from kg.plantfolder import load
from kg.tokens import local_name
from ontology import TW


def nearest(name: str, known: Iterable[str]) -> str:
    """A question that names the most similar of the known names, or nothing."""
    names = {word.lower(): word for word in known}
    found = difflib.get_close_matches(name.lower(), list(names), 1)
    return f" Did you mean {names[found[0]]}?" if found else ""


def stoppable(running: Twin, name: str) -> URIRef:
    """The IRI of what a stop is to hold for. Raises UnknownNode: who mistypes must not believe that it holds.

    Where the plant folder cannot be read the name is taken as it is, since a stop must not fail for that.
    """
    iri = running.info.iri(name)
    try:
        plant = load(Path(running.info.folder))
    except TwinError:
        return iri
    nodes = {iri for graph in plant.graphs.values() for iri in _named(graph)}
    if iri == TW.Plant or iri in nodes:
        return iri
    near = nearest(name, (local_name(node) for node in nodes if node.startswith(running.info.base)))
    raise UnknownNode(f"{plant.name} has no {name}, so nothing has been stopped.{near}", scope=str(iri))


def bound(running: Twin, name: str) -> URIRef:
    """The IRI of a bound property. Raises UnknownNode."""
    iri = running.info.iri(name)
    plant = load(Path(running.info.folder))
    props = {binding.prop for binding in plant.bindings}
    if iri not in props:
        near = nearest(local_name(iri), map(local_name, props))
        raise UnknownNode(f"{name} is not a bound property of {plant.name}.{near}", property=str(iri))
    return iri


def _named(graph: Graph) -> set[URIRef]:
    return {node for node in graph.subjects(unique=True) if isinstance(node, URIRef)}
