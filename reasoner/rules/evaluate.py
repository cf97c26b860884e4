"""The value of an expression when the variables have these terms: the plain reading of what compiled rules do fast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from kg.terms import Term
from reasoner.rules.ir import Call, Const, Expr, Ref, Var
from reasoner.rules.nodes import both, either, first
from reasoner.rules.operators import ON_TERMS, ON_VALUES, truth
from reasoner.rules.values import EvalError, Value, of_term, to_term

Bindings: TypeAlias = Mapping[Var, Term | None]
"""None for a variable whose BIND was an error."""


def value(expr: Expr, bindings: Bindings) -> Value:
    """The value. Raises EvalError."""
    match expr:
        case Ref() | Const():
            return of_term(term(expr, bindings))
        case Call("bound", (Ref(var),)):
            return bindings.get(var) is not None
        case Call("!", (arg,)):
            return not truth(value(arg, bindings))
        case Call("&&", args):
            return both(*((lambda a=arg: value(a, bindings)) for arg in args))
        case Call("||", args):
            return either(*((lambda a=arg: value(a, bindings)) for arg in args))
        case Call("if", (test, yes, no)):
            return value(yes if truth(value(test, bindings)) else no, bindings)
        case Call("coalesce", args):
            return first(*((lambda a=arg: value(a, bindings)) for arg in args))  # type: ignore[no-any-return]
        case Call(op, args) if op in ON_VALUES:
            return ON_VALUES[op][1](*(value(arg, bindings) for arg in args))  # type: ignore[no-any-return]
        case Call(op, args):
            return ON_TERMS[op][1](*(term(arg, bindings) for arg in args))  # type: ignore[no-any-return]


def term(expr: Expr, bindings: Bindings) -> Term:
    """The value as a term; plain variables and constants keep their lexical form. Raises EvalError."""
    match expr:
        case Ref(var):
            bound = bindings.get(var)
            if bound is None:
                raise EvalError
            return bound
        case Const(constant):
            return constant
        case Call("if", (test, yes, no)):
            return term(yes if truth(value(test, bindings)) else no, bindings)
        case Call("coalesce", args):
            return first(*((lambda a=arg: term(a, bindings)) for arg in args))  # type: ignore[no-any-return]
        case _:
            return to_term(value(expr, bindings))


def is_true(expr: Expr, bindings: Bindings) -> bool:
    """The filter's verdict; an error is false."""
    try:
        return truth(value(expr, bindings))
    except EvalError:
        return False
