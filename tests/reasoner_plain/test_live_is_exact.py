"""Random data, shapes, rules, ontologies and changes: a live graph equals what is computed from scratch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from rdflib import Graph

from kg.change import Finding
from kg.names import VISIBLE, mask
from reasoner import Live, infer, validate
from reasoner.proofs import check
from reasoner.references import naive, pyshacl_reference

#: Random worlds with 5 changes each; more in `make soak`.
SEEDS = int(os.environ.get("TWINWRIGHT_LIVE_SEEDS", "16"))


def copy_of(facts: Iterable[Any]) -> Graph:
    graph = Graph()
    for fact in facts:
        graph.add(fact)
    return graph


def rows(findings: Iterable[Finding]) -> set[tuple[object, ...]]:
    return {(f.focus, f.path, f.value, f.component, f.shape) for f in findings}


def change(live: Live, world: Any) -> tuple[list[Any], list[Any]]:
    """What is added and what is removed; some of it is there already, derived, or both added and removed."""
    pick = world.pick
    asserted = sorted(live.asserted(), key=str)
    removes = pick.sample(asserted, min(len(asserted), pick.randint(0, 3)))
    return world.facts(pick.randint(0, 3)) + removes[: pick.randint(0, 1)], removes + removes[:1]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_live_graph_is_what_is_computed_from_scratch(seed: int, world: Callable[[int], Any]) -> None:
    """Results, derived facts and what each change tells, against full validation, naive evaluation and pySHACL."""
    given = world(seed)
    live = Live(given.facts(25), shapes=given.shapes, rules=given.rules, owl=given.owl)
    for _ in range(5):
        adds, removes = change(live, given)
        asserted, derived, results = set(live.asserted()), set(live.derived()), set(live.report().results)
        outcome = live.apply(adds, removes)

        data = copy_of(live.asserted())
        assert set(data) == (asserted - set(removes)) | set(adds)
        assert set(live.derived()) == (derived - set(outcome.went)) | set(outcome.came)
        assert set(live.derived()) == naive.closure(live.rules, data) - set(data)
        assert set(live.derived()) == set(infer(data, given.rules, owl=given.owl))

        after = set(live.report().results)
        assert rows(after) == rows(validate(data, given.shapes, rules=given.rules, owl=given.owl).results)
        assert after == (results - set(outcome.fixed)) | {*outcome.introduced, *outcome.worsened}
        assert set(outcome.remaining) <= results & after
        assert outcome.conforms == live.report().conforms == (not after)
    everything = copy_of([*live.asserted(), *live.derived()])
    assert rows(after) == {result[:5] for result in pyshacl_reference.validate(everything, given.shapes)}


@pytest.mark.parametrize("seed", range(1000, 1000 + SEEDS // 2))
def test_a_try_tells_what_apply_does_and_leaves_nothing(seed: int, world: Callable[[int], Any]) -> None:
    """All is as before; the same change applied has the same outcome, and another one is exact too."""
    given = world(seed)
    live = Live(given.facts(25), shapes=given.shapes, rules=given.rules, owl=given.owl)
    for _ in range(5):
        adds, removes = change(live, given)
        before = set(live.asserted()), set(live.derived()), live.report(), live.rules

        tried = live.try_(adds, removes)
        assert (set(live.asserted()), set(live.derived()), live.report(), live.rules) == before
        if given.pick.random() < 0.5:
            applied = live.apply(adds, removes)
            for group in ("came", "went", "introduced", "worsened", "fixed", "remaining"):
                assert set(getattr(tried, group)) == set(getattr(applied, group))
        else:
            live.apply(*change(live, given))
        data = copy_of(live.asserted())
        assert set(live.derived()) == set(infer(data, given.rules, owl=given.owl))
        assert rows(live.report().results) == rows(
            validate(data, given.shapes, rules=given.rules, owl=given.owl).results
        )


@pytest.mark.parametrize("seed", range(3000, 3000 + SEEDS))
def test_equality_follows_words_that_come_and_go(seed: int, few: Callable[[int], Any]) -> None:
    """So few facts that predicates and classes fall out of use and come back, among equal individuals and words."""
    given = few(seed)
    live = Live(given.facts(8), owl=True)
    for _ in range(12):
        derived = set(live.derived())
        outcome = live.apply(*change(live, given))

        assert set(live.derived()) == set(infer(copy_of(live.asserted())))
        assert set(live.derived()) == (derived - set(outcome.went)) | set(outcome.came)


@pytest.mark.parametrize("seed", range(2000, 2000 + SEEDS // 3))
def test_every_derived_fact_has_a_sound_proof_through_changes(seed: int, world: Callable[[int], Any]) -> None:
    """The checker fires every step again; what does not hold has none."""
    given = world(seed)
    live = Live(given.facts(25), rules=given.rules, owl=given.owl)
    for _ in range(2):
        outcome = live.apply(*change(live, given))
        for fact in list(live.derived()):
            proof = live.why(*fact)
            assert proof is not None
            assert check(proof, live.rules, live.working_graph, mask(VISIBLE)) == []
        assert all(live.why(*fact) is None for fact in outcome.went if fact not in live)
