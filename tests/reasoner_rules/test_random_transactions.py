"""Incremental results equal those of naive recomputation, through any sequence of transactions and rollbacks."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from rdflib import Literal
from rdflib.namespace import RDF, XSD, Namespace

from kg.errors import RuleRefused
from kg.names import GraphName
from reasoner.rules import Rule, RuleSet

#: Random programs of each sort; more in `make soak`.
SEEDS = int(os.environ.get("TWINWRIGHT_RULE_SEEDS", "14"))
E = Namespace("http://example.org/")
NAMES = (GraphName.PLANT, GraphName.STATE, GraphName.STATE, GraphName.VIOLATIONS)
HOSTILE = (
    "CONSTRUCT { ?a :over true } WHERE { ?a :speed ?v ; :limit ?l FILTER(?v > ?l) }",
    "CONSTRUCT { ?a :above ?c } WHERE { ?a :above ?b . ?b :above ?c }",
    "CONSTRUCT { ?a :above ?b } WHERE { ?a :part ?b }",
    "CONSTRUCT { ?b :near ?a } WHERE { ?a :near ?b }",
    """CONSTRUCT { ?a a :Fine } WHERE { ?a a :Machine FILTER NOT EXISTS { ?a :over true }
       FILTER NOT EXISTS { ?x :above ?a . ?x :speed ?v FILTER(?v > 6) } }""",
    """CONSTRUCT { ?a :calm ?w } WHERE { ?a a :Fine ; :speed ?v
       FILTER NOT EXISTS { ?a :near ?b . ?b a :Fine } BIND(?v * 2 AS ?w) }""",
    "CONSTRUCT { ?a :value ?v } WHERE { ?q :of ?a ; :predicate ?p . ?a ?p ?v }",
    "CONSTRUCT { ?a :alarm ?b } WHERE { ?a :over true ; :near ?b FILTER(!sameTerm(?a, ?b)) }",
    "CONSTRUCT { ?a :mutual ?b . ?b :mutual ?a } WHERE { ?a :near ?b . ?b :near ?a FILTER EXISTS { ?a :part ?c } }",
    "CONSTRUCT { ?a :fastest ?v } WHERE { ?a :speed ?v FILTER NOT EXISTS { ?b :speed ?w FILTER(?w > ?v) } }",
    "CONSTRUCT { ?v :from ?a } WHERE { ?a :calm ?v }",
)


class Facts:
    """Random facts over few nodes, so that they meet."""

    def __init__(self, seed: int, predicates: tuple[Any, ...], classes: tuple[Any, ...]) -> None:
        self.random = random.Random(seed)
        self._predicates = predicates
        self._classes = classes
        self._nodes = [E[f"n{index}"] for index in range(6)]

    def one(self) -> tuple[Any, Any, Any]:
        pick = self.random
        subject = pick.choice(self._nodes)
        if pick.random() < 0.2:
            return subject, RDF.type, pick.choice(self._classes)
        predicate = pick.choice(self._predicates)
        if pick.random() < (0.8 if "v" in predicate.split("/")[-1] or predicate in (E.speed, E.limit) else 0.1):
            number = pick.randint(0, 9)
            kind = pick.choice((XSD.double, XSD.double, XSD.integer, XSD.decimal))
            return subject, predicate, Literal(f"{number}.0E0" if kind == XSD.double else number, datatype=kind)
        if predicate == E.predicate:
            return subject, predicate, pick.choice((*self._predicates, RDF.type))
        return subject, predicate, pick.choice(self._nodes)


def run(twin: Any, facts: Facts, transactions: int) -> None:
    """Random transactions with several calls of infer each, rollbacks to savepoints and whole rollbacks."""
    pick = facts.random
    twin.start([facts.one() for _ in range(pick.choice((0, 10, 25)))])
    twin.assert_exact()
    for _ in range(transactions):
        before = twin.state()
        transaction = twin.transaction()
        savepoint = None
        for _ in range(pick.randint(1, 3)):
            if savepoint is None and pick.random() < 0.3:
                savepoint = transaction.savepoint(), twin.state()
            for _ in range(pick.randint(1, 4)):
                _one_change(twin, transaction, facts)
            twin.engine.infer(transaction)
            if savepoint is not None and pick.random() < 0.3:
                transaction.rollback(savepoint[0])
                assert twin.state() == savepoint[1]
                savepoint = None
                twin.engine.infer(transaction)
        twin.assert_exact()
        if pick.random() < 0.2:
            transaction.rollback()
            assert twin.state() == before
        elif pick.random() < 0.15:
            twin.assert_proved()


def _one_change(twin: Any, transaction: Any, facts: Facts) -> None:
    pick = facts.random
    if pick.random() < 0.5:
        held = [(t, n) for t, marks in twin.marks().items() for n in set(NAMES) if marks & n.bit]
        if held:
            triple, name = pick.choice(sorted(held, key=str))
            transaction.remove(*triple, name)
            if pick.random() < 0.2:
                transaction.add(*triple, name)
            return
    transaction.add(*twin.nodes(facts.one()), pick.choice(NAMES))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_hostile_rules_stay_exact(seed: int, rules: Callable[..., RuleSet], twin: Callable[..., Any]) -> None:
    """Recursion, symmetry, two strata of negation, arithmetic and a variable predicate: 25 transactions a seed."""
    predicates = (E.speed, E.limit, E.part, E.above, E.near, E.over, E.of, E.predicate, E.speed, E.near, E.part)

    run(twin(rules(*HOSTILE)), Facts(seed, predicates, (E.Machine, E.Machine, E.Fine)), 25)


@pytest.mark.parametrize("seed", range(100, 100 + SEEDS))
def test_random_rules_stay_exact(seed: int, twin: Callable[..., Any], rules: Callable[..., RuleSet]) -> None:
    """Programs made at random, as far as they are accepted: 15 transactions a seed."""
    pick = random.Random(seed)
    accepted: list[Rule | str] = []
    while len(accepted) < 7:
        try:
            rules(*accepted, candidate := _random_rule(pick))
        except RuleRefused:
            continue
        accepted.append(candidate)
    predicates = tuple(E[name] for name in ("p0", "p1", "p2", "q0", "q1", "q2", "v0", "v1"))

    run(twin(rules(*accepted)), Facts(seed, predicates, (E.C0, E.C1, E.C2)), 15)


def _random_rule(pick: random.Random) -> str:
    """A rule over p0-2 (mostly asserted), q0-2 and C0-2 (mostly derived), v0-1 (numbers)."""
    variables = ["?a", "?b", "?c"]

    def atom(*bound: str) -> str:
        s = pick.choice(bound or variables)
        o = pick.choice(variables)
        if pick.random() < 0.3:
            return f"{s} a :C{pick.randint(0, 2)} ."
        if pick.random() < 0.05:
            return f"{s} ?p {o} ."
        return f"{s} :{pick.choice('pppqqq')}{pick.randint(0, 2)} {o} ."

    body = [atom("?a"), *(atom() for _ in range(pick.randint(0, 2)))]
    parts = list(body)
    if pick.random() < 0.4:
        parts.append(f"?a :v{pick.randint(0, 1)} ?n . FILTER(?n {pick.choice('<>')} {pick.randint(2, 7)})")
        if pick.random() < 0.5:
            parts.append("BIND(?n * 2 - 1 AS ?m)")
    if pick.random() < 0.4:
        inner = (
            f"?a :v0 ?x FILTER(?x > {pick.randint(1, 8)})" if pick.random() < 0.4 else atom("?a").replace("?c", "?d")
        )
        parts.append(f"FILTER NOT EXISTS {{ {inner} {atom('?d') if pick.random() < 0.3 else ''} }}")
    text = " ".join(parts)
    bound = [v for v in ("?a", "?b", "?c", "?m") if v in " ".join(body) or (v == "?m" and "AS ?m" in text)]
    head = f"?a a :C{pick.randint(0, 2)}" if pick.random() < 0.4 else f"?a :q{pick.randint(0, 2)} {pick.choice(bound)}"
    return f"CONSTRUCT {{ {head} }} WHERE {{ {text} }}"
