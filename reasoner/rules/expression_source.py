"""Python source for expressions: as truth, as value, as RDF term or as node, whichever is wanted."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from kg.terms import Node
from reasoner.rules.ir import Call, Const, Constant, Expr, Ref, Slot, Var
from reasoner.rules.nodes import Nodes
from reasoner.rules.operators import ON_TERMS, ON_VALUES
from reasoner.rules.values import of_term

_BOOLEAN = frozenset(("=", "!=", "<", ">", "<=", ">=", "&&", "||", "!", "bound", "sameterm"))
_FAST = {"=": "==", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


class ExpressionSource:
    """Names for variables and constants of one function, and the source of expressions over them."""

    def __init__(self, runtime: Nodes, node_of: Callable[[Constant], Node]) -> None:
        self._runtime = runtime
        self._node_of = node_of
        self._constants: dict[str, Any] = {}
        self._by_value: dict[object, str] = {}
        self._names: dict[Var, str] = {}

    def share(self, other: ExpressionSource) -> None:
        """Use the names of another function, inside which this one stands."""
        self._constants, self._by_value, self._names = other._constants, other._by_value, other._names

    def constant(self, value: Any, key: object) -> str:
        name = self._by_value.get(key)
        if name is None:
            name = self._by_value[key] = f"K{len(self._constants)}"
            self._constants[name] = value
        return name

    def name(self, var: Var) -> str:
        return self._names.setdefault(var, f"v{len(self._names)}")

    def source(self, slot: Slot) -> str:
        """The node of a slot as source."""
        if isinstance(slot, Var):
            return self.name(slot)
        return self.constant(self._node_of(slot), ("node", slot))

    def test(self, expr: Expr) -> str:
        """Source that is true where the filter is; an error is false."""
        return self._quick(expr) or f"HOLDS(lambda: {self._value(expr)})"

    def _quick(self, expr: Expr) -> str | None:
        """A comparison of variables and constants: a plain one where both are doubles, a careful one otherwise."""
        if not isinstance(expr, Call) or expr.op not in _FAST or any(isinstance(arg, Call) for arg in expr.args):
            return None
        texts, doubles = [], []
        for arg in expr.args:
            if isinstance(arg, Ref):
                texts.append(self.name(arg.var))
                doubles.append((self.name(arg.var), f"{self.name(arg.var)}.__class__ is float"))
            elif isinstance(arg, Const):
                texts.append(self.source(arg.term))
                value = of_term(arg.term)
                if value.__class__ not in (float, int, Decimal):
                    return self._careful(expr.op, texts, expr)
                number = float(cast(Decimal, value))
                doubles.append((self.constant(number, ("number", number)), ""))
        tests = " and ".join(test for _, test in doubles if test)
        careful = self._careful(expr.op, texts, expr)
        if not tests:
            return careful
        return f"({doubles[0][0]} {_FAST[expr.op]} {doubles[1][0]} if {tests} else {careful})"

    def _careful(self, op: str, texts: list[str], expr: Call) -> str:
        operator = self.constant(ON_VALUES[op][1], ("op", op))
        a, b = (
            self.name(x.var) if isinstance(x, Ref) else self.source(x.term)
            for x in expr.args
            if not isinstance(x, Call)
        )
        return f"{self.nodes('test')}({operator}, {a}, {b})"

    def nodes(self, method: str) -> str:
        return self.constant(getattr(self._runtime, method), ("nodes", method))

    def _value(self, expr: Expr) -> str:
        """Source of an expression as a value."""
        match expr:
            case Ref(var):
                name = self.name(var)
                return f"({name} if {name}.__class__ is float else {self.nodes('value')}({name}))"
            case Const(term):
                return self.constant(of_term(term), ("value", term))
            case Call("bound", (Ref(var),)):
                return f"({self.name(var)} is not None)"
            case Call("!", (arg,)):
                return f"(not {self._truth(arg)})"
            case Call("&&" | "||", args):
                thunks = ", ".join(f"lambda: {self._value(arg)}" for arg in args)
                return f"{'AND' if expr.op == '&&' else 'OR'}({thunks})"
            case Call("if", (test, yes, no)):
                return f"({self._value(yes)} if {self._truth(test)} else {self._value(no)})"
            case Call("coalesce", args):
                return f"FIRST({', '.join(f'lambda: {self._value(arg)}' for arg in args)})"
            case Call(op, args) if op in ON_VALUES:
                function = self.constant(ON_VALUES[op][1], ("op", op))
                return f"{function}({', '.join(map(self._value, args))})"
            case Call(op, args):
                function = self.constant(ON_TERMS[op][1], ("op", op))
                return f"{function}({', '.join(map(self._term, args))})"

    def _truth(self, expr: Expr) -> str:
        if isinstance(expr, Call) and expr.op in _BOOLEAN:
            return self._value(expr)
        return f"TRUTH({self._value(expr)})"

    def _term(self, expr: Expr) -> str:
        """Source of an expression as an RDF term."""
        match expr:
            case Ref(var):
                return f"{self.nodes('term')}({self.name(var)})"
            case Const(term):
                return self.constant(term, ("term", term))
            case Call("if", (test, yes, no)):
                return f"({self._term(yes)} if {self._truth(test)} else {self._term(no)})"
            case Call("coalesce", args):
                return f"FIRST({', '.join(f'lambda: {self._term(arg)}' for arg in args)})"
            case _:
                return f"TO_TERM({self._value(expr)})"

    def node(self, expr: Expr) -> str:
        """Source of an expression as a node; plain variables and constants keep their lexical form."""
        match expr:
            case Ref(var):
                return f"{self.nodes('bound')}({self.name(var)})"
            case Const(term):
                return self.source(term)
            case Call("if", (test, yes, no)):
                return f"({self.node(yes)} if {self._truth(test)} else {self.node(no)})"
            case Call("coalesce", args):
                return f"FIRST({', '.join(f'lambda: {self.node(arg)}' for arg in args)})"
            case _:
                return f"{self.nodes('node')}({self._value(expr)})"
