"""Values near a limit: the one nearest to a literal that stands to the limit as it should, in the literal's type."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Final

from rdflib import Literal
from rdflib.namespace import XSD

from kg.repair import Sense
from kg.terms import double_literal
from reasoner.shacl.lexical import INTEGERS
from reasoner.shacl.model import Order
from reasoner.shacl.values import to_double, value_of

_DIGITS: Final = 4
"""Significant digits of a value that must lie beside a limit and not on it."""
_UPPER: Final = (Order.MAX_INCLUSIVE, Order.MAX_EXCLUSIVE)
_INCLUSIVE: Final = (Order.MIN_INCLUSIVE, Order.MAX_INCLUSIVE)


def nearest(order: Order, limit: Literal, given: Literal) -> tuple[Literal, Sense] | None:
    """The nearest value to `given` within the limit, in the datatype of `given`; None where there is none to name."""
    value = value_of(limit)
    edge = None if value is None else to_double(value)
    if value is None or edge is None or not math.isfinite(edge):
        return (limit, _sense(order)) if order in _INCLUSIVE and limit.datatype == given.datatype else None
    if given.datatype in INTEGERS:
        exact = Fraction(value) if isinstance(value, int | Decimal) else Fraction(edge)
        return Literal(str(_whole(order, exact)), datatype=given.datatype, normalize=False), _sense(order)
    if given.datatype in (XSD.double, XSD.float, XSD.decimal):
        number = edge if order in _INCLUSIVE else _beside(edge, below=order in _UPPER)
        sense = _sense(order) if order in _INCLUSIVE else Sense.INSTEAD
        if given.datatype == XSD.double:
            return double_literal(number), sense
        exactly = isinstance(value, int | Decimal) and order in _INCLUSIVE
        text = format(Decimal(value if exactly else repr(number)), "f")  # type: ignore[arg-type]
        return Literal(text, datatype=given.datatype, normalize=False), sense
    return (limit, _sense(order)) if order in _INCLUSIVE else None


def _sense(order: Order) -> Sense:
    return Sense.AT_MOST if order in _UPPER else Sense.AT_LEAST


def _whole(order: Order, edge: Fraction) -> int:
    match order:
        case Order.MAX_INCLUSIVE:
            return math.floor(edge)
        case Order.MAX_EXCLUSIVE:
            return math.ceil(edge) - 1
        case Order.MIN_INCLUSIVE:
            return math.ceil(edge)
        case Order.MIN_EXCLUSIVE:
            return math.floor(edge) + 1


def _beside(edge: float, *, below: bool) -> float:
    """A round number a little below or above the edge: for 440 that is 439.9 or 440.1."""
    places = _DIGITS - 1 - (math.floor(math.log10(abs(edge))) if edge else 0)
    step = 10.0**-places
    return round(edge - step if below else edge + step, places)
