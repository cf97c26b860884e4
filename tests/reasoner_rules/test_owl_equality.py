"""Equal names share what is known of each, exactly as long as asserted edges lead from one to the other."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from itertools import combinations, pairwise
from typing import Any

import networkx as nx
import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, Namespace

import ontology as vocabularies
from kg.errors import RuleRefused, Undecided
from kg.names import GraphName
from ontology import ISA95, TW
from reasoner.owl import compile_owl
from reasoner.rules import GUARDED, Rule, RuleSet, load, read_rules, stratified
from tests.reasoner_rules.test_random_transactions import Facts, run

E = Namespace("http://example.org/")
PREFIXES = """@prefix : <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix tw: <https://w3id.org/twinwright/core#> . """
SAME = ":x owl:sameAs :y ."
NAMES = [E[f"n{index}"] for index in range(100)]


def read(text: str) -> Graph:
    return Graph().parse(data=PREFIXES + text, format="turtle")


def in_force(model: str = "", ontology: str = "", **options: Any) -> RuleSet:
    """The rules for a model that says of :x and :y that they are one."""
    return stratified(compile_owl(read(ontology), model=read(SAME + model), **options))


@pytest.mark.parametrize(
    ("fact", "follows", "rule"),
    [
        (":x :p 1 .", ":y :p 1 .", "eq-rep-s"),
        (":y :p 1 .", ":x :p 1 .", "eq-rep-s"),
        (":z :p :x .", ":z :p :y .", "eq-rep-o"),
        (":x :p :y .", ":y :p :y .", "eq-rep-s"),
        (":x a :A .", ":y a :A .", "eq-rep-s"),
        ("", ":x tw:equalTo :y .", "eq-trans"),
        ("", ":y tw:equalTo :x .", "eq-sym"),
        ("", ":y tw:equalTo :y .", "eq-trans"),
        (":z owl:sameAs :y .", ":x tw:equalTo :z .", "eq-trans"),
        (":y owl:differentFrom :x .", ":x tw:inconsistentBy tw:SameAndDifferent .", "eq-diff1"),
    ],
)
def test_equal_names_share_facts_until_the_edge_goes(
    fact: str, follows: str, rule: str, twin: Callable[..., Any]
) -> None:
    """What is said of one name holds of the other, in both directions, with a proof; without the edge it does not."""
    world = twin(in_force(":x :p 1 ; a :A . :a owl:differentFrom :b ."))
    world.start({*read(fact), *read(SAME)})
    wanted = next(iter(read(follows)))

    assert wanted in world.derived()
    assert world.engine.explain(*wanted).rule == f"owl2rl:{rule}"
    world.assert_proved()
    world.assert_exact()

    world.change(removes=set(read(SAME)))
    assert wanted not in world.derived()


def test_shared_facts_feed_rules_and_rules_feed_shared_facts(twin: Callable[..., Any]) -> None:
    """Entailment and equality reach a joint fixpoint: a type by domain, through a chain, shared, and used again."""
    ontology = ":p rdfs:domain :A . :A rdfs:subClassOf :B . :q a owl:TransitiveProperty ."
    world = twin(in_force(":x :q :z .", ontology))
    world.start(set(read(SAME + ":x :p 1 . :a :q :x . :y :q :b .")))

    assert {*read(":y a :A, :B . :a :q :b, :y .")} <= world.derived()
    world.assert_exact()
    world.assert_proved()

    world.change(removes=set(read(SAME)))
    assert world.derived() == set(read(":x a :A, :B ."))


@pytest.mark.parametrize("name", ["eq-diff2", "eq-diff3"])
def test_lists_of_different_names_exclude_equality(name: str, twin: Callable[..., Any]) -> None:
    """Two members of an owl:AllDifferent that turn out to be one are found, under the rule of their list."""
    members = "owl:members" if name == "eq-diff2" else "owl:distinctMembers"
    world = twin(in_force(f"[] a owl:AllDifferent ; {members} (:x :v :z) ."))
    world.start(set(read(SAME)))
    assert (E.x, TW.inconsistentBy, TW.SameAndDifferent) not in world.derived()

    world.change(adds=set(read(":y owl:sameAs :z .")))

    assert world.engine.explain(E.x, TW.inconsistentBy, TW.SameAndDifferent).rule == f"owl2rl:{name}"
    assert (E.z, TW.inconsistentBy, TW.SameAndDifferent) in world.derived()
    world.assert_proved()


def test_what_rules_may_not_derive_is_not_shared(twin: Callable[..., Any]) -> None:
    """Equality gives no name an approval, a reading or a grant that was given to another."""
    said = ":x tw:approvedBy :z ; a tw:WriteGrant ; :p 1 ."
    world = twin(in_force(said, guarded=GUARDED))

    world.start(set(read(SAME + said)))

    assert {fact for fact in world.derived() if fact[0] == E.y and fact[1] != TW.equalTo} == set(read(":y :p 1 ."))


def test_an_absence_is_not_fooled_by_another_name(
    twin: Callable[..., Any], parsed: Callable[[str, str], tuple[Rule, ...]]
) -> None:
    """What closes something for one name closes it for all, although no rule may derive it; approvals stay apart."""
    beside = parsed(
        f"{E}r",
        f"""CONSTRUCT {{ ?m :free true }} WHERE {{ ?m a :Machine
            FILTER NOT EXISTS {{ ?m <{TW.maintenance}> true }} FILTER NOT EXISTS {{ ?m <{TW.approvedBy}> ?p }} }}""",
    )
    compiled = compile_owl(Graph(), model=read(SAME), beside=beside, guarded=GUARDED)
    world = twin(stratified((*beside, *compiled)))

    world.start(set(read(SAME + ":x a :Machine ; tw:maintenance true .")))
    assert not {fact for fact in world.derived() if fact[1] == E.free}

    world.change(adds=set(read(":y tw:approvedBy :z .")), removes=set(read(":x tw:maintenance true .")))
    assert {(E.x, E.free, Literal(True)), (E.y, E.free, Literal(True))} <= world.derived()
    assert (E.x, TW.approvedBy, E.z) not in world.derived()
    world.assert_exact()


def test_another_name_for_a_machine_opens_nothing(twin: Callable[..., Any]) -> None:
    """The shipped rules: what an agent may do at a machine is said nearest to it, by whichever name it is reached."""
    model = read("""
        @prefix isa95: <https://w3id.org/twinwright/isa95#> .
        :x a isa95:WorkUnit ; isa95:isPartOf :line . :set isa95:isPropertyOf :x . :y owl:sameAs :x .
        :r a tw:Request ; tw:agent :a ; tw:rule :u ; tw:target :set .
        :near tw:ofAgent :a ; tw:ofRule :u ; tw:hasScope :x ; tw:level "off" .
        :far tw:ofAgent :a ; tw:ofRule :u ; tw:hasScope :line ; tw:level "autonomous" .""")
    document = vocabularies.load("rules")
    beside = read_rules(document)
    terms = vocabularies.load("isa95") + vocabularies.load("core")
    compiled = compile_owl(terms, guarded=GUARDED, model=model, beside=beside)
    world = twin(load(document, also=compiled))

    world.start(set(model))

    assert (E.set, ISA95.isPropertyOf, E.y) in world.derived()
    assert {o for _, p, o in world.derived() if p == TW.autonomyInForce} == {Literal("off")}
    world.assert_exact()


def test_what_the_layer_above_reads_is_shared_and_what_it_derives_is_not(
    parsed: Callable[[str, str], tuple[Rule, ...]],
) -> None:
    """Agents' conditions see equal names alike, and nobody but they derives their matches."""
    above = parsed(f"{E}match", "CONSTRUCT { ?a :match ?v } WHERE { ?a :wish ?v . ?a :speed ?s . ?b :match ?v }")

    rules = stratified(compile_owl(Graph(), model=read(SAME), above=above))

    shared = {rule.head.p for rule in rules.rules}
    assert {E.wish, E.speed} <= shared
    assert E.match not in shared


def test_predicates_that_only_the_rules_beside_know_are_shared(
    twin: Callable[..., Any], parsed: Callable[[str, str], tuple[Rule, ...]]
) -> None:
    """What domain rules read and derive is shared, although neither ontology nor model has it yet."""
    beside = parsed(f"{E}r", "CONSTRUCT { ?a :loud true } WHERE { ?a :noise ?n FILTER NOT EXISTS { ?a :muted true } }")
    world = twin(stratified((*beside, *compile_owl(Graph(), model=read(SAME), beside=beside))))

    world.start(set(read(SAME + ":x :noise 5 .")))
    assert {*read(":y :noise 5 ; :loud true . :x :loud true .")} <= world.derived()

    world.change(adds=set(read(":y :muted true .")))
    assert {fact for fact in world.derived() if fact[1] == E.loud} == set()
    world.assert_exact()


def test_a_variable_predicate_beside_equality_is_refused(parsed: Callable[[str, str], tuple[Rule, ...]]) -> None:
    """It would see nothing that equal names share; without equality it is accepted."""
    beside = parsed(f"{E}r", "CONSTRUCT { ?a :seen true } WHERE { ?a :of ?b FILTER NOT EXISTS { ?b ?p ?a } }")

    with pytest.raises(RuleRefused, match=r"has \?p as predicate"):
        compile_owl(Graph(), model=read(SAME), beside=beside)
    compile_owl(Graph(), model=read(":x :p :y ."), beside=beside)


HOSTILE = (
    "CONSTRUCT { ?a :over true } WHERE { ?a :speed ?v ; :limit ?l FILTER(?v > ?l) }",
    "CONSTRUCT { ?a :above ?c } WHERE { ?a :above ?b . ?b :above ?c }",
    "CONSTRUCT { ?a :above ?b } WHERE { ?a :part ?b }",
    "CONSTRUCT { ?b :near ?a } WHERE { ?a :near ?b }",
    "CONSTRUCT { ?a a :Fine } WHERE { ?a a :Machine FILTER NOT EXISTS { ?a :over true } }",
    "CONSTRUCT { ?a :calm ?w } WHERE { ?a a :Fine ; :speed ?v BIND(?v * 2 AS ?w) }",
    "CONSTRUCT { ?a :fastest ?v } WHERE { ?a :speed ?v FILTER NOT EXISTS { ?b :speed ?w FILTER(?w > ?v) } }",
)


@pytest.mark.parametrize("seed", range(int(os.environ.get("TWINWRIGHT_OWL_SEEDS", "5"))))
def test_equality_beside_hostile_rules_stays_exact(
    seed: int, twin: Callable[..., Any], parsed: Callable[[str, str], tuple[Rule, ...]]
) -> None:
    """Recursion, negation and arithmetic over names that merge and split: random transactions with rollbacks."""
    beside = [rule for index, text in enumerate(HOSTILE) for rule in parsed(f"{E}r{index}", text)]
    ontology = read(":Fine owl:disjointWith :Broken . :above a owl:IrreflexiveProperty . :p rdfs:domain :Machine .")
    model = read(SAME + ":u owl:differentFrom :v .")
    rules = stratified((*beside, *compile_owl(ontology, model=model, beside=beside)))
    predicates = (E.speed, E.limit, E.part, E.near, E.p, OWL.sameAs, OWL.sameAs, OWL.sameAs, OWL.differentFrom)

    run(_sampled(twin)(rules), Facts(seed, predicates, (E.Machine, E.Machine, E.Broken)), 12)


def _sampled(twin: Any) -> Any:
    """A Twin of which a few facts are proved, not all: where all names are equal each has thousands of derivations."""

    class Sampled(twin):  # type: ignore[misc]  # the class comes as a fixture
        def assert_proved(self, facts: Iterable[Any] | None = None) -> None:
            super().assert_proved(random.Random(1).sample(sorted(self.derived()), min(3, len(self.derived()))))

    return Sampled


def test_a_literal_is_nobody_s_name(twin: Callable[..., Any]) -> None:
    """A value at the end of an edge becomes no subject of anything."""
    world = twin(in_force())

    world.start(set(read(":x owl:sameAs 5 ; :p :x .")))

    assert all(isinstance(s, URIRef) for s, _, _ in world.derived())
    world.assert_exact()


def test_classes_and_properties_that_are_the_same_are_equivalent(twin: Callable[..., Any]) -> None:
    """Equality between what the ontology uses as classes or properties works on their members and links."""
    ontology = ":A a owl:Class ; owl:sameAs :B . :p owl:sameAs :q . :q a owl:ObjectProperty ."
    world = twin(stratified(compile_owl(read(ontology))))

    world.start(set(read(":x a :B ; :p :z .")))

    assert world.derived() == set(read(":x a :A, :B ; :p :z ; :q :z ."))
    assert world.engine.explain(E.x, RDF.type, E.A).rule == "owl2rl:eq-rep-o"
    assert world.engine.explain(E.x, E.q, E.z).rule == "owl2rl:eq-rep-p"


def test_without_an_edge_equality_costs_nothing() -> None:
    """A model that asserts no equality gives no rule for it, and none that is recursive."""
    rules = stratified(compile_owl(read(":A rdfs:subClassOf :B ."), model=read(":x :p :y .")))

    assert [rule.name for rule in rules.rules] == ["owl2rl:cax-sco", str(TW.EqualityNotInForce)]
    assert not any(component.recursive for component in rules.components)


def test_an_edge_that_comes_to_a_model_without_any_is_reported(twin: Callable[..., Any]) -> None:
    """Equality that is not in force is never silent."""
    world = twin(stratified(compile_owl(Graph(), model=read(":x :p :y ."))))
    world.start(set(read(":x :p :y .")))

    world.change(adds=set(read(SAME)))

    assert world.derived() == {(E.x, TW.inconsistentBy, TW.EqualityNotInForce)}
    world.assert_proved()


# cliques


class Clique:
    """A world of names with edges between them and a few facts, and what of it must hold by connected components."""

    def __init__(self, twin: Callable[..., Any], edges: Iterable[tuple[URIRef, URIRef]], budget: int = 200_000) -> None:
        self.facts = {
            (NAMES[3], E.p, Literal(1)),
            (NAMES[7], RDF.type, E.A),
            (E.z, E.q, NAMES[9]),
            (NAMES[5], E.q, E.w),
        }
        model = Graph()
        for fact in (*self.facts, (E.x, OWL.sameAs, E.y)):
            model.add(fact)
        self.world = twin(stratified(compile_owl(Graph(), model=model)), budget=budget)
        self.edges = nx.Graph(edges)
        self.world.start({*self.facts, *((a, OWL.sameAs, b) for a, b in self.edges.edges)})

    def names_of(self, node: Any) -> set[Any]:
        return set(nx.node_connected_component(self.edges, node)) if node in self.edges else {node}

    def expected(self) -> set[Any]:
        found = {(s, p, o) for x, p, y in self.facts for s in self.names_of(x) for o in self.names_of(y)}
        for component in nx.connected_components(self.edges):
            if len(component) > 1:
                found |= {(a, TW.equalTo, b) for a in component for b in component}
        return found

    def take(self, edge: tuple[Any, Any]) -> int:
        """Take one edge away, in whichever direction it was asserted; returns the steps that it took."""
        self.world.change(removes=[(edge[0], OWL.sameAs, edge[1]), (edge[1], OWL.sameAs, edge[0])])
        self.edges.remove_edge(*edge)
        return int(self.world.engine.steps)

    def holds(self) -> set[Any]:
        return {fact for fact in self.world.derived() | self.world.asserted() if fact[1] != OWL.sameAs}


def test_random_edges_out_of_a_clique_of_a_hundred_change_nothing_at_little_cost(twin: Callable[..., Any]) -> None:
    """Each of 4,950 edges leaves thousands of ways round; taking one is a small part of the work of the closure."""
    clique = Clique(twin, combinations(NAMES, 2))
    pick = random.Random(5)

    steps = [clique.take(pick.choice(list(clique.edges.edges))) for _ in range(40)]

    assert max(steps) < 20_000
    assert clique.holds() == clique.expected()


def test_a_hundred_names_fall_apart_edge_by_edge(twin: Callable[..., Any]) -> None:
    """A sparse clique is exact after every edge that goes, down to single names, each within the budget."""
    pick = random.Random(7)
    tree = [(NAMES[index], NAMES[pick.randrange(index)]) for index in range(1, 100)]
    clique = Clique(twin, [*tree, *((pick.choice(NAMES[:50]), pick.choice(NAMES[50:])) for _ in range(60))])
    assert clique.holds() == clique.expected()

    while clique.edges.edges:
        assert clique.take(pick.choice(list(clique.edges.edges))) < 200_000
        assert len(clique.edges.edges) % 12 or clique.holds() == clique.expected()

    assert clique.holds() == clique.facts


def test_a_chain_of_a_hundred_breaks_in_the_middle_and_mends(twin: Callable[..., Any]) -> None:
    """The worst edge splits the closure in two halves; it comes back as it was."""
    clique = Clique(twin, pairwise(NAMES))
    before, middle = clique.holds(), (NAMES[49], NAMES[50])

    clique.take(middle)
    assert clique.holds() == clique.expected() != before
    clique.world.change(adds=[(middle[0], OWL.sameAs, middle[1])])

    assert clique.holds() == before
    clique.world.assert_proved([(NAMES[90], E.p, Literal(1)), (NAMES[0], TW.equalTo, NAMES[99])])


def test_too_large_a_merger_is_undecided_and_leaves_nothing(twin: Callable[..., Any]) -> None:
    """The budget bounds what one edge may set off; the transaction goes back whole."""
    clique = Clique(twin, [*pairwise(NAMES[:50]), *pairwise(NAMES[50:])], 999)
    before = clique.holds()
    transaction = clique.world.transaction()
    transaction.add(*clique.world.nodes((NAMES[49], OWL.sameAs, NAMES[50])), GraphName.PLANT)

    with pytest.raises(Undecided):
        clique.world.engine.infer(transaction)

    transaction.rollback()
    assert clique.holds() == before
