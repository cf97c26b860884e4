"""Deletion, ranks, marks, savepoints and budgets: the cases that have broken such engines before, one by one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from rdflib import Literal
from rdflib.namespace import RDF, XSD, Namespace

from kg.errors import RuleRefused, Undecided
from kg.graph import Transaction
from kg.names import VISIBLE, GraphName, mask
from reasoner.rules import RuleEngine, check_layers

E = Namespace("http://example.org/")
A, B, C, D = E.a, E.b, E.c, E.d
SYMMETRIC = "CONSTRUCT { ?y :near ?x } WHERE { ?x :near ?y }"
TRANSITIVE = "CONSTRUCT { ?x :near ?z } WHERE { ?x :near ?y . ?y :near ?z }"


def number(value: float) -> Literal:
    return Literal(f"{value:.1f}E0", datatype=XSD.double)


def test_a_cycle_does_not_hold_itself_up(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """Symmetric and transitive: when the one asserted edge goes, so does everything that leant on it."""
    world = twin(rules(SYMMETRIC, TRANSITIVE))
    world.start([(A, E.near, B), (B, E.near, C)])
    assert len(world.derived()) == 9

    world.change(removes=[(A, E.near, B)])

    assert world.derived() == {(x, E.near, y) for x in (B, C) for y in (B, C)}
    world.assert_proved()


def test_a_fact_asserted_and_derived_keeps_each_mark_on_its_own_ground(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """Asserting what is derived adds a mark; retracting the assertion leaves the derivation."""
    world = twin(rules(SYMMETRIC))
    world.start([(A, E.near, B)])
    world.change(adds=[(B, E.near, A)])
    both = GraphName.PLANT.bit | GraphName.INFERRED.bit
    assert set(world.marks().values()) == {both}

    world.change(removes=[(B, E.near, A)])
    assert world.graph.marks(*world.nodes((B, E.near, A))) == GraphName.INFERRED.bit
    assert world.graph.marks(*world.nodes((A, E.near, B))) == both

    world.change(removes=[(A, E.near, B)])
    assert world.marks() == {}


def test_a_fact_that_goes_and_comes_back_in_one_transaction_disturbs_nothing_above(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """Deleted by one premise and reborn by another, with dependents in a higher stratum that must survive."""
    world = twin(
        rules(
            "CONSTRUCT { ?x :hot true } WHERE { ?x :first ?y }",
            "CONSTRUCT { ?x :hot true } WHERE { ?x :second ?y }",
            "CONSTRUCT { ?x a :Alarm } WHERE { ?x :hot true }",
            "CONSTRUCT { ?x a :Calm } WHERE { ?x a :Thing FILTER NOT EXISTS { ?x a :Alarm } }",
        )
    )
    world.start([(A, E.first, B), (A, RDF.type, E.Thing)])

    transaction = world.change(adds=[(A, E.second, B)], removes=[(A, E.first, B)])

    assert (A, RDF.type, E.Alarm) in world.derived()
    assert (A, RDF.type, E.Calm) not in world.derived()
    assert all(not (then ^ now) & GraphName.INFERRED.bit for _, then, now in transaction.changes())
    world.assert_exact()


def test_a_recursive_fact_reborn_over_a_longer_way_keeps_its_dependents(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """The suspect is proved again from what is left, with a higher rank, and the strata above see no change."""
    world = twin(
        rules(
            "CONSTRUCT { ?x :reaches ?y } WHERE { ?x :feeds ?y }",
            "CONSTRUCT { ?x :reaches ?z } WHERE { ?x :feeds ?y . ?y :reaches ?z }",
            "CONSTRUCT { ?x a :Upstream } WHERE { ?x :reaches :d }",
        )
    )
    world.start([(A, E.feeds, D), (A, E.feeds, B), (B, E.feeds, C), (C, E.feeds, D)])

    transaction = world.change(removes=[(A, E.feeds, D)])

    assert (A, E.reaches, D) in world.derived()
    assert all(not (then ^ now) & GraphName.INFERRED.bit for _, then, now in transaction.changes())
    world.assert_proved()


def test_ranks_are_compared_within_a_component_only(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A high rank in the lower component must not make a fact of the upper one suspect."""
    world = twin(
        rules(
            "CONSTRUCT { ?x :reaches ?y } WHERE { ?x :feeds ?y }",
            "CONSTRUCT { ?x :reaches ?z } WHERE { ?x :feeds ?y . ?y :reaches ?z }",
            "CONSTRUCT { ?x :peer ?y } WHERE { ?x :reaches ?y }",
            "CONSTRUCT { ?y :peer ?x } WHERE { ?x :peer ?y }",
        )
    )
    chain = [E[f"n{index}"] for index in range(12)]
    world.start([(x, E.feeds, y) for x, y in pairwise(chain)])

    world.change(removes=[(chain[5], E.feeds, chain[6])], adds=[(chain[4], E.feeds, chain[6])])

    world.assert_exact()
    world.assert_proved()


def test_retracting_and_asserting_again_in_one_transaction_is_no_change(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """The net delta counts, not the way to it."""
    world = twin(rules(SYMMETRIC, TRANSITIVE))
    world.start([(A, E.near, B), (B, E.near, C)])
    before = world.state()

    world.change(adds=[(A, E.near, B)], removes=[(A, E.near, B)])

    assert world.state() == before


def test_state_goes_back_with_a_savepoint_in_the_middle(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """infer, more changes, infer again, back to between the two, infer: as if the second had never been."""
    world = twin(rules(SYMMETRIC, TRANSITIVE))
    world.start([(A, E.near, B)])
    transaction = world.transaction()
    transaction.add(*world.nodes((B, E.near, C)), GraphName.PLANT)
    world.engine.infer(transaction)
    middle, state = transaction.savepoint(), world.state()
    transaction.remove(*world.nodes((A, E.near, B)), GraphName.PLANT)
    world.engine.infer(transaction)
    assert world.state() != state

    transaction.rollback(middle)
    assert world.state() == state
    transaction.add(*world.nodes((C, E.near, D)), GraphName.PLANT)
    world.engine.infer(transaction)

    world.assert_exact()


def test_changes_before_a_savepoint_are_not_lost_when_infer_came_after_it(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """What was changed before the savepoint but inferred after it is inferred again after the rollback."""
    world = twin(rules(SYMMETRIC))
    world.start()
    transaction = world.transaction()
    transaction.add(*world.nodes((A, E.near, B)), GraphName.PLANT)
    savepoint = transaction.savepoint()
    transaction.add(*world.nodes((C, E.near, D)), GraphName.PLANT)
    world.engine.infer(transaction)
    transaction.rollback(savepoint)

    world.engine.infer(transaction)

    assert world.derived() == {(B, E.near, A), (A, E.near, B)}


def test_over_the_budget_nothing_is_decided_and_nothing_remains(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """Undecided names the rule; after the rollback graph and ranks are as before, and the next change works."""
    world = twin(rules(TRANSITIVE), budget=60)
    chain = [E[f"n{index}"] for index in range(9)]
    edges = [(x, E.near, y) for x, y in pairwise(chain)]
    world.start(edges[:4])
    before = world.state()
    transaction = world.transaction()
    for edge in edges[4:]:
        transaction.add(*world.nodes(edge), GraphName.PLANT)

    with pytest.raises(Undecided) as caught:
        world.engine.infer(transaction)
    assert caught.value.facts["rule"] == str(E.r1)
    transaction.rollback()
    assert world.state() == before

    world.change(adds=[edges[4]])
    world.assert_exact()


def test_facts_in_graphs_that_rules_may_not_see_are_not_seen(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """A violation fact is no premise for domain rules, also when a visible twin of it is retracted."""
    world = twin(rules("CONSTRUCT { ?x :bad ?s } WHERE { ?x :violates ?s ; :part ?y . ?y :violates ?s }"))
    world.start([(A, E.violates, C), (A, E.part, B)])
    hidden = world.nodes((B, E.violates, C))

    transaction = world.transaction()
    transaction.add(*hidden, GraphName.VIOLATIONS)
    world.engine.infer(transaction)
    assert world.derived() == set()

    world.change(adds=[(B, E.violates, C)])
    assert world.derived() == {(A, E.bad, C)}
    world.change(removes=[(B, E.violates, C)])
    assert world.derived() == set()
    world.change(removes=[(A, E.part, B)])
    world.change(adds=[(A, E.part, B)])
    assert world.derived() == set()


def test_a_withdrawn_fact_that_stays_in_a_hidden_graph_is_not_seen(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """The engine's own withdrawal may leave a triple that only a graph out of sight holds."""
    world = twin(
        rules(
            "CONSTRUCT { ?x :hot true } WHERE { ?x :temperature ?t FILTER(?t > 80) }",
            "CONSTRUCT { ?y :alarm ?x } WHERE { ?y :part ?x . ?x :hot true }",
        )
    )
    world.start([(A, E.temperature, number(90)), (B, E.part, A)])
    hot = world.nodes((A, E.hot, Literal(True)))
    transaction = world.transaction()
    transaction.add(*hot, GraphName.VIOLATIONS)
    world.engine.infer(transaction)
    assert len(world.derived()) == 2

    world.change(removes=[(A, E.temperature, number(90))], adds=[(C, E.part, A)])

    assert world.graph.marks(*hot) == GraphName.VIOLATIONS.bit
    assert world.derived() == set()


def test_what_is_written_after_the_last_call_is_still_not_seen_later(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """The Gate writes violation facts after the domain rules have run; the next transaction must know."""
    world = twin(rules("CONSTRUCT { ?x :bad ?s } WHERE { ?x :part ?y . ?y :violates ?s }"))
    world.start([(A, E.violates, C)])
    transaction = world.transaction()
    world.engine.infer(transaction)
    transaction.add(*world.nodes((B, E.violates, C)), GraphName.VIOLATIONS)

    world.change(adds=[(A, E.part, B)])

    assert world.derived() == set()


def test_two_engines_in_one_gate(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """Conditions read domain facts and violations, write to the same graph, and are explained down to both."""
    domain = rules("CONSTRUCT { ?x :hot true } WHERE { ?x :temperature ?t FILTER(?t > 80) }")
    conditions = rules("CONSTRUCT { ?x :slow 1.5 } WHERE { ?x :hot true ; :violates ?s }")
    check_layers(domain, conditions)
    world = twin(domain)
    upper = RuleEngine(world.graph, conditions, visible=mask(VISIBLE) | GraphName.VIOLATIONS.bit, below=world.engine)
    start = world.transaction()
    world.engine.start(start)
    upper.start(start)

    transaction = world.transaction()
    transaction.add(*world.nodes((A, E.temperature, number(90))), GraphName.STATE)
    world.engine.infer(transaction)
    transaction.add(*world.nodes((A, E.violates, E.Shape)), GraphName.VIOLATIONS)
    upper.infer(transaction)

    match = (A, E.slow, Literal("1.5", datatype=XSD.decimal))
    proof = upper.explain(*match)
    assert proof is not None
    assert {(leaf.fact, leaf.graph) for leaf in proof.leaves()} == {
        ((A, E.temperature, number(90)), "state"),
        ((A, E.violates, E.Shape), "violations"),
    }
    transaction.rollback()
    assert world.marks() == {}


def test_sets_of_one_gate_may_not_overlap(rules: Callable[..., Any]) -> None:
    """Neither may both derive the same, nor may domain rules read what conditions derive."""
    lower = rules("CONSTRUCT { ?x :hot true } WHERE { ?x :slow ?t }")

    with pytest.raises(RuleRefused, match="also derives"):
        check_layers(lower, rules("CONSTRUCT { ?x :hot false } WHERE { ?x :t ?t }"))
    with pytest.raises(RuleRefused, match="reads"):
        check_layers(lower, rules("CONSTRUCT { ?x :slow 1 } WHERE { ?x :t ?t }"))


def test_start_withdraws_what_an_earlier_release_derived(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A new engine on the same graph ends with exactly its own facts, and can be rolled back to the old ones."""
    old = twin(rules("CONSTRUCT { ?x :hot true } WHERE { ?x :t ?t FILTER(?t > 80) }"))
    old.start([(A, E.t, number(85)), (B, E.t, number(95))])
    new = twin(rules("CONSTRUCT { ?x :hot true } WHERE { ?x :t ?t FILTER(?t > 90) }"), graph=old.graph)

    transaction = Transaction(new.graph)
    new.engine.start(transaction)
    assert new.derived() == {(B, E.hot, Literal(True))}

    transaction.rollback()
    assert len(new.derived()) == 2


def test_a_rule_without_a_body_holds_always_or_until_something_is_there(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """An empty body is true; a body of absences alone depends on them."""
    world = twin(
        rules(
            "CONSTRUCT { :plant a :Known } WHERE { }",
            "CONSTRUCT { :plant a :Quiet } WHERE { FILTER NOT EXISTS { ?x :alarm ?y } }",
        )
    )
    world.start()
    assert len(world.derived()) == 2

    world.change(adds=[(A, E.alarm, B)])

    assert world.derived() == {(E.plant, RDF.type, E.Known)}
    world.change(removes=[(A, E.alarm, B)])
    assert len(world.derived()) == 2
    world.assert_proved()


def test_no_literal_becomes_a_subject(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A template that would give a literal subject gives nothing for it, as in SPARQL."""
    world = twin(rules("CONSTRUCT { ?y :of ?x } WHERE { ?x :has ?y }"))

    world.start([(A, E.has, B), (A, E.has, number(3)), (A, E.has, Literal("text")), (A, E.has, Literal(7))])

    assert world.derived() == {(B, E.of, A)}
