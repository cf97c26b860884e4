"""The last steps of property paths: the triples by which a path reaches a node, and where one could be added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rdflib import URIRef

from kg.terms import Node
from reasoner.shacl.paths import Alternative, Inverse, Path, Predicate, Repeat, Sequence, join, settle
from reasoner.shacl.sight import Sight
from reasoner.shacl.walk import NodeOf, compile_path


class End(NamedTuple):
    """The last step of a path: from `node` by `predicate`, along its direction or against it."""

    node: Node
    predicate: URIRef
    forward: bool


def ends(path: Path, sight: Sight, start: Node, node_of: NodeOf) -> Iterator[End]:
    """Every place at which a triple would give the path one more node to reach, without repeating a `*` or `+`."""
    match settle(path):
        case Predicate(iri=iri):
            yield End(start, iri, True)
        case Inverse(path=Predicate(iri=iri)):
            yield End(start, iri, False)
        case Sequence(paths=paths):
            for middle in _walked(join(*paths[:-1]), sight, start, node_of):
                yield from ends(paths[-1], sight, middle, node_of)
        case Alternative(paths=paths):
            for part in paths:
                yield from ends(part, sight, start, node_of)
        case Repeat(path=inner):
            yield from ends(inner, sight, start, node_of)
        case Inverse():  # settled paths have it around single predicates alone
            return


def ends_at(path: Path, sight: Sight, start: Node, value: Node, node_of: NodeOf) -> Iterator[End]:
    """The last steps by which the path reaches this value from the start."""
    match settle(path):
        case Sequence(paths=paths):
            for middle in _walked(join(*paths[:-1]), sight, start, node_of):
                yield from ends_at(paths[-1], sight, middle, value, node_of)
        case Alternative(paths=paths):
            for part in paths:
                yield from ends_at(part, sight, start, value, node_of)
        case Repeat(path=inner, sign=sign):
            before = (start,) if sign == "?" else _walked(Repeat(inner, "*"), sight, start, node_of)
            for middle in before:
                yield from ends_at(inner, sight, middle, value, node_of)
        case single:
            for end in ends(single, sight, start, node_of):
                p = node_of(end.predicate)
                if sight.has(start, p, value) if end.forward else sight.has(value, p, start):
                    yield end


def _walked(path: Path | None, sight: Sight, start: Node, node_of: NodeOf) -> list[Node]:
    return list(compile_path(path, node_of)(sight, start))
