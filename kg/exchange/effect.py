"""What a sequence of additions and removals comes to, and the named graphs that there are for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef

from kg.change import Expected, Quad
from kg.names import GraphName

_BASE: Final = GraphName.PLANT.iri.removesuffix(GraphName.PLANT.value)
GRAPHS: Final = f"<{_BASE}NAME> with the names {', '.join(name.value for name in GraphName)}"
"""The named graphs, for messages."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Quads added and removed, and what must have held before. No quad is in both."""

    adds: tuple[Quad, ...]
    removes: tuple[Quad, ...]
    read_set: tuple[Expected, ...] = ()
    """Each triple removed that was not added by the same sequence before."""


def net_effect(steps: Iterable[tuple[bool, Quad]]) -> Effect:
    """The effect of steps (True adds, False removes) taken in order: the last word on a quad counts."""
    first: dict[Quad, bool] = {}
    last: dict[Quad, bool] = {}
    for adds, quad in steps:
        first.setdefault(quad, adds)
        last[quad] = adds
    removes = tuple(quad for quad, adds in last.items() if not adds)
    read_set = (Expected(quad.s, quad.p, quad.o) for quad in removes if isinstance(quad.s, URIRef) and not first[quad])
    return Effect(tuple(quad for quad, adds in last.items() if adds), removes, tuple(dict.fromkeys(read_set)))


def what_parser_said(error: SyntaxError) -> str:
    """A parser's sentence, without a place in a text that the sender never saw."""
    said = str(error.msg)
    return said.partition(": ")[2].partition(" (line")[0] or said
