"""What is suggested against each constraint: the triple to add, remove or change, never a value that nothing names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rdflib import Literal, Namespace, URIRef
from rdflib.namespace import RDF, XSD

from kg.repair import Fact, Sense, Suggestion
from kg.terms import double_literal
from reasoner.shacl import Suggester
from reasoner.shacl.model import Order
from reasoner.shacl.near_values import nearest
from reasoner.shacl.suggest import BUDGET, MOST

EX = Namespace("http://example.org/")
QUALIFIED = "sh:qualifiedValueShape [ sh:path :q ; sh:hasValue 5 ]"
ONE, FIVE, NINE, TRUE = Literal(1), Literal(5), Literal(9), Literal(True)


def suggested(bench: Callable[..., Any], data: str, shape: str) -> list[Suggestion]:
    """What is suggested against the one result of a shape on :a."""
    made = bench(data, f":S a sh:NodeShape ; sh:targetNode :a ; {shape} .")
    assert made.started, "the data must violate the shape"
    suggester = Suggester(made.graph, made.validator.shapes)
    return [suggestion for finding in made.started for suggestion in suggester.suggest(finding)]


def add(s: URIRef, p: URIRef, o: Any) -> Suggestion:
    return Suggestion(new=Fact(s, p, o))


def drop(s: URIRef, p: URIRef, o: Any) -> Suggestion:
    return Suggestion(old=Fact(s, p, o))


def swap(s: URIRef, p: URIRef, old: Any, new: Any, sense: Sense = Sense.INSTEAD) -> Suggestion:
    return Suggestion(Fact(s, p, old), Fact(s, p, new), sense)


@pytest.mark.parametrize(
    ("data", "shape", "expected"),
    [
        (":a :p 9 .", "sh:property [ sh:path :p ; sh:maxInclusive 5 ]", [swap(EX.a, EX.p, NINE, FIVE, Sense.AT_MOST)]),
        (":a :p 9 .", "sh:property [ sh:path :p ; sh:maxExclusive 6 ]", [swap(EX.a, EX.p, NINE, FIVE, Sense.AT_MOST)]),
        (":a :p 1 .", "sh:property [ sh:path :p ; sh:minInclusive 5 ]", [swap(EX.a, EX.p, ONE, FIVE, Sense.AT_LEAST)]),
        (
            ":a :p 1 .",
            "sh:property [ sh:path :p ; sh:in (5 9) ]",
            [swap(EX.a, EX.p, ONE, FIVE), swap(EX.a, EX.p, ONE, NINE)],
        ),
        (":a :p false .", "sh:property [ sh:path :p ; sh:hasValue true ]", [swap(EX.a, EX.p, Literal(False), TRUE)]),
        (":b :q 1 .", "sh:property [ sh:path :p ; sh:hasValue true ]", [add(EX.a, EX.p, TRUE)]),
        (":b :q 1 .", "sh:property [ sh:path :p ; sh:minCount 1 ; sh:in (5) ]", [add(EX.a, EX.p, FIVE)]),
        (":b a :C .", "sh:property [ sh:path :p ; sh:minCount 1 ; sh:class :C ]", [add(EX.a, EX.p, EX.b)]),
        (
            ":b :q 1 .",
            "sh:property [ sh:path :p ; sh:minCount 1 ; sh:datatype xsd:boolean ]",
            [add(EX.a, EX.p, TRUE), add(EX.a, EX.p, Literal(False))],
        ),
        (
            ":a :p 1 , 5 .",
            "sh:property [ sh:path :p ; sh:maxCount 1 ]",
            [drop(EX.a, EX.p, ONE), drop(EX.a, EX.p, FIVE)],
        ),
        (":a :p :b .", "sh:property [ sh:path :p ; sh:class :C ]", [add(EX.b, RDF.type, EX.C), drop(EX.a, EX.p, EX.b)]),
        (
            ":a :p '5' .",
            "sh:property [ sh:path :p ; sh:datatype xsd:integer ]",
            [swap(EX.a, EX.p, Literal("5"), Literal("5", datatype=XSD.integer))],
        ),
        (
            ":a :p 9 ; :q 5 .",
            "sh:property [ sh:path :p ; sh:lessThanOrEquals :q ]",
            [swap(EX.a, EX.p, NINE, FIVE, Sense.AT_MOST), swap(EX.a, EX.q, FIVE, NINE, Sense.AT_LEAST)],
        ),
        (
            ":a :p 9 ; :q 5 .",
            "sh:property [ sh:path :p ; sh:lessThan :q ]",
            [swap(EX.a, EX.p, NINE, Literal(4), Sense.AT_MOST), swap(EX.a, EX.q, FIVE, Literal(10), Sense.AT_LEAST)],
        ),
        (
            ":a :p 1 ; :q 5 .",
            "sh:property [ sh:path :p ; sh:equals :q ]",
            [add(EX.a, EX.q, ONE), drop(EX.a, EX.q, FIVE)],
        ),
        (
            ":a :p 1 ; :q 1 .",
            "sh:property [ sh:path :p ; sh:disjoint :q ]",
            [drop(EX.a, EX.q, ONE), drop(EX.a, EX.p, ONE)],
        ),
        (":a :p 1 .", "sh:closed true", [drop(EX.a, EX.p, ONE)]),
        (":a :p 1 .", "sh:not [ sh:path :p ; sh:hasValue 1 ]", [drop(EX.a, EX.p, ONE)]),
        (":a :p 1 .", "sh:not [ sh:path :p ; sh:minCount 1 ]", [drop(EX.a, EX.p, ONE)]),
        (":a a :C .", "sh:not [ sh:class :C ]", [drop(EX.a, RDF.type, EX.C)]),
        (
            ":a :p :b .",
            "sh:property [ sh:path :p ; sh:node [ sh:property [ sh:path :q ; sh:hasValue 5 ] ] ]",
            [add(EX.b, EX.q, FIVE)],
        ),
        (
            ":a :p 1 .",
            "sh:or ([ sh:path :p ; sh:hasValue 5 ] [ sh:path :q ; sh:hasValue 9 ])",
            [swap(EX.a, EX.p, ONE, FIVE), add(EX.a, EX.q, NINE)],
        ),
        (
            ":a :p 5 ; :q 9 .",
            "sh:xone ([ sh:path :p ; sh:hasValue 5 ] [ sh:path :q ; sh:hasValue 9 ])",
            [drop(EX.a, EX.p, FIVE), drop(EX.a, EX.q, NINE)],
        ),
        (
            ":a :p 'x'@en , 'y'@en , 'z'@de .",
            "sh:property [ sh:path :p ; sh:uniqueLang true ]",
            [drop(EX.a, EX.p, Literal("x", lang="en")), drop(EX.a, EX.p, Literal("y", lang="en"))],
        ),
        (
            ":a :p :b . :b :q 1 .",
            f"sh:property [ sh:path :p ; {QUALIFIED} ; sh:qualifiedMinCount 1 ]",
            [swap(EX.b, EX.q, ONE, FIVE)],
        ),
        (
            ":a :p :b . :b :q 5 .",
            f"sh:property [ sh:path :p ; {QUALIFIED} ; sh:qualifiedMaxCount 0 ]",
            [drop(EX.b, EX.q, FIVE), drop(EX.a, EX.p, EX.b)],
        ),
        (":a :p 'long' .", "sh:property [ sh:path :p ; sh:maxLength 2 ]", [drop(EX.a, EX.p, Literal("long"))]),
    ],
)
def test_each_constraint(bench: Callable[..., Any], data: str, shape: str, expected: list[Suggestion]) -> None:
    """The steps expected are among those suggested."""
    assert set(expected) <= set(suggested(bench, data, shape))


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("( :p :q )", ":a :p :b .", [add(EX.b, EX.q, FIVE)]),
        ("( :p :q )", ":a :p :b , :c .", [add(EX.b, EX.q, FIVE), add(EX.c, EX.q, FIVE)]),
        ("[ sh:alternativePath ( :p :q ) ]", ":b :r 1 .", [add(EX.a, EX.p, FIVE), add(EX.a, EX.q, FIVE)]),
        ("[ sh:zeroOrMorePath :p ]", ":b :r 1 .", [add(EX.a, EX.p, FIVE)]),
        ("[ sh:inversePath :p ]", ":b :r 1 .", []),
    ],
)
def test_paths_are_mended_at_their_last_step(
    bench: Callable[..., Any], path: str, data: str, expected: list[Suggestion]
) -> None:
    """A value is missing where the path ends; a literal is no subject."""
    found = suggested(bench, data, f"sh:property [ sh:path {path} ; sh:hasValue 5 ]")

    assert sorted(map(str, found)) == sorted(map(str, expected))


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("( :p :q )", ":a :p :b . :b :q :c .", [drop(EX.b, EX.q, EX.c)]),
        ("[ sh:inversePath :p ]", ":c :p :a .", [drop(EX.c, EX.p, EX.a)]),
        ("[ sh:oneOrMorePath :p ]", ":a :p :b . :b :p :c .", [drop(EX.a, EX.p, EX.b), drop(EX.b, EX.p, EX.c)]),
        ("[ sh:alternativePath ( :p :q ) ]", ":a :p :c ; :q :c .", [drop(EX.a, EX.p, EX.c), drop(EX.a, EX.q, EX.c)]),
    ],
)
def test_values_go_at_the_last_step(
    bench: Callable[..., Any], path: str, data: str, expected: list[Suggestion]
) -> None:
    """Every triple by which the path reaches the value at its end."""
    found = suggested(bench, data, f"sh:property [ sh:path {path} ; sh:maxCount 0 ]")

    assert sorted(map(str, found)) == sorted(map(str, expected))


def test_what_nothing_names_is_not_made_up(bench: Callable[..., Any]) -> None:
    """A label that is missing could be anything."""
    assert suggested(bench, ":b :q 1 .", "sh:property [ sh:path :p ; sh:minCount 1 ; sh:datatype xsd:string ]") == []


def test_the_number_of_suggestions_is_bounded(bench: Callable[..., Any]) -> None:
    """A thousand values too many bring no thousand suggestions."""
    data = ":a " + " ; ".join(f":p {n}" for n in range(1000)) + " ."

    assert len(suggested(bench, data, "sh:property [ sh:path :p ; sh:maxCount 1 ]")) == MOST


def test_the_work_is_bounded(bench: Callable[..., Any]) -> None:
    """A path over a hub ends within the budget, with what was found until then, and not in a stall."""
    data = "\n".join(f":a :p :n{n} . :n{n} :q 1 ." for n in range(3_000))
    made = bench(data, ":S a sh:NodeShape ; sh:targetNode :a ; sh:property [ sh:path ( :p :q ) ; sh:in ( 5 ) ] .")
    suggester = Suggester(made.graph, made.validator.shapes)

    found = suggester.suggest(made.started[0])

    assert len(found) <= MOST
    assert suggester._meter.spent <= BUDGET + 3_000  # one look-up may return the whole hub


def test_results_of_nothing_known_suggest_nothing(bench: Callable[..., Any]) -> None:
    """A result of a shape that is not there, about a node that nobody knows."""
    made = bench(":a :p 9 .", ":S a sh:NodeShape ; sh:targetNode :a ; sh:property [ sh:path :p ; sh:maxInclusive 5 ] .")
    suggester = Suggester(made.graph, made.validator.shapes)
    (finding,) = made.started

    assert suggester.suggest(replace(finding, shape=EX.Nothing)) == ()
    assert suggester.suggest(replace(finding, focus=EX.nobody)) == ()


@pytest.mark.parametrize(
    ("order", "limit", "given", "expected"),
    [
        (Order.MAX_INCLUSIVE, double_literal(440.0), double_literal(900.0), double_literal(440.0)),
        (Order.MAX_EXCLUSIVE, double_literal(440.0), double_literal(900.0), double_literal(439.9)),
        (Order.MIN_EXCLUSIVE, double_literal(0.0), double_literal(-1.0), double_literal(0.001)),
        (Order.MIN_EXCLUSIVE, double_literal(-440.0), double_literal(-900.0), double_literal(-439.9)),
        (Order.MAX_INCLUSIVE, Literal("4.5", datatype=XSD.decimal), Literal(9), Literal(4)),
        (Order.MIN_INCLUSIVE, Literal("4.5", datatype=XSD.decimal), Literal(1), FIVE),
        (Order.MIN_EXCLUSIVE, Literal(4), Literal(1), FIVE),
        (Order.MAX_INCLUSIVE, Literal(4), Literal("9.5", datatype=XSD.decimal), Literal("4", datatype=XSD.decimal)),
        (Order.MAX_INCLUSIVE, Literal(4), Literal("text"), Literal(4)),
        (Order.MAX_INCLUSIVE, double_literal(float("inf")), ONE, None),
        (Order.MAX_INCLUSIVE, Literal("text"), ONE, None),
    ],
)
def test_the_nearest_value_in_the_type_of_the_given(
    order: Order, limit: Literal, given: Literal, expected: Literal | None
) -> None:
    """On the limit where that is allowed, beside it as a round number where not, whole where it is a whole number."""
    found = nearest(order, limit, given)

    assert (found and found[0]) == expected
