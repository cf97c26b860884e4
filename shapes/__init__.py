"""SHACL shapes of Twinwright by purpose, and their loader.

`model` (structure), `quality` (range, freshness, status), `limits` (what values may be), `permissives` (what must hold
for a request to be allowed now) and `governance` (who may do what). All are SHACL Core. Each shape is named after its
stable code, has a message that an operator understands and says whether entailed facts may satisfy it (tw:evidence);
while a standing shape (tw:standing) is violated, requests in its scope are refused.

Speaks RDF only. Knows nothing of graphs at work, validators, agents or plants: numbers of a plant stand in its model.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from rdflib import Graph

_MODULES: Final = ("model", "quality", "limits", "permissives", "governance")

__all__ = ["load", "modules"]


def modules() -> tuple[str, ...]:
    """The names of the modules, in the order in which people read them."""
    return _MODULES


def load(name: str) -> Graph:
    """A fresh graph with the shapes of one module. Raises KeyError for a name that is none."""
    if name not in _MODULES:
        raise KeyError(name)
    text = files("shapes").joinpath(f"{name}.ttl").read_text(encoding="utf-8")
    return Graph().parse(data=text, format="turtle")
