"""Names as people type them, looked up in the plant folder of the running twin."""

from __future__ import annotations

from pathlib import Path

from rdflib import URIRef

from api.acts import names
from api.acts.names import nearest
from api.cli.twin import Twin
from kg.errors import TwinError
from kg.plantfolder import load

__all__ = ["bound", "nearest", "stoppable"]


def stoppable(running: Twin, name: str) -> URIRef:
    """The IRI of what a stop is to hold for. Raises UnknownNode: who mistypes must not believe that it holds.

    Where the plant folder cannot be read the name is taken as it is, since a stop must not fail for that.
    """
    try:
        plant = load(Path(running.info.folder))
    except TwinError:
        return running.info.iri(name)
    return names.stoppable(running.info, plant, name)


def bound(running: Twin, name: str) -> URIRef:
    """The IRI of a bound property. Raises UnknownNode."""
    return names.bound(running.info, load(Path(running.info.folder)), name)
