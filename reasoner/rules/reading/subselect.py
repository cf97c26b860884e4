"""Sub-SELECTs with aggregates in the form of the rule IR: groups, and what HAVING and the selection make of rows.

Whatever SPARQL would leave open, or give an arbitrary value, is refused by name. Source: SPARQL 1.1 sections 11 and
18.2.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Variable

from reasoner.rules.ir import Aggregate, Bind, Branch, Expr, Grouping, Ref, Row, Slot, Var, renamed, variables_of
from reasoner.rules.reading.expressions import Expressions, OutsideFragment


class Scope(Protocol):
    """What the query around a sub-SELECT knows."""

    name: str
    given: frozenset[Var]

    def new_variable(self) -> Var: ...
    def resolve(self, part: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Select:
    """The parts of a sub-SELECT as rdflib parses them."""

    projection: Sequence[CompValue]
    group_by: Sequence[Any]
    having: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Selected:
    """A look at groups, with what is computed from their rows and demanded of them."""

    row: Row
    binds: tuple[Bind, ...]
    filters: tuple[Expr, ...]


def read_select(select: Select, branches: Sequence[Branch], scope: Scope) -> Selected:
    """The sub-SELECT over these alternatives. Raises OutsideFragment."""
    return _Reader(scope, list(branches)).selected(select)


@dataclass(slots=True)
class _Reader:
    scope: Scope
    branches: list[Branch]
    keys: list[Var] = field(default_factory=list)
    slots: dict[Aggregate, Var] = field(default_factory=dict)
    """The variable that stands for each aggregate in expressions."""
    outside: dict[Var, Slot] = field(default_factory=dict)
    """What keys and aggregates are called in the query around it, where that is another name."""
    named: list[Var] = field(default_factory=list)
    """What has been given a name with AS so far."""

    def selected(self, select: Select) -> Selected:
        if not select.projection:
            raise OutsideFragment("SELECT * in a sub-SELECT; name the variables")
        for condition in select.group_by:
            self.key(condition)
        chosen = [Var(str(item["var"])) for item in select.projection if "var" in item]
        for variable in chosen:
            if variable not in self.keys:
                raise OutsideFragment(f"SELECT {variable} in a sub-SELECT that does not GROUP BY it")
        self.check_given(chosen)
        self.outside |= {key: self.scope.new_variable() for key in self.keys if key not in chosen}
        binds = [bind for item in select.projection if "expr" in item for bind in self.computed(item)]
        filters = [self.translated(condition, "HAVING") for condition in select.having]
        if not self.keys and not self.slots:
            raise OutsideFragment("a sub-SELECT without aggregates or GROUP BY")
        grouping = Grouping(tuple(self.keys), tuple(self.slots), tuple(self.branches), self.scope.name)
        slots = tuple(self.name(variable) for variable in (*self.keys, *self.slots.values()))
        return Selected(
            Row(grouping, slots),
            tuple(Bind(bind.var, renamed(bind.expr, self.outside)) for bind in binds),
            tuple(renamed(expr, self.outside) for expr in filters),
        )

    def name(self, variable: Var) -> Var:
        """What a key or an aggregate is called outside."""
        slot = self.outside.get(variable, variable)
        return slot if isinstance(slot, Var) else variable

    def key(self, condition: Any) -> None:
        """A condition of GROUP BY; a computed key becomes a BIND of every alternative."""
        if isinstance(condition, CompValue) and condition.name == "GroupAs":
            expr = Expressions(self.scope.resolve).translate(condition["expr"])
            if "var" in condition:
                variable = Var(str(condition["var"]))
                self.branches = [self.with_bind(branch, Bind(variable, expr)) for branch in self.branches]
            elif isinstance(expr, Ref):
                variable = expr.var
            else:
                raise OutsideFragment("GROUP BY on an expression without AS")
        elif isinstance(condition, Variable):
            variable = Var(str(condition))
        else:
            raise OutsideFragment("GROUP BY on an expression without AS")
        if any(variable not in branch.bound_variables() for branch in self.branches):
            raise OutsideFragment(f"GROUP BY {variable}, which the sub-SELECT does not bind in every alternative")
        if variable not in self.keys:
            self.keys.append(variable)

    def with_bind(self, branch: Branch, bind: Bind) -> Branch:
        known = branch.bound_variables()
        if bind.var in known:
            raise OutsideFragment(f"GROUP BY AS {bind.var}, which is bound already")
        unknown = variables_of(bind.expr) - known
        if unknown:
            raise OutsideFragment(f"GROUP BY from {min(map(str, unknown))}, which the sub-SELECT does not bind")
        return replace(branch, binds=(*branch.binds, bind))

    def check_given(self, chosen: Sequence[Var]) -> None:
        """What the caller binds is another variable inside, unless it is selected (SHACL 5.2.1)."""
        inside = frozenset().union(*(branch.bound_variables() for branch in self.branches))
        for variable in sorted((inside & self.scope.given) - set(chosen), key=str):
            raise OutsideFragment(f"a sub-SELECT that does not select and GROUP BY {variable}")

    def computed(self, item: CompValue) -> list[Bind]:
        """`(expression AS ?v)`: a name for an aggregate that has none yet, else a BIND over aggregates."""
        variable = Var(str(item["evar"]))
        if variable in frozenset((*self.keys, *self.named)).union(*(b.bound_variables() for b in self.branches)):
            raise OutsideFragment(f"SELECT AS {variable}, which is bound already")
        expr = self.translated(item["expr"], f"SELECT AS {variable}", self.named)
        self.named.append(variable)
        if isinstance(expr, Ref) and expr.var in self.slots.values() and expr.var not in self.outside:
            self.outside[expr.var] = variable
            return []
        return [Bind(variable, expr)]

    def translated(self, node: Any, where: str, named: Sequence[Var] = ()) -> Expr:
        """An expression over keys, aggregates and what has been named before."""
        expr = Expressions(self.scope.resolve, self.aggregate).translate(node)
        known = {*self.keys, *self.slots.values(), *named}
        for variable in sorted(variables_of(expr) - known, key=str):
            raise OutsideFragment(f"{where} on {variable}, which is neither aggregated nor a key of GROUP BY")
        return expr

    def aggregate(self, op: str, argument: Expr | None, distinct: bool) -> Expr:
        used = frozenset() if argument is None else variables_of(argument)
        for variable in sorted(used, key=str):
            if any(variable not in branch.bound_variables() for branch in self.branches):
                raise OutsideFragment(f"{op.upper()} of {variable}, which some alternative does not bind")
        aggregate = Aggregate(op, argument, distinct and op not in ("min", "max"))
        return Ref(self.slots.setdefault(aggregate, self.scope.new_variable()))
