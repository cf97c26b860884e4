"""A rule set compiled for one graph: which function to call for which triple, component by component."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from rdflib.namespace import RDF

from kg.terms import Node, Terms
from reasoner.rules.aggregates import Items
from reasoner.rules.group_source import BranchWriter
from reasoner.rules.groups import Inputs, Table
from reasoner.rules.groups import Key as GroupKey
from reasoner.rules.ir import Atom, Grouping, Key, Rule, Var
from reasoner.rules.nodes import Nodes
from reasoner.rules.source import Writer
from reasoner.rules.strata import Component, RuleSet

Fact: TypeAlias = tuple[Node, Node, Node]
Check: TypeAlias = Callable[..., "tuple[Fact, ...] | None"]
Member: TypeAlias = tuple[Node, ...]
"""A branch's number and the nodes of its members' variables."""
Given: TypeAlias = "tuple[GroupKey, Inputs]"
Judge: TypeAlias = "Callable[[Member, Any, Any], Given | None]"
"""f(member, view, meter): to which group a member belongs and what it gives, or None where it is none."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """An atom of a body, or of an absence, or a row, and what to do when what may match it comes or goes.

    In the component of a grouping, members are fired and nominated instead of facts.
    """

    component: int
    positive: bool
    """False for an atom of an absence: then a triple that goes enables, and one that comes disables."""
    fire: Callable[..., None]
    nominate: Callable[..., None]


@dataclass(frozen=True, slots=True)
class BranchFunctions:
    """Whether a member is one, and all members there are."""

    check: Judge
    seed: Callable[..., None]


@dataclass(slots=True)
class CompiledGroups:
    """The table of one grouping, with the functions that fill it and what its rows set off."""

    rule: str
    table: Table
    branches: list[BranchFunctions] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)


@dataclass(slots=True)
class CompiledComponent:
    """The functions of one component."""

    recursive: bool
    seeds: list[Callable[..., None]] = field(default_factory=list)
    groups: CompiledGroups | None = None


class Plan:
    """Triggers, checks and ownership of a rule set over the nodes of one dictionary."""

    def __init__(self, rules: RuleSet, terms: Terms) -> None:
        self.rules = rules
        self._nodes = Nodes(terms)
        self._terms = terms
        self._type = terms.node(RDF.type)
        self.components = [CompiledComponent(component.recursive) for component in rules.components]
        self._on: dict[Node, list[Trigger]] = {}
        self._on_class: dict[Node, list[Trigger]] = {}
        self._wild: list[Trigger] = []
        self._checks: dict[Node, list[Check]] = {}
        self._class_checks: dict[Node, list[Check]] = {}
        self._owners: dict[Node, int] = {}
        self._class_owners: dict[Node, int] = {}
        self.reads: set[Node] = set()
        """Constant predicates of all atoms and absences."""
        self.tables: dict[Grouping, Table] = {}
        self._groups: dict[Grouping, CompiledGroups] = {}
        for index, component in enumerate(rules.components):
            self._own(component, index)
        for index, component in enumerate(rules.components):
            if component.grouping is None:
                self._compile(component, index)
            else:
                self._compile_groups(component.grouping, index)

    @property
    def is_wild(self) -> bool:
        """True where an atom has a variable predicate, so that every triple may matter."""
        return bool(self._wild)

    def owner(self, p: Node, o: Node) -> int | None:
        """The component that derives such triples."""
        owner = self._owners.get(p)
        return self._class_owners.get(o) if owner is None and p == self._type else owner

    def own(self, p: Node, o: Node) -> bool:
        """True for what the rule set derives itself; variable predicates leave it out."""
        return p in self._owners or (p == self._type and o in self._class_owners)

    def heads(self) -> Iterator[tuple[Node, Node | None]]:
        """Predicate, and class for types, of everything that is derived."""
        yield from ((p, None) for p in self._owners)
        yield from ((self._type, cls) for cls in self._class_owners)

    def triggers(self, s: Node, p: Node, o: Node) -> list[Trigger]:
        """What a triple that comes or goes may set off."""
        found = self._on.get(p, _NONE)
        if p == self._type and o in self._on_class:
            found = found + self._on_class[o]
        if self._wild and not self.own(p, o):
            found = found + self._wild
        return found

    def prove(self, fact: Fact, *rest: Any) -> tuple[Fact, ...] | None:
        """Premises of the same component that give the fact by some rule, or None."""
        s, p, o = fact
        checks = self._class_checks.get(o) if p == self._type and p not in self._checks else self._checks.get(p)
        for check in checks or ():
            premises = check(s, o, *rest)
            if premises is not None:
                return premises
        return None

    def _own(self, component: Component, index: int) -> None:
        for key in component.keys:
            if key.cls is None:
                self._owners[self._terms.node(key.predicate)] = index
            else:
                self._class_owners[self._terms.node(key.cls)] = index  # type: ignore[arg-type]  # never a variable

    def _compile(self, component: Component, index: int) -> None:
        relevant = self._relevance(component)
        for rule in component.rules:
            writer = Writer(rule, self._nodes, self._terms.node, self.tables)
            self.components[index].seeds.append(writer.seed(relevant))
            self._checks_of(rule).append(writer.check(relevant))
            for position, atom in enumerate(rule.body):
                trigger = Trigger(index, True, writer.fire(position, relevant), writer.nominate(position))
                self._triggers_of(atom).append(trigger)
            for absence in rule.absences:
                for atom in absence.atoms:
                    fire = writer.fire_absent(absence, atom, relevant)
                    self._triggers_of(atom).append(Trigger(index, False, fire, writer.nominate_absent(absence, atom)))
            for position, row in enumerate(rule.rows):
                trigger = Trigger(index, True, writer.fire_row(position, relevant), writer.nominate_row(position))
                self._groups[row.grouping].triggers.append(trigger)

    def _compile_groups(self, grouping: Grouping, index: int) -> None:
        items = Items(self._nodes.value, self._nodes.node, self._nodes.key)
        table = self.tables[grouping] = Table(grouping, items)
        groups = self._groups[grouping] = CompiledGroups(grouping.rule, table)
        self.components[index].groups = groups
        for number, branch in enumerate(grouping.branches):
            writer = BranchWriter(grouping, number, self._nodes, self._terms.node)
            groups.branches.append(BranchFunctions(writer.check(), writer.seed()))
            for position, atom in enumerate(branch.body):
                fire, nominate = (writer.candidates(position, before=before) for before in (False, True))
                self._triggers_of(atom).append(Trigger(index, True, fire, nominate))
            for absence in branch.absences:
                for atom in absence.atoms:
                    fire, nominate = (writer.candidates_absent(absence, atom, before=b) for b in (False, True))
                    self._triggers_of(atom).append(Trigger(index, False, fire, nominate))

    def _relevance(self, component: Component) -> Callable[[Atom], bool]:
        """Whether an atom may match facts of its own component."""
        if not component.recursive:
            return lambda atom: False
        classes = {key.cls for key in component.keys if key.cls is not None}
        predicates = {key.predicate for key in component.keys if key.cls is None}

        def relevant(atom: Atom) -> bool:
            if atom.p == RDF.type and classes:
                return isinstance(atom.o, Var) or atom.o in classes
            return atom.p in predicates

        return relevant

    def _checks_of(self, rule: Rule) -> list[Check]:
        key = cast(Key, self.rules.key(rule.head))
        if key.cls is None:
            return self._checks.setdefault(self._terms.node(key.predicate), [])
        return self._class_checks.setdefault(self._terms.node(key.cls), [])  # type: ignore[arg-type]  # never a variable

    def _triggers_of(self, atom: Atom) -> list[Trigger]:
        if isinstance(atom.p, Var):
            return self._wild
        self.reads.add(self._terms.node(atom.p))
        if atom.p == RDF.type and not isinstance(atom.o, Var):
            return self._on_class.setdefault(self._terms.node(atom.o), [])
        return self._on.setdefault(self._terms.node(atom.p), [])


_NONE: list[Trigger] = []
