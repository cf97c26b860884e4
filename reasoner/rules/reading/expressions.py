"""SPARQL expressions, as rdflib parses them, in the form of the rule IR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rdflib import Literal, URIRef
from rdflib.namespace import RDF, XSD
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Variable

from kg.terms import double_literal
from reasoner.rules.ir import Call, Const, Expr, Ref, Var
from reasoner.rules.operators import FORMS, ON_TERMS, ON_VALUES

#: Why a function that SPARQL knows may not stand in a rule.
REFUSED = {
    "now": "time is an input: let the clock source assert what has become true",
    "rand": "a rule's result must follow from its triples",
    "uuid": "a rule's result must follow from its triples",
    "struuid": "a rule's result must follow from its triples",
    "bnode": "a rule may not make up new nodes",
    "iri": "a rule may not make up new nodes",
    "uri": "a rule may not make up new nodes",
    "regex": "a pattern could stall the Gate; use CONTAINS, STRSTARTS or STRENDS",
}
_ARITY = {name: arity for table in (ON_VALUES, ON_TERMS) for name, (arity, _) in table.items()} | FORMS


class OutsideFragment(Exception):
    """A construct that rules may not use; becomes a RuleRefused that also names the rule."""


class Expressions:
    """Translates expressions; `resolve` turns parsed prefixed names and literals into terms.

    `aggregate` says what stands for an aggregate, given its name, its argument (None for `*`) and whether it is
    DISTINCT; without it aggregates are refused.
    """

    def __init__(
        self, resolve: Callable[[Any], Any], aggregate: Callable[[str, Expr | None, bool], Expr] | None = None
    ) -> None:
        self._resolve = resolve
        self._aggregate = aggregate

    def translate(self, node: Any) -> Expr:
        """The expression in IR form. Raises OutsideFragment naming the function."""
        if isinstance(node, Variable):
            return Ref(Var(str(node)))
        if isinstance(node, URIRef | Literal):
            return Const(_canonical(node))
        if isinstance(node, CompValue):
            handler = self._handlers.get(node.name)
            if handler is not None:
                return handler(self, node)
            if node.name.startswith("Aggregate_"):
                return self._aggregated(node.name.removeprefix("Aggregate_").lower(), node)
            if node.name.startswith("Builtin_"):
                return self._builtin(node.name.removeprefix("Builtin_").lower(), _arguments(node))
            return Const(_canonical(self._resolve(node)))
        raise OutsideFragment(f"the expression {node!r}")

    def _chain(self, op: str) -> Callable[[CompValue], Expr]:
        def chain(node: CompValue) -> Expr:
            parts = [node["expr"], *(node.get("other") if "other" in node else ())]
            translated = tuple(self.translate(part) for part in parts)
            return translated[0] if len(translated) == 1 else Call(op, translated)

        return chain

    def _or(self, node: CompValue) -> Expr:
        return self._chain("||")(node)

    def _and(self, node: CompValue) -> Expr:
        return self._chain("&&")(node)

    def _relation(self, node: CompValue) -> Expr:
        left = self.translate(node["expr"])
        if "op" not in node:
            return left
        op, other = str(node["op"]), node["other"]
        if op in ("IN", "NOT IN"):
            choices = () if other == RDF.nil else tuple(self.translate(choice) for choice in other)
            inside = Call("||", (Const(_FALSE), *(Call("=", (left, choice)) for choice in choices)))
            return inside if op == "IN" else Call("!", (inside,))
        return Call(op, (left, self.translate(other)))

    def _infix(self, node: CompValue) -> Expr:
        result = self.translate(node["expr"])
        if "op" in node:
            for op, other in zip(node["op"], node["other"], strict=True):
                result = Call(str(op), (result, self.translate(other)))
        return result

    def _not(self, node: CompValue) -> Expr:
        return Call("!", (self.translate(node["expr"]),))

    def _minus(self, node: CompValue) -> Expr:
        return Call("neg", (self.translate(node["expr"]),))

    def _plus(self, node: CompValue) -> Expr:
        return self.translate(node["expr"])

    def _function(self, node: CompValue) -> Expr:
        iri = self._resolve(node["iri"])
        name = str(iri).replace(str(XSD), "xsd:")
        if name not in ON_TERMS:
            raise OutsideFragment(f"the function {iri}")
        return self._builtin(name, list(node["expr"]))

    def _aggregated(self, name: str, node: CompValue) -> Expr:
        text = _OTHER_AGGREGATES.get(name, name.upper())
        if self._aggregate is None:
            raise OutsideFragment(f"{text} outside the SELECT or HAVING of a sub-SELECT")
        if name not in _AGGREGATES:
            raise OutsideFragment(f"the aggregate {text} (its result depends on an order)")
        distinct, argument = bool(node["distinct"]), node["vars"]
        if argument == "*":
            if distinct:
                raise OutsideFragment("COUNT(DISTINCT *); name what is counted")
            return self._aggregate(name, None, False)
        return self._aggregate(name, Expressions(self._resolve).translate(argument), distinct)

    def _builtin(self, name: str, args: list[Any]) -> Expr:
        if name in ("exists", "notexists"):
            raise OutsideFragment("EXISTS or NOT EXISTS inside an expression (it may stand alone in a FILTER)")
        arity = _ARITY.get(name)
        if arity is None:
            reason = REFUSED.get(name)
            raise OutsideFragment(f"the function {name.upper()}" + (f" ({reason})" if reason else ""))
        if arity not in (-1, len(args)):
            raise OutsideFragment(f"the function {name.upper()} with {len(args)} arguments")
        return Call(name, tuple(self.translate(arg) for arg in args))

    _handlers: dict[str, Callable[[Expressions, CompValue], Expr]] = {  # noqa: RUF012  # never written
        "ConditionalOrExpression": _or,
        "ConditionalAndExpression": _and,
        "RelationalExpression": _relation,
        "AdditiveExpression": _infix,
        "MultiplicativeExpression": _infix,
        "UnaryNot": _not,
        "UnaryMinus": _minus,
        "UnaryPlus": _plus,
        "Function": _function,
    }


_AGGREGATES = frozenset(("count", "sum", "min", "max", "avg"))
_OTHER_AGGREGATES = {"groupconcat": "GROUP_CONCAT"}
_FALSE = Literal("false", datatype=XSD.boolean)


def _canonical(term: Any) -> Any:
    # rdflib's parser has rewritten the text of a double already; only the canonical form is held without a dictionary
    if isinstance(term, Literal) and term.datatype == XSD.double and isinstance(term.value, float):
        return double_literal(term.value)
    return term


def _arguments(node: CompValue) -> list[Any]:
    if "arg" in node:
        arg = node["arg"]
        return list(arg) if isinstance(arg, list) or arg.__class__.__name__ == "ParseResults" else [arg]
    return [value for _, value in sorted(node.items())]
