"""Replicas: SPARQL over a copy of the graph, in a process of its own that may be killed at any time.

A replica follows the core's published Changes into an in-memory Oxigraph store, coalesces readings to the newest
value, and moves into a fresh store before the dead quads of the old one hurt. Queries are checked by parse tree
before they run, under limits of bytes, time, rows and memory, without a network.

Speaks quads, SPARQL text and results. Must not know rules, shapes, agents or how a Change is judged; it can never
slow the Gate and never changes the graph.
"""

from __future__ import annotations

from kg.replica.answer import Answer, Limits, run_query
from kg.replica.formats import GRAPHS, TABLES, Wanted
from kg.replica.mirror import Mirror
from kg.replica.prefixes import PREFIXES
from kg.replica.safety import check_query

__all__ = [
    "GRAPHS",
    "PREFIXES",
    "TABLES",
    "Answer",
    "Limits",
    "Mirror",
    "Wanted",
    "check_query",
    "run_query",
]
