"""Findings as a SHACL validation report in RDF. Source: SHACL 3.6."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import RDF, SH

from kg.change import Finding, Severity
from kg.terms import Term
from ontology.vocabulary import TW
from reasoner.shacl.paths import Alternative, Inverse, Path, Predicate, Repeat, Sequence, of_text

_SEVERITY: Final = {Severity.INFO: SH.Info, Severity.WARNING: SH.Warning, Severity.VIOLATION: SH.Violation}
_REPEAT: Final = {"*": SH.zeroOrMorePath, "+": SH.oneOrMorePath, "?": SH.zeroOrOnePath}


def to_graph(findings: Iterable[Finding], severities: Mapping[Term, URIRef] | None = None) -> Graph:
    """A graph with one sh:ValidationReport. `severities` (see Shapes) names the shapes with a severity of their own."""
    graph = Graph()
    report = BNode()
    found = list(findings)
    graph.add((report, RDF.type, SH.ValidationReport))
    graph.add((report, SH.conforms, Literal(not found)))
    for finding in found:
        graph.add((report, SH.result, _result(finding, severities or {}, graph)))
    return graph


def _result(finding: Finding, severities: Mapping[Term, URIRef], graph: Graph) -> BNode:
    node = BNode()
    severity = severities.get(finding.shape, _SEVERITY[finding.severity])
    graph.add((node, RDF.type, SH.ValidationResult))
    graph.add((node, SH.focusNode, finding.focus))
    graph.add((node, SH.sourceShape, finding.shape))
    graph.add((node, SH.sourceConstraintComponent, finding.component))
    graph.add((node, SH.resultSeverity, severity))
    graph.add((node, SH.resultMessage, Literal(finding.message)))
    if finding.path is not None:
        graph.add((node, SH.resultPath, write_path(of_text(finding.path), graph)))
    if finding.value is not None:
        graph.add((node, SH.value, finding.value))
    if finding.source is not None:
        graph.add((node, SH.sourceConstraint, finding.source))
    if finding.code is not None:
        graph.add((node, TW.code, Literal(finding.code)))
    return node


def write_path(path: Path, graph: Graph) -> URIRef | BNode:
    """The node that stands for the path; what it consists of is added to the graph."""
    match path:
        case Predicate(iri=iri):
            return iri
        case Sequence(paths=paths):
            return _list(paths, graph)
        case Inverse(path=inner):
            return _node(SH.inversePath, write_path(inner, graph), graph)
        case Alternative(paths=paths):
            return _node(SH.alternativePath, _list(paths, graph), graph)
        case Repeat(path=inner, sign=sign):
            return _node(_REPEAT[sign], write_path(inner, graph), graph)


def _node(predicate: URIRef, value: URIRef | BNode, graph: Graph) -> BNode:
    node = BNode()
    graph.add((node, predicate, value))
    return node


def _list(paths: tuple[Path, ...], graph: Graph) -> BNode:
    head = BNode()
    Collection(graph, head, [write_path(path, graph) for path in paths])
    return head
