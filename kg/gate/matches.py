"""Conditions that begin or cease to hold: derived triples whose predicate is an agent's rule."""

from __future__ import annotations

from collections.abc import Iterable

from rdflib import Literal, URIRef

from kg.change import Match
from kg.graph import Triple, WorkingGraph
from kg.names import GraphName

_INFERRED = GraphName.INFERRED.bit


class Matches:
    """Reads matches off a transaction's net delta: `?target <rule> ?value` in the inferred graph."""

    def __init__(self, graph: WorkingGraph, rules: Iterable[URIRef]) -> None:
        self._terms = graph.terms
        self._rules = {graph.terms.node(rule): rule for rule in rules}

    def of(self, net: Iterable[tuple[Triple, int, int]]) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
        """(matches that began, matches that ceased), each in the order of the delta."""
        began: list[Match] = []
        ceased: list[Match] = []
        for triple, then, now in net:
            if triple.p in self._rules and (then ^ now) & _INFERRED:
                match = self._match(triple)
                if match is not None:
                    (began if now & _INFERRED else ceased).append(match)
        return tuple(began), tuple(ceased)

    def _match(self, triple: Triple) -> Match | None:
        target, value = self._terms.term(triple.s), self._terms.term(triple.o)
        if isinstance(target, URIRef) and isinstance(value, Literal):
            return Match(self._rules[triple.p], target, value)
        return None
