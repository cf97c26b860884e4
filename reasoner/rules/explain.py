"""Shortest proofs, computed when somebody asks.

All derivations below the fact are collected, then heights are settled from the leaves upwards, so that the proof
found has the least height there is; of several so low the smallest is searched for. Where more than DERIVATIONS lie
below a fact, proofs follow the ranks of the maintenance instead: still finite and acyclic, not necessarily the
shortest. Proofs may be thousands of steps high, so nothing here calls itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

from rdflib import Literal
from rdflib.namespace import RDF

from kg.errors import BadValue
from kg.graph import WorkingGraph
from kg.names import WORKING, GraphName
from kg.proof import Measure, Proof, Proofs
from kg.stages import Inference
from kg.terms import Node, Term
from reasoner.rules.alternatives import Found, Search, Spent, Step
from reasoner.rules.contributions import Shown, Tables, shown
from reasoner.rules.ir import Absence, Atom, Rule, Var, renamed
from reasoner.rules.maintenance import Ranks
from reasoner.rules.match import Solution, TermTriple, instantiated, solutions, unified
from reasoner.rules.plan import Fact, Plan
from reasoner.rules.strata import RuleSet

DERIVATIONS = 20_000
WORK = 100_000
"""Combinations of proofs looked at in search of the smallest, or of alternatives."""
MOST = 100
"""Alternatives that may be asked for at once."""


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
    """What it rests on: the facts that match the body, then those behind the members of its groups."""
    own: int
    """How many of the premises match the body."""
    groups: tuple[Shown, ...] = ()

    @property
    def size(self) -> int:
        """Steps of its own: the fact, and the axioms behind the rule."""
        return 1 + len(self.rule.axioms)

    def identity(self) -> tuple[object, ...]:
        """What tells it from other derivations of the same fact."""
        absent = tuple(absence_text(absence, self.solution) for absence in self.rule.absences)
        groups = tuple((group.keys, group.results) for group in self.groups)
        return self.rule.name, frozenset(self.premises), frozenset(self.rule.axioms), absent, groups


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
        self._rules_by_head: dict[tuple[Term, Term | None], tuple[Rule, ...]] = {}
        self._tables = Tables(plan.tables, graph.terms)

    def explain(self, s: Term, p: Term, o: Term) -> Proof | None:
        """The shortest proof, or None where the fact does not hold in what rules may read."""
        fact = (s, p, o)
        return self._leaf(fact) or self._derived(fact)

    def explain_all(self, s: Term, p: Term, o: Term, most: int) -> Proofs:
        """Up to so many different proofs, the shortest first. Raises BadValue."""
        if not 0 < most <= MOST:
            raise BadValue(f"From 1 to {MOST} proofs can be asked for, not {most}.", most=most)
        fact = (s, p, o)
        asserted = tuple(Proof(fact, name.value) for name in self._asserting(fact))
        left = most + 1 - len(asserted)
        if self._below is not None and not self._own(p, o):
            found = self._below.explain_all(s, p, o, most)
            derived = tuple(proof for proof in found.proofs if proof.rule is not None)
            return _first(most, Proofs((*asserted, *derived), found.more))
        if not self._marks(fact) & GraphName.INFERRED.bit or left <= 0:
            return _first(most, Proofs(asserted, False))
        found = self._alternatives(fact, left)
        return _first(most, Proofs((*asserted, *found.proofs), found.more))

    def _derived(self, fact: TermTriple) -> Proof | None:
        """The shortest proof by rules."""
        if not self._marks(fact) & GraphName.INFERRED.bit:
            return None
        derivations, leaves = self._collect(fact)
        if derivations is None:
            return self._by_rank(fact)
        heights, chosen = _settled(derivations, leaves)
        if fact not in chosen:
            return None  # derived, but not by these rules
        ways = _ways(derivations, heights)
        if all(len(options) == 1 for options in ways.values()):
            return self._built(fact, chosen, leaves)
        try:
            return self._written(next(_search(ways, leaves, heights).proofs(fact)), leaves)
        except Spent:
            return self._built(fact, chosen, leaves)

    def _alternatives(self, fact: TermTriple, most: int) -> Proofs:
        """Proofs by rules, as many as are found within the bounds."""
        derivations, leaves = self._collect(fact)
        if derivations is None:
            # the ranks say nothing of how an asserted fact could also be derived
            return Proofs(() if self._leaf(fact) else (self._by_rank(fact),), True)
        heights, chosen = _settled(derivations, leaves)
        if fact not in chosen:
            return Proofs((), False)
        found: list[Proof] = []
        try:
            for each in _search(_ways(derivations, heights), leaves, heights).proofs(fact):
                found.append(self._written(each, leaves))
                if len(found) == most:
                    return Proofs(tuple(found), True)
        except Spent:
            return Proofs(tuple(found) or (self._built(fact, chosen, leaves),), True)
        # of what another engine derived one proof is shown
        return Proofs(tuple(found), any(leaf.rule is not None for leaf in leaves.values()))

    def _asserting(self, fact: TermTriple) -> Iterator[GraphName]:
        marks = self._marks(fact) & ~GraphName.INFERRED.bit
        return (name for name in GraphName if marks & name.bit and name in WORKING)

    def _marks(self, fact: TermTriple) -> int:
        nodes = [self._graph.terms.find(term) for term in fact]
        s, p, o = nodes
        return 0 if s is None or p is None or o is None else self._graph.marks(s, p, o) & self._visible

    def _leaf(self, fact: TermTriple) -> Proof | None:
        """The proof of a fact that is asserted, or that another engine has derived."""
        for name in self._asserting(fact):
            return Proof(fact, name.value)
        if self._below is not None and not self._own(fact[1], fact[2]):
            return self._below.explain(*fact)
        return None

    def _own(self, p: Term, o: Term) -> bool:
        nodes = self._graph.terms.find(p), self._graph.terms.find(o)
        return nodes[0] is not None and self._plan.own(nodes[0], nodes[1] if nodes[1] is not None else -1)

    def _derivations(self, fact: TermTriple) -> Iterator[_Derivation]:
        for rule in self._giving(fact[1], fact[2]):
            given = unified(rule.head, fact)
            if given is None or isinstance(fact[0], Literal):
                continue
            for solution in solutions(rule, given, self._view, self._own, self._tables.rows):
                own = tuple(dict.fromkeys(instantiated(atom, solution) for atom in rule.body))
                groups = tuple(
                    shown(row, solution, self._tables.size(row, solution), self._view, self._own) for row in rule.rows
                )
                behind = (fact for group in groups for fact in group.facts())
                yield _Derivation(rule, solution, tuple(dict.fromkeys((*own, *behind))), len(own), groups)

    def _giving(self, p: Term, o: Term) -> tuple[Rule, ...]:
        """The rules that may give a fact with this predicate and object."""
        key = p, o if p == RDF.type else None
        found = self._rules_by_head.get(key)
        if found is None:
            heads = ((rule, rule.head) for rule in self._rules.rules)
            found = tuple(r for r, h in heads if h.p == p and (key[1] is None or isinstance(h.o, Var) or h.o == o))
            self._rules_by_head[key] = found
        return found

    def _collect(self, fact: TermTriple) -> tuple[dict[TermTriple, list[_Derivation]] | None, dict[TermTriple, Proof]]:
        """All derivations of the fact and of what they rest on, and the leaves; None where there are too many.

        The fact itself is no leaf, asserted or not.
        """
        found: dict[TermTriple, list[_Derivation]] = {}
        leaves: dict[TermTriple, Proof] = {}
        agenda, count = [fact], 0
        while agenda:
            current = agenda.pop()
            if current in found or current in leaves:
                continue
            leaf = None if current == fact else self._leaf(current)
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

    def _built(
        self, fact: TermTriple, chosen: Mapping[TermTriple, _Derivation], leaves: Mapping[TermTriple, Proof]
    ) -> Proof:
        """The proof that gives each fact in the way chosen."""
        built = dict(leaves)
        built.pop(fact, None)
        waiting = [fact]
        while waiting:
            current = waiting[-1]
            missing = [premise for premise in chosen[current].premises if premise not in built]
            waiting += missing
            if not missing:
                waiting.pop()
                if current not in built:
                    premises = tuple(built[premise] for premise in chosen[current].premises)
                    built[current] = self._step(current, chosen[current], premises)
        return built[fact]

    def _written(self, found: Found[_Derivation], leaves: Mapping[TermTriple, Proof]) -> Proof:
        """The proof that the search has found."""
        built: dict[int, Proof] = {}
        waiting = [found]
        while waiting:
            current = waiting[-1]
            missing = [each for each in current.below if id(each) not in built]
            waiting += missing
            if not missing:
                waiting.pop()
                if id(current) not in built:
                    premises = tuple(built[id(each)] for each in current.below)
                    way = current.way
                    built[id(current)] = (
                        leaves[current.fact] if way is None else self._step(current.fact, way, premises)
                    )
        return built[id(found)]

    def _by_rank(self, fact: TermTriple) -> Proof:
        """A proof whose steps within a component go down in rank."""
        chosen: dict[TermTriple, _Derivation] = {}
        leaves: dict[TermTriple, Proof] = {}
        waiting = [fact]
        while waiting:
            current = waiting.pop()
            if current in chosen or current in leaves:
                continue
            leaf = None if current == fact else self._leaf(current)
            if leaf is not None:
                leaves[current] = leaf
                continue
            chosen[current] = self._going_down(current)
            waiting += chosen[current].premises
        return self._built(fact, chosen, leaves)

    def _going_down(self, fact: TermTriple) -> _Derivation:
        for derivation in self._derivations(fact):
            if all(self._is_older(premise, fact) for premise in derivation.premises):
                return derivation
        raise AssertionError(f"no derivation of {fact} goes down in rank")

    def _step(self, fact: TermTriple, derivation: _Derivation, premises: tuple[Proof, ...]) -> Proof:
        rule, solution = derivation.rule, derivation.solution
        absent = tuple(absence_text(absence, solution) for absence in rule.absences)
        axioms = tuple(Proof(axiom, self._graph_of(axiom)) for axiom in rule.axioms)
        by_fact = dict(zip(derivation.premises, premises, strict=True))
        groups = tuple(group.proved(by_fact.__getitem__, named, absence_text) for group in derivation.groups)
        own = premises[: derivation.own]
        return Proof(fact, None, rule.name, named(solution), (*own, *axioms), absent, groups=groups)

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


def _ways(
    derivations: Mapping[TermTriple, list[_Derivation]], heights: Mapping[TermTriple, int]
) -> dict[TermTriple, list[tuple[_Derivation, Step]]]:
    """The different derivations of each fact that a proof can use."""
    ways: dict[TermTriple, list[tuple[_Derivation, Step]]] = {}
    for fact, options in derivations.items():
        usable = [o for o in options if fact not in o.premises and all(p in heights for p in o.premises)]
        if len(usable) > 1:
            usable = list({option.identity(): option for option in reversed(usable)}.values())[::-1]
        if fact in heights:
            ways[fact] = [(option, Step(option.premises, option.size)) for option in usable]
    return ways


def _search(
    ways: Mapping[TermTriple, list[tuple[_Derivation, Step]]],
    leaves: Mapping[TermTriple, Proof],
    heights: Mapping[TermTriple, int],
) -> Search[_Derivation]:
    measures = {fact: Measure(0, 1) if leaf.rule is None else leaf.measure() for fact, leaf in leaves.items()}
    return Search(ways, measures, heights, WORK)


def _first(most: int, found: Proofs) -> Proofs:
    """The first so many."""
    return Proofs(found.proofs[:most], found.more or len(found.proofs) > most)


def _settled(
    derivations: dict[TermTriple, list[_Derivation]], leaves: dict[TermTriple, Proof]
) -> tuple[dict[TermTriple, int], dict[TermTriple, _Derivation]]:
    """The least height of each fact that has a proof, and a derivation of that height."""
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
    return heights, chosen


def height(proof: Proof) -> int:
    """0 for an asserted fact, else one more than the highest premise."""
    return proof.measure().height


def named(solution: Solution) -> tuple[tuple[str, Term], ...]:
    """The bindings that a proof shows: of the variables that the author of the rule named."""
    return tuple(sorted((v.name, t) for v, t in solution.items() if t is not None and not v.name.startswith("_")))


def absence_text(absence: Absence, solution: Solution) -> str:
    """The pattern that matched nothing, with what was known filled in."""
    known = {v: t for v, t in solution.items() if t is not None}
    atoms = tuple(Atom(*(known.get(x, x) if isinstance(x, Var) else x for x in atom)) for atom in absence.atoms)  # type: ignore[arg-type]
    filters = tuple(renamed(f, known) for f in absence.filters)  # type: ignore[arg-type]  # blank nodes only print here
    return str(Absence(atoms, filters))
