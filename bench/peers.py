"""Other programs beside which figures are measured. Those of requirements/bench.in may be absent."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import TypeAlias

import pyshacl
from rdflib import Graph

from bench.harness import frozen_collector
from bench.names import B
from kg.change import Quad
from kg.terms import Term

Triple: TypeAlias = tuple[Term, Term, Term]


def at_request(data: Graph, shapes: Graph, request: Sequence[Quad]) -> float:
    """Seconds that pySHACL needs for a request node and the two shapes that judge requests; the best of three.

    The data are left as they were.
    """
    for quad in request:
        data.add((quad.s, quad.p, quad.o))
    foci, judges = [str(request[0].s)], [str(B["S-step"]), str(B["S-input"])]
    best = float("inf")
    with frozen_collector():
        for _ in range(3):
            start = time.perf_counter()
            pyshacl.validate(
                data, shacl_graph=shapes, inference="none", inplace=True, focus_nodes=foci, use_shapes=judges
            )
            best = min(best, time.perf_counter() - start)
    for quad in request:
        data.remove((quad.s, quad.p, quad.o))
    return best


def reasonable_closure(triples: Iterable[Triple]) -> tuple[float, list[Triple]] | None:
    """Seconds and result of the closure by `reasonable`, an OWL 2 RL reasoner in Rust; None where not installed.

    Loading is left out; handing the result over to Python is not, since its interface cannot do without.
    """
    module = _optional("reasonable")
    if module is None:
        return None
    reasoner = module.PyReasoner()
    reasoner.from_graph(list(triples))
    start = time.perf_counter()
    found = reasoner.reason()
    return time.perf_counter() - start, found


def version_of(name: str) -> str:
    """The version of an installed distribution, or a dash."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def _optional(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
