"""Proofs for people, and a checker that believes nothing it has not fired again.

`indented` is a text tree, `sentence` one line with labels, `stamped` fills in the `seq` at which absences held; JSON
comes from `Proof.to_json`, PROV-O from `reasoner.provenance`, pictures from `reasoner.drawings`. `check` takes a proof
apart step by step against rules and graph. A proof that is thousands of steps high is rendered and checked as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain

import networkx as nx
from rdflib import Literal, URIRef
from rdflib.namespace import RDF

from kg.graph import WorkingGraph
from kg.names import WORKING, GraphName
from kg.proof import Group, Proof
from kg.terms import Term
from reasoner.rules.contributions import CONTRIBUTIONS, faces, facts_of
from reasoner.rules.explain import GraphTerms, absence_text, named
from reasoner.rules.ir import Grouping, Row, Rule, Var
from reasoner.rules.match import (
    MemberOf,
    Solution,
    TermTriple,
    counted,
    instantiated,
    members,
    solutions,
    unified,
)
from reasoner.rules.strata import RuleSet

Labels = Mapping[Term, str]
_NO_LABELS: Labels = {}
_ASSERTING = {name.value: name.bit for name in WORKING - {GraphName.INFERRED}}
_MOST_REASONS = 20
"""Facts in a sentence."""
_MOST_INDENT = 40
"""Levels of indentation; below, a number says how deep a line is."""


def indented(proof: Proof, labels: Labels = _NO_LABELS) -> str:
    """A tree of lines: each fact with the graph that asserts it or the rule that gives it, its premises below.

    A proof that stands in several places is written out in the first.
    """
    return "\n".join(_lines(proof, labels))


def sentence(proof: Proof, labels: Labels = _NO_LABELS) -> str:
    """One line: the fact and the asserted facts it rests on, with the rules used."""
    fact = fact_text(proof.fact, labels)
    if proof.rule is None:
        return f"{fact} is asserted in {proof.graph}."
    rules = dict.fromkeys(rule_text(step.rule, labels) for step in proof.steps() if step.rule is not None)
    leaves = dict.fromkeys(fact_text(leaf.fact, labels) for leaf in proof.leaves() if leaf.rule is None)
    absent = dict.fromkeys(chain.from_iterable(step.absent for step in proof.steps()))
    counted = dict.fromkeys(group_text(group, labels) for step in proof.steps() for group in step.groups)
    reasons = [*counted, *leaves, *(f"there is none of {text.removeprefix('NOT EXISTS ')}" for text in absent)]
    if len(reasons) > _MOST_REASONS:
        reasons[_MOST_REASONS:] = [f"{len(reasons) - _MOST_REASONS} facts more"]
    because = " and ".join(reasons)
    return f"{fact}, because {because or 'it always holds'} (by {', '.join(rules)})."


def stamped(proof: Proof, seq: int) -> Proof:
    """The proof with `seq` at every step that rests on an absence or on what a group counted."""
    return proof.stamped(seq)


def check(proof: Proof, rules: RuleSet, graph: WorkingGraph, visible: int) -> list[str]:
    """What is wrong with a proof, as sentences; empty for a sound one.

    Every leaf must be asserted in the graph it names, or be an axiom of the rule above it; every step must fire again
    from its own premises and nothing else; no fact may stand among its own premises.
    """
    return [*_Checker(rules, graph, visible).faults(proof), *_circles(proof)]


class _Checker:
    def __init__(self, rules: RuleSet, graph: WorkingGraph, visible: int) -> None:
        self._rules = rules
        self._graph = graph
        self._visible = visible
        self._view = GraphTerms(graph, visible)
        self._heads = rules.heads()
        self._inside: dict[object, list[MemberOf]] = {}

    def faults(self, proof: Proof) -> Iterator[str]:
        if proof.rule is None:
            yield from self._faults_of_leaf(proof)
            return
        for step in proof.steps():
            if step.rule is not None:
                yield from self._faults_of_step(step)

    def _faults_of_step(self, proof: Proof) -> Iterator[str]:
        candidates = [rule for rule in self._rules.rules if rule.name == proof.rule]
        if proof.graph is not None:
            yield f"{fact_text(proof.fact)} is said to be asserted in {proof.graph} and to follow by {proof.rule}."
        if not any(self._fires(rule, proof) for rule in candidates):
            yield f"{fact_text(proof.fact)} does not follow by {proof.rule} from the premises given."
        axioms = {axiom for rule in candidates for axiom in rule.axioms}
        for premise in proof.below():
            is_axiom = premise.fact in axioms and premise.graph == GraphName.ONTOLOGY.value
            if premise.rule is None and not (is_axiom and _is_bare(premise)):
                yield from self._faults_of_leaf(premise)

    def _faults_of_leaf(self, proof: Proof) -> Iterator[str]:
        if not self._asserted(proof):
            yield f"{fact_text(proof.fact)} is not asserted in {proof.graph}."
        if not _is_bare(proof):
            yield f"{fact_text(proof.fact)} is said to be asserted and to rest on something."

    def _asserted(self, proof: Proof) -> bool:
        s, p, o = (self._graph.terms.find(term) for term in proof.fact)
        if s is None or p is None or o is None or proof.graph not in _ASSERTING:
            return False
        return bool(self._graph.marks(s, p, o) & _ASSERTING[proof.graph] & self._visible)

    def _fires(self, rule: Rule, proof: Proof) -> bool:
        """True if the rule gives the fact, with the proof's bindings, from its premises; absences are looked up now."""
        given = unified(rule.head, proof.fact)
        if given is None:
            return False
        premises = {premise.fact for premise in proof.premises}
        known = given | {Var(name): term for name, term in proof.bindings if Var(name) in rule.bound_variables()}
        if any(known[variable] != term for variable, term in given.items()):
            return False
        rows = counted(self._view, self._own, find=self._members)
        for solution in solutions(rule, known, self._view, self._own, rows):
            needed = {instantiated(atom, solution) for atom in rule.body} | set(rule.axioms)
            same = needed == premises and named(solution) == tuple(sorted(proof.bindings))
            if same and self._absences(rule, solution) == proof.absent and self._counts(rule, solution, proof):
                return True
        return False

    def _counts(self, rule: Rule, solution: Solution, proof: Proof) -> bool:
        """True if the groups of a step are those that its rule looks at, counted anew, and all they show is in them."""
        return len(rule.rows) == len(proof.groups) and all(
            self._is_counted(row, solution, group) for row, group in zip(rule.rows, proof.groups, strict=True)
        )

    def _is_counted(self, row: Row, solution: Solution, group: Group) -> bool:
        given = {Var(name): term for name, term in group.keys}
        inside = self._members(row.grouping, given)
        there = Counter(
            (named(m.solution), frozenset(facts_of(m)), tuple(absence_text(a, m.solution) for a in m.branch.absences))
            for m in inside
        )
        told = Counter((c.bindings, frozenset(p.fact for p in c.premises), c.absent) for c in group.contributions)
        is_same = faces(row, solution) == (group.keys, group.results) and len(inside) == group.count
        return is_same and told <= there and told.total() == min(len(inside), CONTRIBUTIONS)

    def _members(self, grouping: Grouping, given: Solution) -> list[MemberOf]:
        """All members with these keys, looked for once."""
        key = id(grouping), frozenset(given.items())
        if key not in self._inside:
            self._inside[key] = list(members(grouping, given, self._view, self._own))
        return self._inside[key]

    def _absences(self, rule: Rule, solution: Solution) -> tuple[str, ...]:
        return tuple(absence_text(absence, solution) for absence in rule.absences)

    def _own(self, p: Term, o: Term) -> bool:
        return any(key.predicate == p and (key.cls is None or key.cls == o) for key in self._heads)


def _is_bare(proof: Proof) -> bool:
    """True for a leaf that says no more than a leaf can."""
    return not (proof.below() or proof.bindings or proof.absent or proof.groups)


def _circles(proof: Proof) -> Iterator[str]:
    """A sentence for each fact that stands somewhere among its own premises."""
    graph: nx.DiGraph[TermTriple] = nx.DiGraph()
    graph.add_edges_from((step.fact, below.fact) for step in proof.steps() for below in step.below())
    suspects = {fact for circle in nx.strongly_connected_components(graph) if len(circle) > 1 for fact in circle}
    suspects |= {fact for fact in graph if graph.has_edge(fact, fact)}
    found: set[TermTriple] = set()
    for step in proof.steps() if suspects else ():
        if step.fact in suspects - found and any(each.fact == step.fact for each in step.steps() if each is not step):
            found.add(step.fact)
            yield f"{fact_text(step.fact)} stands among its own premises."


def _lines(proof: Proof, labels: Labels) -> Iterator[str]:
    met: set[int] = set()
    waiting = [(proof, 0)]
    while waiting:
        step, depth = waiting.pop()
        is_told = id(step) in met and bool(step.below())
        met.add(id(step))
        origin = f"[{step.graph}]" if step.rule is None else f"by {rule_text(step.rule, labels)}"
        yield f"{_indent(depth)}{fact_text(step.fact, labels)}  {origin}{'  (as above)' if is_told else ''}"
        if is_told:
            continue
        for text in (*step.absent, *(group_text(group, labels) for group in step.groups)):
            yield f"{_indent(depth + 1)}{absence_words(text, step.seq)}"
        waiting += [(below, depth + 1) for below in reversed(step.below())]


def _indent(depth: int) -> str:
    return "  " * depth if depth <= _MOST_INDENT else f"{'  ' * _MOST_INDENT}({depth}) "


def group_text(group: Group, labels: Labels = _NO_LABELS) -> str:
    """What was counted: `SUM(?v) is 12 for ?line filling, from 40 members, 10 of them shown`."""
    results = " and ".join(
        f"{text} is {'an error' if term is None else term_text(term, labels)}" for text, term in group.results
    )
    keys = "".join(f" for ?{name} {term_text(term, labels)}" for name, term in group.keys)
    shown = len(group.contributions)
    part = "" if shown == group.count else f", {shown} of them shown"
    return f"{results or 'there is a group'}{keys}, from {group.count} member{'s' if group.count != 1 else ''}{part}"


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


def absence_words(text: str, seq: int | None) -> str:
    """What was not found, with the moment of which that is known."""
    return text if seq is None else f"{text}  (as of seq {seq})"


def rule_text(rule: str, labels: Labels = _NO_LABELS) -> str:
    """A rule as a person reads it; the names of the W3C's tables stay as they are."""
    if rule.startswith("owl2rl:"):
        return rule
    return labels.get(URIRef(rule), _local(rule))


__all__ = [
    "Labels",
    "absence_words",
    "check",
    "fact_text",
    "group_text",
    "indented",
    "rule_text",
    "sentence",
    "stamped",
    "term_text",
]
