"""The reference page of the vocabularies, as Markdown: `python -m ontology.reference > docs/reference/ontology.md`."""

from __future__ import annotations

import sys

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from ontology.modules import load, modules
from ontology.vocabulary import TW

_HEAD = """\
# Vocabularies

Written by `python -m ontology.reference`; the Turtle in `ontology/` is what counts. All modules are inside OWL 2 RL.
Predicates that carry live values have neither domain nor range, so that a reading infers nothing; nothing is
functional, so that equality never comes from data. Numbers have the unit that the definition or `tw:unit` says.
"""

_KINDS = {
    OWL.Class: "class",
    OWL.ObjectProperty: "link",
    OWL.DatatypeProperty: "value",
    OWL.NamedIndividual: "individual",
}


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for name in modules() for line in _module(name)), *_rules(), ""])


def _module(name: str) -> list[str]:
    graph = load(name)
    (header,) = graph.subjects(RDF.type, OWL.Ontology)
    lines = [
        f"## {graph.value(header, DCTERMS.title)}: `{name}`",
        "",
        f"<{header}#>, version {graph.value(header, OWL.versionInfo)}. {graph.value(header, DCTERMS.description)}",
        "",
        "| term | kind | definition | source |",
        "|---|---|---|---|",
    ]
    for term in sorted(set(graph.subjects(RDFS.isDefinedBy, header)), key=str):
        source = graph.value(term, DCTERMS.source) or ""
        definition = f"{graph.value(term, SKOS.definition)}{_super(graph, term)}"
        lines.append(f"| `{_local(term)}` | {_kind(graph, term)} | {definition} | {source} |")
    return [*lines, ""]


def _rules() -> list[str]:
    graph = load("rules")
    lines = ["## Domain rules", "", "| code | rule | premises and conclusion |", "|---|---|---|"]
    rows = sorted(
        (str(code), rule) for rule, code in graph.subject_objects(TW.code) if (rule, SH.construct, None) in graph
    )
    lines += [f"| {code} | `{_local(rule)}` | `{graph.value(rule, SKOS.definition)}` |" for code, rule in rows]
    return lines


def _super(graph: Graph, term: Node) -> str:
    above = sorted(graph.qname(str(parent)) for parent in graph.objects(term, RDFS.subClassOf))
    return f" Below {', '.join(f'`{name}`' for name in above)}." if above else ""


def _kind(graph: Graph, term: Node) -> str:
    kinds = set(graph.objects(term, RDF.type))
    word = next(word for kind, word in _KINDS.items() if kind in kinds)
    own = sorted(_local(kind) for kind in kinds if not str(kind).startswith(str(OWL)))
    return ", ".join(f"`{name}`" for name in own) or word


def _local(term: Node) -> str:
    return URIRef(str(term)).fragment


if __name__ == "__main__":
    sys.stdout.write(page())
