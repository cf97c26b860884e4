"""All proofs of a fact in order, against exhaustive search; and proofs that are very high or rest on a thicket."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rdflib import BNode, Literal, URIRef
from rdflib.namespace import RDF, Namespace

from kg.errors import BadValue
from kg.graph import Transaction
from kg.names import GraphName
from kg.proof import Proof
from reasoner.proofs import check, indented, sentence, stamped
from reasoner.rules import RuleEngine, explain
from reasoner.rules.explain import GraphTerms
from reasoner.rules.match import instantiated, solutions, unified

E = Namespace("http://example.org/")
Fact = tuple[URIRef | BNode | Literal, ...]
Picks = frozenset[tuple[Fact, str, frozenset[Fact]]]
POOL = [
    "CONSTRUCT { ?x :near ?z } WHERE { ?x :near ?y . ?y :near ?z }",
    "CONSTRUCT { ?y :near ?x } WHERE { ?x :near ?y }",
    "CONSTRUCT { ?x :reaches ?y } WHERE { ?x :feeds ?y }",
    "CONSTRUCT { ?x :reaches ?z } WHERE { ?x :feeds ?y . ?y :reaches ?z }",
    "CONSTRUCT { ?x :reaches ?z } WHERE { ?x :reaches ?y . ?y :feeds ?z }",
    "CONSTRUCT { ?x :near ?y } WHERE { ?x :reaches ?y }",
    "CONSTRUCT { ?x :feeds ?y } WHERE { ?x :pours ?y }",
    "CONSTRUCT { ?x a :Live } WHERE { ?x :reaches ?y . ?y a :Live }",
    "CONSTRUCT { ?x a :Live } WHERE { ?x :near ?y . ?y a :Live . ?y :feeds ?z }",
    "CONSTRUCT { ?x a :Calm } WHERE { ?x a :Live FILTER NOT EXISTS { ?x :feeds ?x } }",
    "CONSTRUCT { ?x a :Calm } WHERE { ?x a :Live . ?x :feeds ?y . ?x :reaches ?y }",
]
NODES = [E.a, E.b, E.c, E.d]
FACTS = st.sets(
    st.one_of(
        st.tuples(st.sampled_from(NODES), st.sampled_from([E.feeds, E.pours, E.near]), st.sampled_from(NODES)),
        st.tuples(st.sampled_from(NODES), st.just(RDF.type), st.just(E.Live)),
    ),
    min_size=1,
    max_size=5,
)


class Exhaustive:
    """Every proof of a fact that gives no fact in two ways, found by trying everything."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self._asserted = world.asserted()
        self._view = GraphTerms(world.graph, world.visible)
        self._heads = {str(rule.head.p) for rule in world.rules.rules}
        self._known: dict[Fact, set[tuple[str, frozenset[Fact]]]] = {}
        self._left = 20_000

    def proofs(self, fact: Fact) -> set[Picks]:
        found = self._picks(fact, (), fact)
        return {frozenset((f, *way) for f, way in picks.items()) for picks in found}

    def _picks(self, fact: Fact, path: tuple[Fact, ...], root: Fact) -> list[dict[Fact, tuple]]:
        """For each proof of a fact, the way in which it gives each inferred fact."""
        if fact in self._asserted and fact != root:
            return [{}]
        if fact in path:
            return []
        return [picks for way in self._ways(fact) for picks in self._merged(fact, way, (*path, fact), root)]

    def _merged(self, fact: Fact, way: tuple, path: tuple[Fact, ...], root: Fact) -> list[dict[Fact, tuple]]:
        merged = [{fact: way}]
        for premise in sorted(way[1], key=repr):
            below = self._picks(premise, path, root)
            self._left -= 1 + len(merged) * len(below)
            assume(self._left > 0)
            merged = [{**m, **b} for m in merged for b in below if all(m.get(f, w) == w for f, w in b.items())]
        return merged

    def _ways(self, fact: Fact) -> set[tuple[str, frozenset[Fact]]]:
        if fact not in self._known:
            self._known[fact] = self._all_ways(fact)
        return self._known[fact]

    def _all_ways(self, fact: Fact) -> set[tuple[str, frozenset[Fact]]]:
        return {
            (rule.name, frozenset(instantiated(atom, solution) for atom in rule.body))
            for rule in self._world.rules.rules
            if (known := unified(rule.head, fact)) is not None
            for solution in solutions(rule, known, self._view, lambda p, o: str(p) in self._heads)
        }


def picks_of(proof: Proof) -> Picks:
    """A proof as the set of its inferred steps."""
    return frozenset((s.fact, s.rule, frozenset(p.fact for p in s.premises)) for s in proof.steps() if s.rule)


def measure_of(picks: Picks, fact: Fact) -> tuple[int, int]:
    """Height and size of a proof that is given as a set of steps."""
    ways = {f: premises for f, _, premises in picks}

    def measure(fact: Fact) -> tuple[int, int]:
        below = [measure(premise) for premise in ways[fact]] if fact in ways else []
        return int(fact in ways) + max((h for h, _ in below), default=0), 1 + sum(size for _, size in below)

    return measure(fact)


@settings(deadline=None, max_examples=60)
@given(FACTS, st.sets(st.sampled_from(POOL), min_size=1, max_size=4), st.data())
def test_alternatives_are_all_proofs_there_are_in_order(rules, twin, facts, texts, data):
    """Against exhaustive search: the same proofs, each once, by height and then size, every one sound."""
    world = twin(rules(*sorted(texts)))
    world.start(sorted(facts))
    derived = sorted(world.derived(), key=repr)
    assume(derived)
    fact = data.draw(st.sampled_from(derived))
    expected = Exhaustive(world).proofs(fact)

    found = world.engine.explain_all(*fact, explain.MOST)

    proofs = [proof for proof in found.proofs if proof.rule is not None]
    assert (fact in world.asserted()) == (found.proofs[0].rule is None)
    assert all(check(proof, world.rules, world.graph, world.visible) == [] for proof in found.proofs)
    assert len({picks_of(proof) for proof in proofs}) == len(proofs), "no proof comes twice"
    measures = [tuple(proof.measure()) for proof in proofs]
    best = sorted(measure_of(picks, fact) for picks in expected)
    assert measures == best[: len(measures)], "in order, and none that is smaller is missing"
    if len(found.proofs) < explain.MOST:
        assert {picks_of(proof) for proof in proofs} == expected
        assert not found.more
    shortest = world.engine.explain(*fact)
    assert tuple(shortest.measure()) == tuple(found.proofs[0].measure())


@pytest.fixture
def diamond(rules: Callable[..., Any], twin: Callable[..., Any]) -> Any:
    """Two ways of two steps from a to d, and one of one step that must be derived first."""
    world = twin(rules(*POOL[2:4], POOL[6]))
    world.start([(E.a, E.feeds, E.b), (E.b, E.feeds, E.d), (E.a, E.feeds, E.c), (E.c, E.feeds, E.d)])
    world.change(adds=[(E.a, E.pours, E.d)])
    return world


def test_as_many_as_are_asked_for(diamond: Any) -> None:
    """`more` says whether there may be others than those given."""
    fact = (E.a, E.reaches, E.d)

    one, two, three = (diamond.engine.explain_all(*fact, most) for most in (1, 2, 3))

    assert [len(found.proofs) for found in (one, two, three)] == [1, 2, 3]
    assert [found.more for found in (one, two, three)] == [True, True, False]
    assert [proof.measure().height for proof in three.proofs] == [2, 2, 2]
    assert [proof.measure().size for proof in three.proofs] == [3, 4, 4]
    assert three.proofs[:2] == two.proofs
    assert diamond.engine.explain_all(E.d, E.reaches, E.a, 3) == ((), False)


@pytest.mark.parametrize("most", [0, -1, explain.MOST + 1])
def test_a_number_out_of_range_is_refused(diamond: Any, most: int) -> None:
    """Nothing, or more than are ever looked for."""
    with pytest.raises(BadValue, match="proofs can be asked for"):
        diamond.engine.explain_all(E.a, E.reaches, E.d, most)


def test_an_asserted_fact_is_shown_with_its_graphs_and_then_its_derivations(diamond: Any) -> None:
    """One leaf for each named graph that asserts it, then how it also follows; never by way of itself."""
    fact = (E.a, E.reaches, E.d)
    diamond.change(adds=[fact], name=GraphName.PLANT)
    diamond.change(adds=[fact], name=GraphName.STATE)

    found = diamond.engine.explain_all(*fact, 10)

    assert [proof.graph for proof in found.proofs] == ["plant", "state", None, None, None]
    assert diamond.engine.explain_all(*fact, 1) == ((Proof(fact, "plant"),), True)


def test_what_a_lower_engine_derived_is_its_own_to_explain(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """Alternatives of its facts come from it; of those among premises one proof is shown, and that is said."""
    lower = twin(rules("CONSTRUCT { ?x :p ?y } WHERE { ?x :q ?y }", "CONSTRUCT { ?x :p ?y } WHERE { ?x :r ?y }"))
    lower.start([(E.a, E.q, E.b), (E.a, E.r, E.b)])
    upper = RuleEngine(lower.graph, rules("CONSTRUCT { ?x :top ?y } WHERE { ?x :p ?y }"), below=lower.engine)
    upper.start(Transaction(lower.graph))

    assert len(upper.explain_all(E.a, E.p, E.b, 5).proofs) == 2
    found = upper.explain_all(E.a, E.top, E.b, 5)
    assert (len(found.proofs), found.more) == (1, True)
    assert upper.explain_all(E.a, E.q, E.b, 5) == ((Proof((E.a, E.q, E.b), "plant"),), False)


def test_over_the_bound_of_work_the_shortest_is_still_given(
    rules: Callable[..., Any], twin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With little work allowed there is a proof of least height, and it is said that there may be more."""
    world = twin(rules(*POOL[:2], POOL[5], *POOL[2:5]))
    world.start([(x, E.feeds, y) for x, y in itertools.combinations(NODES, 2)])
    fact = (E.d, E.near, E.a)
    full = world.engine.explain(*fact)
    monkeypatch.setattr(explain, "WORK", 5)

    found = world.engine.explain_all(*fact, 10)

    assert found.more
    assert found.proofs[0].measure().height == full.measure().height
    assert check(found.proofs[0], world.rules, world.graph, world.visible) == []
    assert check(world.engine.explain(*fact), world.rules, world.graph, world.visible) == []


def test_a_chain_of_ten_thousand_links_is_explained(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """A proof that is 10,000 steps high is found, checked, written in each form and read again."""
    world = twin(rules("CONSTRUCT { ?y a :Live } WHERE { ?x :feeds ?y . ?x a :Live }"), budget=10_000_000)
    nodes = [E[f"n{index}"] for index in range(10_001)]
    chain = [(x, E.feeds, y) for x, y in itertools.pairwise(nodes)]
    world.start([(nodes[0], RDF.type, E.Live), *chain])

    proof = world.engine.explain(nodes[-1], RDF.type, E.Live)

    assert proof.measure() == (10_000, 20_001)
    assert check(proof, world.rules, world.graph, world.visible) == []
    assert sum(1 for _ in proof.leaves()) == 10_001
    lines = indented(proof).splitlines()
    assert len(lines) == 20_001
    assert max(map(len, lines)) < 150
    assert len(sentence(proof)) < 1000
    assert stamped(proof, 3) == proof
    assert Proof.from_json(proof.to_json()) == proof


def test_a_chain_with_two_ways_at_every_link_ends(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """2 to the power of 1,000 proofs: some are given within the bound of work, and that there may be more."""
    either = "CONSTRUCT { ?y a :Live } WHERE { { ?x :feeds ?y } UNION { ?x :pours ?y } ?x a :Live }"
    world = twin(rules(either), budget=10_000_000)
    nodes = [E[f"n{index}"] for index in range(1_001)]
    links = [(x, p, y) for x, y in itertools.pairwise(nodes) for p in (E.feeds, E.pours)]
    world.start([(nodes[0], RDF.type, E.Live), *links])

    proof = world.engine.explain(nodes[-1], RDF.type, E.Live)
    found = world.engine.explain_all(nodes[-1], RDF.type, E.Live, 5)

    assert proof.measure() == (1_000, 2_001)
    assert found.more
    assert found.proofs[0].measure() == proof.measure()
