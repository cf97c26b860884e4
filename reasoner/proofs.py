"""Proofs for people, and a checker that believes nothing it has not fired again.

`indented` is a text tree, `sentence` one line with labels, `stamped` fills in the `seq` at which absences held; JSON
comes from `Proof.to_json`. `check` takes a proof apart step by step against rules and graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

from rdflib import Literal, URIRef
from rdflib.namespace import RDF

from kg.graph import WorkingGraph
from kg.names import GraphName
from kg.proof import Proof
from kg.terms import Term
from reasoner.rules.explain import GraphTerms, absence_text
from reasoner.rules.ir import Rule, Var
from reasoner.rules.match import Solution, TermTriple, instantiated, solutions, unified
from reasoner.rules.strata import RuleSet

Labels = Mapping[Term, str]
_NO_LABELS: Labels = {}


def indented(proof: Proof, labels: Labels = _NO_LABELS) -> str:
    """A tree of lines: each fact with the graph that asserts it or the rule that gives it, its premises below."""
    return "\n".join(_lines(proof, labels, 0))


def sentence(proof: Proof, labels: Labels = _NO_LABELS) -> str:
    """One line: the fact and the asserted facts it rests on, with the rules used."""
    fact = fact_text(proof.fact, labels)
    if proof.rule is None:
        return f"{fact} is asserted in {proof.graph}."
    rules = dict.fromkeys(_name(rule, labels) for rule in _rules(proof))
    leaves = dict.fromkeys(fact_text(leaf.fact, labels) for leaf in proof.leaves() if leaf.rule is None)
    absent = dict.fromkeys(chain.from_iterable(step.absent for step in _steps(proof)))
    because = " and ".join([*leaves, *(f"there is none of {text.removeprefix('NOT EXISTS ')}" for text in absent)])
    return f"{fact}, because {because or 'it always holds'} (by {', '.join(rules)})."


def stamped(proof: Proof, seq: int) -> Proof:
    """The proof with `seq` at every step that rests on an absence."""
    premises = tuple(stamped(premise, seq) for premise in proof.premises)
    return replace(proof, premises=premises, seq=seq if proof.absent else proof.seq)


def check(proof: Proof, rules: RuleSet, graph: WorkingGraph, visible: int) -> list[str]:
    """What is wrong with a proof, as sentences; empty for a sound one.

    Every leaf must be asserted in the graph it names, or be an axiom of the rule above it; every step must fire again
    from its own premises and nothing else; no fact may stand among its own premises.
    """
    return list(_Checker(rules, graph, visible).faults(proof, ()))


class _Checker:
    def __init__(self, rules: RuleSet, graph: WorkingGraph, visible: int) -> None:
        self._rules = rules
        self._graph = graph
        self._view = GraphTerms(graph, visible)
        self._heads = rules.heads()

    def faults(self, proof: Proof, above: tuple[TermTriple, ...]) -> Iterator[str]:
        if proof.fact in above:
            yield f"{fact_text(proof.fact)} stands among its own premises."
            return
        if proof.rule is None:
            if not self._asserted(proof):
                yield f"{fact_text(proof.fact)} is not asserted in {proof.graph}."
            return
        candidates = [rule for rule in self._rules.rules if rule.name == proof.rule]
        if not any(self._fires(rule, proof) for rule in candidates):
            yield f"{fact_text(proof.fact)} does not follow by {proof.rule} from the premises given."
        axioms = {axiom for rule in candidates for axiom in rule.axioms}
        for premise in proof.premises:
            if premise.rule is not None or premise.fact not in axioms:
                yield from self.faults(premise, (*above, proof.fact))

    def _asserted(self, proof: Proof) -> bool:
        s, p, o = (self._graph.terms.find(term) for term in proof.fact)
        if s is None or p is None or o is None or proof.graph is None:
            return False
        return bool(self._graph.marks(s, p, o) & GraphName(proof.graph).bit)

    def _fires(self, rule: Rule, proof: Proof) -> bool:
        """True if the rule gives the fact, with the proof's bindings, from its premises; absences are looked up now."""
        given = unified(rule.head, proof.fact)
        if given is None:
            return False
        premises = {premise.fact for premise in proof.premises}
        known = given | {Var(name): term for name, term in proof.bindings if Var(name) in rule.bound_variables()}
        if any(known[variable] != term for variable, term in given.items()):
            return False
        for solution in solutions(rule, known, self._view, self._own):
            needed = {instantiated(atom, solution) for atom in rule.body} | set(rule.axioms)
            if needed == premises and self._absences(rule, solution) == proof.absent:
                return True
        return False

    def _absences(self, rule: Rule, solution: Solution) -> tuple[str, ...]:
        return tuple(absence_text(absence, solution) for absence in rule.absences)

    def _own(self, p: Term, o: Term) -> bool:
        return any(key.predicate == p and (key.cls is None or key.cls == o) for key in self._heads)


def _lines(proof: Proof, labels: Labels, depth: int) -> Iterator[str]:
    origin = f"[{proof.graph}]" if proof.rule is None else f"by {_name(proof.rule, labels)}"
    yield f"{'  ' * depth}{fact_text(proof.fact, labels)}  {origin}"
    for text in proof.absent:
        yield f"{'  ' * (depth + 1)}{text}" + (f"  (as of seq {proof.seq})" if proof.seq is not None else "")
    for premise in proof.premises:
        yield from _lines(premise, labels, depth + 1)


def fact_text(fact: tuple[Term, Term, Term], labels: Labels = _NO_LABELS) -> str:
    """A triple with labels where there are any, else with the last part of its IRIs."""
    return " ".join(term_text(term, labels) for term in fact)


def term_text(term: Term, labels: Labels = _NO_LABELS) -> str:
    """A term as a person reads it."""
    if term in labels:
        return labels[term]
    if term == RDF.type:
        return "is a"
    if isinstance(term, Literal):
        return str(term)
    if isinstance(term, URIRef):
        return _local(term)
    return f"_:{term}"


def _local(iri: str) -> str:
    return iri.rstrip("/#").rsplit("#", 1)[-1].rsplit("/", 1)[-1] or iri


def _name(rule: str, labels: Labels) -> str:
    if rule.startswith("owl2rl:"):
        return rule
    return labels.get(URIRef(rule), _local(rule))


def _steps(proof: Proof) -> Iterator[Proof]:
    yield proof
    for premise in proof.premises:
        yield from _steps(premise)


def _rules(proof: Proof) -> Iterator[str]:
    return (step.rule for step in _steps(proof) if step.rule is not None)


__all__ = ["Labels", "check", "fact_text", "indented", "sentence", "stamped", "term_text"]
