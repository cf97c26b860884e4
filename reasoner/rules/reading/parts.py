"""Parts of rules' bodies, put together to alternatives while a rule is compiled from SHACL.

A list of parts is a disjunction: the rule is written once for each. Knows nothing of where the parts come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

from kg.errors import RuleRefused
from reasoner.rules.ir import Absence, Atom, Bind, Expr, Rule, Slot, Var
from reasoner.shacl.paths import Alternative, Inverse, Path, Predicate, Repeat, Sequence, settle

MOST = 64
"""More alternatives than this of one rule are refused."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Some of what must hold for a rule to fire."""

    atoms: tuple[Atom, ...] = ()
    filters: tuple[Expr, ...] = ()
    binds: tuple[Bind, ...] = ()
    absences: tuple[Absence, ...] = ()

    def __add__(self, other: Parts) -> Parts:
        return Parts(
            self.atoms + other.atoms,
            self.filters + other.filters,
            self.binds + other.binds,
            self.absences + other.absences,
        )

    def before(self, rule: Rule) -> Rule:
        """The rule with these parts put before its own."""
        return replace(
            rule,
            body=self.atoms + rule.body,
            filters=self.filters + rule.filters,
            binds=self.binds + rule.binds,
            absences=self.absences + rule.absences,
        )


class Names:
    """Fresh variables and the bound on alternatives of one rule."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self._count = 0

    def fresh(self) -> Var:
        """A variable that stays out of proofs."""
        self._count += 1
        return Var(f"_s{self._count}")

    def both(self, left: Iterable[Parts], right: Iterable[Parts]) -> list[Parts]:
        """The conjunction of two disjunctions. Raises RuleRefused over MOST alternatives."""
        return self.bounded([a + b for a, b in product(left, right)])

    def bounded(self, bodies: list[Parts]) -> list[Parts]:
        if len(bodies) > MOST:
            raise self.refused(f"its targets, expressions and conditions make more than {MOST} alternatives; split it")
        return bodies

    def refused(self, reason: str, **facts: object) -> RuleRefused:
        """The error that names the rule."""
        return RuleRefused(f"Rule {self.rule}: {reason}.", rule=self.rule, **facts)

    def along(self, path: Path, start: Slot, end: Slot) -> list[tuple[Atom, ...]]:
        """The alternatives of a path as atoms. Raises RuleRefused for a path that repeats."""
        return self._along(settle(path), start, end)

    def _along(self, path: Path, start: Slot, end: Slot) -> list[tuple[Atom, ...]]:
        match path:
            case Predicate(iri=iri):
                return [(Atom(start, iri, end),)]
            case Inverse(path=inner):
                return self._along(inner, end, start)
            case Alternative(paths=paths):
                return [atoms for part in paths for atoms in self._along(part, start, end)]
            case Sequence(paths=paths):
                ends = [start, *(self.fresh() for _ in paths[1:]), end]
                steps = [self._along(part, ends[i], ends[i + 1]) for i, part in enumerate(paths)]
                return [sum(choice, ()) for choice in product(*steps)]
            case Repeat(sign=sign):
                raise self.refused(f"a path with {sign} is not understood in rules", construct=f"path {sign}")
