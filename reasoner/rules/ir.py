"""What a rule is to the reasoner: stratified Datalog over triples, whatever language it was written in.

A rule derives its head for every way in which all atoms of the body hold, no absence matches and every filter is
true. Filters whose evaluation is an error are false; a bind whose evaluation is an error leaves its variable unbound,
and a rule that needs the variable in its head, an atom or an absence does not fire then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Rule:
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

    def atom_variables(self) -> frozenset[Var]:
        return frozenset().union(*(atom.variables() for atom in self.body))

    def bound_variables(self) -> frozenset[Var]:
        return self.atom_variables() | {bind.var for bind in self.binds}

    def __str__(self) -> str:
        parts = [f"{atom} ." for atom in self.body]
        parts += [f"BIND({text_of(bind.expr)} AS {bind.var})" for bind in self.binds]
        parts += [f"FILTER({text_of(f)})" for f in self.filters]
        parts += [f"FILTER {absence}" for absence in self.absences]
        return f"{self.head} <- " + " ".join(parts)


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
