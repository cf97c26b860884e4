"""Python source for the members of groups: which there may be, and what each gives to which group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kg.terms import Node
from reasoner.rules.ir import Absence, Aggregate, Atom, Constant, Grouping, Ref
from reasoner.rules.nodes import Nodes
from reasoner.rules.order import arranged
from reasoner.rules.source import BodyWriter, Code


class BranchWriter(BodyWriter):
    """Writes and compiles the functions of one branch of a grouping.

    A member is a tuple of the branch's number and the nodes of the branch's `members`.
    """

    def __init__(
        self,
        grouping: Grouping,
        number: int,
        nodes: Nodes,
        node_of: Callable[[Constant], Node],
    ) -> None:
        self._branch = grouping.branches[number]
        super().__init__(grouping.rule, self._branch, nodes, node_of)
        self._number = number
        self._grouping = grouping
        self.joined = self._branch.joined_variables() | set(grouping.keys)

    def candidates(self, index: int, *, before: bool) -> Callable[..., None]:
        """f(s, p, o, view, out, meter): members that there may be with this triple as atom `index`.

        Those that there are now, or with `before` all that there may have been as well: then absences do not count.
        """
        return self._on(
            lambda code: code.match(self._branch.body[index], ("s", "p", "o"), local=True), before, skip=index
        )

    def candidates_absent(self, absence: Absence, atom: Atom, *, before: bool) -> Callable[..., None]:
        """The same for a triple that does not, or that now does, stand in the way as this atom of an absence."""

        def match(code: Code) -> None:
            code.match(atom, ("s", "p", "o"), local=True)
            code.test_ready(absence)
            code.bound &= self._branch.bound_variables()

        return self._on(match, before)

    def check(self) -> Callable[..., Any]:
        """f(member, view, meter): keys and inputs of a member, or None if it is none."""
        code = Code(self, "member, view, meter", None)
        members = self._branch.members()
        for place, var in enumerate(members, 1):
            code.line(f"{code.name(var)} = member[{place}]")
        code.bound = frozenset(members)
        code.steps(arranged(self._branch, code.bound), lambda: self._emit_result(code))
        return code.compiled()

    def seed(self) -> Callable[..., None]:
        """f(view, out, meter): (member, (keys, inputs)) of all members; EXISTS may tell one twice."""
        code = Code(self, "view, out, meter", None)
        code.steps(
            arranged(self._branch, frozenset()),
            lambda: code.line(f"out.append(({self._member(code)}, {self._result(code)}))"),
        )
        return code.compiled()

    def _on(self, match: Callable[[Code], None], before: bool, *, skip: int | None = None) -> Callable[..., None]:
        code = Code(self, "s, p, o, view, out, meter", None)
        match(code)
        steps = arranged(self._branch, code.bound, skip=skip, absences=not before)
        code.steps(steps, lambda: code.line(f"out.append(({self._member(code)}, ()))"))
        return code.compiled()

    def _member(self, code: Code) -> str:
        number = code.constant(self._number, ("branch", self._number))
        return f"({number}, {''.join(f'{code.name(var)}, ' for var in self._branch.members())})"

    def _emit_result(self, code: Code) -> None:
        code.line("meter.spent += n")
        code.line(f"return {self._result(code)}")

    def _result(self, code: Code) -> str:
        keys = "".join(f"{code.name(key)}, " for key in self._grouping.keys)
        inputs = "".join(f"{self._input(code, aggregate)}, " for aggregate in self._grouping.aggregates)
        return f"(({keys}), ({inputs}))"

    def _input(self, code: Code, aggregate: Aggregate) -> str:
        if aggregate.expr is None:
            return "1.0"
        if isinstance(aggregate.expr, Ref):
            return code.name(aggregate.expr.var)
        return f"BOUND(lambda: {code.node(aggregate.expr)})"
