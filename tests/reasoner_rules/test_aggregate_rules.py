"""Rules with aggregates mean what SPARQL says, and follow every change at a cost that no group's size enters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, XSD, Namespace

from kg.errors import RuleRefused, Undecided
from kg.names import GraphName
from kg.proof import Contribution, Proof
from ontology import TW
from reasoner.proofs import check, indented, sentence, stamped
from reasoner.rules import Atom, Ref, Rule, Var, check_layers, load, stratified
from reasoner.rules.contributions import CONTRIBUTIONS
from reasoner.rules.ir import Aggregate, Branch, Grouping, Row

E = Namespace("http://example.org/")
DATA = """@prefix : <http://example.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:a :speed 412.5e0 ; :limit 400 ; :part :line ; :near :b, :c ; a :Machine .
:b :speed 300.25 ; :limit 4.0e2 ; :part :line ; :near :c ; a :Machine, :Old .
:c :speed 12 ; :limit 7 ; :part :line2 ; :near :c ; a :Old .
:d :part :line2 ; :speed 12, 8 ; a :Machine . :e :part :line3 ; a :Machine .
:line :part :area . :line2 :part :area . :line3 :part :area .
"""
PER_LINE = "{ SELECT ?l %s WHERE { ?m :part ?l ; :speed ?v } GROUP BY ?l }"
#: Queries that rdflib's own evaluator answers in the same way.
QUERIES = [
    f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(SUM(?v) AS ?x)'} }}",
    f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(COUNT(?v) AS ?x)'} }}",
    f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(COUNT(*) AS ?x)'} }}",
    f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(COUNT(DISTINCT ?v) AS ?x)'} }}",
    f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(COUNT(DISTINCT ?m) AS ?x)'} }}",
    f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(SUM(DISTINCT ?v) AS ?x)'} }}",
    f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(MIN(?v) AS ?x)'} }}",
    f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(MAX(?v) AS ?x)'} }}",
    f"CONSTRUCT {{ ?l :r ?x ; :s ?y }} WHERE {{ {PER_LINE % '(MIN(?v) AS ?x) (MAX(?v) AS ?y)'} }}",
    "CONSTRUCT { ?l :r ?x } WHERE { { SELECT ?l (AVG(?k) AS ?x) WHERE { ?m :part ?l ; :limit ?k } GROUP BY ?l } }",
    f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(SUM(?v * 2 + 1) AS ?x)'} }}",
    f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(MAX(?v) - MIN(?v) AS ?x)'} FILTER(?x > 3) }}",
    f"CONSTRUCT {{ ?l :r ?y }} WHERE {{ {PER_LINE % '(COUNT(?v) AS ?x)'} BIND(?x * 10 AS ?y) }}",
    f"CONSTRUCT {{ ?o :r ?x }} WHERE {{ ?o :part ?l ; :limit ?k {PER_LINE % '(MAX(?v) AS ?x)'} FILTER(?k > ?x) }}",
    f"CONSTRUCT {{ ?o :r ?x }} WHERE {{ ?o :part ?l {PER_LINE % '(MIN(?v) AS ?x)'} ?o :speed ?x }}",
    "CONSTRUCT { ?l :r ?x } WHERE { { SELECT ?l (SUM(?v) AS ?x) WHERE { ?m :part ?l ; :speed ?v } "
    "GROUP BY ?l HAVING(COUNT(?v) > 2 && MIN(?v) < 10) } }",
    "CONSTRUCT { ?l :r ?x } WHERE { { SELECT ?l (COUNT(?m) AS ?x) WHERE { ?m :part ?l . ?m a :Machine "
    "FILTER NOT EXISTS { ?m a :Old } } GROUP BY ?l } }",
    "CONSTRUCT { ?l :r ?x } WHERE { { SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l FILTER EXISTS { ?m :near ?n } } "
    "GROUP BY ?l } }",
    "CONSTRUCT { ?l :r ?x } WHERE { { SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l . ?m :near ?n } GROUP BY ?l } }",
    "CONSTRUCT { ?a :r ?x } WHERE { { SELECT ?a (COUNT(*) AS ?x) WHERE { ?m :part/:part ?a } GROUP BY ?a } }",
    "CONSTRUCT { ?l :r ?x } WHERE { { SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l . { ?m a :Machine } UNION "
    "{ ?m a :Old } } GROUP BY ?l } }",
    "CONSTRUCT { ?l :r ?x } WHERE { { SELECT ?l (SUM(?d) AS ?x) WHERE { ?m :part ?l ; :speed ?v BIND(?v / 2 AS ?d) } "
    "GROUP BY ?l } }",
    "CONSTRUCT { ?l :r ?x } WHERE { { SELECT ?l ?o (COUNT(?m) AS ?x) WHERE { ?m :part ?l ; a ?o } GROUP BY ?l ?o } "
    "?l :part :area FILTER(?o = :Old) }",
    "CONSTRUCT { ?l :r ?x } WHERE { { SELECT ?l (COUNT(?m) AS ?x) WHERE { ?m :part ?l ; a ?o } GROUP BY ?l ?o } }",
    "CONSTRUCT { ?f :r ?x } WHERE { { SELECT ?f (COUNT(?m) AS ?x) WHERE { ?m :speed ?v } "
    "GROUP BY (IF(?v > 100, :fast, :slow) AS ?f) } }",
    "CONSTRUCT { :all :r ?x } WHERE { { SELECT (COUNT(?m) AS ?x) WHERE { ?m a :Machine } } }",
    "CONSTRUCT { :all :r ?x ; :s ?y } WHERE { { SELECT (COUNT(?m) AS ?x) (SUM(?v) AS ?y) "
    "WHERE { ?m a :Absent ; :speed ?v } } }",
    "CONSTRUCT { ?l :r ?x } WHERE { { SELECT ?l (SUM(?v) AS ?x) WHERE { ?m :part ?l ; :absent ?v } GROUP BY ?l } }",
    "CONSTRUCT { ?l :r ?q } WHERE { { SELECT ?l (COUNT(?m) AS ?n) WHERE { ?m :part ?l } GROUP BY ?l } "
    "{ SELECT ?l (COUNT(?m) AS ?old) WHERE { ?m :part ?l . ?m a :Old } GROUP BY ?l } BIND(?old / ?n AS ?q) }",
    "CONSTRUCT { ?l :r ?n } WHERE { { SELECT ?l (COUNT(?m) AS ?n) WHERE { ?m :part ?l } GROUP BY ?l } "
    "UNION { SELECT ?l (COUNT(?m) + 100 AS ?n) WHERE { ?m :part ?l . ?m a :Old } GROUP BY ?l } }",
]


@pytest.mark.parametrize("query", QUERIES)
def test_an_aggregate_rule_derives_what_sparql_constructs(
    query: str, rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """The engine's facts are those of rdflib's evaluator, numbers compared by value; triple by triple the same."""
    data = Graph().parse(data=DATA, format="turtle")
    world, gradual = twin(rules(query)), twin(rules(query))
    world.start(set(data))
    gradual.start()
    for fact in sorted(data, key=str):
        gradual.change(adds=[fact])

    constructed = set(data.query(f"PREFIX : <{E}> {query}"))

    assert {_by_value(fact) for fact in world.derived()} == {_by_value(fact) for fact in constructed}
    assert gradual.derived() == world.derived() == world.recomputed()
    world.assert_proved()


def _by_value(fact: Any) -> Any:
    s, p, o = fact
    return s, p, float(o.value) if isinstance(o, Literal) else o


def test_a_name_given_in_the_selection_may_be_used_after_it(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """SELECT (COUNT(?m) AS ?n) (?n * 2 AS ?x): SPARQL 1.1, 18.2.4.4."""
    world = twin(
        rules(
            "CONSTRUCT { ?l :n ?n ; :r ?x } WHERE { { SELECT ?l (COUNT(?m) AS ?n) (?n * 2 AS ?x) (COUNT(?m) AS ?y) "
            "WHERE { ?m :part ?l } GROUP BY ?l HAVING(COUNT(?m) = 2) } FILTER(?n = ?y) }"
        )
    )
    world.start([(E.a, E.part, E.l), (E.b, E.part, E.l), (E.c, E.part, E.k)])

    assert world.derived() == {(E.l, E.n, Literal(2)), (E.l, E.r, Literal(4))}


def test_an_error_spoils_a_sum_and_leaves_the_rest(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """SUM and AVG have no value while a member's is an error; COUNT, MIN and MAX leave it out."""
    per_line = "WHERE { ?m :part ?l ; :speed ?v } GROUP BY ?l } }"
    world = twin(
        rules(
            f"CONSTRUCT {{ ?l :sum ?x }} WHERE {{ {{ SELECT ?l (SUM(?v + 0) AS ?x) (COUNT(*) AS ?n) {per_line}",
            f"CONSTRUCT {{ ?l :all ?n }} WHERE {{ {{ SELECT ?l (SUM(?v + 0) AS ?x) (COUNT(*) AS ?n) {per_line}",
            f"CONSTRUCT {{ ?l :count ?x }} WHERE {{ {{ SELECT ?l (COUNT(?v + 0) AS ?x) {per_line}",
            f"CONSTRUCT {{ ?l :max ?x }} WHERE {{ {{ SELECT ?l (MAX(?v + 0) AS ?x) {per_line}",
            f"CONSTRUCT {{ ?l :bad true }} WHERE {{ {{ SELECT ?l (AVG(?v) AS ?x) {per_line[:-2]} FILTER(!BOUND(?x)) }}",
        )
    )
    world.start([(E.a, E.part, E.l), (E.b, E.part, E.l), (E.a, E.speed, Literal(3)), (E.b, E.speed, Literal("off"))])
    spoilt = {(E.l, E.all, Literal(2)), (E.l, E["count"], Literal(1)), (E.l, E.max, Literal(3))}
    assert world.derived() == spoilt | {(E.l, E.bad, Literal(True))}

    world.change(removes=[(E.b, E.speed, Literal("off"))], adds=[(E.b, E.speed, Literal(4))])

    assert (E.l, E.sum, Literal(7)) in world.derived()
    assert (E.l, E.bad, Literal(True)) not in world.derived()
    world.assert_exact()


def test_an_empty_group_has_no_row_and_a_whole_always_one(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """With GROUP BY the last member takes the result with it; without, COUNT goes to 0, and comes back on rollback."""
    world = twin(
        rules(
            "CONSTRUCT { ?l :n ?n } WHERE { { SELECT ?l (COUNT(?m) AS ?n) WHERE { ?m :part ?l } GROUP BY ?l } }",
            "CONSTRUCT { :all :n ?n } WHERE { { SELECT (COUNT(?m) AS ?n) (MIN(?m) AS ?x) WHERE { ?m :part ?l } } }",
            "CONSTRUCT { :all :first ?x } WHERE { { SELECT (COUNT(?m) AS ?n) (MIN(?m) AS ?x) WHERE { ?m :part ?l } } }",
        )
    )
    world.start()
    assert world.derived() == {(E.all, E.n, Literal(0))}
    world.change(adds=[(E.a, E.part, E.l)])
    assert world.derived() == {(E.l, E.n, Literal(1)), (E.all, E.n, Literal(1)), (E.all, E.first, E.a)}
    before = world.state()

    transaction = world.change(removes=[(E.a, E.part, E.l)])

    assert world.derived() == {(E.all, E.n, Literal(0))}
    transaction.rollback()
    assert world.state() == before


def test_asserted_results_and_members_count_as_elsewhere(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A member that is asserted and derived counts once; a result that is asserted too outlives its group."""
    world = twin(
        rules(
            "CONSTRUCT { ?m :part ?l } WHERE { ?m :in ?l }",
            "CONSTRUCT { ?l :n ?n } WHERE { { SELECT ?l (COUNT(?m) AS ?n) WHERE { ?m :part ?l } GROUP BY ?l } }",
        )
    )
    world.start([(E.a, E["in"], E.l), (E.a, E.part, E.l), (E.l, E.n, Literal(1))])
    assert (E.l, E.n, Literal(1)) in world.derived()

    world.change(removes=[(E.a, E.part, E.l)])
    assert (E.l, E.n, Literal(1)) in world.derived()
    world.change(removes=[(E.a, E["in"], E.l)])

    assert world.derived() == set()
    assert (E.l, E.n, Literal(1)) in world.asserted()
    world.assert_exact()


def test_what_comes_with_a_member_did_not_stand_in_its_way(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A member and what EXISTS or NOT EXISTS finds for it, from either end, come and go in one transaction."""
    world = twin(
        rules(
            """CONSTRUCT { ?l :free ?n } WHERE { { SELECT ?l (COUNT(?m) AS ?n) WHERE { ?m :part ?l
               FILTER NOT EXISTS { ?x :holds ?m } FILTER NOT EXISTS { ?m :waits ?y } } GROUP BY ?l } }""",
            """CONSTRUCT { ?l :held ?n } WHERE { { SELECT ?l (COUNT(?m) AS ?n) WHERE { ?m :part ?l
               FILTER EXISTS { ?x :holds ?m . ?x :on ?z } } GROUP BY ?l } }""",
        )
    )
    world.start([(E.a, E.part, E.l), (E.b, E.part, E.l), (E.c, E.part, E.l), (E.h, E.on, E.z), (E.h, E.holds, E.c)])
    held = [(E.h, E.holds, E.a), (E.b, E.waits, E.y)]

    world.change(adds=held, removes=[(E.h, E.holds, E.c)])
    world.assert_exact()
    world.change(removes=held, adds=[(E.h, E.holds, E.c), (E.g, E.holds, E.c), (E.g, E.on, E.z)])
    world.assert_exact()
    world.change(removes=[(E.h, E.holds, E.c), (E.a, E.part, E.l)], adds=[(E.i, E.holds, E.a)])
    world.assert_exact()
    world.change(removes=[(E.g, E.on, E.z)], adds=[(E.i, E.on, E.z), (E.a, E.part, E.l)])

    world.assert_exact()
    assert world.derived() == {(E.l, E.free, Literal(1)), (E.l, E.held, Literal(1))}


def test_calls_within_one_transaction_build_on_each_other(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """Two calls of infer, a rollback between them, and the same change once more."""
    world = twin(rules(f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(SUM(?v) AS ?x)'} }}"))
    world.start([(E.a, E.part, E.l), (E.a, E.speed, Literal(1)), (E.b, E.part, E.l)])
    transaction = world.transaction()
    transaction.add(*world.nodes((E.b, E.speed, Literal(2))), GraphName.PLANT)
    world.engine.infer(transaction)
    savepoint, state = transaction.savepoint(), world.state()
    transaction.remove(*world.nodes((E.a, E.speed, Literal(1))), GraphName.PLANT)
    world.engine.infer(transaction)
    assert world.derived() == {(E.l, E.r, Literal(2))}

    transaction.rollback(savepoint)

    assert world.state() == state
    transaction.add(*world.nodes((E.b, E.speed, Literal(5))), GraphName.PLANT)
    world.engine.infer(transaction)
    assert world.derived() == {(E.l, E.r, Literal(8))}


def test_a_start_that_is_rolled_back_leaves_no_groups(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A second start counts everything anew; undone, the groups are those from before it."""
    world = twin(rules(f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(SUM(?v) AS ?x)'} }}"))
    world.start([(E.a, E.part, E.l), (E.a, E.speed, Literal(1))])
    before = world.state()
    transaction = world.transaction()
    transaction.add(*world.nodes((E.a, E.speed, Literal(2))), GraphName.PLANT)
    world.engine.start(transaction)
    assert world.derived() == {(E.l, E.r, Literal(3))}

    transaction.rollback()

    assert world.state() == before
    world.change(adds=[(E.a, E.speed, Literal(4))])
    world.assert_exact()


def test_rows_are_found_by_some_of_their_keys(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """Groups of two keys, looked at from one of them, through changes of both sides; few steps among many groups."""
    world = twin(
        rules(
            """CONSTRUCT { ?q :many ?c } WHERE { ?q :asks ?l
               { SELECT ?l ?c (COUNT(?m) AS ?n) WHERE { ?m :part ?l ; a ?c } GROUP BY ?l ?c } FILTER(?n > 1) }"""
        )
    )
    lines = [E[f"l{index}"] for index in range(200)]
    members = [(E[f"m{index}{kind}"], index) for index in range(200) for kind in "ab"]
    facts = [(member, E.part, lines[index]) for member, index in members]
    facts += [(member, RDF.type, E[f"C{index % 2}"]) for member, index in members]
    world.start([*facts, (E.q, E.asks, lines[3])])
    assert world.derived() == {(E.q, E.many, E.C1)}

    world.change(adds=[(E.q, E.asks, lines[4])])
    assert world.engine.steps < 10
    world.change(removes=[(E.m3a, E.part, lines[3])], adds=[(E.m5a, RDF.type, E.C0), (E.m5b, RDF.type, E.C0)])
    world.change(removes=[(E.q, E.asks, lines[4])], adds=[(E.q, E.asks, lines[5])])
    assert world.derived() == {(E.q, E.many, E.C0), (E.q, E.many, E.C1)}
    world.change(removes=[(E.m3b, E.part, lines[3]), (E.q, E.asks, lines[5])])
    assert world.derived() == set()
    world.change(removes=[(E.q, E.asks, lines[3])], adds=[(E.r, E.asks, lines[3])])
    world.change(adds=[(E.m3a, E.part, lines[3]), (E.m3b, E.part, lines[3])])

    assert world.derived() == {(E.r, E.many, E.C1)}
    world.assert_exact()
    world.assert_proved()


@pytest.mark.parametrize("other", ["l", "k"])
def test_two_groups_of_one_rule_may_change_at_once(
    other: str, rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """A share of two counts follows when both change in one transaction, joined by their key or by none."""
    world = twin(
        rules(
            f"""CONSTRUCT {{ ?l :share ?x }} WHERE {{
                {{ SELECT ?l (COUNT(?m) AS ?n) WHERE {{ ?m :part ?l }} GROUP BY ?l }}
                {{ SELECT ?{other} (COUNT(?o) AS ?old) WHERE {{ ?o :part ?{other} ; a :Old }} GROUP BY ?{other} }}
                BIND(?old / ?n AS ?x) }}"""
        )
    )
    first = [(E.a, E.part, E.l), (E.a, RDF.type, E.Old), (E.b, E.part, E.l), (E.c, E.part, E.l), (E.d, E.part, E.l)]
    world.start(first)
    assert world.derived() == {(E.l, E.share, Literal("0.25", datatype=XSD.decimal))}

    for facts in ([(E.e, E.part, E.l), (E.e, RDF.type, E.Old)], [(E.f, E.part, E.k), (E.f, RDF.type, E.Old)]):
        world.change(adds=facts)
        world.assert_exact()
    world.change(removes=[*first[:2], (E.f, E.part, E.k)])

    assert world.derived() == {(E.l, E.share, Literal("0.25", datatype=XSD.decimal))}
    world.assert_proved()


def test_values_that_are_counted_have_no_band(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """Each new value changes a sum, so no interval is safe; beside it, a comparison alone has one."""
    over = "CONSTRUCT { ?m a :Fast } WHERE { ?m :speed ?v FILTER(?v > 5) }"
    summed = f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(SUM(?v) AS ?x)'} }}"

    for texts, is_banded in (((over,), True), ((summed,), False), ((over, summed), False)):
        world = twin(rules(*texts))
        assert (world.engine.watch(world.graph.terms.node(E.speed)) is not None) is is_banded


SHAPE = """@prefix : <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
:S a sh:NodeShape ; sh:targetClass :Line ; sh:rule :r .
:r a sh:SPARQLRule ; sh:construct "PREFIX : <http://example.org/> CONSTRUCT { $this :n ?n } WHERE { { %s } }" ."""


def test_the_rule_of_a_shape_may_count(twin: Callable[..., Any]) -> None:
    """$this is a key of GROUP BY; a sub-SELECT in which it would be another variable is refused."""
    counted = "SELECT $this (COUNT(?m) AS ?n) WHERE { ?m :part $this } GROUP BY $this"
    world = twin(load(Graph().parse(data=SHAPE % counted, format="turtle")))
    world.start([(E.a, E.part, E.l), (E.b, E.part, E.l), (E.l, RDF.type, E.Line), (E.c, E.part, E.k)])

    assert world.derived() == {(E.l, E.n, Literal(2))}
    world.assert_proved()
    with pytest.raises(RuleRefused, match=r"does not select and GROUP BY \?this"):
        load(Graph().parse(data=SHAPE % "SELECT (COUNT(?m) AS ?n) WHERE { ?m :part $this }", format="turtle"))


# proofs


def test_a_proof_shows_ten_contributions_and_counts_all(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """The member that gave the maximum is among them, and the checker counts the group again."""
    world = twin(
        rules(
            "CONSTRUCT { ?m :v ?w } WHERE { ?m :raw ?v BIND(?v * 2 AS ?w) }",
            """CONSTRUCT { ?l :top ?x } WHERE { { SELECT ?l (MAX(?v) AS ?x) WHERE { ?m :part ?l ; :v ?v
               FILTER NOT EXISTS { ?m :off true } } GROUP BY ?l } }""",
        )
    )
    facts = [(E[f"m{index}"], E.raw, Literal(index)) for index in range(40)]
    world.start([*facts, *((s, E.part, E.l) for s, _, _ in facts), (E.m39, E.off, Literal(True))])

    proof = world.engine.explain(E.l, E.top, Literal(76))

    (group,) = proof.groups
    assert (group.keys, group.results, group.count) == ((("l", E.l),), (("MAX(?v)", Literal(76)),), 39)
    assert len(group.contributions) == CONTRIBUTIONS
    first = group.contributions[0]
    assert dict(first.bindings)["m"] == E.m38
    assert {premise.fact[1] for premise in first.premises} == {E.part, E.v}
    assert all(premise.rule == str(E.r1) for premise in first.premises if premise.fact[1] == E.v)
    assert "NOT EXISTS" in first.absent[0]
    assert "MAX(?v) is 76 for ?l l, from 39 members, 10 of them shown  (as of seq 7)" in indented(stamped(proof, 7))
    assert Proof.from_json(proof.to_json()) == proof
    assert check(proof, world.rules, world.graph, world.visible) == []


def test_all_proofs_of_a_count_are_given(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A result that two aggregates give has two proofs, by groups of different size."""
    world = twin(
        rules(
            "CONSTRUCT { :all :n ?n } WHERE { { SELECT (COUNT(?m) AS ?n) WHERE { ?m :part ?l } } }",
            "CONSTRUCT { :all :n ?n } WHERE { { SELECT (MAX(?v) AS ?n) WHERE { ?m :speed ?v } } }",
        )
    )
    world.start([(E.a, E.part, E.l), (E.b, E.part, E.l), (E.a, E.speed, Literal(2)), (E.b, E.speed, Literal(1))])

    found = world.engine.explain_all(E.all, E.n, Literal(2), 5)

    assert not found.more
    assert {proof.groups[0].results[0][0] for proof in found.proofs} == {"COUNT(?m)", "MAX(?v)"}
    assert all(check(proof, world.rules, world.graph, world.visible) == [] for proof in found.proofs)


def test_a_count_of_nothing_is_proved(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A group without members shows none, and a member told for it is found out."""
    world = twin(rules("CONSTRUCT { :all :n ?n } WHERE { { SELECT (COUNT(?m) AS ?n) WHERE { ?m :part ?l } } }"))
    world.start([(E.a, E.near, E.b)])

    proof = world.engine.explain(E.all, E.n, Literal(0))

    assert [(group.count, group.contributions) for group in proof.groups] == [(0, ())]
    assert sentence(proof) == "all n 0, because COUNT(?m) is 0, from 0 members (by r1)."
    assert check(proof, world.rules, world.graph, world.visible) == []
    told = replace(proof.groups[0], contributions=(Contribution((), (Proof((E.a, E.near, E.b), "plant"),)),))
    assert check(replace(proof, groups=(told,)), world.rules, world.graph, world.visible) != []


def test_the_checker_counts_again(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A wrong count, result, key or contribution, one told twice, one left out: each is told."""
    world = twin(rules(f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {PER_LINE % '(SUM(?v) AS ?x)'} }}"))
    members = ((E.a, 1), (E.b, 2), (E.c, 3))
    world.start([*((m, E.part, E.l) for m, _ in members), *((m, E.speed, Literal(v)) for m, v in members)])
    proof = world.engine.explain(E.l, E.r, Literal(6))
    (group,) = proof.groups
    one, two, three = group.contributions
    faulty = [
        (),
        (replace(group, count=4),),
        (replace(group, results=(("SUM(?v)", Literal(7)),)),),
        (replace(group, keys=(("l", E.k),)),),
        (replace(group, contributions=(one, two)),),
        (replace(group, contributions=(one, two, two)),),
        (replace(group, contributions=(one, two, replace(three, premises=three.premises[:1]))),),
        (replace(group, contributions=(one, two, replace(three, bindings=one.bindings))),),
    ]

    assert check(proof, world.rules, world.graph, world.visible) == []
    for groups in faulty:
        (fault,) = check(replace(proof, groups=groups), world.rules, world.graph, world.visible)
        assert "does not follow" in fault
    world.change(adds=[(E.c, E.speed, Literal(4))])
    assert check(proof, world.rules, world.graph, world.visible) != []


# work


AGGREGATES = "(SUM(?v) AS ?s) (COUNT(?v) AS ?n) (MIN(?v) AS ?x) (MAX(?v) AS ?y) (AVG(?v) AS ?z)"
READ = "CONSTRUCT { ?l :s ?s ; :n ?n ; :x ?x ; :y ?y ; :z ?z } WHERE "


def test_a_member_s_change_costs_the_same_in_a_group_of_any_size(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """Adding and removing one of 10, and one of 100,000 members takes the same few steps."""
    text = f"{READ} {{ {{ SELECT ?l {AGGREGATES} WHERE {{ ?l :value ?v }} GROUP BY ?l }} }}"
    counted = []
    for size in (10, 100_000):
        world = twin(rules(text))
        line, value = (world.graph.terms.node(term) for term in (E.line, E.value))
        transaction = world.transaction()
        for index in range(size):
            transaction.add(line, value, float(index), GraphName.PLANT)
        world.engine.start(transaction)
        steps = []
        for reading in (3.5, 1e9, -1e9, 0.0, 1e9, -1e9):
            transaction = world.transaction()
            if not transaction.add(line, value, reading, GraphName.PLANT):
                transaction.remove(line, value, reading, GraphName.PLANT)
            world.engine.infer(transaction)
            steps.append(world.engine.steps)
        counted.append(steps)

    assert counted[0] == counted[1]
    assert max(counted[1]) < 20


def test_a_join_below_an_aggregate_is_walked_for_the_member_alone(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """A reading of one machine of a line, and a machine that leaves it, cost no more in a line of 500 than of 5."""
    counted = []
    for size in (5, 500):
        world = twin(rules(f"{READ} {{ {PER_LINE % AGGREGATES} }}"))
        fill(world, size)
        steps = []
        for reading in (3.5, 1e9, -1e9, 4.5):
            transaction = world.transaction()
            sensor, speed = world.graph.terms.node(E.m1), world.graph.terms.node(E.speed)
            transaction.replace(sensor, speed, reading, GraphName.PLANT)
            world.engine.infer(transaction)
            steps.append(world.engine.steps)
        world.change(removes=[(E.m1, E.part, E.line)])
        counted.append([*steps, world.engine.steps])

    assert max(counted[1]) <= max(counted[0]) < 40


def fill(world: Any, size: int) -> None:
    """So many members of one line, each with a speed."""
    node = world.graph.terms.node
    part, speed, line = node(E.part), node(E.speed), node(E.line)
    transaction = world.transaction()
    for index in range(size):
        member = node(URIRef(f"{E}m{index}"))
        transaction.add(member, part, line, GraphName.PLANT)
        transaction.add(member, speed, float(index), GraphName.PLANT)
    world.engine.start(transaction)


def test_a_group_over_the_budget_is_undecided(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A change that touches more members than the budget allows is not decided, and rollback leaves all as it was."""
    counted = (PER_LINE % "(SUM(?v) AS ?x)").replace("?m :part", "?l a :On . ?m :part")
    text = f"CONSTRUCT {{ ?l :r ?x }} WHERE {{ {counted} }}"
    world = twin(rules(text), budget=200)
    fill(world, 150)
    before = world.state()
    transaction = world.transaction()
    transaction.add(*world.nodes((E.line, RDF.type, E.On)), GraphName.PLANT)

    with pytest.raises(Undecided, match="r1 needed more than 200 steps"):
        world.engine.infer(transaction)

    transaction.rollback()
    assert world.state() == before


# refusals

SUB = "CONSTRUCT {{ ?l :r ?x }} WHERE {{ {{ {} }} }}"
REFUSED = [
    ("SELECT ?l WHERE { ?m :part ?l }", "SELECT .l in a sub-SELECT that does not GROUP BY it"),
    ("SELECT * WHERE { ?m :part ?l } GROUP BY ?l", r"SELECT \*"),
    ("SELECT ?l ?m (COUNT(?m) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l", "SELECT .m"),
    ("SELECT ?l (COUNT(?m) AS ?x) WHERE { ?m :part ?l } GROUP BY ?k", "GROUP BY .k, which the sub-SELECT does not"),
    ("SELECT ?l (COUNT(?k) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l", "COUNT of .k, which some alternative"),
    ("SELECT ?l (SUM(?v) AS ?x) WHERE { { ?m :part ?l } UNION { ?l :v ?v } } GROUP BY ?l", "SUM of .v, which some"),
    ("SELECT ?l (?m AS ?x) (COUNT(*) AS ?n) WHERE { ?m :part ?l } GROUP BY ?l", "SELECT AS .x on .m, which is neither"),
    ("SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l HAVING(?m > 3)", "HAVING on .m"),
    ("SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l HAVING(?x > 3)", "HAVING on .x"),
    ("SELECT ?l (COUNT(*) AS ?m) WHERE { ?m :part ?l } GROUP BY ?l", "SELECT AS .m, which is bound already"),
    ("SELECT ?l (COUNT(*) AS ?x) (SUM(?m) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l", "SELECT AS .x, which is bound"),
    ("SELECT ?l (SAMPLE(?m) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l", "SAMPLE .its result depends on an order"),
    ("SELECT ?l (GROUP_CONCAT(?m) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l", "GROUP_CONCAT"),
    ("SELECT ?l (COUNT(DISTINCT *) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l", r"COUNT\(DISTINCT \*\)"),
    ("SELECT ?l (SUM(COUNT(?m)) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l", "COUNT outside the SELECT"),
    ("SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l FILTER(SUM(?m) > 1) } GROUP BY ?l", "SUM outside the SELECT"),
    ("SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l ORDER BY ?x", "ORDER BY in a sub-SELECT"),
    ("SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l LIMIT 3", "LIMIT or OFFSET in a sub-SELECT"),
    ("SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l } GROUP BY STR(?l)", "GROUP BY on an expression without AS"),
    ("SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l } GROUP BY ?l (STR(?m) AS ?l)", "GROUP BY AS .l"),
    (
        "SELECT ?l (COUNT(*) AS ?x) WHERE { ?m :part ?l FILTER EXISTS { { ?m a :A } UNION { ?m a :B } } } GROUP BY ?l",
        "EXISTS with UNION below an aggregate",
    ),
    (
        "SELECT ?l (MAX(?n) AS ?x) WHERE { ?l :in ?k { SELECT ?k (COUNT(*) AS ?n) WHERE { ?m :part ?k } "
        "GROUP BY ?k } } GROUP BY ?l",
        "a sub-SELECT inside a sub-SELECT",
    ),
]


@pytest.mark.parametrize(("select", "named"), REFUSED, ids=[named for _, named in REFUSED])
def test_what_an_aggregate_may_not_be_is_named(select: str, named: str, rules: Callable[..., Any]) -> None:
    """Where SPARQL leaves a value open, or the fragment ends, the message says where."""
    with pytest.raises(RuleRefused, match=named) as caught:
        rules(SUB.format(select))

    assert caught.value.facts["rule"] == str(E.r1)


@pytest.mark.parametrize("part", ["EXISTS", "NOT EXISTS"])
def test_nothing_is_counted_inside_exists(part: str, rules: Callable[..., Any]) -> None:
    """A sub-SELECT below EXISTS is refused."""
    inner = "{ SELECT ?a (COUNT(?b) AS ?n) WHERE { ?b :p ?a } GROUP BY ?a }"

    with pytest.raises(RuleRefused, match="sub-SELECT inside"):
        rules(f"CONSTRUCT {{ ?a :r ?c }} WHERE {{ ?a :p ?c FILTER {part} {{ ?a :p ?n {inner} }} }}")


def test_a_cycle_through_an_aggregate_is_shown(rules: Callable[..., Any]) -> None:
    """What is counted may not depend on the count; the whole way round is in the message."""
    with pytest.raises(RuleRefused, match="can't be stratified") as caught:
        rules(
            "CONSTRUCT { ?l :n ?n } WHERE { { SELECT ?l (COUNT(?m) AS ?n) WHERE { ?m :part ?l } GROUP BY ?l } }",
            "CONSTRUCT { ?l a :Big } WHERE { ?l :n ?n FILTER(?n > 2) }",
            "CONSTRUCT { ?l :part :hall } WHERE { ?l a :Big }",
        )

    message = caught.value.message
    assert f"<{E.n}> needs an aggregate of <{E.part}> (rule {E.r1})" in message
    assert all(part in message for part in ("Big>", str(E.r2), str(E.r3)))
    assert caught.value.facts["cycle"][0] == caught.value.facts["cycle"][-1]


def test_an_order_that_counts_too_early_is_refused() -> None:
    """sh:order may not have a rule count before the rule that derives what it counts."""
    text = """@prefix : <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
    :members a sh:SPARQLRule ; sh:order 2 ; sh:construct "CONSTRUCT { ?x :m 1 } WHERE { ?x :b 1 }" .
    :count a sh:SPARQLRule ; sh:order 1 ; sh:construct '''CONSTRUCT { :all :n ?n } WHERE {
        { SELECT (COUNT(?x) AS ?n) WHERE { ?x :m 1 } } }''' ."""
    with pytest.raises(RuleRefused, match="needs an aggregate of"):
        load(Graph().parse(data=text, format="turtle"))

    load(Graph().parse(data=text.replace("sh:order 2", "sh:order 0"), format="turtle"))


def test_layers_see_what_is_counted(rules: Callable[..., Any]) -> None:
    """A lower set may not count what the upper one derives."""
    lower = rules("CONSTRUCT { :all :n ?n } WHERE { { SELECT (COUNT(?x) AS ?n) WHERE { ?x a :Match } } }")

    with pytest.raises(RuleRefused, match="reads"):
        check_layers(lower, rules("CONSTRUCT { ?x a :Match } WHERE { ?x :p 1 }"))


def test_groupings_made_by_hand_are_checked_too() -> None:
    """The IR is checked, not only the text it came from."""
    x, y, n = Var("x"), Var("y"), Var("n")
    branch = Branch((Atom(x, RDF.type, URIRef(E.A)),))
    head = Atom(x, URIRef(E.n), n)

    for grouping, named in (
        (Grouping((y,), (Aggregate("count"),), (branch,)), "GROUP BY"),
        (Grouping((x,), (Aggregate("sum", Ref(y)),), (branch,)), r"SUM\(\?y\)"),
        (Grouping((x,), (Aggregate("count"),), (replace(branch, filters=(Ref(y),)),)), "a filter"),
    ):
        with pytest.raises(RuleRefused, match=named):
            stratified([Rule("r", head, (), rows=(Row(grouping, (x, n)),))])


def test_guarded_terms_stay_guarded() -> None:
    """An aggregate derives no more than any other rule may."""
    text = """@prefix : <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
    :r a sh:SPARQLRule ; sh:construct '''CONSTRUCT { ?x tw:approvals ?n } WHERE {
        { SELECT ?x (COUNT(?y) AS ?n) WHERE { ?x :by ?y } GROUP BY ?x } }''' ."""

    with pytest.raises(RuleRefused, match="no rule may derive") as caught:
        load(Graph().parse(data=text, format="turtle"))

    assert caught.value.facts["term"] == str(TW.approvals)
