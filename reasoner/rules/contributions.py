"""Groups as proofs show them: keys, results, the number of members, and some of these with the facts behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from kg.proof import Contribution, Group, Proof
from kg.terms import Term, Terms
from reasoner.rules.groups import Table
from reasoner.rules.ir import Absence, Aggregate, Grouping, Ref, Row, Var
from reasoner.rules.match import GroupRow, MemberOf, Own, Solution, TermTriple, TermView, instantiated, members, unified

CONTRIBUTIONS = 10
"""Members that a proof shows of a group."""
LOOKED_AT = 1000
"""Members looked at in search of one that gave a minimum or maximum of something computed."""

Named = Callable[[Solution], tuple[tuple[str, Term], ...]]
AbsenceText = Callable[[Absence, Solution], str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A group before the facts behind its members have been proved."""

    keys: tuple[tuple[str, Term], ...]
    results: tuple[tuple[str, Term | None], ...]
    count: int
    members: tuple[MemberOf, ...]

    def facts(self) -> Iterator[TermTriple]:
        """What the members shown rest on."""
        for member in self.members:
            yield from facts_of(member)

    def proved(self, proofs: Callable[[TermTriple], Proof], named: Named, absent: AbsenceText) -> Group:
        """The group with the proofs of its members' facts."""
        contributions = tuple(
            Contribution(
                named(member.solution),
                tuple(map(proofs, facts_of(member))),
                tuple(absent(absence, member.solution) for absence in member.branch.absences),
            )
            for member in self.members
        )
        return Group(self.keys, self.results, self.count, contributions)


def facts_of(member: MemberOf) -> tuple[TermTriple, ...]:
    """The facts that make a member, each once."""
    return tuple(dict.fromkeys(instantiated(atom, member.solution) for atom in member.branch.body))


def faces(row: Row, solution: Solution) -> tuple[tuple[tuple[str, Term], ...], tuple[tuple[str, Term | None], ...]]:
    """The keys by name and the results by aggregate, of the row that a solution looks at."""
    grouping = row.grouping
    values = [solution.get(slot) for slot in row.slots]
    keys = tuple((key.name, value) for key, value in zip(grouping.keys, values, strict=False) if value is not None)
    results = zip(map(str, grouping.aggregates), values[len(grouping.keys) :], strict=True)
    return keys, tuple(results)


class Tables:
    """The groups that maintenance keeps, in terms."""

    def __init__(self, tables: Mapping[Grouping, Table], terms: Terms) -> None:
        self._tables = tables
        self._terms = terms

    def rows(self, grouping: Grouping, given: Solution) -> Iterator[GroupRow]:
        """The rows of which the keys that are given have these values."""
        places = tuple(place for place, key in enumerate(grouping.keys) if given.get(key) is not None)
        values = [self._terms.find(given[grouping.keys[place]]) for place in places]  # type: ignore[arg-type]  # no None
        if None not in values:
            for row in self._tables[grouping].where(places, tuple(values)):  # type: ignore[arg-type]  # no None
                yield tuple(None if node is None else self._terms.term(node) for node in row)

    def size(self, row: Row, solution: Solution) -> int:
        """How many members the group has that a solution looks at."""
        nodes = [self._terms.find(solution[slot]) for slot in row.key_slots()]  # type: ignore[arg-type]  # keys have values
        return self._tables[row.grouping].size(tuple(nodes))  # type: ignore[arg-type]  # they are nodes of the graph


def shown(row: Row, solution: Solution, count: int, view: TermView, own: Own) -> Shown:
    """The group that a solution of a rule looks at, with up to CONTRIBUTIONS of its members."""
    keys, results = faces(row, solution)
    given: dict[Var, Term | None] = {Var(name): term for name, term in keys}
    chosen: dict[object, MemberOf] = {}
    for member in (*_extremes(row.grouping, given, results, view, own), *_first(row.grouping, given, view, own)):
        chosen.setdefault(_identity(member), member)
    return Shown(keys, results, count, tuple(islice(chosen.values(), CONTRIBUTIONS)))


def _first(grouping: Grouping, given: Solution, view: TermView, own: Own) -> Iterator[MemberOf]:
    return islice(members(grouping, given, view, own), CONTRIBUTIONS)


def _extremes(
    grouping: Grouping, given: Solution, results: tuple[tuple[str, Term | None], ...], view: TermView, own: Own
) -> Iterator[MemberOf]:
    """For each minimum and maximum a member that gave it."""
    for place, (aggregate, (_, value)) in enumerate(zip(grouping.aggregates, results, strict=True)):
        if aggregate.op in ("min", "max") and value is not None:
            giving = (
                member
                for narrowed in _narrowed(grouping, aggregate, value, given, view)
                for member in members(grouping, narrowed, view, own)
            )
            yield from islice((m for m in islice(giving, LOOKED_AT) if m.inputs[place] == value), 1)


def _narrowed(
    grouping: Grouping, aggregate: Aggregate, value: Term, given: Solution, view: TermView
) -> Iterator[Solution]:
    """What is known of a member that gives the value: where that is looked up, it is looked up first."""
    if not isinstance(aggregate.expr, Ref):
        yield given
        return
    known = {**given, aggregate.expr.var: value}
    atoms = [atom for branch in grouping.branches for atom in branch.body if atom.o == aggregate.expr.var]
    if len(grouping.branches) > 1 or not atoms or isinstance(atoms[0].p, Var):
        yield known
        return
    for triple in view.match(None, atoms[0].p, value):
        found = unified(atoms[0], triple)
        if found is not None and all(known.get(var, term) == term for var, term in found.items()):
            yield known | found


def _identity(member: MemberOf) -> object:
    return id(member.branch), tuple(member.solution.get(var) for var in member.branch.members())
