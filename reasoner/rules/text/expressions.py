"""Expressions as the text form of rules and SPARQL write them, with as few parentheses as can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef
from rdflib.namespace import XSD

from reasoner.rules.ir import Aggregate, Call, Const, Expr, Ref
from reasoner.rules.text.parts import membership
from reasoner.rules.text.terms import TermWriter

#: How strongly a sign binds its operands.
OR, AND, NOT, COMPARE, ADD, TIMES, SIGN, PRIMARY = range(8)
_LEVELS: Final = {"||": OR, "&&": AND, "+": ADD, "-": ADD, "*": TIMES, "/": TIMES}


@dataclass(frozen=True, slots=True)
class Syntax:
    """In what the two notations differ."""

    words: Mapping[str, str]
    """The signs of `||`, `&&`, `in` and `not in`."""
    negation: str
    negation_level: int
    """How strongly the negation binds."""
    negated_level: int
    """How strongly its operand must bind to stand without parentheses."""
    function: Callable[[str], str]


TEXT: Final = Syntax({"||": "or", "&&": "and", "in": "in", "not in": "not in"}, "not ", NOT, NOT, str.lower)
SPARQL: Final = Syntax({"||": "||", "&&": "&&", "in": "IN", "not in": "NOT IN"}, "!", SIGN, PRIMARY, str.upper)


class ExpressionWriter:
    """Writes expressions in one of the two notations."""

    def __init__(self, terms: TermWriter, syntax: Syntax) -> None:
        self._terms = terms
        self._syntax = syntax

    def text(self, expr: Expr, least: int = OR) -> str:
        """The expression, in parentheses where its sign binds weaker than `least`."""
        text, level = self._levelled(expr)
        return f"({text})" if level < least else text

    def aggregate(self, aggregate: Aggregate) -> str:
        """An aggregate, such as `sum(distinct ?power)`."""
        name = self._syntax.function
        inner = "*" if aggregate.expr is None else self.text(aggregate.expr)
        distinct = f"{name('distinct')} " if aggregate.distinct else ""
        return f"{name(aggregate.op)}({distinct}{inner})"

    def _levelled(self, expr: Expr) -> tuple[str, int]:
        among = membership(expr)
        if among is not None:
            value, choices, negated = among
            word = self._syntax.words["not in" if negated else "in"]
            return f"{self.text(value, ADD)} {word} ({', '.join(map(self.text, choices))})", COMPARE
        match expr:
            case Ref(var=var):
                return str(var), PRIMARY
            case Const(term=term):
                return self._terms.term(term), PRIMARY
            case Call(op=op, args=args):
                return self._called(op, args)

    def _called(self, op: str, args: tuple[Expr, ...]) -> tuple[str, int]:
        match op, args:
            case "!", (arg,):
                told = f"{self._syntax.negation}{self.text(arg, self._syntax.negated_level)}"
                return told, self._syntax.negation_level
            case "neg", (arg,):
                return f"-({self.text(arg)})", SIGN
            case "&&" | "||", _:
                level = _LEVELS[op]
                return f" {self._syntax.words[op]} ".join(self.text(arg, level + 1) for arg in args), level
            case "+" | "-" | "*" | "/", (left, right):
                level = _LEVELS[op]
                return f"{self.text(left, level)} {op} {self.text(right, level + 1)}", level
            case "=" | "!=" | "<" | ">" | "<=" | ">=", (left, right):
                return f"{self.text(left, ADD)} {op} {self.text(right, ADD)}", COMPARE
            case _:
                is_cast = ":" in op
                name = self._terms.iri(URIRef(op.replace("xsd:", str(XSD)))) if is_cast else self._syntax.function(op)
                return f"{name}({', '.join(map(self.text, args))})", PRIMARY
