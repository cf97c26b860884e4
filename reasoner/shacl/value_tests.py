"""Constraints that judge one value at a time, compiled into functions over nodes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final, TypeAlias

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import RDF, SH, XSD

from kg.terms import Node, Term, Terms
from reasoner.shacl import model
from reasoner.shacl.lexical import is_well_typed
from reasoner.shacl.model import Constraint, Order
from reasoner.shacl.regex import Regex
from reasoner.shacl.sight import Sight
from reasoner.shacl.values import Values, compare, distance, to_double, value_of

ValueTest: TypeAlias = Callable[[Sight, Node], bool]
Distance: TypeAlias = Callable[[Node], float | None]

_OPERATORS: Final = {
    Order.MIN_EXCLUSIVE: operator.gt,
    Order.MIN_INCLUSIVE: operator.ge,
    Order.MAX_EXCLUSIVE: operator.lt,
    Order.MAX_INCLUSIVE: operator.le,
}
_KINDS: Final[dict[URIRef, tuple[type, ...]]] = {
    SH.IRI: (URIRef,),
    SH.BlankNode: (BNode,),
    SH.Literal: (Literal,),
    SH.BlankNodeOrIRI: (BNode, URIRef),
    SH.BlankNodeOrLiteral: (BNode, Literal),
    SH.IRIOrLiteral: (URIRef, Literal),
}


def compile_test(constraint: Constraint, terms: Terms, values: Values, shape: Term) -> ValueTest | None:
    """The test that a constraint puts to each value, or None where it looks at more than one value."""
    match constraint:
        case model.OfClass(cls=cls):
            node = terms.node(cls)
            return lambda sight, value: sight.is_a(value, node)
        case model.OfDatatype(datatype=datatype):
            return _datatype(datatype, terms)
        case model.OfKind(kind=kind):
            return _kind(_KINDS[kind], terms)
        case model.Bound(order=order, limit=limit):
            return _bound(order, limit, values)
        case model.Length(limit=limit, least=least):
            compared = operator.ge if least else operator.le
            return _on_text(terms, lambda text: compared(len(text), limit))
        case model.Pattern(pattern=pattern, flags=flags):
            return _on_text(terms, Regex(pattern, flags, shape).matches)
        case model.LanguageIn(ranges=ranges):
            return _languages(ranges, terms)
        case model.In(values=members):
            allowed = frozenset(terms.node(member) for member in members)
            return lambda _sight, value: value in allowed
        case _:
            return None


def compile_distance(constraint: Constraint, terms: Terms, values: Values) -> Distance | None:
    """How far a value is beyond the constraint's limit, for constraints that know a distance."""
    match constraint:
        case model.Bound(limit=limit):
            edge = value_of(limit)
            assert edge is not None, "the parser refuses limits without a value"  # noqa: S101
            return lambda node: None if (value := values.of(node)) is None else distance(value, edge)
        case model.Length(limit=most):
            return lambda node: float(abs(len(str(terms.term(node))) - most))
        case _:
            return None


def _datatype(wanted: URIRef, terms: Terms) -> ValueTest:
    known: dict[Node, bool] = {}
    is_double, is_integer = wanted == XSD.double, wanted == XSD.integer

    def test(_sight: Sight, node: Node) -> bool:
        if isinstance(node, float):
            return is_double
        if node & 3 == 3:
            return is_integer
        found = known.get(node)
        if found is None:
            found = known[node] = _has_datatype(terms.term(node), wanted)
        return found

    return test


def _has_datatype(term: Term, wanted: URIRef) -> bool:
    if not isinstance(term, Literal):
        return False
    own = term.datatype or (RDF.langString if term.language else XSD.string)
    return own == wanted and is_well_typed(str(term), own, term.language)


def _kind(kinds: tuple[type, ...], terms: Terms) -> ValueTest:
    literals = Literal in kinds

    def test(_sight: Sight, node: Node) -> bool:
        if isinstance(node, float) or node & 3 == 3:
            return literals
        return isinstance(terms.term(node), kinds)

    return test


def _bound(order: Order, limit: Literal, values: Values) -> ValueTest:
    compared = _OPERATORS[order]
    edge = value_of(limit)
    assert edge is not None, "the parser refuses limits without a value"  # noqa: S101
    double = to_double(edge)

    def test(_sight: Sight, node: Node) -> bool:
        if double is not None and isinstance(node, float):
            return bool(compared(node, double))
        value = values.of(node)
        sign = None if value is None else compare(value, edge)
        return sign is not None and bool(compared(sign, 0))

    return test


def _on_text(terms: Terms, accepts: Callable[[str], bool]) -> ValueTest:
    def test(_sight: Sight, node: Node) -> bool:
        term = terms.term(node)
        return not isinstance(term, BNode) and accepts(str(term))

    return test


def _languages(ranges: tuple[str, ...], terms: Terms) -> ValueTest:
    def test(_sight: Sight, node: Node) -> bool:
        if isinstance(node, float) or node & 3 == 3:
            return False
        term = terms.term(node)
        tag = term.language if isinstance(term, Literal) else None
        return tag is not None and any(_in_range(tag.lower(), wanted) for wanted in ranges)

    return test


def _in_range(tag: str, wanted: str) -> bool:
    return wanted == "*" or tag == wanted or tag.startswith(wanted + "-")
