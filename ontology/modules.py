"""The Turtle modules of the vocabularies, read from the package."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from rdflib import Graph

_MODULES: Final = ("core", "isa95", "opcua", "packml", "kpi")
_RULES: Final = "rules"


def modules() -> tuple[str, ...]:
    """The names of the modules of terms; `load("rules")` gives the domain rules beside them."""
    return _MODULES


def load(name: str) -> Graph:
    """A fresh graph with one module. Raises KeyError for a name that is neither a module of terms nor `rules`."""
    if name not in (*_MODULES, _RULES):
        raise KeyError(name)
    text = files("ontology").joinpath(f"{name}.ttl").read_text(encoding="utf-8")
    return Graph().parse(data=text, format="turtle")
