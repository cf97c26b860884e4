"""The reference page of the shapes, as Markdown: `python -m shapes.reference > docs/reference/shapes.md`."""

from __future__ import annotations

import sys

from rdflib import DCTERMS, OWL, RDF, Graph, Namespace
from rdflib.namespace import SH
from rdflib.term import Node

import shapes

_CORE = Namespace("https://w3id.org/twinwright/core#")

_HEAD = """\
# Shapes

Written by `python -m shapes.reference`; the Turtle in `shapes/` is what counts. All shapes are SHACL Core. The IRI of
a shape is `https://w3id.org/twinwright/shapes#` and its code.

- A **Violation** refuses a request that introduces or worsens it; a **Warning** is shown. Observations are never
  refused.
- *Evidence*: whether inferred facts may satisfy or violate the shape (`entailed`) or only asserted ones (`asserted`).
- *Standing*: while the shape is violated, every request for the focus node or its parts is refused, except those of
  rules that the policy calls remedial (`tw:remedial true`).
- Permissives and limits with a request as focus judge a request until it is admitted (`tw:Request`), not in flight.
- `GOV-RULE-*` look at rules, which are documents and not in the working graph: they are checked when a release is made.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for name in shapes.modules() for line in _module(name))])


def _module(name: str) -> list[str]:
    graph = shapes.load(name)
    (header,) = graph.subjects(RDF.type, OWL.Ontology)
    lines = [
        f"## {graph.value(header, DCTERMS.title)}: `shapes/{name}.ttl`",
        "",
        "| code | what | severity | evidence | message |",
        "|---|---|---|---|---|",
    ]
    rows = sorted((int(str(graph.value(shape, SH.order))), shape) for shape in graph.subjects(_CORE.code))
    return [*lines, *(_row(graph, shape) for _, shape in rows), ""]


def _row(graph: Graph, shape: Node) -> str:
    severity = str(graph.value(shape, SH.severity)).rpartition("#")[2]
    standing = ", standing" if graph.value(shape, _CORE.standing) is not None else ""
    cells = (
        f"`{graph.value(shape, _CORE.code)}`",
        graph.value(shape, SH.name),
        severity + standing,
        graph.value(shape, _CORE.evidence),
        graph.value(shape, SH.message),
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(page())
