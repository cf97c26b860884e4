"""Property paths compiled into functions over nodes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeAlias

from rdflib import URIRef

from kg.terms import Node
from reasoner.shacl.paths import Alternative, Inverse, Path, Predicate, Repeat, Sequence, settle
from reasoner.shacl.sight import Reader

Walk: TypeAlias = Callable[[Reader, Node], Collection[Node]]
"""The distinct nodes that a path reaches from a node."""
NodeOf: TypeAlias = Callable[[URIRef], Node]


def compile_path(path: Path | None, node_of: NodeOf) -> Walk:
    """The function that walks the path; the empty path (None) reaches its start only."""
    return _here if path is None else _compile(settle(path), node_of)


def _here(_reader: Reader, start: Node) -> Collection[Node]:
    return (start,)


def _compile(path: Path, node_of: NodeOf) -> Walk:
    match path:
        case Predicate(iri=iri):
            return _forward(node_of(iri))
        case Inverse(path=Predicate(iri=iri)):
            return _backward(node_of(iri))
        case Inverse(path=inner):
            return _compile(settle(Inverse(inner)), node_of)
        case Sequence(paths=paths):
            return _chain([_compile(part, node_of) for part in paths])
        case Alternative(paths=paths):
            return _either([_compile(part, node_of) for part in paths])
        case Repeat(path=inner, sign=sign):
            step = _compile(inner, node_of)
            return _optional(step) if sign == "?" else _closure(step, with_start=sign == "*")


def _forward(p: Node) -> Walk:
    return lambda reader, start: reader.objects(start, p)


def _backward(p: Node) -> Walk:
    return lambda reader, start: reader.subjects(p, start)


def _chain(steps: list[Walk]) -> Walk:
    def walk(reader: Reader, start: Node) -> Collection[Node]:
        reached: Collection[Node] = (start,)
        for step in steps:
            if len(reached) == 1:
                (only,) = reached
                reached = step(reader, only)
            else:
                reached = {end for node in reached for end in step(reader, node)}
        return reached

    return walk


def _either(ways: list[Walk]) -> Walk:
    return lambda reader, start: {end for way in ways for end in way(reader, start)}


def _optional(step: Walk) -> Walk:
    return lambda reader, start: {start, *step(reader, start)}


def _closure(step: Walk, *, with_start: bool) -> Walk:
    def walk(reader: Reader, start: Node) -> Collection[Node]:
        reached: set[Node] = {start} if with_start else set()
        todo = [start]
        while todo:
            for end in step(reader, todo.pop()):
                if end not in reached:
                    reached.add(end)
                    todo.append(end)
        return reached

    return walk
