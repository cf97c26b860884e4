"""What a check reports of a transaction: introduced, worsened, fixed, remaining."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rdflib import URIRef
from rdflib.namespace import SH

from kg.change import Severity
from kg.graph import Transaction
from kg.names import GraphName

LIMIT = """:S a sh:NodeShape ; sh:targetClass :Machine ;
  sh:property [ sh:path :speed ; sh:maxInclusive 500 ; tw:code "LIM" ; sh:severity sh:Warning ] ."""
TWO_NAMES = ":S a sh:NodeShape ; sh:targetClass :Machine ; sh:property [ sh:path :name ; sh:minCount 2 ] ."


def test_a_value_beyond_its_limit_is_introduced_with_sentence_code_and_distance(bench: Callable[..., Any]) -> None:
    """The finding names focus, path, value, component, code, severity and how far beyond the limit the value is."""
    line = bench(":m a :Machine ; :speed 400.0e0 .", LIMIT)

    (finding,) = line.change(add=":m :speed 520.0e0 .", remove=":m :speed 400.0e0 .").introduced

    assert finding.focus == URIRef("http://example.org/m")
    assert finding.path == "<http://example.org/speed>"
    assert finding.component == SH.MaxInclusiveConstraintComponent
    assert (finding.code, finding.severity, finding.distance) == ("LIM", Severity.WARNING, 20.0)
    assert finding.message == "m: speed 520 must not be above 500."


@pytest.mark.parametrize(("then", "group"), [("530", "worsened"), ("510", "introduced")])
def test_a_new_value_in_place_of_a_bad_one_is_worse_or_new(bench: Callable[..., Any], then: str, group: str) -> None:
    """Further beyond the limit it is worsened, else introduced; either way the old result is fixed."""
    line = bench(":m a :Machine ; :speed 520 .", LIMIT)

    findings = line.change(add=f":m :speed {then} .", remove=":m :speed 520 .")

    assert [str(f.value) for f in getattr(findings, group)] == [then]
    assert [f.distance for f in findings.fixed] == [20.0]


def test_a_count_further_from_its_limit_is_worsened_and_nearer_remains(bench: Callable[..., Any]) -> None:
    """A result without a value keeps its identity; only its distance tells that it got worse."""
    line = bench(':m a :Machine ; :name "a" .', TWO_NAMES)

    worse = line.change(remove=':m :name "a" .')
    better = line.change(add=':m :name "b" .')
    fixed = line.change(add=':m :name "c" .')

    assert [f.distance for f in worse.worsened] == [2.0]
    assert [f.distance for f in better.remaining] == [1.0]
    assert better.blocking == ()
    assert [f.component for f in fixed.fixed] == [SH.MinCountConstraintComponent]


def test_a_result_on_a_touched_node_remains(bench: Callable[..., Any]) -> None:
    """A change that leaves a bad value alone reports it as remaining, and on other nodes not at all."""
    shapes = LIMIT + TWO_NAMES.replace(":S ", ":T ").replace("2 ]", "1 ; sh:class :Name ]")
    line = bench(":m a :Machine ; :speed 600.0e0 . :n a :Machine ; :speed 600.0e0 .", shapes)

    findings = line.change(add=":m a :Filler .")

    assert findings.introduced == findings.fixed == ()
    assert {f.focus for f in findings.remaining} <= {URIRef("http://example.org/m")}


def test_a_verdict_can_change_on_a_node_that_is_not_in_the_delta(bench: Callable[..., Any]) -> None:
    """A type lost by the far end of a path is a result on the near end."""
    shapes = (
        ":S a sh:NodeShape ; sh:targetSubjectsOf :feeds ; sh:property [ sh:path (:feeds :partOf) ; sh:class :Line ] ."
    )
    line = bench(":a :feeds :b . :b :partOf :l . :l a :Line .", shapes)

    (finding,) = line.change(remove=":l a :Line .").introduced

    assert finding.focus == URIRef("http://example.org/a")
    assert finding.value == URIRef("http://example.org/l")


def test_a_subclass_edge_makes_targets_and_breaks_them(bench: Callable[..., Any]) -> None:
    """rdfs:subClassOf counts for targets, over several edges, added and removed."""
    line = bench(":m a :Filler ; :speed 600.0e0 . :Rotary rdfs:subClassOf :Machine .", LIMIT)

    made = line.change(add=":Filler rdfs:subClassOf :Rotary .")
    broken = line.change(remove=":Rotary rdfs:subClassOf :Machine .")

    assert len(made.introduced) == len(broken.fixed) == 1


def test_check_is_relative_to_the_state_before_the_transaction(bench: Callable[..., Any]) -> None:
    """Called again after further changes, it forgets what was introduced and taken back in between."""
    line = bench(":m a :Machine ; :speed 400.0e0 .", LIMIT)
    line.begin()
    line.add(":m :speed 600.0e0 .")
    assert len(line.check().introduced) == 1

    line.remove(":m :speed 600.0e0 .")
    findings = line.check()

    assert findings.introduced == findings.fixed == findings.worsened == ()
    assert list(line.validator.results()) == []


def test_results_go_back_with_the_transaction_and_with_a_savepoint(bench: Callable[..., Any]) -> None:
    """After a rollback the validator holds what it held before, class tree included."""
    line = bench(":m a :Filler ; :speed 600.0e0 .", LIMIT)
    line.begin()
    line.add(":Filler rdfs:subClassOf :Machine .")
    line.check()
    savepoint = line.transaction.savepoint()
    line.remove(":m :speed 600.0e0 .")
    assert list(line.check().introduced) == []

    line.transaction.rollback(savepoint)
    assert len(list(line.validator.results())) == 1
    line.transaction.rollback()

    assert list(line.validator.results()) == []
    assert len(line.change(add=":Filler rdfs:subClassOf :Machine .").introduced) == 1


def test_check_since_a_savepoint_answers_for_what_came_after_it(bench: Callable[..., Any]) -> None:
    """Several Changes in one transaction are told apart by their savepoints."""
    line = bench(":m a :Machine . :n a :Machine .", LIMIT)
    line.begin()
    line.add(":m :speed 600.0e0 .")
    line.check()
    savepoint = line.transaction.savepoint()
    line.add(":n :speed 700.0e0 .")

    findings = line.validator.check(line.transaction, savepoint)

    assert [f.focus for f in findings.introduced] == [URIRef("http://example.org/n")]


def test_a_result_reached_from_two_shapes_is_fixed_when_both_let_go(bench: Callable[..., Any]) -> None:
    """A property shape shared by two shapes gives one result, fixed only when neither holds it."""
    shapes = """:A a sh:NodeShape ; sh:targetClass :A ; sh:property :P .
      :B a sh:NodeShape ; sh:targetClass :B ; sh:property :P .
      :P sh:path :p ; sh:minCount 1 ."""
    line = bench(":m a :A , :B .", shapes)
    assert len(line.started) == 1

    first, second = line.change(remove=":m a :A ."), line.change(remove=":m a :B .")

    assert first.fixed == ()
    assert len(second.fixed) == 1


def test_violations_are_invisible_to_shapes(bench: Callable[..., Any]) -> None:
    """Triples of the graph `violations` are no evidence for anything."""
    line = bench(":m a :Machine .", LIMIT)

    findings = line.change(add=":m :speed 600.0e0 .", name=GraphName.VIOLATIONS)

    assert findings.introduced == ()


def test_start_goes_back_with_its_transaction(bench: Callable[..., Any]) -> None:
    """A validator started within a transaction that is undone holds what it held before."""
    line = bench(":m a :Machine ; :speed 600.0e0 .", LIMIT)
    transaction = Transaction(line.graph)
    node = line.graph.terms.node
    transaction.clear(node(URIRef("http://example.org/m")), node(URIRef("http://example.org/speed")), GraphName.PLANT)
    assert line.validator.start(transaction) == ()

    transaction.rollback()

    assert len(list(line.validator.results())) == 1


def test_a_message_of_the_shape_is_used_with_its_holes_filled(bench: Callable[..., Any]) -> None:
    """{$this} and {?value} stand for the focus node and the value."""
    shapes = LIMIT.replace("tw:code", 'sh:message "{$this} runs at {?value}, too fast." ; tw:code')

    line = bench(":m a :Machine ; :speed 600 .", shapes)

    assert [f.message for f in line.started] == ["m runs at 600, too fast."]


def test_a_value_of_the_same_form_is_checked_where_the_transaction_had_touched_the_pair(
    bench: Callable[..., Any],
) -> None:
    """What an earlier check of the same transaction found clean is not taken for what held before it."""
    shapes = ":S sh:targetClass :M ; sh:property [ sh:path :p ; sh:datatype xsd:integer ] ."
    line = bench(":m a :M ; :p true .", shapes)
    line.begin()
    line.remove(":m :p true .")
    line.check()
    line.add(":m :p false .")

    findings = line.check()

    assert [str(f.value) for f in findings.introduced] == ["false"]
    assert [str(f.value) for f in line.validator.results()] == ["false"]


def test_a_type_and_a_class_edge_that_go_together_are_both_seen(bench: Callable[..., Any]) -> None:
    """A node ceases to be a target by losing a type that is no longer below the class either."""
    line = bench(":m a :Filler ; :speed 600 . :Filler rdfs:subClassOf :Machine .", LIMIT)

    findings = line.change(remove=":m a :Filler . :Filler rdfs:subClassOf :Machine .")

    assert len(findings.fixed) == 1


def test_a_class_edge_that_comes_and_goes_within_a_transaction_leaves_nothing(bench: Callable[..., Any]) -> None:
    """Class trees remembered by a first check are forgotten when the edge is taken back without a rollback."""
    line = bench(":m a :Filler ; :speed 400 .", LIMIT)
    line.begin()
    line.add(":Filler rdfs:subClassOf :Machine . :m :speed 600 .")
    assert len(line.check().introduced) == 1

    line.remove(":Filler rdfs:subClassOf :Machine .")
    findings = line.check()

    assert findings.introduced == ()
    assert list(line.validator.results()) == []


def test_a_value_behind_a_nested_path_is_checked_again_whatever_its_form(bench: Callable[..., Any]) -> None:
    """The result of a nested property shape names the new value, although only forms are judged."""
    shapes = (
        ":S sh:targetClass :L ; sh:property [ sh:path :has ; sh:property [ sh:path :p ; sh:datatype xsd:double ] ] ."
    )
    line = bench(":l a :L ; :has :m . :m :p 1 .", shapes)

    findings = line.change(add=":m :p 2 .", remove=":m :p 1 .")

    assert [str(f.value) for f in findings.introduced] == ["2"]
    assert [str(f.value) for f in findings.fixed] == ["1"]


def test_siblings_of_a_qualified_shape_are_part_of_its_footprint(bench: Callable[..., Any]) -> None:
    """A value that begins to conform to a sibling no longer counts."""
    shapes = """:S sh:targetClass :Hand ; sh:property
      [ sh:path :digit ; sh:qualifiedValueShape [ sh:class :Thumb ] ; sh:qualifiedMinCount 1 ;
        sh:qualifiedValueShapesDisjoint true ] ,
      [ sh:path :digit ; sh:qualifiedValueShape [ sh:property [ sh:path :long ; sh:minCount 1 ] ] ;
        sh:qualifiedMinCount 0 ; sh:qualifiedValueShapesDisjoint true ] ."""
    line = bench(":h a :Hand ; :digit :d . :d a :Thumb .", shapes)
    assert line.started == ()

    findings = line.change(add=":d :long true .")

    assert [f.component for f in findings.introduced] == [SH.QualifiedMinCountConstraintComponent]
