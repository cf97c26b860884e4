"""Shapes that are refused, with the shape and the reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kg.errors import ShapeRefused
from reasoner.shacl import Shapes


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ("sh:node :S", "refers to itself: <http://example.org/S> -> <http://example.org/S>"),
        ("sh:property [ sh:path :p ; sh:node :S ]", "refers to itself"),
        ("sh:node :Nowhere", "missing"),
        ('sh:node "text"', "a literal cannot be a shape"),
        ("sh:property [ sh:minCount 1 ]", "needs a property shape"),
        ("sh:property [ sh:path ( :p ) ]", "two members"),
        ("sh:property [ sh:path [ sh:alternativePath :p ] ]", "rdf:first"),
        ("sh:property [ sh:path [ :odd :p ] ]", "none of SHACL's kinds"),
        ("sh:property [ sh:path [ sh:inversePath :p , :q ] ]", "more than one"),
        ('sh:property [ sh:path "p" ]', "cannot be a path"),
        ("sh:property [ sh:path _:x ] . _:x sh:zeroOrMorePath _:x", "a path refers to itself"),
        ("sh:and _:l . _:l rdf:first [ sh:class :C ] ; rdf:rest _:l", "runs in a circle"),
        ("sh:in [ rdf:first 1 ]", "rdf:rest"),
        ("sh:minCount 1", "no sh:path"),
        ('sh:property [ sh:path :p ; sh:minCount "1" ]', "not an integer"),
        ("sh:property [ sh:path :p ; sh:minCount -1 ]", "negative"),
        ("sh:property [ sh:path :p ; sh:maxCount 1 , 2 ]", "more than once"),
        ("sh:minInclusive :limit", "no value that others can be compared with"),
        ('sh:maxExclusive "12 o\'clock"^^xsd:time', "no value that others can be compared with"),
        ("sh:nodeKind sh:Iri", "none of SHACL's node kinds"),
        ("sh:class [ a rdfs:Class ]", "not an IRI"),
        ("sh:targetNode [ :p 1 ]", "may not be a blank node"),
        ("sh:target [ a sh:SPARQLTarget ]", "its sh:target has no sh:select"),
        ("sh:minKount 2", "sh:minKount is not supported"),
        ('tw:evidence "hearsay"', "neither"),
        ("sh:property [ sh:path :p ; sh:qualifiedMinCount 1 ]", "need a sh:qualifiedValueShape"),
        ("sh:property [ sh:path :p ; sh:qualifiedValueShape [ sh:class :C ] ]", "needs sh:qualifiedMinCount"),
        ('sh:deactivated "yes"', "not a boolean"),
        ("sh:pattern 5", "not a string"),
        (r'sh:pattern "(a)\\1"', "back references"),
        (r'sh:pattern "[a-z-[aeiou]]"', "character classes"),
        (r'sh:pattern "\\i\\c*"', r"the escape \i"),
        (r'sh:pattern "\\p{IsGreek}"', "Unicode blocks"),
        ('sh:pattern "(?=a)"', "groups that begin with"),
        ('sh:pattern "("', "no regular expression"),
        ('sh:pattern "(a{1000}){1000}"', "too large"),
        ('sh:pattern "a" ; sh:flags "g"', "flag 'g' is unknown"),
    ],
)
def test_a_shape_that_is_not_understood_is_refused(shapes_of: Callable[[str], Shapes], shape: str, reason: str) -> None:
    """The error names the shape and says what is wrong with it."""
    with pytest.raises(ShapeRefused) as refused:
        shapes_of(f":S a sh:NodeShape ; sh:targetClass :C ; {shape} .")

    assert reason in str(refused.value.facts["reason"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<> sh:entailment <http://www.w3.org/ns/entailment/RDFS> .", "sh:entailment"),
        (":Mine a sh:ConstraintComponent .", "needs a parameter that is not optional"),
        ("[] a sh:ConstraintComponent .", "no IRI"),
        (":Mine a sh:ConstraintComponent ; sh:parameter [ sh:path :this ] .", "a name that no variable may have"),
        (":Mine a sh:ConstraintComponent ; sh:parameter [ sh:path ( :a :b ) ] .", "exactly one sh:path"),
        ("_:a sh:targetClass :C ; sh:not _:b . _:b sh:not _:a .", "refers to itself"),
        (":P a sh:PropertyShape ; sh:targetClass :C .", "needs a sh:path"),
        (":P a sh:NodeShape ; sh:path :p .", "may not have a sh:path"),
    ],
)
def test_a_shapes_graph_that_is_not_understood_is_refused(
    shapes_of: Callable[[str], Shapes], text: str, reason: str
) -> None:
    """What concerns the graph as a whole is refused as well."""
    with pytest.raises(ShapeRefused) as refused:
        shapes_of(text)

    assert reason in str(refused.value.facts["reason"])


def test_shapes_nested_too_deeply_are_refused(shapes_of: Callable[[str], Shapes]) -> None:
    """Depth is bounded, so that compiling and checking can't exhaust the stack."""
    text = (
        ":S0 sh:targetClass :C . " + "".join(f":S{i} sh:not :S{i + 1} . " for i in range(100)) + ":S100 sh:class :C ."
    )

    with pytest.raises(ShapeRefused, match="deep"):
        shapes_of(text)


def test_shapes_that_fan_out_beyond_bounds_are_refused(bench: Callable[..., object]) -> None:
    """A footprint that grows exponentially is refused instead of compiled for ever."""
    text = ":S0 sh:targetClass :C . " + "".join(
        f":S{i} sh:not :A{i} , :B{i} . :A{i} sh:not :S{i + 1} . :B{i} sh:not :S{i + 1} . " for i in range(25)
    )

    with pytest.raises(ShapeRefused, match="places"):
        bench("", text + ":S25 sh:class :C .")


def test_the_refusal_of_an_unnamed_shape_says_where_it_hangs(shapes_of: Callable[[str], Shapes]) -> None:
    """A blank node is named by the shape above it and its path."""
    with pytest.raises(ShapeRefused, match=r"unnamed, of <http://example.org/S>, on path <http://example.org/p>"):
        shapes_of(":S a sh:NodeShape ; sh:targetClass :C ; sh:property [ sh:path :p ; sh:nodeKind :Odd ] .")
