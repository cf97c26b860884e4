"""Aggregates over joins, recursion and negation, with rules above them: incremental equals from scratch."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from rdflib.namespace import Namespace

from kg.errors import RuleRefused
from reasoner.rules import Rule, RuleSet
from tests.reasoner_rules.test_random_transactions import Facts, run

#: Random programs of each sort; more in `make soak`.
SEEDS = int(os.environ.get("TWINWRIGHT_RULE_SEEDS", "6"))
E = Namespace("http://example.org/")
HOSTILE = (
    "CONSTRUCT { ?a :above ?b } WHERE { ?a :part ?b }",
    "CONSTRUCT { ?a :above ?c } WHERE { ?a :above ?b . ?b :above ?c }",
    "CONSTRUCT { ?b :near ?a } WHERE { ?a :near ?b }",
    "CONSTRUCT { ?a :over true } WHERE { ?a :speed ?v ; :limit ?l FILTER(?v > ?l) }",
    """CONSTRUCT { ?a :members ?n ; :load ?s } WHERE { { SELECT ?a (COUNT(?b) AS ?n) (SUM(?v) AS ?s)
       WHERE { ?b :above ?a ; :speed ?v } GROUP BY ?a } }""",
    """CONSTRUCT { ?a :low ?x ; :high ?y ; :mean ?z } WHERE { {
       SELECT ?a (MIN(?v) AS ?x) (MAX(?v) AS ?y) (AVG(?v) AS ?z)
       WHERE { ?a :near ?b . ?b :speed ?v FILTER NOT EXISTS { ?b :over true } } GROUP BY ?a HAVING(COUNT(*) < 9) } }""",
    """CONSTRUCT { ?a a :Crowded } WHERE { { SELECT ?a (COUNT(DISTINCT ?c) AS ?n) (SUM(DISTINCT ?v) AS ?s)
       WHERE { { ?a :near ?c } UNION { ?a :above ?c } ?c :limit ?v } GROUP BY ?a } FILTER(?n > 1)
       FILTER NOT EXISTS { ?a :over true } }""",
    """CONSTRUCT { ?k :quiet ?n } WHERE { { SELECT ?k (COUNT(*) AS ?n) WHERE { ?a a :Machine
       FILTER EXISTS { ?a :near ?b . ?b :speed ?v } FILTER NOT EXISTS { ?a :near ?c . ?c a :Crowded }
       BIND(IF(sameTerm(?a, :n1), :one, :many) AS ?k) } GROUP BY ?k } }""",
    """CONSTRUCT { :all :crowded ?n ; :sum ?m } WHERE { { SELECT (COUNT(?a) AS ?n) (SUM(?v) / COUNT(?v) AS ?m)
       WHERE { ?a a :Crowded ; :speed ?v } } }""",
    """CONSTRUCT { ?q :pair ?n } WHERE { ?q :of ?a { SELECT ?a ?c (COUNT(?b) AS ?n) WHERE { ?b :near ?a ; a ?c }
       GROUP BY ?a ?c } FILTER(?n > 0) }""",
    """CONSTRUCT { ?a :share ?x } WHERE { { SELECT ?a (COUNT(?b) AS ?n) WHERE { ?b :near ?a } GROUP BY ?a }
       { SELECT ?a (MAX(?b) AS ?m) WHERE { ?b :above ?a } GROUP BY ?a } ?m :limit ?l BIND(?n + ?l AS ?x) }""",
    "CONSTRUCT { ?a :linked ?b } WHERE { ?a :members ?n . ?b :members ?n }",
    """CONSTRUCT { ?a :linked ?c } WHERE { ?a :linked ?b . ?b :near ?c
       FILTER NOT EXISTS { ?c :load ?v FILTER(?v > 9) } }""",
)
WILD = (
    "CONSTRUCT { ?a :degree ?n } WHERE { { SELECT ?a (COUNT(*) AS ?n) WHERE { ?a ?p ?o } GROUP BY ?a } }",
    "CONSTRUCT { ?a a :Busy } WHERE { ?a :degree ?n FILTER(?n > 3) }",
    "CONSTRUCT { :all :busy ?n } WHERE { { SELECT (COUNT(?a) AS ?n) WHERE { ?a a :Busy } } }",
)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_hostile_aggregates_stay_exact(seed: int, rules: Callable[..., RuleSet], twin: Callable[..., Any]) -> None:
    """Two layers of aggregates, recursion below and above, negation, EXISTS, UNION: 12 transactions a seed."""
    predicates = (E.speed, E.speed, E.limit, E.part, E.above, E.near, E.near, E.over, E.of, E.members, E.speed)

    run(twin(rules(*HOSTILE)), Facts(seed, predicates, (E.Machine, E.Machine, E.Crowded)), 12)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_aggregates_of_any_predicate_stay_exact(
    seed: int, rules: Callable[..., RuleSet], twin: Callable[..., Any]
) -> None:
    """A variable predicate below COUNT: 12 transactions a seed."""
    run(twin(rules(*WILD)), Facts(seed, (E.p, E.q, E.v0, E.degree), (E.Machine, E.Busy)), 12)


@pytest.mark.parametrize("seed", range(100, 100 + SEEDS))
def test_random_aggregates_stay_exact(seed: int, twin: Callable[..., Any], rules: Callable[..., RuleSet]) -> None:
    """Programs made at random, as far as they are accepted: 10 transactions a seed."""
    pick = random.Random(seed)
    accepted: list[Rule | str] = []
    while len(accepted) < 6:
        try:
            rules(*accepted, candidate := _random_rule(pick, plain=len(accepted) % 2 == 0))
        except RuleRefused:
            continue
        accepted.append(candidate)
    predicates = tuple(E[name] for name in ("p0", "p1", "p2", "q0", "q1", "v0", "v1", "v0"))

    run(twin(rules(*accepted)), Facts(seed, predicates, (E.C0, E.C1)), 10)


def _random_rule(pick: random.Random, *, plain: bool) -> str:
    """A rule over p0-2 (asserted), q0-2 and C0-1 (mostly derived), v0-1 (numbers); plain, or around an aggregate."""
    inner = [_atom(pick), *(_atom(pick) for _ in range(pick.randint(0, 2)))]
    if pick.random() < 0.3:
        inner.append(f"FILTER NOT EXISTS {{ {_atom(pick).replace('?b', '?d')} }}")
    if pick.random() < 0.5:
        inner.append(
            f"FILTER EXISTS {{ {_atom(pick).replace('?b', '?e')} {_atom(pick) if pick.random() < 0.3 else ''} }}"
        )
    text = " ".join(inner)
    bound = [name for name in ("?a", "?b", "?c") if f"{name} " in text]
    if plain:
        return f"CONSTRUCT {{ {bound[0]} :q{pick.randint(0, 2)} {pick.choice(bound)} }} WHERE {{ {text} }}"
    if pick.random() < 0.7:
        text += f" {bound[0]} :v{pick.randint(0, 1)} ?n ."
        if pick.random() < 0.3:
            text = f"{{ {text} }} UNION {{ {bound[0]} :v0 ?n . {bound[-1]} :v1 ?n }}"
        value = pick.choice(("?n", "?n", "?n * 0.1", "?n * 1e0"))
    else:
        value = pick.choice(bound)
    op = pick.choice(("SUM", "SUM", "COUNT", "MIN", "MAX", "AVG", "COUNT(DISTINCT", "SUM(DISTINCT"))
    chosen = f"{op}({value})" if "(" not in op else f"{op} {value})"
    key = pick.choice((*bound, ""))
    grouped = f"{{ SELECT {key} ({chosen} AS ?r) WHERE {{ {text} }} {f'GROUP BY {key}' if key else ''} }}"
    rest = pick.choice(("", "", f"{key or ':n1'} :p0 ?z .", "FILTER(?r > 3)", "BIND(?r + 1 AS ?s)"))
    head = pick.choice((f"{key or ':n1'} :q{pick.randint(0, 2)} ?r", f"{key or ':n1'} a :C{pick.randint(0, 1)}"))
    return f"CONSTRUCT {{ {head} }} WHERE {{ {grouped} {rest} }}"


def _atom(pick: random.Random) -> str:
    s, o = pick.choice(("?a", "?a", "?b")), pick.choice(("?a", "?b", "?c"))
    if pick.random() < 0.25:
        return f"{s} a :C{pick.randint(0, 1)} ."
    return f"{s} :{pick.choice('ppq')}{pick.randint(0, 2)} {o} ."
