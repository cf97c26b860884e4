"""Values of nodes for compiled rules, with the cost of a dictionary look-up at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rdflib import Literal

from kg.terms import Node, Term, Terms
from reasoner.rules.operators import number_key, order_key, truth
from reasoner.rules.values import EvalError, Value, of_term, to_term

_INLINE = 2**57


class Nodes:
    """Turns nodes into values and back. `None` is the node of an unbound variable: it has no value."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._values: dict[Node, Value] = {}

    def value(self, node: Node | None) -> Value:
        """The value of a node; the values of interned terms are remembered. Raises EvalError for None."""
        if node.__class__ is float:
            return node
        if node is None:
            raise EvalError
        known = self._values.get(node)
        if known is None:
            if node & 3 == 3:  # type: ignore[operator]  # floats have been answered above
                return self._terms.number(node)  # type: ignore[return-value]  # such a node is an integer
            known = self._values[node] = of_term(self._terms.term(node))
        return known

    def term(self, node: Node | None) -> Term:
        if node is None:
            raise EvalError
        return self._terms.term(node)

    def bound(self, node: Node | None) -> Node:
        if node is None:
            raise EvalError
        return node

    def node(self, value: Value) -> Node:
        """The node of a value, in canonical form. Raises EvalError for a number too long to be written down."""
        if value.__class__ is float:
            return self._terms.of_value(value)
        if value.__class__ is int and -_INLINE < value < _INLINE:
            return self._terms.of_value(value)
        return self._terms.node(to_term(value))

    def key(self, node: Node) -> tuple[Any, ...]:
        """The node's place in the order of all terms."""
        if node.__class__ is float:
            return number_key(node, 3)
        if node & 3 == 3:  # type: ignore[operator]  # floats have been answered above
            return number_key(self._terms.number(node), 0)
        return order_key(self.term(node))

    def is_literal(self, node: Node) -> bool:
        return isinstance(self._terms.term(node), Literal)

    def test(self, operator: Callable[[Any, Any], bool], a: Node | None, b: Node | None) -> bool:
        """A comparison of two nodes; False where it is an error."""
        try:
            return operator(self.value(a), self.value(b))
        except EvalError:
            return False


def holds(thunk: Callable[[], Any]) -> bool:
    """True if the thunk's value has the effective boolean value true; an error is false."""
    try:
        return truth(thunk())
    except EvalError:
        return False


def bound_or_none(thunk: Callable[[], Node]) -> Node | None:
    """The thunk's node, or None where it has none."""
    try:
        return thunk()
    except EvalError:
        return None


def both(*thunks: Callable[[], Any]) -> bool:
    """SPARQL &&: false wins over an error."""
    failed = False
    for thunk in thunks:
        try:
            if not truth(thunk()):
                return False
        except EvalError:
            failed = True
    if failed:
        raise EvalError
    return True


def either(*thunks: Callable[[], Any]) -> bool:
    """SPARQL ||: true wins over an error."""
    failed = False
    for thunk in thunks:
        try:
            if truth(thunk()):
                return True
        except EvalError:
            failed = True
    if failed:
        raise EvalError
    return False


def first(*thunks: Callable[[], Any]) -> Any:
    """SPARQL COALESCE: the first value that is no error."""
    for thunk in thunks:
        try:
            return thunk()
        except EvalError:
            continue
    raise EvalError
