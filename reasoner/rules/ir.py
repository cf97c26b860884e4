"""What a rule is to the reasoner: stratified Datalog over triples, whatever language it was written in.

A rule derives its head for every way in which all atoms of the body hold, no absence matches and every filter is
true. Filters whose evaluation is an error are false; a bind whose evaluation is an error leaves its variable unbound,
and a rule that needs the variable in its head, an atom or an absence does not fire then. A body may also look at the
groups of a `Grouping`: solutions of another body, counted, summed or compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import RDF, XSD


@dataclass(frozen=True, slots=True)
class Var:
    """A variable. Names that begin with `_` stand for nodes the author did not name and stay out of proofs."""

    name: str

    def __str__(self) -> str:
        return f"?{self.name}"


Constant: TypeAlias = URIRef | Literal
Slot: TypeAlias = Var | Constant


class Atom(NamedTuple):
    """A triple pattern. In a body a variable predicate ranges over what the same rule set does not derive."""

    s: Slot
    p: Slot
    o: Slot

    def variables(self) -> frozenset[Var]:
        return frozenset(slot for slot in self if isinstance(slot, Var))

    def __str__(self) -> str:
        return " ".join(slot_text(slot) for slot in self)


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of a variable."""

    var: Var


@dataclass(frozen=True, slots=True)
class Const:
    """A constant term."""

    term: Constant


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function of `reasoner.rules.operators` applied to its arguments."""

    op: str
    args: tuple[Expr, ...]


Expr: TypeAlias = Ref | Const | Call


@dataclass(frozen=True, slots=True)
class Bind:
    """The variable takes the value of the expression."""

    var: Var
    expr: Expr


@dataclass(frozen=True, slots=True)
class Absence:
    """NOT EXISTS: no way to make all these atoms and filters true. Variables found only here are local to it."""

    atoms: tuple[Atom, ...]
    filters: tuple[Expr, ...] = ()

    def variables(self) -> frozenset[Var]:
        return frozenset().union(*(atom.variables() for atom in self.atoms), *map(variables_of, self.filters))

    def __str__(self) -> str:
        parts = [f"{atom} ." for atom in self.atoms] + [f"FILTER({text_of(f)})" for f in self.filters]
        return "NOT EXISTS { " + " ".join(parts) + " }"


class Body:
    """What rules and the branches of groupings have in common: parts that must all hold."""

    __slots__ = ()

    body: tuple[Atom, ...]
    filters: tuple[Expr, ...]
    binds: tuple[Bind, ...]
    absences: tuple[Absence, ...]

    def atom_variables(self) -> frozenset[Var]:
        return frozenset().union(*(atom.variables() for atom in self.body))

    def matched_variables(self) -> frozenset[Var]:
        """Those of what is looked up; what is computed follows from them."""
        return self.atom_variables()

    def bound_variables(self) -> frozenset[Var]:
        return self.matched_variables() | {bind.var for bind in self.binds}

    def joined_variables(self) -> frozenset[Var]:
        """Those that need a value for the body to hold."""
        return self.atom_variables().union(*(absence.variables() for absence in self.absences))

    def texts(self) -> Iterator[str]:
        """The parts in SPARQL syntax."""
        yield from (f"{atom} ." for atom in self.body)
        yield from (f"BIND({text_of(bind.expr)} AS {bind.var})" for bind in self.binds)
        yield from (f"FILTER({text_of(expr)})" for expr in self.filters)
        yield from (f"FILTER {absence}" for absence in self.absences)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A SPARQL aggregate over the members of a group: `count`, `sum`, `min`, `max` or `avg`."""

    op: str
    expr: Expr | None = None
    """None for COUNT(*)."""
    distinct: bool = False

    def __str__(self) -> str:
        inner = "*" if self.expr is None else text_of(self.expr)
        return f"{self.op.upper()}({'DISTINCT ' if self.distinct else ''}{inner})"


@dataclass(frozen=True, slots=True)
class Branch(Body):
    """One alternative of what a grouping counts. Each way to make it hold is a member of its group."""

    body: tuple[Atom, ...]
    filters: tuple[Expr, ...] = ()
    binds: tuple[Bind, ...] = ()
    absences: tuple[Absence, ...] = ()
    hidden: frozenset[Var] = frozenset()
    """Variables that only EXISTS speaks of: another value of theirs is not another member."""

    def members(self) -> tuple[Var, ...]:
        """The variables whose values tell one member from another."""
        return tuple(sorted(self.matched_variables() - self.hidden, key=str))

    def __str__(self) -> str:
        return " ".join(self.texts())


@dataclass(frozen=True, slots=True)
class Grouping:
    """A sub-SELECT with aggregates: a row of keys and results for each group of members with the same keys.

    Without keys there is one group, which has a row even where nothing is in it. A member of which a key has no value
    belongs to no group. Source: SPARQL 1.1, sections 11 and 18.5.1.
    """

    keys: tuple[Var, ...]
    aggregates: tuple[Aggregate, ...]
    branches: tuple[Branch, ...]
    rule: str = field(default="", compare=False)
    """The rule in which it stands, for messages."""

    def atoms(self) -> Iterator[Atom]:
        """All atoms that decide on its rows, those of absences too."""
        for branch in self.branches:
            yield from atoms_of(branch)


@dataclass(frozen=True, slots=True)
class Row:
    """A look at the groups: keys and results, in this order, bound to variables. A result that erred has no value."""

    grouping: Grouping
    slots: tuple[Var, ...]

    def key_slots(self) -> tuple[Var, ...]:
        return self.slots[: len(self.grouping.keys)]

    def variables(self) -> frozenset[Var]:
        return frozenset(self.slots)

    def __str__(self) -> str:
        grouping, count = self.grouping, len(self.grouping.keys)
        known = zip(grouping.keys, self.key_slots(), strict=True)
        chosen = [str(slot) if key == slot else f"({key} AS {slot})" for key, slot in known]
        results = zip(grouping.aggregates, self.slots[count:], strict=True)
        chosen += [f"({aggregate} AS {slot})" for aggregate, slot in results]
        alternatives = " UNION ".join(f"{{ {branch} }}" for branch in grouping.branches)
        by = f" GROUP BY {' '.join(map(str, grouping.keys))}" if grouping.keys else ""
        return f"{{ SELECT {' '.join(chosen)} WHERE {{ {alternatives} }}{by} }}"


@dataclass(frozen=True, slots=True)
class Rule(Body):
    """One head, one body. Several rules may share a name: a CONSTRUCT with two triples gives two."""

    name: str
    """The rule's IRI, or the W3C name of an OWL 2 RL rule."""
    head: Atom
    body: tuple[Atom, ...]
    filters: tuple[Expr, ...] = ()
    binds: tuple[Bind, ...] = ()
    absences: tuple[Absence, ...] = ()
    order: float = 0.0
    """sh:order; checked against the stratification, not used to order anything."""
    axioms: tuple[tuple[URIRef | BNode | Literal, URIRef | BNode | Literal, URIRef | BNode | Literal], ...] = ()
    """For compiled ontology rules: the axioms that gave the rule, shown in proofs."""
    rows: tuple[Row, ...] = ()

    def matched_variables(self) -> frozenset[Var]:
        return self.atom_variables().union(*(row.slots for row in self.rows))

    def joined_variables(self) -> frozenset[Var]:
        slots = [slot for row in self.rows for slot in row.slots]
        shared = {slot for slot in slots if slots.count(slot) > 1}
        return Body.joined_variables(self) | self.head.variables() | shared

    def __str__(self) -> str:
        return " ".join([f"{self.head} <-", *map(str, self.rows), *self.texts()])


def atoms_of(body: Body) -> Iterator[Atom]:
    """All atoms that decide whether a body holds: its own, those of its absences and those below its rows."""
    yield from body.body
    yield from (atom for absence in body.absences for atom in absence.atoms)
    for row in rows_of(body):
        yield from row.grouping.atoms()


def rows_of(body: Body) -> tuple[Row, ...]:
    """Only rules look at groups."""
    return body.rows if isinstance(body, Rule) else ()


class Key(NamedTuple):
    """What a rule derives or reads, as the stratification sees it: a predicate, split by class for rdf:type."""

    predicate: URIRef
    cls: Slot | None = None

    def __str__(self) -> str:
        return slot_text(self.predicate) + (f" {slot_text(self.cls)}" if self.cls is not None else "")


def slot_text(slot: object) -> str:
    """A term or variable as a person reads it in a message: SPARQL syntax."""
    if isinstance(slot, Var):
        return str(slot)
    if slot == RDF.type:
        return "a"
    if isinstance(slot, Literal) and slot.datatype in (XSD.integer, XSD.boolean, XSD.decimal, XSD.double):
        return str(slot)
    return slot.n3() if isinstance(slot, URIRef | Literal) else str(slot)


def variables_of(expr: Expr) -> frozenset[Var]:
    """All variables an expression mentions."""
    return frozenset(_variables(expr))


def _variables(expr: Expr) -> Iterator[Var]:
    if isinstance(expr, Ref):
        yield expr.var
    elif isinstance(expr, Call):
        for arg in expr.args:
            yield from _variables(arg)


def renamed(expr: Expr, names: Mapping[Var, Slot]) -> Expr:
    """The expression with variables replaced by other variables or by constants."""
    if isinstance(expr, Call):
        return Call(expr.op, tuple(renamed(arg, names) for arg in expr.args))
    if isinstance(expr, Ref) and expr.var in names:
        slot = names[expr.var]
        return Ref(slot) if isinstance(slot, Var) else Const(slot)
    return expr


_INFIX = frozenset(("=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "&&", "||"))


def text_of(expr: Expr) -> str:
    """An expression in SPARQL syntax."""
    if isinstance(expr, Ref):
        return str(expr.var)
    if isinstance(expr, Const):
        return slot_text(expr.term)
    args = [text_of(arg) for arg in expr.args]
    if expr.op in _INFIX:
        return "(" + f" {expr.op} ".join(args) + ")"
    if expr.op in ("!", "neg"):
        return f"{'!' if expr.op == '!' else '-'}{args[0]}"
    return f"{expr.op}({', '.join(args)})"
