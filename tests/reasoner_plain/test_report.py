"""Reports: the same results whichever form they are read back from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rdflib import BNode, Graph, Literal, Namespace
from rdflib.namespace import RDF, SH, XSD

from kg.errors import Undecided
from kg.exchange.rdf_files import RdfReader
from ontology.vocabulary import TW
from reasoner import Live, Report, validate
from reasoner.prefixes import Prefixes
from reasoner.shacl.parse_paths import read_path
from reasoner.shacl.paths import text_of

EX = Namespace("http://example.org/")
SHAPES = """
ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ; sh:targetObjectsOf ex:p ; tw:code "S-1" ; sh:nodeKind sh:IRI ;
    sh:property [ sh:path ( ex:p [ sh:zeroOrMorePath [ sh:alternativePath ( ex:q [ sh:inversePath ex:q ] ) ] ] ) ;
        sh:nodeKind sh:IRI ; sh:maxCount 0 ] ;
    sh:property [ sh:path ex:p ; sh:class ex:C ; sh:severity ex:Grave ; sh:message "Line\\nbreak \\"quoted\\" <x>." ] .
"""
DATA = """
ex:a ex:p _:b , "x"@en , "4"^^xsd:double , 4.0e0 , "05"^^xsd:integer , "no"^^xsd:integer , "t\\"u\\n\\\\" , ex:c , () .
_:b ex:q ex:a ; ex:p <http://example.org/odd,iri> .
"""


@pytest.fixture
def report(tmp_path: Path, turtle: Callable[[str], Graph]) -> Report:
    """Every kind of term as focus node and value, every kind of path, a severity of one's own."""
    path = tmp_path / "data.ttl"
    prefixes = "@prefix ex: <http://example.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> ."
    path.write_text(prefixes + DATA, encoding="utf-8")
    return Live(
        RdfReader().triples(path), shapes=turtle("@prefix tw: <https://w3id.org/twinwright/core#> ." + SHAPES)
    ).report()


def results(graph: Graph) -> set[tuple[Any, ...]]:
    """The results of a report in RDF, as values."""
    (root,) = graph.subjects(RDF.type, SH.ValidationReport)
    assert graph.value(root, SH.conforms) == Literal(not list(graph.objects(root, SH.result)))
    found = set()
    for node in graph.objects(root, SH.result):
        assert (node, RDF.type, SH.ValidationResult) in graph
        path = graph.value(node, SH.resultPath)
        told = [SH.focusNode, SH.value, SH.sourceConstraintComponent, SH.sourceShape, SH.resultSeverity]
        values = [graph.value(node, predicate) for predicate in (*told, SH.resultMessage, TW.code)]
        found.add((None if path is None else text_of(read_path(graph, path)), *values))
    return found


def expected(report: Report) -> set[tuple[Any, ...]]:
    return {
        (
            *(f.path, f.focus, f.value, f.component, f.shape),
            report.severities.get(f.shape, SH[f.severity.value]),
            Literal(f.message),
            None if f.code is None else Literal(f.code),
        )
        for f in report.results
    }


@pytest.mark.parametrize("form", ["ttl", "jsonld"])
def test_both_forms_parse_back_to_the_same_results(form: str, report: Report, tmp_path: Path) -> None:
    """Labels of blank nodes, lexical forms, languages, paths and severities are kept."""
    path = tmp_path / f"report.{form}"
    path.write_text(report.turtle if form == "ttl" else json.dumps(report.json_ld), encoding="utf-8")

    read = RdfReader().graph(path)

    assert len(report.results) > 15
    assert results(read) == expected(report) == results(report.graph)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
def test_rdflib_reads_both_forms(report: Report) -> None:
    """As many results, whoever parses."""
    turtle, json_ld = (
        Graph().parse(data=report.turtle),
        Graph().parse(data=json.dumps(report.json_ld), format="json-ld"),
    )

    for graph in (turtle, json_ld):
        assert len(set(graph.subjects(RDF.type, SH.ValidationResult))) == len(report.results)


def test_the_text_names_everything(turtle: Callable[[str], Graph]) -> None:
    """A sentence, then each result with prefixed names; the gravest first."""
    data = turtle("ex:a a ex:C ; ex:v 9 .")
    shapes = turtle(
        "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P , ex:Q . ex:P sh:path ex:v ; sh:maxInclusive 3 . "
        'ex:Q sh:path ( ex:v ex:w ) ; sh:minCount 1 ; sh:severity sh:Info ; sh:message "No w." .'
    )

    text = validate(data, shapes).text

    assert text == (
        "Does not conform: 2 results (1 Violation, 1 Info).\n\n"
        "Violation: a: v 9 must not be above 3.\n"
        "  focus      ex:a\n  path       ex:v\n  value      9\n"
        "  shape      ex:P\n  constraint sh:MaxInclusiveConstraintComponent\n\n"
        "Info: No w.\n"
        "  focus      ex:a\n  path       ex:v/ex:w\n  shape      ex:Q\n  constraint sh:MinCountConstraintComponent\n"
    )


def test_control_characters_reach_no_terminal(turtle: Callable[[str], Graph]) -> None:
    """Neither from values nor from sentences, in the text and in a line; Turtle reads them back."""
    data = turtle(r'ex:a ex:v "a\u001B[2J\u009B\u0007\r\nConforms" .')
    shapes = turtle(
        r"ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:v ; sh:property [ sh:path ex:v ; sh:datatype xsd:integer ;"
        r' sh:message "\u001B]0;\u0008{?value}" ] .'
    )

    report = validate(data, shapes)
    (finding,) = report.results

    for text in (report.text.replace("\n", ""), report.line(finding)):
        assert not [char for char in text if ord(char) < 32 or 127 <= ord(char) < 160]
    assert r"\u001B[2J\u009B\u0007\r\nConforms" in report.text
    assert finding.value in set(Graph().parse(data=report.turtle).objects(None, SH.value))


def test_an_undecided_report_is_no_verdict() -> None:
    """Neither conforming nor not, and the text says which shapes."""
    report = Report((), (str(EX.S),), prefixes=Prefixes({"ex": str(EX)}))

    assert "Not decided within the budget: ex:S." in report.text
    with pytest.raises(Undecided, match="ex:S"):
        _ = report.conforms


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (EX.a, "ex:a"),
        (EX["a/b"], "<http://example.org/a/b>"),
        (EX["a."], "<http://example.org/a.>"),
        (RDF.type, "rdf:type"),
        (BNode("b"), "_:b"),
        (Literal("x<http://example.org/a>"), '"x<http://example.org/a>"'),
        (Literal("\x1b[31m\x9b\x7f\n"), '"\\u001B[31m\\u009B\\u007F\\n"'),
        (Literal("\x1b", datatype=XSD.gYear), '"\\u001B"^^xsd:gYear'),
        (Literal("x", lang="en"), '"x"@en'),
        (Literal(5), "5"),
        (Literal("x", datatype=XSD.integer), '"x"^^xsd:integer'),
        (Literal("2026", datatype=XSD.gYear), '"2026"^^xsd:gYear'),
        (Literal("y", datatype=EX.T), '"y"^^ex:T'),
    ],
)
def test_terms_are_written_as_in_turtle(term: Any, text: str) -> None:
    """Prefixes where they fit, datatypes where Turtle would want them."""
    assert Prefixes({"ex": str(EX)}).term(term) == text
