"""The operators and functions that rules may use, after SPARQL 1.1 section 17 and XPath functions.

All take and give values (`reasoner.rules.values`), except those in ON_TERMS, which take RDF terms because they look
at lexical forms, datatypes or identity. What has no value raises EvalError. Nothing here depends on the clock, on
chance or on the graph, so a rule's result depends on its triples alone.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import RDF, XSD

from kg.terms import NUMERIC, Term
from reasoner.rules.values import EvalError, Single, Value, of_term, to_term

_DECIMALS = decimal.Context(prec=38, traps=[decimal.DivisionByZero, decimal.InvalidOperation, decimal.Overflow])
NUMBERS = {int: 0, Decimal: 1, Single: 2, float: 3}


def promoted(a: Any, b: Any) -> tuple[Any, Any, int]:
    """Both numbers in the wider of their types, and its rank: integer < decimal < float < double."""
    try:
        rank = max(NUMBERS[a.__class__], NUMBERS[b.__class__])
        if rank == 3:
            return float(a), float(b), 3
    except (KeyError, OverflowError):
        raise EvalError from None
    if rank == 2:
        return Single(a), Single(b), 2
    if rank == 1:
        return Decimal(a), Decimal(b), 1
    return a, b, 0


def _arithmetic(on_floats: Callable[[Any, Any], Any], on_decimals: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def operate(a: Any, b: Any) -> Any:
        if a.__class__ is float and b.__class__ is float:
            return on_floats(a, b)
        x, y, rank = promoted(a, b)
        if rank == 1:
            try:
                return on_decimals(x, y)
            except decimal.DecimalException:
                raise EvalError from None
        result = on_floats(x, y)
        return Single(result) if rank == 2 else result

    return operate


add = _arithmetic(lambda a, b: a + b, _DECIMALS.add)
subtract = _arithmetic(lambda a, b: a - b, _DECIMALS.subtract)
multiply = _arithmetic(lambda a, b: a * b, _DECIMALS.multiply)


def _divide_floats(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


_divide = _arithmetic(_divide_floats, _DECIMALS.divide)


def divide(a: Any, b: Any) -> Any:
    """a / b; two integers give a decimal (XPath op:numeric-divide)."""
    if a.__class__ is int and b.__class__ is int:
        a = Decimal(a)
    return _divide(a, b)


def negate(a: Any) -> Any:
    return _like(a, -_number(a))


def _number(a: Any) -> Any:
    if a.__class__ not in NUMBERS:
        raise EvalError
    return a


def _like(a: Any, result: Any) -> Any:
    return Single(result) if a.__class__ is Single else result


def _whole(a: Any, to_int: Callable[[Any], int]) -> Any:
    if _number(a).__class__ is int:
        return a
    if isinstance(a, float):
        return a if not math.isfinite(a) else _like(a, math.copysign(float(to_int(a)), a))
    return Decimal(to_int(a))


def floor(a: Any) -> Any:
    return _whole(a, math.floor)


def ceil(a: Any) -> Any:
    return _whole(a, math.ceil)


def round_half_up(a: Any) -> Any:
    """fn:round: the nearest whole number, halves towards positive infinity."""
    return _whole(a, lambda x: math.floor(x) + (x - math.floor(x) >= 0.5))


def absolute(a: Any) -> Any:
    return _like(a, abs(_number(a)))


# comparison


def equal(a: Any, b: Any) -> bool:
    """SPARQL `=`. Literals of types that can't be compared raise EvalError unless they are the same term."""
    if a.__class__ in NUMBERS and b.__class__ in NUMBERS:
        x, y, _ = promoted(a, b)
        return bool(x == y)
    if a.__class__ is b.__class__ and a.__class__ in (str, bool, URIRef, BNode):
        return bool(a == b)
    if isinstance(a, dt.date) and isinstance(b, dt.date):
        return _same_moment(a, b)
    if isinstance(a, URIRef | BNode) or isinstance(b, URIRef | BNode):
        return False
    if isinstance(a, Literal) and isinstance(b, Literal) and a == b:
        return True
    if _is_text(a) and _is_text(b):
        return False
    raise EvalError


def unequal(a: Any, b: Any) -> bool:
    return not equal(a, b)


def less(a: Any, b: Any) -> bool:
    """SPARQL `<` on numbers, texts, booleans, dateTimes and dates; EvalError for anything else."""
    if a.__class__ in NUMBERS and b.__class__ in NUMBERS:
        x, y, _ = promoted(a, b)
        return bool(x < y)
    if a.__class__ is b.__class__ and a.__class__ in (str, bool):
        return bool(a < b)
    if isinstance(a, dt.date) and isinstance(b, dt.date):
        return _earlier(a, b)
    raise EvalError


def less_or_equal(a: Any, b: Any) -> bool:
    return less(a, b) or equal(a, b)


def greater(a: Any, b: Any) -> bool:
    return less(b, a)


def greater_or_equal(a: Any, b: Any) -> bool:
    return less(b, a) or equal(a, b)


def _comparable(a: dt.date, b: dt.date) -> None:
    # without a time zone on both sides the order is not determined, and a date is not a moment
    if a.__class__ is not b.__class__:
        raise EvalError
    if isinstance(a, dt.datetime) and isinstance(b, dt.datetime) and (a.tzinfo is None) != (b.tzinfo is None):
        raise EvalError


def _same_moment(a: Any, b: Any) -> bool:
    _comparable(a, b)
    return bool(a == b)


def _earlier(a: Any, b: Any) -> bool:
    _comparable(a, b)
    return bool(a < b)


def _is_text(a: Any) -> bool:
    return a.__class__ is str or (isinstance(a, Literal) and a.language is not None)


def order_key(term: Term) -> tuple[Any, ...]:
    """A total order of all terms, which refines that of ORDER BY (SPARQL 1.1, 15.1).

    Blank nodes, IRIs, NaN, numbers by exact value, booleans, texts, dateTimes without and with a time zone, dates, then
    other literals by datatype and language. Equal values: the narrower numeric type first, the canonical form
    before others, then by lexical form.
    """
    if not isinstance(term, Literal):
        return (0 if isinstance(term, BNode) else 1, str(term))
    value: Any = of_term(term)
    written = (str(term), str(term.datatype or ""), term.language or "")
    kind = NUMBERS.get(value.__class__)
    if kind is not None:
        if value != value:
            return (2, *written)
        return number_key(value, kind) if to_term(value) == term else (3, value, kind, *written)
    if isinstance(value, dt.datetime):
        return (6 if value.tzinfo is None else 7, value, *written)
    rank = {bool: 4, str: 5, dt.date: 8}.get(value.__class__)
    return (9, *written[1:], written[0]) if rank is None else (rank, value, *written)


def number_key(value: Any, kind: int) -> tuple[Any, ...]:
    """The place of a number in canonical form in the order of all terms."""
    return (3, value, kind, "")


def truth(value: Any) -> bool:
    """The effective boolean value (SPARQL 17.2.2)."""
    if value.__class__ is bool:
        return bool(value)
    if value.__class__ is str:
        return bool(value)
    if value.__class__ in NUMBERS:
        return not (value == 0 or value != value)
    if isinstance(value, Literal) and (value.datatype == XSD.boolean or value.datatype in NUMERIC):
        return False
    raise EvalError


# texts


def _text(a: Any) -> str:
    if a.__class__ is str:
        return str(a)
    if isinstance(a, Literal) and a.language is not None:
        return str(a)
    raise EvalError


def concat(*parts: Any) -> str:
    return "".join(_text(part) for part in parts)


# on terms


def lexical(term: Term) -> str:
    """SPARQL STR: the IRI or the lexical form."""
    if isinstance(term, BNode):
        raise EvalError
    return str(term)


def datatype(term: Term) -> URIRef:
    if not isinstance(term, Literal):
        raise EvalError
    if term.language is not None:
        return RDF.langString
    return term.datatype or XSD.string


def language(term: Term) -> str:
    if not isinstance(term, Literal):
        raise EvalError
    return term.language or ""


def is_numeric(term: Term) -> bool:
    return of_term(term).__class__ in NUMBERS


def _cast(kind: str) -> Callable[[Term], Value]:
    def cast(term: Term) -> Value:
        value = of_term(term)
        try:
            result: Value = _CASTS[kind](value)
        except (ValueError, OverflowError, decimal.DecimalException):
            raise EvalError from None
        return result

    return cast


def _to_decimal(value: Any) -> Decimal:
    result = Decimal(_castable(value))
    if not result.is_finite():
        raise EvalError
    return result


def _to_boolean(value: Any) -> bool:
    if value.__class__ is str:
        if value not in ("true", "false", "1", "0"):
            raise EvalError
        return value in ("true", "1")
    return truth(_castable(value))


def _castable(value: Any) -> Any:
    if value.__class__ in NUMBERS or value.__class__ in (bool, str):
        return value
    raise EvalError


_CASTS: dict[str, Callable[[Any], Any]] = {
    "double": lambda value: float(_castable(value)),
    "float": lambda value: Single(float(_castable(value))),
    "integer": lambda value: int(_castable(value)),
    "decimal": _to_decimal,
    "boolean": _to_boolean,
}

ON_VALUES: dict[str, tuple[int, Callable[..., Any]]] = {
    "=": (2, equal),
    "!=": (2, unequal),
    "<": (2, less),
    ">": (2, greater),
    "<=": (2, less_or_equal),
    ">=": (2, greater_or_equal),
    "+": (2, add),
    "-": (2, subtract),
    "*": (2, multiply),
    "/": (2, divide),
    "neg": (1, negate),
    "abs": (1, absolute),
    "round": (1, round_half_up),
    "floor": (1, floor),
    "ceil": (1, ceil),
    "concat": (-1, concat),
    "contains": (2, lambda a, b: _text(b) in _text(a)),
    "strstarts": (2, lambda a, b: _text(a).startswith(_text(b))),
    "strends": (2, lambda a, b: _text(a).endswith(_text(b))),
    "strlen": (1, lambda a: len(_text(a))),
    "ucase": (1, lambda a: _text(a).upper()),
    "lcase": (1, lambda a: _text(a).lower()),
}
ON_TERMS: dict[str, tuple[int, Callable[..., Any]]] = {
    "sameterm": (2, lambda a, b: a == b),
    "str": (1, lexical),
    "datatype": (1, datatype),
    "lang": (1, language),
    "isiri": (1, lambda a: isinstance(a, URIRef)),
    "isuri": (1, lambda a: isinstance(a, URIRef)),
    "isblank": (1, lambda a: isinstance(a, BNode)),
    "isliteral": (1, lambda a: isinstance(a, Literal)),
    "isnumeric": (1, is_numeric),
    "xsd:string": (1, lexical),
    **{f"xsd:{kind}": (1, _cast(kind)) for kind in _CASTS},
}
#: Forms that see errors and unbound variables; both evaluators know them.
FORMS: dict[str, int] = {"&&": -1, "||": -1, "!": 1, "if": 3, "coalesce": -1, "bound": 1}
