"""The work budget, and that counted work does not grow with the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

STAR = ":S a sh:NodeShape ; sh:targetNode :n0 ; sh:property [ sh:path [ sh:oneOrMorePath :next ] ; sh:hasValue :end ] ."
CALM = ":T a sh:NodeShape ; sh:targetClass :M ; sh:property [ sh:path :speed ; sh:maxInclusive 5 ] ."


def chain(length: int) -> str:
    return "".join(f":n{i} :next :n{i + 1} . " for i in range(length))


def test_a_check_beyond_the_budget_is_undecided_and_its_old_results_stay(bench: Callable[..., Any]) -> None:
    """The shape is named, other shapes are still decided, and nothing is claimed about the undecided one."""
    line = bench(chain(500) + ":m a :M .", STAR + CALM, budget=300)
    assert len(line.started) == 1

    findings = line.change(add=":n500 :next :end . :m :speed 9 .")

    assert findings.undecided == ("http://example.org/S",)
    assert [str(f.focus) for f in findings.introduced] == ["http://example.org/m"]
    assert len(list(line.validator.results())) == 2


def test_an_undecided_pair_is_checked_again_next_time(bench: Callable[..., Any]) -> None:
    """It stays undecided as long as it is too much, and is settled by a check of something else once it is not."""
    line = bench(chain(500) + ":m a :M .", STAR + CALM, budget=300)
    line.change(add=":n500 :next :end .")
    assert line.change(add=":m :speed 4 .").undecided == ("http://example.org/S",)

    line.validator.budget = 10_000
    findings = line.change(add=":m :speed 3 .")

    assert findings.undecided == ()
    assert [str(f.focus) for f in findings.fixed] == ["http://example.org/n0"]


def test_debts_go_back_with_the_transaction(bench: Callable[..., Any]) -> None:
    """What a rolled back transaction could not decide is not owed."""
    line = bench(chain(500), STAR, budget=300)
    assert line.change(add=":n500 :next :end .").undecided

    line.transaction.rollback()

    assert line.change(add=":x :y :z .").undecided == ()


def test_focus_nodes_that_cannot_be_found_in_time_cost_the_shape_its_verdict(bench: Callable[..., Any]) -> None:
    """Too many nodes behind a changed triple: every target is owed, and nothing is silently skipped."""
    hub = "".join(f":m{i} a :M ; :of :hub . " for i in range(400))
    shapes = ":S a sh:NodeShape ; sh:targetClass :M ; sh:property [ sh:path (:of :ok) ; sh:maxCount 0 ] ."
    line = bench(hub, shapes, budget=500)

    findings = line.change(add=":hub :ok true .")
    line.validator.budget = 100_000
    settled = line.change(add=":x :y :z .")

    assert findings.undecided == ("http://example.org/S",)
    assert len(findings.introduced) + len(settled.introduced) == 400
    assert settled.undecided == ()


def test_counted_work_is_the_same_at_two_sizes(bench: Callable[..., Any]) -> None:
    """A reading that crosses its limit costs as many look-ups among 4,000 machines as among 40."""
    shapes = (
        CALM
        + """:U a sh:NodeShape ; sh:targetClass :L ;
      sh:property [ sh:path [ sh:inversePath :partOf ] ; sh:minCount 1 ; sh:node :WithSpeed ] .
      :WithSpeed a sh:NodeShape ; sh:property [ sh:path :speed ; sh:minCount 1 ] ."""
    )
    spent = []
    for lines in (10, 1000):
        text = "".join(
            f":l{i} a :L . " + "".join(f":m{i}_{j} a :M ; :partOf :l{i} ; :speed 4 . " for j in range(4))
            for i in range(lines)
        )
        line = bench(text, shapes)
        assert len(line.change(add=":m3_2 :speed 7 .", remove=":m3_2 :speed 4 .").introduced) == 1
        spent.append(line.validator.meter.spent)

    assert spent[0] == spent[1] < 100


def test_a_value_of_the_same_form_is_not_checked_where_only_form_counts(bench: Callable[..., Any]) -> None:
    """Counts and datatypes cost a calm reading no look-up at all."""
    shapes = """:S a sh:NodeShape ; sh:targetClass :M ;
      sh:property [ sh:path :speed ; sh:datatype xsd:integer ; sh:minCount 1 ; sh:maxCount 1 ] ."""
    line = bench(":m a :M ; :speed 4 .", shapes)

    calm = line.change(add=":m :speed 5 .", remove=":m :speed 4 .")
    spent = line.validator.meter.spent
    wrong = line.change(add=":m :speed true .", remove=":m :speed 5 .")
    still = line.change(add=":m :speed false .", remove=":m :speed true .")

    assert calm.introduced == ()
    assert spent == 0
    assert [str(f.value) for f in (*wrong.introduced, *still.introduced)] == ["true", "false"]
    assert [str(f.value) for f in still.fixed] == ["true"]
