"""Shortest proofs, computed when somebody asks.

All derivations below the fact are collected, then heights are settled from the leaves upwards, so that the proof
found has the least height there is. Where more than DERIVATIONS lie below a fact, proofs follow the ranks of the
maintenance instead: still finite and acyclic, not necessarily the shortest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from rdflib import Literal

from kg.graph import WorkingGraph
from kg.names import WORKING, GraphName
from kg.proof import Proof
from kg.stages import Inference
from kg.terms import Node, Term
from reasoner.rules.ir import Absence, Atom, Rule, Var, renamed
from reasoner.rules.maintenance import Ranks
from reasoner.rules.match import Solution, TermTriple, instantiated, solutions, unified
from reasoner.rules.plan import Fact, Plan
from reasoner.rules.strata import RuleSet

DERIVATIONS = 20_000


class GraphTerms:
    """A working graph in terms, restricted to the named graphs that rules read. Implements TermView."""

    def __init__(self, graph: WorkingGraph, visible: int) -> None:
        self._graph = graph
        self._visible = visible

    def match(self, s: Term | None, p: Term | None, o: Term | None) -> Iterator[TermTriple]:
        terms, graph = self._graph.terms, self._graph
        nodes = [None if t is None else terms.find(t) for t in (s, p, o)]
        if any(node is None and t is not None for node, t in zip(nodes, (s, p, o), strict=True)):
            return
        for triple in list(self._candidates(*nodes)):
            if graph.marks(*triple) & self._visible:
                yield terms.term(triple[0]), terms.term(triple[1]), terms.term(triple[2])

    def _candidates(self, s: Node | None, p: Node | None, o: Node | None) -> Iterator[Fact]:
        graph = self._graph
        if p is None:
            predicates: Iterable[Node] = {t.p for t in graph.triples()} if s is None else graph.predicates(s)
            for each in list(predicates):
                yield from self._candidates(s, each, o)
        elif s is not None:
            yield from ((s, p, x) for x in graph.objects(s, p) if o is None or x == o)
        elif o is not None:
            yield from ((x, p, o) for x in graph.subjects(p, o))
        else:
            yield from ((x, p, y) for x, y in graph.pairs(p))


@dataclass(frozen=True, slots=True)
class _Derivation:
    """One way to give a fact."""

    rule: Rule
    solution: Solution
    premises: tuple[TermTriple, ...]


class Explainer:
    """Finds proofs in the graph as it is."""

    def __init__(
        self,
        graph: WorkingGraph,
        rules: RuleSet,
        plan: Plan,
        ranks: Callable[[], Ranks],
        visible: int,
        below: Inference | None,
    ) -> None:
        self._graph = graph
        self._rules = rules
        self._plan = plan
        self._ranks = ranks
        self._visible = visible
        self._below = below
        self._view = GraphTerms(graph, visible)

    def explain(self, s: Term, p: Term, o: Term) -> Proof | None:
        """The shortest proof, or None where the fact does not hold in what rules may read."""
        fact = (s, p, o)
        leaf = self._leaf(fact)
        if leaf is not None:
            return leaf
        if not self._marks(fact) & GraphName.INFERRED.bit:
            return None
        derivations, leaves = self._collect(fact)
        if derivations is None:
            return self._by_rank(fact)
        chosen = _settled(derivations, leaves)
        return self._built(fact, chosen, leaves) if fact in chosen else None  # derived, but not by these rules

    def _marks(self, fact: TermTriple) -> int:
        nodes = [self._graph.terms.find(term) for term in fact]
        s, p, o = nodes
        return 0 if s is None or p is None or o is None else self._graph.marks(s, p, o) & self._visible

    def _leaf(self, fact: TermTriple) -> Proof | None:
        """The proof of a fact that is asserted, or that another engine has derived."""
        marks = self._marks(fact) & ~GraphName.INFERRED.bit
        for name in GraphName:
            if marks & name.bit and name in WORKING:
                return Proof(fact, name.value)
        if self._below is not None and not self._own(fact[1], fact[2]):
            return self._below.explain(*fact)
        return None

    def _own(self, p: Term, o: Term) -> bool:
        nodes = self._graph.terms.find(p), self._graph.terms.find(o)
        return nodes[0] is not None and self._plan.own(nodes[0], nodes[1] if nodes[1] is not None else -1)

    def _derivations(self, fact: TermTriple) -> Iterator[_Derivation]:
        for rule in self._rules.rules:
            given = unified(rule.head, fact)
            if given is None or isinstance(fact[0], Literal):
                continue
            for solution in solutions(rule, given, self._view, self._own):
                premises = tuple(dict.fromkeys(instantiated(atom, solution) for atom in rule.body))
                yield _Derivation(rule, solution, premises)

    def _collect(self, fact: TermTriple) -> tuple[dict[TermTriple, list[_Derivation]] | None, dict[TermTriple, Proof]]:
        """All derivations of the fact and of what they rest on, and the leaves; None where there are too many."""
        found: dict[TermTriple, list[_Derivation]] = {}
        leaves: dict[TermTriple, Proof] = {}
        agenda, count = [fact], 0
        while agenda:
            current = agenda.pop()
            if current in found or current in leaves:
                continue
            leaf = self._leaf(current)
            if leaf is not None:
                leaves[current] = leaf
                continue
            found[current] = []
            for derivation in self._derivations(current):
                count += 1
                if count > DERIVATIONS:
                    return None, leaves
                found[current].append(derivation)
                agenda += derivation.premises
        return found, leaves

    def _built(self, fact: TermTriple, chosen: dict[TermTriple, _Derivation], leaves: dict[TermTriple, Proof]) -> Proof:
        if fact in leaves:
            return leaves[fact]
        derivation = chosen[fact]
        return self._step(fact, derivation, tuple(self._built(p, chosen, leaves) for p in derivation.premises))

    def _by_rank(self, fact: TermTriple) -> Proof:
        """A proof whose steps within a component go down in rank."""
        leaf = self._leaf(fact)
        if leaf is not None:
            return leaf
        for derivation in self._derivations(fact):
            if all(self._is_older(premise, fact) for premise in derivation.premises):
                return self._step(fact, derivation, tuple(map(self._by_rank, derivation.premises)))
        raise AssertionError(f"no derivation of {fact} goes down in rank")

    def _step(self, fact: TermTriple, derivation: _Derivation, premises: tuple[Proof, ...]) -> Proof:
        rule, solution = derivation.rule, derivation.solution
        named = sorted((v.name, t) for v, t in solution.items() if t is not None and not v.name.startswith("_"))
        absent = tuple(absence_text(absence, solution) for absence in rule.absences)
        axioms = tuple(Proof(axiom, self._graph_of(axiom)) for axiom in rule.axioms)
        return Proof(fact, None, rule.name, tuple(named), (*premises, *axioms), absent)

    def _graph_of(self, axiom: TermTriple) -> str:
        """Axioms were compiled from the release's ontology, whether the working graph holds them or not."""
        leaf = self._leaf(axiom)
        return GraphName.ONTOLOGY.value if leaf is None or leaf.graph is None else leaf.graph

    def _is_older(self, premise: TermTriple, fact: TermTriple) -> bool:
        owner, node = self._place(fact)
        other, other_node = self._place(premise)
        if owner is None or other != owner or self._leaf(premise) is not None:
            return True
        ranks = self._ranks()[owner]
        return ranks.get(other_node, 0) < ranks.get(node, 1)

    def _place(self, fact: TermTriple) -> tuple[int | None, Fact]:
        s, p, o = (self._graph.terms.node(term) for term in fact)
        return self._plan.owner(p, o), (s, p, o)


def _settled(
    derivations: dict[TermTriple, list[_Derivation]], leaves: dict[TermTriple, Proof]
) -> dict[TermTriple, _Derivation]:
    """For each fact the derivation of least height, found from the leaves upwards."""
    users: dict[TermTriple, list[tuple[TermTriple, int]]] = {}
    missing: dict[tuple[TermTriple, int], int] = {}
    heights: dict[TermTriple, int] = {}
    chosen: dict[TermTriple, _Derivation] = {}
    heap: list[tuple[int, int, int, TermTriple, int]] = []
    serial = 0
    for fact, options in derivations.items():
        for index, option in enumerate(options):
            missing[fact, index] = len(option.premises)
            for premise in option.premises:
                users.setdefault(premise, []).append((fact, index))
            if not option.premises:
                heappush(heap, (1, 0, serial := serial + 1, fact, index))
    for leaf, proof in leaves.items():
        heappush(heap, (height(proof), 0, serial := serial + 1, leaf, -1))
    while heap:
        level, _, _, fact, index = heappop(heap)
        if fact in heights:
            continue
        heights[fact] = level
        if index >= 0:
            chosen[fact] = derivations[fact][index]
        for user, option_index in users.get(fact, ()):
            missing[user, option_index] -= 1
            if not missing[user, option_index] and user not in heights:
                option = derivations[user][option_index]
                entry = (level + 1, len(option.premises), serial := serial + 1, user, option_index)
                heappush(heap, entry)
    return chosen


def height(proof: Proof) -> int:
    """0 for an asserted fact, else one more than the highest premise."""
    if proof.rule is None:
        return 0
    return 1 + max(map(height, proof.premises), default=0)


def absence_text(absence: Absence, solution: Solution) -> str:
    """The pattern that matched nothing, with what was known filled in."""
    known = {v: t for v, t in solution.items() if t is not None}
    atoms = tuple(Atom(*(known.get(x, x) if isinstance(x, Var) else x for x in atom)) for atom in absence.atoms)  # type: ignore[arg-type]
    filters = tuple(renamed(f, known) for f in absence.filters)  # type: ignore[arg-type]  # blank nodes only print here
    return str(Absence(atoms, filters))
