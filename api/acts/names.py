"""Names as people type them, compared with those of the plant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from rdflib import RDFS, Graph, URIRef

from api.run_info import RunInfo
from kg.errors import UnknownNode
from kg.names import GraphName
from kg.plantfolder import PlantFolder
from kg.tokens import local_name
from ontology import TW

_LABELLED = (GraphName.PLANT, GraphName.POLICY, GraphName.RULES)


def nearest(name: str, known: Iterable[str]) -> str:
    """A question that names the most similar of the known names, or nothing."""
    names = {word.lower(): word for word in known}
    found = difflib.get_close_matches(name.lower(), list(names), 1)
    return f" Did you mean {names[found[0]]}?" if found else ""


def stoppable(info: RunInfo, plant: PlantFolder, name: str) -> URIRef:
    """The IRI of what a stop is to hold for. Raises UnknownNode: who mistypes must not believe that it holds."""
    iri = info.iri(name)
    if iri == TW.Plant:
        return iri
    nodes = {node for graph in plant.graphs.values() for node in _named(graph)}
    if iri in nodes:
        return iri
    near = nearest(name, (local_name(node) for node in nodes if node.startswith(info.base)))
    raise UnknownNode(f"{plant.name} has no {name}, so nothing has been stopped.{near}", scope=str(iri))


def bound(info: RunInfo, plant: PlantFolder, name: str) -> URIRef:
    """The IRI of a bound property. Raises UnknownNode."""
    iri = info.iri(name)
    props = {binding.prop for binding in plant.bindings}
    if iri not in props:
        near = nearest(local_name(iri), map(local_name, props))
        raise UnknownNode(f"{name} is not a bound property of {plant.name}.{near}", property=str(iri))
    return iri


def label(plant: PlantFolder, iri: str) -> str:
    """What people call a node of the plant: its label, or the last part of its IRI."""
    if iri == str(TW.Plant):
        return "Plant"
    for name in _LABELLED:
        found = plant.graphs[name].value(URIRef(iri), RDFS.label)
        if found is not None:
            return str(found)
    return local_name(iri)


def _named(graph: Graph) -> set[URIRef]:
    return {node for node in graph.subjects(unique=True) if isinstance(node, URIRef)}
