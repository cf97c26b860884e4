"""A drawn part of the graph as a chart for ECharts: a sign for each kind, a legend, a force layout."""

from __future__ import annotations

import math
from typing import Any, Final

from api.console.explore.board import MORE, Drawn, Edge
from api.console.explore.facts import Node
from api.console.explore.names import Kind

_LONGEST: Final = 28
_FEW: Final = 30
"""Arrows up to which every arrow carries its words; beyond, the pointer brings them out."""
_REST: Final = "More"
_STYLE: Final = "getComputedStyle(document.body).getPropertyValue('{}')"
_HOLLOW: Final = "hollow "
_MORE_STYLE: Final = {
    ":color": _STYLE.format("--surface"),
    ":borderColor": _STYLE.format("--quiet"),
    "borderType": "dashed",
    "borderWidth": 2,
}


def options(drawn: Drawn, chosen: str | None) -> dict[str, Any]:
    """The chart. Texts from the graph stand in names only, never under a key that is evaluated; no HTML is made."""
    kinds = [kind for kind in Kind if any(node.kind is kind for node in drawn.nodes)]
    categories = [_category(kind) for kind in kinds]
    nodes = [_node(node, kinds.index(node.kind), drawn, chosen) for node in drawn.nodes]
    links = [_link(edge) for edge in drawn.edges]
    if drawn.more:
        categories.append({"name": _REST, "symbol": "circle", "itemStyle": _MORE_STYLE})
        nodes += [_more(iri, count, len(kinds)) for iri, count in drawn.more.items()]
        links += [_to_more(iri) for iri in drawn.more]
    ink, line, surface = (_STYLE.format(name) for name in ("--ink", "--quiet", "--surface"))
    return {
        "tooltip": {"renderMode": "richText", "confine": True},
        "legend": {
            "data": [{"name": category["name"], "icon": category["symbol"]} for category in categories],
            "bottom": 0,
            "itemGap": 16,
            ":backgroundColor": surface,
            "textStyle": {":color": ink, "fontSize": 14},
            "selectedMode": False,
        },
        "series": [
            {
                "type": "graph",
                "layout": "force",
                "roam": True,
                "draggable": True,
                "categories": categories,
                "data": nodes,
                "links": links,
                "bottom": 60,
                "zoom": _zoom(len(nodes)),
                "edgeSymbol": ["none", "arrow"],
                "edgeSymbolSize": 8,
                "label": {
                    "show": True,
                    "position": "right",
                    "fontSize": 13,
                    ":color": ink,
                    ":textBorderColor": surface,
                    "textBorderWidth": 3,
                },
                "labelLayout": {"hideOverlap": len(nodes) > _FEW},
                "lineStyle": {":color": line, "opacity": 0.7, "width": 1.2},
                "edgeLabel": {"show": len(links) <= _FEW, "fontSize": 11, ":color": line},
                "emphasis": {"focus": "adjacency", "lineStyle": {"width": 2.5}, "edgeLabel": {"show": True}},
                "force": {
                    "repulsion": 240 if len(nodes) > _FEW else 420,
                    "edgeLength": [60, 140],
                    "gravity": 0.12,
                    ":layoutAnimation": "!matchMedia('(prefers-reduced-motion: reduce)').matches",
                },
            }
        ],
    }


def sentence(drawn: Drawn, chosen: str) -> str:
    """The same in words."""
    counts = {kind: sum(node.kind is kind for node in drawn.nodes) for kind in Kind}
    kinds = ", ".join(f"{count} {kind.word.lower()}" for kind, count in counts.items() if count)
    rest = sum(drawn.more.values())
    left = f" {rest} more neighbours are not drawn." if rest else ""
    return (
        f"Drawn graph of {len(drawn.nodes)} nodes and {len(drawn.edges)} arrows around {chosen}: {kinds}.{left} "
        "The tables of facts hold the same as links."
    )


def _category(kind: Kind) -> dict[str, Any]:
    return {"name": kind.word, "symbol": kind.sign.removeprefix(_HOLLOW), "itemStyle": _style(kind, False, False)}


def _style(kind: Kind, opened: bool, chosen: bool) -> dict[str, Any]:
    hollow = kind.sign.startswith(_HOLLOW)
    fill = "--accent" if chosen else "--surface" if hollow else "--bar"
    return {
        ":color": _STYLE.format(fill),
        ":borderColor": _STYLE.format("--ink" if opened else "--bar"),
        "borderWidth": 2 if opened or hollow else 0,
    }


def _zoom(nodes: int) -> float:
    """The more nodes, the smaller: the layout spreads with the root of their number."""
    return round(min(1.0, math.sqrt(26 / max(nodes, 1))), 2)


def _node(node: Node, category: int, drawn: Drawn, chosen: str | None) -> dict[str, Any]:
    opened, is_chosen = node.iri in drawn.opened, node.iri == chosen
    made: dict[str, Any] = {
        "id": node.iri,
        "name": node.label if len(node.label) <= _LONGEST else node.label[: _LONGEST - 1] + "…",
        "category": category,
        "symbolSize": 30 if is_chosen else 24 if opened else 17,
        "itemStyle": _style(node.kind, opened, is_chosen),
        "tooltip": {"formatter": node.label.replace("{", "(").replace("}", ")")},
    }
    if is_chosen:
        made["label"] = {"fontWeight": "bold", "fontSize": 15}
    return made


def _more(iri: str, count: int, category: int) -> dict[str, Any]:
    return {
        "id": MORE + iri,
        "name": f"{count} more",
        "category": category,
        "symbolSize": 22,
        "itemStyle": _MORE_STYLE,
        "tooltip": {"formatter": "Draw more of them"},
    }


def _to_more(iri: str) -> dict[str, Any]:
    says = {"formatter": "more"}
    return {"source": iri, "target": MORE + iri, "lineStyle": {"type": "dotted"}, "label": says, "tooltip": says}


def _link(edge: Edge) -> dict[str, Any]:
    words = ", ".join(edge.words).replace("{", "(").replace("}", ")")
    return {
        "source": edge.source,
        "target": edge.target,
        "label": {"formatter": words if len(words) <= 40 else words[:39] + "…"},
        "tooltip": {"formatter": words},
        "lineStyle": {"type": "dashed" if edge.inferred else "solid"},
    }
