"""Helpers for the rule tests: rules from short texts, and a twin that compares itself with the naive reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from rdflib import BNode, Literal, URIRef
from rdflib.namespace import Namespace

from kg.graph import Transaction, Triple, WorkingGraph
from kg.names import VISIBLE, GraphName, mask
from reasoner.proofs import check
from reasoner.references.naive import closure
from reasoner.rules import Rule, RuleEngine, RuleSet, parse_construct, stratified

E = Namespace("http://example.org/")
Term = URIRef | BNode | Literal
Fact = tuple[Term, Term, Term]


@dataclass
class Twin:
    """A working graph with an engine, spoken to in terms."""

    rules: RuleSet
    visible: int = mask(VISIBLE)
    budget: int = 200_000
    graph: WorkingGraph = field(default_factory=WorkingGraph)

    def __post_init__(self) -> None:
        self.engine = RuleEngine(self.graph, self.rules, visible=self.visible, budget=self.budget)

    def transaction(self) -> Transaction:
        return Transaction(self.graph)

    def start(self, facts: Iterable[Fact] = (), name: GraphName = GraphName.PLANT) -> None:
        transaction = self.transaction()
        for fact in facts:
            transaction.add(*self.nodes(fact), name)
        self.engine.start(transaction)

    def change(
        self, adds: Iterable[Fact] = (), removes: Iterable[Fact] = (), name: GraphName = GraphName.PLANT
    ) -> Transaction:
        transaction = self.transaction()
        for fact in removes:
            transaction.remove(*self.nodes(fact), name)
        for fact in adds:
            transaction.add(*self.nodes(fact), name)
        self.engine.infer(transaction)
        return transaction

    def nodes(self, fact: Fact) -> Triple:
        return Triple(*(self.graph.terms.node(term) for term in fact))

    def terms(self, triple: Triple) -> Fact:
        s, p, o = (self.graph.terms.term(node) for node in triple)
        return s, p, o

    def marks(self) -> dict[Triple, int]:
        return {triple: self.graph.marks(*triple) for triple in self.graph.triples()}

    def state(self) -> tuple[dict[Triple, int], list[dict[Triple, int]], list[Any]]:
        """Everything that a rollback must restore."""
        tables = self.engine._plan.tables.values()
        groups = [(dict(t._rows), {key: group.count for key, group in t._groups.items()}) for t in tables]
        return self.marks(), [dict(ranks) for ranks in self.engine._ranks], groups

    def derived(self) -> set[Fact]:
        return {self.terms(t) for t, marks in self.marks().items() if marks & GraphName.INFERRED.bit}

    def asserted(self) -> set[Fact]:
        seen = self.visible & ~GraphName.INFERRED.bit
        return {self.terms(t) for t, marks in self.marks().items() if marks & seen}

    def recomputed(self) -> set[Fact]:
        return closure(self.rules, self.asserted())

    def assert_exact(self) -> None:
        got, expected = self.derived(), self.recomputed()
        assert got == expected, f"too much: {got - expected}; missing: {expected - got}"

    def assert_proved(self, facts: Iterable[Fact] | None = None) -> None:
        for fact in self.derived() if facts is None else facts:
            proof = self.engine.explain(*fact)
            assert proof is not None, f"no proof of {fact}"
            assert check(proof, self.rules, self.graph, self.visible) == []


@pytest.fixture(scope="session")
def rules() -> Callable[..., RuleSet]:
    """rules("CONSTRUCT ...", ...): a stratified set of rules named r1, r2, ...; `:` is http://example.org/."""

    def build(*texts: str | Rule) -> RuleSet:
        parsed: list[Rule] = []
        for index, text in enumerate(texts, 1):
            parsed += [text] if isinstance(text, Rule) else parse(f"{E}r{index}", text)
        return stratified(parsed)

    return build


def parse(name: str, text: str) -> tuple[Rule, ...]:
    return parse_construct(name, f"PREFIX : <{E}> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> {text}")


@pytest.fixture(scope="session")
def parsed() -> Callable[[str, str], tuple[Rule, ...]]:
    """parsed(name, "CONSTRUCT ..."): the rules of one text."""
    return parse


@pytest.fixture(scope="session")
def twin() -> Callable[..., Twin]:
    """twin(rules, ...): a Twin that has not been started."""
    return Twin


@pytest.fixture(scope="session")
def e() -> Namespace:
    return E
