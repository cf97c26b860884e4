"""All ways in which a rule's body holds, found by plain backtracking over terms.

For proofs, their checker and the naive reference, where clearness counts and not speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, TypeAlias, cast

from rdflib import Literal

from kg.terms import Term
from reasoner.rules.evaluate import is_true, term
from reasoner.rules.ir import Absence, Atom, Bind, Rule, Slot, Var
from reasoner.rules.order import Filter, Step, arranged, inside
from reasoner.rules.values import EvalError

TermTriple: TypeAlias = tuple[Term, Term, Term]
Solution: TypeAlias = Mapping[Var, Term | None]


class TermView(Protocol):
    """What matching asks of a graph, in terms; None matches anything."""

    def match(self, s: Term | None, p: Term | None, o: Term | None) -> Iterable[TermTriple]: ...


Own: TypeAlias = Callable[[Term, Term], bool]


def solutions(rule: Rule, given: Solution, view: TermView, own: Own) -> Iterator[Solution]:
    """The bindings of all variables for which the body holds, starting from those given.

    `own(p, o)` is true for what the rule set derives, which variable predicates leave out.
    """
    steps = arranged(rule, frozenset(given))
    needed = rule.head.variables() | rule.atom_variables() | frozenset().union(*(a.variables() for a in rule.absences))
    yield from _extend(steps, 0, dict(given), view, own, needed)


def derived(rule: Rule, view: TermView, own: Own) -> Iterator[tuple[TermTriple, Solution]]:
    """The heads the rule gives, each with the solution that gives it."""
    for solution in solutions(rule, {}, view, own):
        head = instantiated(rule.head, solution)
        if not isinstance(head[0], Literal):
            yield head, solution


def instantiated(atom: Atom, solution: Solution) -> TermTriple:
    """The triple of an atom whose variables are all bound."""
    s, p, o = (_term(slot, solution) for slot in atom)
    return cast(TermTriple, (s, p, o))


def unified(atom: Atom, triple: TermTriple) -> dict[Var, Term | None] | None:
    """The bindings that make the atom this triple, or None."""
    bindings: dict[Var, Term | None] = {}
    for slot, value in zip(atom, triple, strict=True):
        if isinstance(slot, Var):
            if bindings.setdefault(slot, value) != value:
                return None
        elif slot != value:
            return None
    return bindings


def matches(absence: Absence, solution: Solution, view: TermView, own: Own) -> bool:
    """True if the absence does not hold: something is there."""
    known = {v: t for v, t in solution.items() if v in absence.variables()}
    return any(True for _ in _extend(inside(absence, frozenset(known)), 0, known, view, own, frozenset()))


def _extend(
    steps: list[Step], position: int, bindings: dict[Var, Term | None], view: TermView, own: Own, needed: frozenset[Var]
) -> Iterator[Solution]:
    if position == len(steps):
        yield dict(bindings)
        return
    step = steps[position]
    if isinstance(step, Filter):
        if is_true(step.expr, bindings):
            yield from _extend(steps, position + 1, bindings, view, own, needed)
    elif isinstance(step, Absence):
        if not matches(step, bindings, view, own):
            yield from _extend(steps, position + 1, bindings, view, own, needed)
    elif isinstance(step, Bind):
        result = _computed(step, bindings)
        if step.var in bindings:
            if result is not None and bindings[step.var] == result:
                yield from _extend(steps, position + 1, bindings, view, own, needed)
        elif result is not None or step.var not in needed:
            yield from _extend(steps, position + 1, bindings | {step.var: result}, view, own, needed)
    else:
        for triple in view.match(*(_term(slot, bindings) for slot in step)):
            if isinstance(step.p, Var) and own(triple[1], triple[2]):
                continue
            more = unified(step, triple)
            if more is not None:
                yield from _extend(steps, position + 1, bindings | more, view, own, needed)


def _computed(bind: Bind, bindings: Solution) -> Term | None:
    try:
        return term(bind.expr, bindings)
    except EvalError:
        return None


def _term(slot: Slot, bindings: Solution) -> Term | None:
    return bindings.get(slot) if isinstance(slot, Var) else slot
