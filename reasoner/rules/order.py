"""In which order the parts of a body are evaluated: cheapest look-up first, filters as soon as they can be tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rdflib.namespace import OWL, RDF

from reasoner.rules.ir import Absence, Atom, Bind, Body, Expr, Row, Slot, Var, rows_of, variables_of

SCAN = 1000
"""The cost of an atom that can only be answered by walking the whole graph."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as a step."""

    expr: Expr


Step: TypeAlias = Atom | Bind | Filter | Absence | Row


def cost(atom: Atom | Row, bound: frozenset[Var]) -> int:
    """How much a look-up is likely to cost: the fewer matches, the lower."""

    def known(slot: Slot) -> bool:
        return not isinstance(slot, Var) or slot in bound

    if isinstance(atom, Row):
        return 0 if bound.issuperset(atom.key_slots()) else 3 if any(map(known, atom.key_slots())) else 8
    if not known(atom.p):
        return 4 if known(atom.s) else SCAN
    if known(atom.s):
        return 0 if known(atom.o) else 1
    if not known(atom.o):
        return 10
    if isinstance(atom.o, Var):
        # a thing has few names, in either direction
        return 1 if atom.p == OWL.sameAs else 2
    return 6 if atom.p == RDF.type else 5


def arranged(
    body: Body, bound: frozenset[Var], *, skip: int | None = None, skip_row: int | None = None, absences: bool = True
) -> list[Step]:
    """All parts of the body as steps, when these variables are bound already and what is skipped is known to hold."""
    look_ups: list[Atom | Row] = [atom for index, atom in enumerate(body.body) if index != skip]
    look_ups += [row for index, row in enumerate(rows_of(body)) if index != skip_row]
    return _arranged(
        look_ups,
        [Filter(expr) for expr in body.filters],
        list(body.binds),
        list(body.absences) if absences else [],
        bound,
        body.bound_variables(),
        {bind.var for bind in body.binds},
    )


def inside(absence: Absence, bound: frozenset[Var]) -> list[Step]:
    """The steps that look for a match of an absence."""
    filters = [Filter(expr) for expr in absence.filters]
    own = frozenset().union(*(atom.variables() for atom in absence.atoms))
    return _arranged(list(absence.atoms), filters, [], [], bound, bound | own, set())


def _arranged(
    atoms: list[Atom | Row],
    filters: list[Filter],
    binds: list[Bind],
    absences: list[Absence],
    bound: frozenset[Var],
    outer: frozenset[Var],
    computed: set[Var],
) -> list[Step]:
    steps: list[Step] = []
    # a computed variable may have its value already (from the head); its BIND still has to agree
    done = bound
    waiting = set(computed)
    while atoms or filters or binds or absences:
        tests = [f for f in filters if variables_of(f.expr) <= done and not variables_of(f.expr) & waiting]
        tests_absent = [a for a in absences if a.variables() & outer <= done and not a.variables() & waiting]
        if tests:
            filters = [f for f in filters if f not in tests]
            steps += tests
            continue
        cheapest = min(atoms, key=lambda a: cost(a, done), default=None)
        bind = next((b for b in binds if variables_of(b.expr) <= done and not variables_of(b.expr) & waiting), None)
        if cheapest is not None and cost(cheapest, done) == 0:
            atoms.remove(cheapest)
            done |= cheapest.variables()
            steps.append(cheapest)
        elif tests_absent:
            absences = [a for a in absences if a not in tests_absent]
            steps += tests_absent
        elif bind is not None:
            binds.remove(bind)
            waiting.discard(bind.var)
            done |= {bind.var}
            steps.append(bind)
        elif cheapest is not None:
            atoms.remove(cheapest)
            done |= cheapest.variables()
            steps.append(cheapest)
    return steps
