"""Aggregates and order, independent of the order in which rows come.

Sums of integers and decimals are exact, sums with a double are rounded once. SAMPLE takes the first value in order.
Source: SPARQL 1.1 11, 15.1, 18.5.1.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import XSD

from kg.errors import Undecided
from kg.terms import Term, double_literal
from reasoner.shacl.sparql.algebra import Aggregate
from reasoner.shacl.values import Moment, Single, Span, Truth, Value, value_of

LONGEST_JOINED: Final = 100_000
"""Characters that GROUP_CONCAT may make."""
Key: TypeAlias = tuple[int, int, int, Fraction, str]
_NIL: Final = Fraction(0)


def order_key(term: Term | None) -> Key:
    """Where a term stands in ORDER BY: unbound, blank nodes, IRIs, literals; literals by kind and value."""
    if term is None:
        return (0, 0, 0, _NIL, "")
    if isinstance(term, BNode):
        return (1, 0, 0, _NIL, str(term))
    if isinstance(term, URIRef):
        return (2, 0, 0, _NIL, str(term))
    kind, sign, number = _rank(value_of(term))
    return (3, kind, sign, number, term.n3() if kind != _TEXT else str(term))


_TEXT: Final = 1


def _rank(value: Value | None) -> tuple[int, int, Fraction]:
    match value:
        case Single(value=single):
            return _rank(single)
        case float():
            if math.isfinite(value):
                return (0, 0, Fraction(value))
            return (0, 2, _NIL) if math.isnan(value) else (0, 1 if value > 0 else -1, _NIL)
        case int() | Decimal():
            return (0, 0, Fraction(value))
        case str():
            return (_TEXT, 0, _NIL)
        case Truth(value=truth):
            return (2, 0, Fraction(truth))
        case Moment(seconds=seconds):
            return (3, 0, seconds)
        case Span(months=months, seconds=seconds):
            return (4, months, seconds)
        case _:
            return (5, 0, _NIL)


def aggregated(aggregate: Aggregate, values: list[Term | None], rows: int) -> Term | None:
    """The value of an aggregate, or None where it is an error. Values that were errors or unbound are None."""
    present = sorted((value for value in values if value is not None), key=order_key)
    match aggregate.kind:
        case "Count":
            return Literal(len(present))
        case "Sum":
            return _sum(present)
        case "Avg":
            return _average(present)
        case "Min" | "Sample":
            return present[0] if present else None
        case "Max":
            return present[-1] if present else None
        case _:
            return None if rows and not present else _joined(aggregate.separator, [str(value) for value in present])


def _joined(separator: str, texts: list[str]) -> Literal:
    longest = sum(map(len, texts)) + len(separator) * len(texts)
    if longest > LONGEST_JOINED:
        raise Undecided(f"GROUP_CONCAT makes a text of {longest} characters.", limit=LONGEST_JOINED)
    return Literal(separator.join(texts))


def _sum(terms: list[Term]) -> Literal | None:
    numbers = _numbers(terms)
    if numbers is None:
        return None
    if any(isinstance(n, float | Single) for n in numbers):
        return _double(numbers, 1)
    total = sum((Fraction(n) for n in numbers if isinstance(n, int | Decimal)), _NIL)
    if all(isinstance(n, int) for n in numbers):
        return Literal(int(total))
    return _decimal(total)


def _average(terms: list[Term]) -> Literal | None:
    numbers = _numbers(terms)
    if numbers is None:
        return None
    if not numbers:
        return Literal(0)
    if any(isinstance(n, float | Single) for n in numbers):
        return _double(numbers, len(numbers))
    return _decimal(sum((Fraction(n) for n in numbers if isinstance(n, int | Decimal)), _NIL) / len(numbers))


def _numbers(terms: list[Term]) -> list[int | Decimal | float | Single] | None:
    values = [value_of(term) if isinstance(term, Literal) else None for term in terms]
    numbers = [v for v in values if isinstance(v, int | Decimal | float | Single)]
    return numbers if len(numbers) == len(terms) else None


def _double(numbers: list[int | Decimal | float | Single], count: int) -> Literal:
    parts = [n.value if isinstance(n, Single) else n for n in numbers]
    special = [p for p in parts if isinstance(p, float) and not math.isfinite(p)]
    if special:
        return double_literal(sum(special))
    total = sum((Fraction(p) for p in parts), _NIL) / count
    try:
        return double_literal(float(total))
    except OverflowError:
        return double_literal(math.inf if total > 0 else -math.inf)


def _decimal(value: Fraction) -> Literal:
    """A decimal with at most 18 digits behind the point, as XSD asks processors to keep at least."""
    scaled = round(value * 10**18)
    sign, digits = "-" if scaled < 0 else "", f"{abs(scaled):019d}"
    fraction = digits[-18:].rstrip("0")
    return Literal(f"{sign}{digits[:-18]}.{fraction or '0'}", datatype=XSD.decimal)
