"""The closure of a rule set by naive evaluation: stratum by stratum, every rule again until nothing new comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kg.terms import Term
from reasoner.rules.match import TermTriple, derived
from reasoner.rules.strata import RuleSet


class TermGraph:
    """A set of triples with the indexes that matching wants. Implements reasoner.rules.match.TermView."""

    def __init__(self, triples: Iterable[TermTriple] = ()) -> None:
        self.triples: set[TermTriple] = set()
        self._by_predicate: dict[Term, set[TermTriple]] = {}
        self._by_subject: dict[tuple[Term, Term], set[TermTriple]] = {}
        for triple in triples:
            self.add(triple)

    def add(self, triple: TermTriple) -> None:
        self.triples.add(triple)
        self._by_predicate.setdefault(triple[1], set()).add(triple)
        self._by_subject.setdefault((triple[0], triple[1]), set()).add(triple)

    def match(self, s: Term | None, p: Term | None, o: Term | None) -> Iterator[TermTriple]:
        if p is None:
            candidates: Iterable[TermTriple] = self.triples
        elif s is None:
            candidates = self._by_predicate.get(p, ())
        else:
            candidates = self._by_subject.get((s, p), ())
        return (t for t in candidates if (s is None or t[0] == s) and (o is None or t[2] == o))


def closure(rules: RuleSet, asserted: Iterable[TermTriple]) -> set[TermTriple]:
    """Every fact that some rule gives, asserted or not."""
    graph = TermGraph(asserted)
    heads = rules.heads()

    def own(p: Term, o: Term) -> bool:
        return any(key.predicate == p and (key.cls is None or key.cls == o) for key in heads)

    given: set[TermTriple] = set()
    for component in rules.components:
        before = -1
        while before != len(given):
            before = len(given)
            for rule in component.rules:
                for fact, _ in list(derived(rule, graph, own)):
                    given.add(fact)
                    graph.add(fact)
    return given


__all__ = ["TermGraph", "closure"]
