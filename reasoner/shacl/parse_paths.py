"""Property paths and lists read from a shapes graph. Source: SHACL 2.3.1, 1.5 (SHACL lists)."""

from __future__ import annotations

from typing import Final

from rdflib import BNode, Graph, URIRef
from rdflib.namespace import RDF, SH
from rdflib.term import Node as RdfNode

from kg.terms import Term
from reasoner.shacl.paths import Alternative, Inverse, Path, Predicate, Repeat, Sequence

_REPEATS: Final = ((SH.zeroOrMorePath, "*"), (SH.oneOrMorePath, "+"), (SH.zeroOrOnePath, "?"))


class IllFormed(ValueError):
    """A list or path that is not well-formed; the sentence says how. The caller names the shape."""


def read_list(graph: Graph, head: RdfNode) -> list[Term]:
    """The members of a SHACL list. Raises IllFormed for cycles, branches and missing ends."""
    members: list[Term] = []
    seen: set[RdfNode] = set()
    while head != RDF.nil:
        if head in seen:
            raise IllFormed("a list runs in a circle")
        seen.add(head)
        firsts, rests = list(graph.objects(head, RDF.first)), list(graph.objects(head, RDF.rest))
        if len(firsts) != 1 or len(rests) != 1:
            raise IllFormed("a list does not have exactly one rdf:first and one rdf:rest at each place")
        members.append(firsts[0])  # type: ignore[arg-type]  # an object of a graph is a term
        head = rests[0]
    return members


def read_path(graph: Graph, node: RdfNode) -> Path:
    """The path that a node of the graph stands for.

    A node that is a list and also something else is read as the list, as the W3C cases path-strange-001 and -002
    want it. Raises IllFormed.
    """
    return _read(graph, node, frozenset())


def _read(graph: Graph, node: RdfNode, above: frozenset[RdfNode]) -> Path:
    if isinstance(node, URIRef):
        return Predicate(node)
    if not isinstance(node, BNode):
        raise IllFormed(f"{node.n3()} cannot be a path")
    if node in above:
        raise IllFormed("a path refers to itself")
    above = above | {node}
    if (node, RDF.first, None) in graph or (node, RDF.rest, None) in graph:
        return Sequence(_several(graph, node, above))
    inner = _only(graph, node, SH.inversePath)
    if inner is not None:
        return Inverse(_read(graph, inner, above))
    choice = _only(graph, node, SH.alternativePath)
    if choice is not None:
        return Alternative(_several(graph, choice, above))
    for predicate, sign in _REPEATS:
        inner = _only(graph, node, predicate)
        if inner is not None:
            return Repeat(_read(graph, inner, above), sign)
    raise IllFormed("a path is a blank node that is none of SHACL's kinds of paths")


def _several(graph: Graph, head: RdfNode, above: frozenset[RdfNode]) -> tuple[Path, ...]:
    members = read_list(graph, head)
    if len(members) < 2:
        raise IllFormed("a sequence or alternative path needs two members or more")
    return tuple(_read(graph, member, above) for member in members)


def _only(graph: Graph, node: RdfNode, predicate: URIRef) -> RdfNode | None:
    found = list(graph.objects(node, predicate))
    if len(found) > 1:
        raise IllFormed(f"a path has more than one {predicate.n3()}")
    return found[0] if found else None
