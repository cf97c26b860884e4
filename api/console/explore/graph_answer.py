"""The graph that a CONSTRUCT or DESCRIBE gave, made ready to be drawn."""

from __future__ import annotations

from collections import Counter
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse
from rdflib import OWL, RDF, RDFS

from api.console.explore.board import MOST, Drawn, Edge
from api.console.explore.facts import Node, node_of
from api.console.explore.iris import is_iri
from api.console.explore.names import Kind, predicate_words
from api.run_info import RunInfo

MOST_SHOWN: Final = 100_000
"""Characters of Turtle that are shown; the download holds all."""


def shown_text(turtle: str) -> tuple[str, bool]:
    """As much of the text as is shown, whole lines, and whether that is all."""
    if len(turtle) <= MOST_SHOWN:
        return turtle, True
    return turtle[: turtle.rfind("\n", 0, MOST_SHOWN) + 1], False


def drawn_of(turtle: str, info: RunInfo, most: int = MOST) -> Drawn:
    """The nodes with the most links, up to a limit, and the links between them. Blocks; for a long text on a thread."""
    triples = [quad.triple for quad in parse(turtle, format=RdfFormat.TURTLE)]
    labels = {_id(t.subject): t.object.value for t in triples if t.predicate.value == str(RDFS.label) and _said(t)}
    types: dict[str, list[str]] = {}
    for triple in triples:
        if triple.predicate.value == str(RDF.type):
            types.setdefault(_id(triple.subject), []).append(_id(triple.object))
    classes = {_id(t.object) for t in triples if t.predicate.value == str(RDF.type)}
    for name in classes:
        types.setdefault(name, []).append(str(OWL.Class))
    links = [(t, _id(t.subject), _id(t.object)) for t in triples if not isinstance(t.object, Literal)]
    degree = Counter(end for _, *ends in links for end in ends) + Counter({_id(t.subject): 1 for t in triples})
    chosen = dict.fromkeys(end for end, _ in degree.most_common(most))
    nodes = {end: _node(end, labels.get(end, ""), types.get(end, []), info) for end in chosen}
    words: dict[tuple[str, str], list[str]] = {}
    for triple, subject, target in links:
        if subject in nodes and target in nodes and subject != target:
            words.setdefault((subject, target), []).append(predicate_words(triple.predicate.value))
    edges = tuple(Edge(*ends, tuple(said), False) for ends, said in words.items())
    return Drawn(tuple(nodes.values()), edges, {}, frozenset(), len(degree) > len(nodes))


def _node(end: str, label: str, types: list[str], info: RunInfo) -> Node:
    if not is_iri(end) or end.startswith("_:"):
        return Node(end, label or "unnamed", Kind.of(types))
    return node_of(end, label, " ".join(types), info)


def _said(triple: Triple) -> bool:
    return isinstance(triple.object, Literal)


def _id(term: object) -> str:
    return (
        term.value if isinstance(term, NamedNode) else f"_:{term.value}" if isinstance(term, BlankNode) else str(term)
    )
