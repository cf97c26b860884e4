"""The part of the graph that is drawn: nodes that were opened, their neighbours up to a limit, the rest as `N more`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from rdflib import RDF, SH

from api.console.explore.facts import About, Fact, Node
from api.console.explore.names import Kind
from ontology import TW

MOST: Final = 200
"""Nodes that are drawn at most, with those that stand for more."""
STEP: Final = 24
"""Neighbours of a node that are drawn at first, and with each `N more`."""
MORE: Final = "more "
"""Begins the id of a drawn node that stands for neighbours which are not drawn."""


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two drawn nodes; several facts between the same two in one direction are one arrow."""

    source: str
    target: str
    words: tuple[str, ...]
    inferred: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn: nodes, arrows, how many neighbours of a node are not drawn, which nodes were opened."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    more: dict[str, int]
    opened: frozenset[str]
    full: bool
    """True where the limit left something out."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Facts that are not drawn: by named graph and by predicate."""

    graphs: frozenset[str] = frozenset()
    predicates: frozenset[str] = frozenset()

    def hides(self, fact: Fact) -> bool:
        """True where the predicate is hidden, or every graph that holds the fact."""
        return fact.predicate in self.predicates or self.graphs.issuperset(fact.graphs)


@dataclass
class Board:
    """Nodes that were opened, in that order. Changed by clicks."""

    most: int = MOST
    _opened: dict[str, About] = field(default_factory=dict)
    _shown: dict[str, int] = field(default_factory=dict)

    def start(self, about: About) -> None:
        """Begin anew from one node."""
        self._opened.clear()
        self._shown.clear()
        self.open(about)

    def open(self, about: About) -> None:
        """Draw the neighbours of a node, or draw them anew as they are now."""
        self._opened[about.node.iri] = about
        self._shown.setdefault(about.node.iri, STEP)

    def more(self, iri: str) -> None:
        """Draw more neighbours of an opened node."""
        if iri in self._shown:
            self._shown[iri] += STEP

    def holds(self, iri: str) -> bool:
        """True for a node that was opened."""
        return iri in self._opened

    def graphs(self) -> tuple[str, ...]:
        """All named graphs on the board."""
        return tuple(sorted({graph for fact in self._links() for graph in fact.graphs}))

    def predicates(self) -> dict[str, str]:
        """All predicates on the board, with their words, by word."""
        found = {fact.predicate: fact.words for fact in self._links()}
        return dict(sorted(found.items(), key=lambda pair: pair[1]))

    def drawn(self, hidden: Hidden | None = None) -> Drawn:
        """The picture without what is hidden."""
        hidden = hidden or Hidden()
        nodes: dict[str, Node] = {}
        more: dict[str, int] = {}
        for iri, about in self._opened.items():
            if len(nodes) + len(more) < self.most:
                nodes.setdefault(iri, about.node)
        for iri in [iri for iri in self._opened if iri in nodes]:
            left = self._add_neighbours(iri, hidden, nodes, more)
            if left:
                more[iri] = left
        edges = _edges(self._opened.values(), hidden, nodes)
        full = bool(more) and len(nodes) + len(more) >= self.most
        return Drawn(tuple(nodes.values()), edges, more, frozenset(self._opened), full)

    def _add_neighbours(self, iri: str, hidden: Hidden, nodes: dict[str, Node], more: dict[str, int]) -> int:
        """How many neighbours were left out."""
        wanted, left = self._shown[iri], 0
        room = self.most - 1  # one place is kept for what stands for the rest
        for place, node in enumerate(_neighbours(self._opened[iri], hidden)):
            if node.iri in nodes:
                continue
            if place < wanted and len(nodes) + len(more) < room:
                nodes[node.iri] = node
            else:
                left += 1
        return left

    def _links(self) -> Iterable[Fact]:
        return (fact for about in self._opened.values() for fact in about.facts if fact.others)


def _neighbours(about: About, hidden: Hidden) -> list[Node]:
    """Each neighbour once, what people look for first."""
    ranked: dict[str, tuple[int, Node]] = {}
    for fact in about.facts:
        if hidden.hides(fact):
            continue
        for node in fact.others:
            rank = _rank(fact, node)
            if node.iri != about.node.iri and (node.iri not in ranked or rank < ranked[node.iri][0]):
                ranked[node.iri] = rank, node
    return [node for _, node in sorted(ranked.values(), key=lambda pair: (pair[0], pair[1].label))]


def _rank(fact: Fact, node: Node) -> int:
    if fact.predicate in _FIRST:
        return 0
    late = 20 if fact.inferred or fact.predicate == str(RDF.type) else 0
    return late + _KINDS.index(node.kind)


def _edges(opened: Iterable[About], hidden: Hidden, nodes: dict[str, Node]) -> tuple[Edge, ...]:
    words: dict[tuple[str, str], dict[str, bool]] = {}
    for about in opened:
        for fact in about.facts:
            if hidden.hides(fact):
                continue
            for node in fact.others:
                ends = (node.iri, about.node.iri) if fact.inverse else (about.node.iri, node.iri)
                if ends[0] in nodes and ends[1] in nodes:
                    words.setdefault(ends, {})[fact.words] = fact.inferred
    return tuple(Edge(*ends, tuple(said), all(said.values())) for ends, said in words.items())


_FIRST: Final = frozenset(map(str, (TW.violates, TW.feeds, SH.targetClass, SH.targetNode)))
_KINDS: Final = (
    Kind.EQUIPMENT,
    Kind.DECISION,
    Kind.RULE,
    Kind.ORDER,
    Kind.SHAPE,
    Kind.PERSON,
    Kind.OTHER,
    Kind.VOCABULARY,
    Kind.PROPERTY,
)
