"""The Turtle modules of the vocabularies, read from the package."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from rdflib import Graph

_MODULES: Final = ("core", "isa95", "opcua", "packml", "kpi")
_BESIDE: Final = ("rules", "alignments")


def modules() -> tuple[str, ...]:
    """The names of the modules of terms. Beside them `load` knows `rules`, the domain rules, and `alignments`."""
    return _MODULES


def load(name: str) -> Graph:
    """A fresh graph with one module, the domain rules or the alignments. Raises KeyError for any other name."""
    if name not in (*_MODULES, *_BESIDE):
        raise KeyError(name)
    text = files("ontology").joinpath(f"{name}.ttl").read_text(encoding="utf-8")
    return Graph().parse(data=text, format="turtle")
