"""What a rule compares the value of a pattern with, found by reading the rule.

A rule notices a live value only through comparisons with something that does not change with it, such as
`?v > ?limit` or `0.9 * ?high <= ?v`; anything else (a join on it, a head that carries it, arithmetic with it) is opaque
here. What it is compared with is reached by walking forwards from the pattern's subject over the rule's other patterns.
Their further conditions are left aside: that can only name more things than the rule compares with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from rdflib import Literal, URIRef

from reasoner.rules.ir import Absence, Atom, Call, Const, Constant, Expr, Ref, Rule, Var, variables_of

SUBJECT: Final = Var("subject")
"""The subject of the pattern, in hops and expressions."""
_COMPARED: Final = frozenset(("=", "!=", "<", ">", "<=", ">="))
_LOGICAL: Final = frozenset(("&&", "||", "!"))
_KNOWN: Final = frozenset(("name", "head", "body", "filters", "binds", "absences", "order", "axioms"))


class _Opaque(Exception):
    """The rule looks at the value in a way that is not a comparison. Never leaves this module."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step forwards: from a variable or a constant along a predicate to a variable."""

    start: Var | Constant
    predicate: URIRef
    end: Var


@dataclass(frozen=True, slots=True)
class Compared:
    """An expression over the variables that the hops reach from SUBJECT, or a constant where there are no hops."""

    hops: tuple[Hop, ...]
    expr: Expr


@dataclass(frozen=True, slots=True)
class Place:
    """One pattern with the predicate looked for."""

    subject: Constant | None
    """The only subject that it matches; None for a pattern that matches any."""
    compared: tuple[Compared, ...] | None
    """What its objects are compared with; None where the rule looks at them in a way that is not a comparison."""


def comparisons(rules: Iterable[Rule], predicate: URIRef) -> list[Place]:
    """Each pattern with this predicate."""
    return [_of_place(*place) for place in _places(rules, predicate)]


def _places(rules: Iterable[Rule], predicate: URIRef) -> Iterator[tuple[Rule, Absence | None, Atom]]:
    for rule in rules:
        yield from ((rule, None, atom) for atom in rule.body if atom.p == predicate)
        for absence in rule.absences:
            yield from ((rule, absence, atom) for atom in absence.atoms if atom.p == predicate)


def _of_place(rule: Rule, absence: Absence | None, atom: Atom) -> Place:
    subject = None if isinstance(atom.s, Var) else atom.s
    try:
        return Place(subject, _compared_in(rule, absence, atom))
    except _Opaque:
        return Place(subject, None)


def _compared_in(rule: Rule, absence: Absence | None, atom: Atom) -> tuple[Compared, ...]:
    if any(getattr(rule, field.name) for field in fields(rule) if field.name not in _KNOWN):
        raise _Opaque  # a rule that says more than is understood here
    if not isinstance(atom.o, Var):
        return (Compared((), Const(atom.o)),)
    _refuse_other_uses(rule, atom.o)
    atoms = rule.body if absence is None else (*rule.body, *absence.atoms)
    filters = tuple(_all_filters(rule)) if absence is None else (*rule.filters, *absence.filters)
    found: dict[Compared, None] = {}
    for expr in (_inlined(expr, rule) for expr in filters):
        if atom.o in variables_of(expr):
            for other in _compared_with(expr, atom.o):
                found[_compared(atom, atoms, other)] = None
    return tuple(found)


def _refuse_other_uses(rule: Rule, var: Var) -> None:
    """Raises _Opaque where the value is joined, derived, or bound to something that is."""
    exprs = (*(bind.expr for bind in rule.binds), *_all_filters(rule))
    if not all(map(_is_plain, exprs)):
        raise _Opaque
    atoms = [rule.head, *rule.body, *(atom for absence in rule.absences for atom in absence.atoms)]
    carriers = {var} | {bind.var for bind in rule.binds if var in variables_of(_inlined(bind.expr, rule))}
    if sum(slot in carriers for atom in atoms for slot in atom) != 1:
        raise _Opaque


def _all_filters(rule: Rule) -> Iterator[Expr]:
    yield from rule.filters
    for absence in rule.absences:
        yield from absence.filters


def _is_plain(expr: object) -> bool:
    return isinstance(expr, Ref | Const) or (isinstance(expr, Call) and all(map(_is_plain, expr.args)))


def _inlined(expr: Expr, rule: Rule) -> Expr:
    """The expression with what BIND names written out."""
    bound = {bind.var: bind.expr for bind in rule.binds if bind.var not in rule.atom_variables()}

    def inline(part: Expr, depth: int) -> Expr:
        if depth > len(bound):
            raise _Opaque
        if isinstance(part, Ref) and part.var in bound:
            return inline(bound[part.var], depth + 1)
        if isinstance(part, Call):
            if part.op == "bound" and not variables_of(part).isdisjoint(bound):
                raise _Opaque  # asks whether the BIND went well, not for its value
            return Call(part.op, tuple(inline(arg, depth) for arg in part.args))
        return part

    return inline(expr, 0)


def _compared_with(expr: Expr, var: Var) -> Iterator[Expr]:
    """What the variable is compared with where the expression is used as a condition."""
    match expr:
        case Ref():
            yield Const(Literal(0))  # a number is true unless it is zero
        case Call(op, args) if op in _LOGICAL:
            for arg in args:
                if var in variables_of(arg):
                    yield from _compared_with(arg, var)
        case Call(op, (Ref(left), right)) if op in _COMPARED and left == var and var not in variables_of(right):
            yield right
        case Call(op, (left, Ref(right))) if op in _COMPARED and right == var and var not in variables_of(left):
            yield left
        case _:
            raise _Opaque


def _compared(atom: Atom, atoms: Sequence[Atom], expr: Expr) -> Compared:
    hops = _way(atom, atoms, variables_of(expr))
    names: dict[Var, Var] = {hop.end: Var(f"{number}") for number, hop in enumerate(hops)}
    if isinstance(atom.s, Var):
        names[atom.s] = SUBJECT

    def renamed(start: Var | Constant) -> Var | Constant:
        if start == atom.s:
            return SUBJECT
        return names[start] if isinstance(start, Var) else start

    way = tuple(Hop(renamed(hop.start), hop.predicate, names[hop.end]) for hop in hops)
    return Compared(way, _renamed(expr, names))


def _way(atom: Atom, atoms: Sequence[Atom], wanted: frozenset[Var]) -> list[Hop]:
    """Hops that bind the variables wanted, each after the one that it starts from."""
    reached: dict[Var, Hop | None] = {atom.s: None} if isinstance(atom.s, Var) else {}
    while not wanted <= reached.keys():
        known = len(reached)
        for step in atoms:
            is_known = not isinstance(step.s, Var) or step.s in reached
            if step is not atom and is_known and isinstance(step.o, Var) and isinstance(step.p, URIRef):
                reached.setdefault(step.o, Hop(step.s, step.p, step.o))
        if len(reached) == known:
            raise _Opaque
    hops: dict[Hop, None] = {}

    def take(var: Var) -> None:
        hop = reached[var]
        if hop is not None and hop not in hops:
            if isinstance(hop.start, Var):
                take(hop.start)
            hops[hop] = None

    for var in sorted(wanted, key=str):
        take(var)
    return list(hops)


def _renamed(expr: Expr, names: Mapping[Var, Var]) -> Expr:
    if isinstance(expr, Call):
        return Call(expr.op, tuple(_renamed(arg, names) for arg in expr.args))
    return Ref(names[expr.var]) if isinstance(expr, Ref) else expr
