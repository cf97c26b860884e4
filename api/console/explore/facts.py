"""What the graph says of one node, read from the answers to `api.console.explore.questions`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rdflib import RDF, SH

from api.console.explore.iris import is_iri
from api.console.explore.names import Kind, graph_words, predicate_words, short
from api.console.explore.questions import MOST_FACTS
from api.console.explore.table import cell_of
from api.console.operate.figures import unit_words
from api.live.words import REASONS, STATES
from api.run_info import RunInfo
from ontology import PACK

Row = Mapping[str, Mapping[str, str]]
_SENTENCE: Final = 160
_DECISION: Final = re.compile(r"urn:uuid:([0-9a-f-]{36})(?:#.*)?")
_ENUMS: Final[dict[str, Mapping[int, str]]] = {
    str(PACK.stateCurrent): {number: word for number, (word, _) in STATES.items()},
    str(PACK.stopReason): REASONS,
}


@dataclass(frozen=True, slots=True)
class Node:
    """A node with a name for people. `iri` is empty where it cannot be opened."""

    iri: str
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Fact:
    """One triple as seen from the node: forward, or `inverse` where the other node says it.

    `others` are nodes to go to: the value itself, or what stands behind an unnamed one.
    """

    inverse: bool
    predicate: str
    words: str
    value: str
    full: str
    others: tuple[Node, ...]
    graphs: tuple[str, ...]

    @property
    def inferred(self) -> bool:
        """True where nobody asserts it."""
        return self.graphs == ("inferred",)


@dataclass(frozen=True, slots=True)
class Check:
    """A shape that is checked on a node."""

    node: Node
    message: str
    severity: str


@dataclass(frozen=True, slots=True)
class About:
    """A node and everything that is shown of it."""

    node: Node
    types: tuple[str, ...]
    definition: str
    facts: tuple[Fact, ...]
    checks: tuple[Check, ...]
    cut: bool
    """True where there are more facts than are looked at."""

    @property
    def known(self) -> bool:
        """False where the graph holds nothing of it."""
        return bool(self.facts)

    @property
    def decision(self) -> str | None:
        """The id of the decision that this node is, or is a stage of."""
        found = _DECISION.fullmatch(self.node.iri) if self.node.kind is Kind.DECISION else None
        return None if found is None else found[1]


def node_of(iri: str, label: str, types: str, info: RunInfo) -> Node:
    """A node of an answer. A long label, such as a decision's sentence, is cut."""
    said = label.strip() or short(info, iri)
    return Node(iri, said if len(said) <= _SENTENCE else said[: _SENTENCE - 1] + "…", Kind.of(types.split()))


def nodes_of(rows: Iterable[Row], info: RunInfo) -> list[Node]:
    """The nodes of a search."""
    return [
        node_of(row["node"]["value"], _text(row, "label"), _text(row, "types"), info)
        for row in rows
        if is_iri(row["node"]["value"])
    ]


def about_of(
    iri: str,
    itself: Sequence[Row],
    facts: Sequence[Row],
    unnamed: Sequence[Row],
    checks: Sequence[Row],
    info: RunInfo,
) -> About:
    """The picture of a node from the answers to the four questions."""
    own: Row = itself[0] if itself else {}
    behind = _behind(unnamed, info)
    read = [_fact(row, behind, info) for row in facts]
    return About(
        node_of(iri, _text(own, "label"), _text(own, "types"), info),
        tuple(sorted(_text(own, "types").split())),
        _text(own, "definition"),
        tuple(sorted(read, key=_order)),
        tuple(_check(row, info) for row in checks),
        len(facts) > MOST_FACTS,
    )


def _fact(row: Row, behind: Mapping[tuple[bool, str], list[tuple[str, Node]]], info: RunInfo) -> Fact:
    inverse = _text(row, "inverse") == "true"
    predicate, term = row["p"]["value"], row["o"]
    cell = cell_of(term, info)
    words = _binding_words(_text(row, "property")) if not inverse and term["type"] == "literal" else ""
    words = words or predicate_words(predicate, _text(row, "words"))
    graphs = tuple(sorted(graph_words(iri) for iri in _text(row, "graphs").split()))
    others: tuple[Node, ...] = ()
    value = cell.text
    if term["type"] == "uri":
        others = (node_of(term["value"], _text(row, "label"), _text(row, "types"), info),) if cell.node else ()
    elif term["type"] == "bnode":
        found = behind.get((inverse, term["value"]), [])
        value = "; ".join(f"{said} {node.label}".strip() for said, node in found) or "unnamed node"
        others = tuple(dict.fromkeys(node for _, node in found if node.iri))
    else:
        value = _with_meaning(predicate, cell.text, cell.number, _text(row, "unit"))
    return Fact(inverse, predicate, words, value, cell.full, others, graphs)


def _behind(rows: Iterable[Row], info: RunInfo) -> dict[tuple[bool, str], list[tuple[str, Node]]]:
    found: dict[tuple[bool, str], list[tuple[str, Node]]] = {}
    for row in rows:
        term, step = row["x"], row["q"]["value"]
        cell = cell_of(term, info)
        if term["type"] == "uri" and cell.node:
            node = node_of(term["value"], _text(row, "label"), _text(row, "types"), info)
        else:
            node = Node("", "(unnamed)" if term["type"] == "bnode" else cell.text, Kind.OTHER)
        said = "" if step == str(RDF.first) else predicate_words(step)
        found.setdefault((_text(row, "inverse") == "true", row["o"]["value"]), []).append((said, node))
    return found


def _check(row: Row, info: RunInfo) -> Check:
    iri = row["shape"]["value"]
    node = Node(iri if is_iri(iri) else "", _text(row, "name") or short(info, iri), Kind.SHAPE)
    return Check(node, _text(row, "message"), _text(row, "severity").removeprefix(str(SH)))


def _with_meaning(predicate: str, text: str, number: float | None, unit: str) -> str:
    if number is not None and predicate in _ENUMS:
        word = _ENUMS[predicate].get(int(number), "")
        return f"{text} ({word})" if word else text
    return f"{text} {unit_words(unit)}".rstrip()


def _binding_words(label: str) -> str:
    """`speed accepted` of the property `Filler: speed accepted`."""
    return label.rpartition(": ")[2]


def _order(fact: Fact) -> tuple[int, int, str, str]:
    """Live values and indicators first, then the model, then what is inferred; types of things last."""
    place = min((_GRAPH_ORDER.get(graph, 5) for graph in fact.graphs), default=9)
    return int(fact.inverse), 8 if fact.predicate == str(RDF.type) else place, fact.words, fact.value


_GRAPH_ORDER: Final = {"violations": 0, "state": 1, "desired": 1, "kpi": 2, "decisions": 3, "plant": 4, "inferred": 7}


def _text(row: Row, name: str) -> str:
    term = row.get(name)
    return "" if term is None else term["value"]
