"""Property paths in queries: the ends they lead to, each as often as SPARQL counts it.

A sequence or alternative counts each way, `*`, `+` and `?` each end once. Source: SPARQL 1.1 9.3, 18.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from kg.terms import Node, Term, Terms
from reasoner.shacl.paths import Alternative, Path, Sequence, reverse, settle
from reasoner.shacl.sight import Reader
from reasoner.shacl.walk import compile_path

Way: TypeAlias = Callable[[Reader, Node], Iterable[Node]]


class Ways:
    """The paths of queries, compiled for the terms of one graph."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._nodes: dict[Term, Node] = {}
        self._ways: dict[tuple[Path, bool], Way] = {}

    def node(self, term: Term) -> Node:
        """The node of a constant."""
        found = self._nodes.get(term)
        if found is None:
            found = self._nodes[term] = self._terms.node(term)
        return found

    def ends(self, path: Path, reader: Reader, start: Node) -> Iterable[Node]:
        return self._way(path, backwards=False)(reader, start)

    def starts(self, path: Path, reader: Reader, end: Node) -> Iterable[Node]:
        return self._way(path, backwards=True)(reader, end)

    def _way(self, path: Path, *, backwards: bool) -> Way:
        key = (path, backwards)
        found = self._ways.get(key)
        if found is None:
            found = self._ways[key] = self._compile(reverse(path) if backwards else settle(path))
        return found

    def _compile(self, path: Path) -> Way:
        match path:
            case Sequence(paths=paths):
                return _chain([self._compile(part) for part in paths])
            case Alternative(paths=paths):
                ways = [self._compile(part) for part in paths]
                return lambda reader, start: (end for way in ways for end in way(reader, start))
            case _:
                return compile_path(path, self.node)


def _chain(ways: list[Way]) -> Way:
    def walk(reader: Reader, start: Node) -> Iterable[Node]:
        reached: Iterable[Node] = (start,)
        for way in ways:
            reached = [end for node in reached for end in way(reader, node)]
        return reached

    return walk
