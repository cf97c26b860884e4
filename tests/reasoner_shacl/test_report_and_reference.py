"""Reports in RDF, and pySHACL wrapped as a reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import rdflib
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, SH, XSD

from kg.errors import Undecided
from ontology.vocabulary import TW
from reasoner.references import pyshacl_reference
from reasoner.shacl import Shapes, to_graph

SHAPES = """:S a sh:NodeShape ; sh:targetClass :C ; tw:code "S-1" ; tw:standing true ;
  sh:property :P .
  :P sh:path ( :p [ sh:inversePath :q ] ) ; sh:minCount 1 ; sh:severity :Grave ; sh:message "Alas." ."""


def test_a_report_says_what_the_findings_say(bench: Callable[..., Any]) -> None:
    """Every part of a finding has its triple; a severity of one's own is kept and blocks."""
    line = bench(":a a :C .", SHAPES)

    graph = to_graph(line.started, line.validator.shapes.severities)

    (result,) = graph.subjects(RDF.type, SH.ValidationResult)
    ex = "http://example.org/"
    assert graph.value(result, SH.focusNode) == URIRef(ex + "a")
    assert graph.value(result, SH.sourceShape) == URIRef(ex + "P")
    assert graph.value(result, SH.resultSeverity) == URIRef(ex + "Grave")
    assert graph.value(result, SH.resultMessage) == Literal("Alas.")
    assert graph.value(result, TW.code) == Literal("S-1")
    path = graph.value(result, SH.resultPath)
    assert graph.value(path, RDF.first) == URIRef(ex + "p")


def test_an_empty_report_conforms() -> None:
    """Without findings there is a report that says so."""
    graph = to_graph([])

    assert list(graph.objects(None, SH.conforms)) == [Literal(True)]


def test_standing_shapes_are_named_with_their_property_shapes(shapes_of: Callable[[str], Shapes]) -> None:
    """The Gate looks up Finding.shape, which is the property shape."""
    assert {str(s).rsplit("/", 1)[-1] for s in shapes_of(SHAPES).standing} == {"S", "P"}


def test_pyshacl_finds_the_same_and_leaves_no_trace(turtle: Callable[[str], Graph], bench: Callable[..., Any]) -> None:
    """Its results are ours, and rdflib's process-wide state is as it was."""
    data, line = turtle(":a a :C ."), bench(":a a :C .", SHAPES)
    before = (rdflib.NORMALIZE_LITERALS, Literal.__le__, Literal.__ge__, str(Literal("1", datatype=XSD.boolean)))

    found = pyshacl_reference.validate(data, turtle(SHAPES))

    assert {r[:5] for r in found} == {(f.focus, f.path, f.value, f.component, f.shape) for f in line.started}
    after = (rdflib.NORMALIZE_LITERALS, Literal.__le__, Literal.__ge__, str(Literal("1", datatype=XSD.boolean)))
    assert after == before


@pytest.mark.parametrize(
    "shapes",
    [
        ":S a sh:NodeShape ; sh:targetClass :C ; sh:property [ sh:path :p ; sh:lessThan :q ] .",
        ':S a sh:NodeShape ; sh:targetClass :C ; sh:property [ sh:path :p ; sh:minCount "x" ] .',
    ],
)
def test_what_pyshacl_cannot_decide_is_an_error(turtle: Callable[[str], Graph], shapes: str) -> None:
    """Neither conforming nor violating: pySHACL gave up, and the wrapper says so."""
    with pytest.raises(Undecided):
        pyshacl_reference.validate(turtle(":a a :C ; :p [] ; :q 1 ."), turtle(shapes))
