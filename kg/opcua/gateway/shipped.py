"""Which plants may be written: those shipped with Twinwright, at a loopback address, until the link is hardened."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlparse

from rdflib import Graph

from kg.bindings import Server
from kg.names import GraphName
from kg.plantfolder import MANIFEST, PlantFolder, load, release_hash
from ontology import UA


def why_read_only(plant: PlantFolder, servers: Iterable[Server], packaged: Path | None = None) -> str | None:
    """A sentence that says why this plant is not written to; None where it may be.

    Compares the RDF of the folder with that of each plant in the package `plants`, the OPC UA address excepted,
    which is a matter of where the simulator runs.
    """
    for server in servers:
        if not is_loopback(server.url):
            return f"{server.url} is not on this machine, and only simulated plants here are writable."
    home = packaged if packaged is not None else Path(str(files("plants")))
    ours = content_hash(plant)
    for folder in sorted(home.iterdir()):
        if (folder / MANIFEST).is_file() and content_hash(load(folder)) == ours:
            return None
    return f"The plant in {plant.folder} is not one that is shipped with Twinwright, and only those are writable."


def content_hash(plant: PlantFolder) -> str:
    """SHA-256 (hex) of a plant's graphs without the addresses of its servers."""
    graphs: dict[GraphName, Graph] = dict(plant.graphs)
    graphs[GraphName.PLANT] = Graph()
    for triple in plant.graphs[GraphName.PLANT]:
        if triple[1] != UA.endpointUrl:
            graphs[GraphName.PLANT].add(triple)
    return release_hash(graphs)


def is_loopback(url: str) -> bool:
    """True where an endpoint URL leads to this machine by its loopback address."""
    host = urlparse(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
