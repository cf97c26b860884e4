"""RDF terms as Python values for expressions, and back.

| XSD | Python |
|---|---|
| double | float |
| float | Single |
| decimal | Decimal |
| integer and derived | int |
| boolean, string | bool, str |
| dateTime, date | datetime, date |

Anything else, ill-typed literals included, stands for itself as an rdflib term. Exact class tests (`x.__class__ is
str`) keep IRIs (a subclass of str in rdflib) and booleans (a subclass of int) apart from texts and numbers.
"""

from __future__ import annotations

import datetime as dt
import math
import struct
from decimal import Decimal
from typing import Any, TypeAlias

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import XSD

from kg.terms import NUMERIC, Term, double_literal
from reasoner.shacl.lexical import is_countable


class EvalError(Exception):
    """An expression has no value: SPARQL's type error. Never leaves the reasoner."""


class Single(float):
    """An xsd:float: a float that is rounded to 32 bits after every operation."""

    __slots__ = ()

    def __new__(cls, value: float) -> Single:
        return super().__new__(cls, _to_single(value))


Value: TypeAlias = float | Decimal | int | bool | str | dt.datetime | dt.date | Term

_CLASSES: dict[URIRef, tuple[type, ...]] = {
    XSD.boolean: (bool,),
    XSD.string: (str,),
    XSD.dateTime: (dt.datetime,),
    XSD.date: (dt.date,),
    XSD.decimal: (Decimal,),
    XSD.double: (float,),
    XSD.float: (float,),
}


def of_term(term: Term) -> Value:
    """The value of a term."""
    if not isinstance(term, Literal) or term.language is not None:
        return term
    datatype = term.datatype
    if datatype is None:
        return str(term)
    classes = _CLASSES.get(datatype) or ((int,) if datatype in NUMERIC else ())
    value: Any = term.value
    kind: type = value.__class__
    if term.ill_typed or kind not in classes:
        return _retried(term, classes)
    if kind in (Decimal, int) and not is_countable(str(term), datatype):
        return term
    return Single(value) if datatype == XSD.float else value


def to_term(value: Value) -> Term:
    """The term of a value, in canonical form (XSD 1.1). Raises EvalError for values that no operator makes."""
    match value:
        case URIRef() | BNode() | Literal():
            return value
        case bool():
            return Literal("true" if value else "false", datatype=XSD.boolean, normalize=False)
        case int():
            return Literal(_integer_lexical(value), datatype=XSD.integer, normalize=False)
        case Single():
            return Literal(_single_lexical(value), datatype=XSD.float, normalize=False)
        case float():
            return double_literal(value)
        case Decimal():
            return Literal(_decimal_lexical(value), datatype=XSD.decimal, normalize=False)
        case str():
            return Literal(value)
    raise EvalError


def _retried(term: Literal, classes: tuple[type, ...]) -> Value:
    # rdflib leaves some valid lexical forms without a value, such as "INF" for xsd:double
    if classes == (float,) and str(term) in ("INF", "+INF", "-INF", "NaN"):
        value = float(str(term).replace("INF", "inf"))
        return Single(value) if term.datatype == XSD.float else value
    return term


def _to_single(value: float) -> float:
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


def _single_lexical(value: float) -> str:
    for digits in range(1, 10):
        short = float(f"{value:.{digits}g}")
        if _to_single(short) == value:
            return str(double_literal(short))
    return str(double_literal(float(value)))


def _integer_lexical(value: int) -> str:
    try:
        return str(value)
    except ValueError:
        # Python writes no more than some thousands of digits, lest it takes too long
        raise EvalError from None


def _decimal_lexical(value: Decimal) -> str:
    text = format(value, "f")
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if short == "-0" else short
