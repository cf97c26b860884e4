"""The facts of a node as HTML tables: predicate, value, named graph; every neighbour a link. Everything is escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from api.console.explore.facts import About, Check, Fact, Node
from api.console.explore.iris import is_iri
from api.console.explore.table_html import node_link

MOST_ROWS: Final = 250
"""Facts in one table; a query shows the rest."""
_SEVERITIES: Final = {"Violation": "blocks", "Warning": "warns", "Info": "tells"}


def facts_html(about: About) -> str:
    """What the node says, what names it, and what is checked on it, under headings."""
    says = [fact for fact in about.facts if not fact.inverse]
    named = [fact for fact in about.facts if fact.inverse]
    parts = [_facts("What it says", ("Fact", "Value", "Graph"), says, _says)]
    parts.append(_facts("What points to it", ("Node", "Its fact", "Graph"), named, _points))
    if about.checks:
        rows = "".join(_check(check) for check in about.checks)
        parts.append(_table("What is checked here", ("Shape", "Message", "It"), rows, len(about.checks)))
    return "".join(part for part in parts if part)


def found_html(nodes: Sequence[Node]) -> str:
    """The nodes of a search as a list of links with their kinds."""
    items = "".join(
        f"<li>{node_link(node.iri, node.label)} <span>{escape(_singular(node))}</span></li>" for node in nodes
    )
    return f'<ul class="tw-x-found">{items}</ul>'


def _facts(title: str, heads: tuple[str, str, str], facts: Sequence[Fact], cells: Callable[[Fact], str]) -> str:
    if not facts:
        return ""
    rows = "".join(f"<tr>{cells(fact)}<td>{escape(', '.join(fact.graphs))}</td></tr>" for fact in facts[:MOST_ROWS])
    return _table(title, heads, rows, len(facts))


def _says(fact: Fact) -> str:
    return f"<td>{_predicate(fact)}</td><td{_full(fact)}>{_value(fact)}</td>"


def _points(fact: Fact) -> str:
    return f"<td{_full(fact)}>{_value(fact)}</td><td>{_predicate(fact)}</td>"


def _predicate(fact: Fact) -> str:
    words = escape(fact.words)
    if not is_iri(fact.predicate):
        return words
    link = node_link(fact.predicate, fact.words)
    return link.replace('class="tw-x-node"', 'class="tw-x-node tw-x-predicate"', 1)


def _value(fact: Fact) -> str:
    if len(fact.others) == 1 and not fact.full.startswith("_:"):
        return node_link(fact.others[0].iri, fact.others[0].label)
    if not fact.others:
        return escape(fact.value)
    links = ", ".join(node_link(node.iri, node.label) for node in fact.others)
    return f"<span>{escape(fact.value)}</span> ({links})"


def _full(fact: Fact) -> str:
    shown = fact.value == fact.full or fact.others or fact.full.startswith("_:")
    return "" if shown else f' title="{escape(fact.full[:2000], quote=True)}"'


def _check(check: Check) -> str:
    name = node_link(check.node.iri, check.node.label) if check.node.iri else escape(check.node.label)
    severity = _SEVERITIES.get(check.severity, check.severity)
    return f"<tr><td>{name}</td><td>{escape(check.message)}</td><td>{escape(severity)}</td></tr>"


def _table(title: str, heads: tuple[str, str, str], rows: str, count: int) -> str:
    cells = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    rest = f"<p>{count - MOST_ROWS} more are not listed; ask for them in a query.</p>" if count > MOST_ROWS else ""
    return (
        f"<h3>{escape(title)} <span>({count})</span></h3>"
        f'<table class="tw-table tw-x-facts"><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table>{rest}'
    )


def _singular(node: Node) -> str:
    return _ONE.get(node.kind.word, node.kind.word.lower())


_ONE: Final = {
    "Shapes": "shape",
    "Rules": "rule",
    "Decisions": "decision",
    "Orders and products": "order or product",
    "Properties": "property",
    "Equipment": "equipment",
    "People and agents": "person or agent",
    "Classes and predicates": "class or predicate",
    "Other": "",
}
