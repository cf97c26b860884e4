"""A set of rules that is safe, stratified and sure to end, or the reason why it is not.

Rules depend on one another through what they derive: a predicate, or for rdf:type a predicate and a class, so that
`?x a :A` and `?x a :B` may lie in different strata. A component is a set of such keys that depend on each other;
components in order of dependency are the strata. The groups of an aggregate are a component of their own, above all
that they count and below the first rule that looks at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
from rdflib import Literal, URIRef
from rdflib.namespace import RDF

from kg.errors import RuleRefused
from reasoner.rules.ir import (
    Atom,
    Body,
    Call,
    Expr,
    Grouping,
    Key,
    Rule,
    Slot,
    Var,
    atoms_of,
    slot_text,
    variables_of,
)


@dataclass(frozen=True, slots=True)
class Component:
    """Rules whose heads depend on each other, one key that depends on nothing of its own, or the groups of one kind."""

    keys: frozenset[Key]
    rules: tuple[Rule, ...]
    recursive: bool
    grouping: Grouping | None = None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules with their components in the order in which they are to be evaluated."""

    rules: tuple[Rule, ...]
    components: tuple[Component, ...]
    splits_types: bool
    """False where a rule derives types with a variable class; then rdf:type is one key."""

    def key(self, atom: Atom) -> Key | None:
        """What the atom reads or derives; None for a variable predicate."""
        return _key(atom, self.splits_types)

    def heads(self) -> frozenset[Key]:
        """Everything that the rules derive."""
        return frozenset().union(*(component.keys for component in self.components))

    def reads(self) -> frozenset[Key]:
        """The keys of all atoms with a constant predicate, those of absences and aggregates too."""
        return frozenset(key for rule in self.rules for atom in atoms_of(rule) if (key := self.key(atom)) is not None)


def stratified(rules: Iterable[Rule]) -> RuleSet:
    """The rules as a RuleSet. Raises RuleRefused naming the rule and the variable, or the cycle."""
    rules = tuple(rules)
    for rule in rules:
        _check_safe(rule)
    splits = not any(rule.head.p == RDF.type and isinstance(rule.head.o, Var) for rule in rules)
    dependencies = _dependencies(rules, splits)
    condensed = nx.condensation(dependencies)
    components: list[Component] = []
    grouped: set[Grouping] = set()
    by_key: dict[Key, list[Rule]] = {}
    for rule in rules:
        by_key.setdefault(_head_key(rule, splits), []).append(rule)
    order = nx.lexicographical_topological_sort(
        condensed.reverse(), key=lambda n: min(map(str, condensed.nodes[n]["members"]))
    )
    for node in order:
        keys = frozenset(condensed.nodes[node]["members"])
        members = tuple(rule for key in sorted(keys, key=str) for rule in by_key[key])
        recursive = len(keys) > 1 or any(dependencies.has_edge(key, key) for key in keys)
        component = Component(keys, members, recursive)
        if recursive:
            _check_recursion(component, dependencies, splits)
        for grouping in (row.grouping for rule in members for row in rule.rows):
            if grouping not in grouped:
                grouped.add(grouping)
                components.append(Component(frozenset(), (), False, grouping))
        components.append(component)
    _check_orders(rules, dependencies, by_key, splits)
    return RuleSet(rules, tuple(components), splits)


def check_guards(rules: Iterable[Rule], guarded: frozenset[URIRef]) -> None:
    """Refuses rules that derive a guarded predicate, or membership in a guarded class."""
    for rule in rules:
        terms = [rule.head.p] + ([rule.head.o] if rule.head.p == RDF.type else [])
        for term in terms:
            if term in guarded:
                raise RuleRefused(
                    f"Rule {rule.name} derives {slot_text(term)}, which no rule may derive.",
                    rule=rule.name,
                    term=str(term),
                )
            if guarded and isinstance(term, Var):
                raise RuleRefused(
                    f"Rule {rule.name} derives types of any class {term}; name the classes.",
                    rule=rule.name,
                    variable=str(term),
                )


def check_layers(lower: RuleSet, upper: RuleSet) -> None:
    """Refuses two sets for one Gate that derive the same, or a lower set that reads what the upper derives."""
    for what, keys in (("also derives", lower.heads()), ("reads", lower.reads())):
        for key in sorted(upper.heads(), key=str):
            for other in keys:
                if _overlap(key, other):
                    raise RuleRefused(
                        f"A rule of the lower set {what} {other}, which the upper set derives.", key=str(key)
                    )


def _overlap(a: Key, b: Key) -> bool:
    return a.predicate == b.predicate and (a.cls is None or b.cls is None or a.cls == b.cls)


def _key(atom: Atom, splits: bool) -> Key | None:
    if isinstance(atom.p, Var):
        return None
    if atom.p == RDF.type and splits and not isinstance(atom.o, Var):
        return Key(RDF.type, atom.o)
    return Key(URIRef(atom.p))


def _head_key(rule: Rule, splits: bool) -> Key:
    key = _key(rule.head, splits)
    if key is None:
        raise RuleRefused(f"Rule {rule.name} has a variable as its head's predicate.", rule=rule.name)
    return key


def _read_keys(atom: Atom, heads: Sequence[Key], splits: bool) -> Iterator[Key]:
    key = _key(atom, splits)
    if key is None:
        return
    for head in heads:
        if _overlap(key, head):
            yield head


def _dependencies(rules: tuple[Rule, ...], splits: bool) -> nx.DiGraph:
    """Edges from what is derived to what it is derived from; `rule` and `needs` say by whom and what of it."""
    graph = nx.DiGraph()
    graph.add_nodes_from(_head_key(rule, splits) for rule in rules)
    heads: dict[Slot, list[Key]] = {}
    for key in graph.nodes:
        heads.setdefault(key.predicate, []).append(key)
    for rule in rules:
        head = _head_key(rule, splits)
        for atom in rule.body:
            for key in _read_keys(atom, heads.get(atom.p, []), splits):
                if not graph.has_edge(head, key):
                    graph.add_edge(head, key, rule=rule.name, needs="")
        for needs, atom in _read_whole(rule):
            for key in _read_keys(atom, heads.get(atom.p, []), splits):
                graph.add_edge(head, key, rule=rule.name, needs=needs)
    return graph


def _read_whole(rule: Rule) -> Iterator[tuple[str, Atom]]:
    """Atoms of which everything must be known before the rule may fire, and what it needs of it."""
    yield from (("the absence of ", atom) for absence in rule.absences for atom in absence.atoms)
    yield from (("an aggregate of ", atom) for row in rule.rows for atom in row.grouping.atoms())


def _check_safe(rule: Rule) -> None:
    head, bound = rule.head, rule.bound_variables()
    if isinstance(head.p, Var):
        raise _unsafe(rule, head.p, "stands as predicate in the head; name the predicate")
    if isinstance(head.s, Literal) or isinstance(head.p, Literal):
        raise RuleRefused(f"Rule {rule.name} has a literal as subject or predicate of its head.", rule=rule.name)
    for variable in sorted(head.variables() - bound, key=str):
        raise _unsafe(rule, variable, "stands in the head, but the body does not bind it")
    _check_body(rule, rule)
    for row in rule.rows:
        _check_grouping(rule, row.grouping)
    for atom in atoms_of(rule):
        if isinstance(atom.s, Literal) or isinstance(atom.p, Literal):
            raise RuleRefused(f"Rule {rule.name} has the pattern {atom}, which no triple can match.", rule=rule.name)


def _check_body(rule: Rule, body: Body) -> None:
    bound = body.bound_variables()
    for expr in body.filters:
        for variable in sorted(variables_of(expr) - bound, key=str):
            raise _unsafe(rule, variable, "stands in a filter, but the body does not bind it")
    known = body.matched_variables()
    for bind in body.binds:
        for variable in sorted(variables_of(bind.expr) - known, key=str):
            raise _unsafe(rule, variable, "stands in a BIND, but nothing before it binds it")
        known |= {bind.var}
    for absence in body.absences:
        inner = frozenset().union(*(atom.variables() for atom in absence.atoms))
        for variable in sorted(absence.variables() - inner - bound, key=str):
            raise _unsafe(rule, variable, "stands in a filter of NOT EXISTS, but nothing binds it")


def _check_grouping(rule: Rule, grouping: Grouping) -> None:
    for branch in grouping.branches:
        _check_body(rule, branch)
        bound = branch.bound_variables()
        for variable in sorted(set(grouping.keys) - bound, key=str):
            raise _unsafe(rule, variable, "stands in GROUP BY, but a sub-SELECT's body does not bind it")
        for aggregate in grouping.aggregates:
            used = frozenset() if aggregate.expr is None else variables_of(aggregate.expr)
            for variable in sorted(used - bound, key=str):
                raise _unsafe(rule, variable, f"stands in {aggregate}, but a sub-SELECT's body does not bind it")


def _unsafe(rule: Rule, variable: Var, why: str) -> RuleRefused:
    return RuleRefused(f"Rule {rule.name} is not safe: {variable} {why}.", rule=rule.name, variable=str(variable))


def _check_recursion(component: Component, dependencies: nx.DiGraph, splits: bool) -> None:
    inside = dependencies.subgraph(component.keys)
    for head, key, data in sorted(inside.edges(data=True), key=str):
        if data["needs"]:
            raise _cycle(inside, head, key)
    for rule in component.rules:
        read = {key for atom in rule.body for key in _read_keys(atom, list(component.keys), splits)}
        if not read:
            continue
        for bind in rule.binds:
            if bind.var in rule.head.variables() and _invents(bind.expr):
                raise RuleRefused(
                    f"Rule {rule.name} computes {bind.var} for its head and reads {min(map(str, read))}, which depends "
                    f"on that head again; it may never end.",
                    rule=rule.name,
                    variable=str(bind.var),
                    cycle=sorted(map(str, component.keys)),
                )


def _cycle(inside: nx.DiGraph, head: Key, key: Key) -> RuleRefused:
    path = [head, *nx.shortest_path(inside, key, head)]
    steps = []
    for start, end in pairwise(path):
        data = inside.edges[start, end]
        steps.append(f"{start} needs {data['needs']}{end} (rule {data['rule']})")
    return RuleRefused(
        f"These rules can't be stratified: {'; '.join(steps)}.",
        cycle=[str(step) for step in path],
        rule=inside.edges[head, key]["rule"],
    )


def _invents(expr: Expr) -> bool:
    """False where the value is always one that stands in the graph or the rule already."""
    match expr:
        case Call("if", (_, yes, no)):
            return _invents(yes) or _invents(no)
        case Call("coalesce", args):
            return any(_invents(arg) for arg in args)
        case Call():
            return True
        case _:
            return False


def _check_orders(
    rules: tuple[Rule, ...], dependencies: nx.DiGraph, by_key: dict[Key, list[Rule]], splits: bool
) -> None:
    """Refuses a sh:order by which a rule would look for an absence, or count, before all that it looks at is there."""
    if len({rule.order for rule in rules}) < 2:
        return
    heads = list(dependencies.nodes)
    for rule in rules:
        for needs, atom in _read_whole(rule):
            for key in _read_keys(atom, heads, splits):
                for source in by_key[key]:
                    if source.order > rule.order:
                        raise RuleRefused(
                            f"Rule {rule.name} has sh:order {rule.order:g} and needs {needs}{key}, which "
                            f"rule {source.name} derives with sh:order {source.order:g}; give it a lower order.",
                            rule=rule.name,
                        )
