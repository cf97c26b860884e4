"""All ways in which a body holds, found by plain backtracking over terms, and the rows of groups made from them.

For proofs, their checker and the naive reference, where clearness counts and not speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

from rdflib import Literal

from kg.terms import Term
from reasoner.rules.aggregates import TERMS, accumulator
from reasoner.rules.evaluate import is_true, term
from reasoner.rules.ir import Absence, Aggregate, Atom, Bind, Body, Branch, Grouping, Row, Rule, Slot, Var
from reasoner.rules.order import Filter, Step, arranged, inside
from reasoner.rules.values import EvalError

TermTriple: TypeAlias = tuple[Term, Term, Term]
Solution: TypeAlias = Mapping[Var, Term | None]


class TermView(Protocol):
    """What matching asks of a graph, in terms; None matches anything."""

    def match(self, s: Term | None, p: Term | None, o: Term | None) -> Iterable[TermTriple]: ...


Own: TypeAlias = Callable[[Term, Term], bool]
GroupRow: TypeAlias = tuple[Term | None, ...]
"""Keys, then results; None for a result that is an error."""
Rows: TypeAlias = Callable[[Grouping, Solution], Iterable[GroupRow]]
"""The rows of a grouping of which the keys that are given have these values."""
Aggregating: TypeAlias = Callable[[Aggregate, Sequence[Term | None]], Term | None]
"""What an aggregate gives for the values of a group; None for an error, on either side."""


@dataclass(frozen=True, slots=True)
class MemberOf:
    """A member of a group: the branch and its solution, the keys and what it gives to each aggregate."""

    branch: Branch
    solution: Solution
    keys: tuple[Term, ...]
    inputs: tuple[Term | None, ...]


Find: TypeAlias = Callable[[Grouping, Solution], Iterable[MemberOf]]
"""The members of a grouping of which the keys that are given have these values."""


def solutions(body: Body, given: Solution, view: TermView, own: Own, rows: Rows | None = None) -> Iterator[Solution]:
    """The bindings of all variables for which the body holds, starting from those given.

    `own(p, o)` is true for what the rule set derives, which variable predicates leave out. `rows` are counted from
    scratch where they are not given.
    """
    search = _Search(view, own, body.joined_variables(), rows or counted(view, own))
    yield from search.extend(arranged(body, frozenset(given)), 0, dict(given))


def derived(rule: Rule, view: TermView, own: Own, rows: Rows | None = None) -> Iterator[tuple[TermTriple, Solution]]:
    """The heads the rule gives, each with the solution that gives it."""
    for solution in solutions(rule, {}, view, own, rows):
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
    search = _Search(view, own, frozenset(), counted(view, own))
    return any(True for _ in search.extend(inside(absence, frozenset(known)), 0, known))


def members(grouping: Grouping, given: Solution, view: TermView, own: Own) -> Iterator[MemberOf]:
    """The members of which the keys that are given have these values. Source: SPARQL 1.1, 18.4 (bags of solutions)."""
    for branch in grouping.branches:
        told = branch.members()
        seen: set[tuple[Term | None, ...]] = set()
        for solution in solutions(branch, given, view, own):
            keys = tuple(solution.get(key) for key in grouping.keys)
            member = tuple(solution.get(var) for var in told)
            if None in keys or member in seen:
                continue
            seen.add(member)
            inputs = tuple(_input(aggregate, solution) for aggregate in grouping.aggregates)
            yield MemberOf(branch, solution, cast(tuple[Term, ...], keys), inputs)


def counted(view: TermView, own: Own, aggregated: Aggregating | None = None, find: Find | None = None) -> Rows:
    """Rows made from all members. `find` gives these where they are not to be looked for."""
    give = aggregated or _aggregated
    look = find or (lambda grouping, given: members(grouping, given, view, own))

    def rows(grouping: Grouping, given: Solution) -> Iterator[GroupRow]:
        groups: dict[tuple[Term, ...], list[tuple[Term | None, ...]]] = {} if grouping.keys else {(): []}
        for member in look(grouping, given):
            groups.setdefault(member.keys, []).append(member.inputs)
        for keys, inputs in groups.items():
            columns = zip(*inputs, strict=True) if inputs else ((),) * len(grouping.aggregates)
            results = (give(aggregate, column) for aggregate, column in zip(grouping.aggregates, columns, strict=True))
            yield (*keys, *results)

    return rows


@dataclass(frozen=True, slots=True)
class _Search:
    """What stays the same while one body is matched."""

    view: TermView
    own: Own
    joined: frozenset[Var]
    rows: Rows

    def extend(self, steps: list[Step], position: int, bindings: dict[Var, Term | None]) -> Iterator[Solution]:
        if position == len(steps):
            yield dict(bindings)
            return
        for more in self._after(steps[position], bindings):
            yield from self.extend(steps, position + 1, bindings | more)

    def _after(self, step: Step, bindings: dict[Var, Term | None]) -> Iterator[dict[Var, Term | None]]:
        """The further bindings under which a step holds."""
        match step:
            case Filter(expr):
                if is_true(expr, bindings):
                    yield {}
            case Absence():
                if not matches(step, bindings, self.view, self.own):
                    yield {}
            case Bind(var, _):
                result = _computed(step, bindings)
                if var in bindings:
                    if result is not None and bindings[var] == result:
                        yield {}
                elif result is not None or var not in self.joined:
                    yield {var: result}
            case Row():
                yield from self._looked_at(step, bindings)
            case _:
                yield from self._matched(step, bindings)

    def _matched(self, atom: Atom, bindings: Solution) -> Iterator[dict[Var, Term | None]]:
        for triple in self.view.match(*(_term(slot, bindings) for slot in atom)):
            if isinstance(atom.p, Var) and self.own(triple[1], triple[2]):
                continue
            more = unified(atom, triple)
            if more is not None:
                yield more

    def _looked_at(self, row: Row, bindings: Solution) -> Iterator[dict[Var, Term | None]]:
        pairs = zip(row.grouping.keys, row.key_slots(), strict=True)
        given = {key: bindings[slot] for key, slot in pairs if slot in bindings}
        for values in self.rows(row.grouping, given):
            more = dict(zip(row.slots, values, strict=True))
            if all(value is not None or var not in self.joined for var, value in more.items()) and all(
                bindings[var] == value for var, value in more.items() if var in bindings
            ):
                yield more


def _computed(bind: Bind, bindings: Solution) -> Term | None:
    try:
        return term(bind.expr, bindings)
    except EvalError:
        return None


def _term(slot: Slot, bindings: Solution) -> Term | None:
    return bindings.get(slot) if isinstance(slot, Var) else slot


def _input(aggregate: Aggregate, solution: Solution) -> Term | None:
    if aggregate.expr is None:
        return _SOMETHING
    try:
        return term(aggregate.expr, solution)
    except EvalError:
        return None


def _aggregated(aggregate: Aggregate, values: Sequence[Term | None]) -> Term | None:
    held = accumulator(aggregate, TERMS)
    for value in values:
        held.add(value)
    return held.result()


_SOMETHING = Literal(1)
"""What a member gives to COUNT(*)."""
