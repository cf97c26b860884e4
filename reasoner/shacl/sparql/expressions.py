"""Expressions of a query: rdflib's functions, kept from what a shape may not do.

Refused are functions whose value differs from one evaluation to the next (NOW, RAND, UUID, STRUUID, BNODE) and
functions from elsewhere (G-SHACL-1); casts to XSD types are let through. REGEX and REPLACE run on an engine without
backtracking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MethodType
from typing import Any, Final, Protocol

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import XSD
from rdflib.plugins.sparql.evalutils import _eval
from rdflib.plugins.sparql.operators import EBV, string
from rdflib.plugins.sparql.parserutils import CompValue, Expr
from rdflib.plugins.sparql.sparql import Prologue, SPARQLError
from rdflib.term import Variable

from kg.errors import ShapeRefused, Undecided
from kg.terms import Term, double_literal
from reasoner.shacl.lexical import is_countable
from reasoner.shacl.parse_paths import IllFormed
from reasoner.shacl.regex import Regex
from reasoner.shacl.sparql.algebra import Expression, Op, Variables

_FICKLE: Final = frozenset(f"Builtin_{name}" for name in ("NOW", "RAND", "UUID", "STRUUID", "BNODE"))
_EXISTS: Final = {"Builtin_EXISTS": True, "Builtin_NOTEXISTS": False}
_CASTS: Final = frozenset(
    (XSD.string, XSD.boolean, XSD.integer, XSD.decimal, XSD.float, XSD.double, XSD.dateTime, XSD.date)
)
#: What rdflib's functions raise on operands that they were not made for; SPARQL calls all of it an error.
_ERRORS: Final = (SPARQLError, ArithmeticError, ValueError, TypeError, AttributeError, LookupError)
_LONGEST: Final = 100_000
_LONGEST_REPLACED: Final = 1_000_000
"""Characters that REPLACE could make, which are made before anybody can look at them."""
_NOBODY: Final = URIRef("urn:x-twinwright:query")


class Scope(Protocol):
    """A row, as rdflib's functions want to see it."""

    prologue: Prologue

    def get(self, variable: Variable, default: Term | None = None) -> Term | None: ...
    def __getitem__(self, variable: Variable) -> Term: ...
    def exists(self, pattern: Op) -> bool: ...


def read_expression(
    tree: Any, read: Callable[[CompValue], Op], aliases: Mapping[Variable, Variable], bound: Variables
) -> Expression:
    """The expression, made safe to evaluate. Raises IllFormed for what may not be in it."""
    mentioned: set[Variable] = set()
    patterns: list[Op] = []
    guard = _Guard(read, aliases, mentioned, patterns)
    tree = guard.guarded(tree)
    inner = frozenset(v for pattern in patterns for v in pattern.facts.mentioned)
    return Expression(tree, (inner | mentioned) - bound, tuple(patterns), guard.size)


def evaluate(expression: Expression, scope: Scope) -> Term | None:
    """The value of an expression, or None where it is an error or unbound. Raises Undecided for texts without end."""
    try:
        value = _eval(expression.tree, scope)  # type: ignore[call-overload]  # any mapping will do
    except _ERRORS:
        return None
    if not isinstance(value, Literal):
        return value if isinstance(value, URIRef | BNode) else None
    if len(value) > _LONGEST:
        raise Undecided(f"A query makes a text of {len(value)} characters.", limit=_LONGEST)
    if value.datatype == XSD.double and isinstance(value.value, float):
        return double_literal(value.value)
    return value


def holds(expression: Expression, scope: Scope) -> bool:
    """Whether the expression's effective boolean value is true; an error is false."""
    value = evaluate(expression, scope)
    try:
        return value is not None and bool(EBV(value))
    except _ERRORS:
        return False


class _Guard:
    """Walks an expression once, notes what it mentions and replaces what may not run as it is."""

    def __init__(
        self,
        read: Callable[[CompValue], Op],
        aliases: Mapping[Variable, Variable],
        mentioned: set[Variable],
        patterns: list[Op],
    ) -> None:
        self._read = read
        self._aliases = aliases
        self._mentioned = mentioned
        self._patterns = patterns
        self.size = 0

    def guarded(self, tree: Any) -> Any:
        """The tree without danger; nodes are changed in place."""
        self.size += 1
        if isinstance(tree, Literal) and not is_countable(str(tree), tree.datatype):
            raise IllFormed(f"its query holds {str(tree)[:40]!r}, which is no {tree.datatype}")
        if isinstance(tree, Variable):
            tree = self._aliases.get(tree, tree)
            self._mentioned.add(tree)
            return tree
        if isinstance(tree, CompValue):
            self._node(tree)
            return tree
        if isinstance(tree, Literal | URIRef | str | int | bool) or tree is None:
            return tree
        return [self.guarded(part) for part in tree]

    def _node(self, node: CompValue) -> None:
        name = node.name
        if name in _FICKLE:
            raise IllFormed(f"its query uses {name.removeprefix('Builtin_')}, whose value differs each time")
        if name == "Function" and node.iri not in _CASTS:
            raise IllFormed(f"its query calls the function {node.iri.n3()}, which is not understood")
        if name in _EXISTS:
            self._exists(node, wanted=_EXISTS[name])
            return
        if not isinstance(node, Expr):
            raise IllFormed(f"its query uses {name} in an expression, which is not understood")
        for key, part in list(node.items()):
            node[key] = self.guarded(part)
        if name == "Builtin_REGEX":
            _refuse_bad_pattern(node)
            node._evalfn = MethodType(_regex, node)
        elif name == "Builtin_REPLACE":
            _refuse_bad_pattern(node)
            node._evalfn = MethodType(_replace, node)

    def _exists(self, node: CompValue, *, wanted: bool) -> None:
        if not isinstance(node.graph, CompValue) or node.graph.name == "GroupGraphPatternSub":
            raise IllFormed("its query uses EXISTS outside of FILTER and BIND")
        pattern = self._read(node.graph)
        self._patterns.append(pattern)
        node._evalfn = lambda scope: Literal(scope.exists(pattern) is wanted)


def _refuse_bad_pattern(node: CompValue) -> None:
    flags = node.flags
    if isinstance(node.pattern, Literal) and (flags is None or isinstance(flags, Literal)):
        try:
            _compiled(str(node.pattern), str(flags or ""))
        except ShapeRefused as refused:
            raise IllFormed(f"its query's pattern {str(node.pattern)!r}: {refused.facts['reason']}") from refused


def _regex(node: Expr, _scope: Scope) -> Literal:
    text, regex = string(node.text), _pattern_of(node)
    return Literal(regex.matches(str(text)))


def _replace(node: Expr, _scope: Scope) -> Literal:
    text, replacement = string(node.arg), string(node.replacement)
    if (len(text) + 1) * (len(replacement) + 1) > _LONGEST_REPLACED:
        raise Undecided("A query replaces too much by too much.", limit=_LONGEST_REPLACED)
    found = _pattern_of(node).replaced(str(text), str(replacement))
    if found is None:
        raise SPARQLError("This cannot be replaced.")
    return Literal(found, datatype=text.datatype, lang=text.language)


def _pattern_of(node: Expr) -> Regex:
    try:
        return _compiled(str(string(node.pattern)), str(node.flags or ""))
    except ShapeRefused as refused:
        raise SPARQLError(refused.message) from refused


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: str) -> Regex:
    return Regex(pattern, flags, _NOBODY)
