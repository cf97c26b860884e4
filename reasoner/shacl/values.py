"""Literals as values that can be compared, by XSD's rules.

Numbers are promoted as in XPath: decimal to float to double; NaN is comparable with nothing. Times with a zone and
times without are comparable only when they are more than fourteen hours apart. Values of different kinds are not
comparable. Source: SPARQL 1.1 17.3, XPath functions 4.2, XSD 1.1 part 2 D.2.
"""

from __future__ import annotations

import math
import re
import struct
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias

from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from kg.terms import Node, Terms
from reasoner.shacl.lexical import INTEGERS, MAX_DIGITS, is_legal


class Moment(NamedTuple):
    """A dateTime, date or time on its axis; `zoned` says whether it had a time zone."""

    kind: URIRef
    seconds: Fraction
    zoned: bool


class Single(NamedTuple):
    """An xsd:float: a double that 32 bits can hold."""

    value: float


class Span(NamedTuple):
    """A duration that is only months or only seconds."""

    months: int
    seconds: Fraction


class Truth(NamedTuple):
    """A boolean, kept apart from the integers."""

    value: bool


Number: TypeAlias = int | Decimal | float | Single
Value: TypeAlias = Number | str | Truth | Moment | Span
_FOURTEEN_HOURS: Final = 14 * 3600


class Values:
    """The values of a graph's nodes; those of interned nodes are remembered."""

    __slots__ = ("_known", "_terms")

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._known: dict[Node, Value | None] = {}

    def of(self, node: Node) -> Value | None:
        """The value of a node, or None where it is not a literal with a value that can be ordered."""
        if isinstance(node, float):
            return node
        if node & 3 == 3:
            return self._terms.number(node)
        try:
            return self._known[node]
        except KeyError:
            term = self._terms.term(node)
            found = self._known[node] = value_of(term) if isinstance(term, Literal) else None
            return found


def value_of(literal: Literal) -> Value | None:
    """The value of a literal, or None where it is ill-typed or of a datatype without an order."""
    datatype, text = literal.datatype, str(literal)
    if datatype is None or datatype == XSD.string:
        return None if literal.language else text
    if not is_legal(text, datatype) or len(text) > MAX_DIGITS:
        return None
    if datatype in INTEGERS:
        return int(text)
    if datatype == XSD.decimal:
        return Decimal(text)
    if datatype == XSD.double:
        return float(text)
    if datatype == XSD.float:
        return Single(_single(float(text)))
    if datatype == XSD.boolean:
        return Truth(text in ("true", "1"))
    if datatype in (XSD.dateTime, XSD.dateTimeStamp, XSD.date, XSD.time):
        return _moment(text, XSD.dateTime if datatype == XSD.dateTimeStamp else datatype)
    if datatype in (XSD.dayTimeDuration, XSD.yearMonthDuration, XSD.duration):
        return _span(text)
    return None


def compare(a: Value, b: Value) -> int | None:
    """-1, 0 or 1 as `a` is below, equal to or above `b`; None where they cannot be compared."""
    if isinstance(a, int | Decimal | float | Single):
        return _numbers(a, b) if isinstance(b, int | Decimal | float | Single) else None
    if isinstance(a, Moment):
        return _moments(a, b) if isinstance(b, Moment) else None
    if isinstance(a, Span):
        return _spans(a, b) if isinstance(b, Span) else None
    if isinstance(a, Truth):
        return _sign(a.value - b.value) if isinstance(b, Truth) else None
    return (a > b) - (a < b) if isinstance(b, str) else None


def distance(a: Value, b: Value) -> float | None:
    """How far two numbers are apart, or two moments in seconds; None where that means nothing."""
    if isinstance(a, Moment) and isinstance(b, Moment) and a.kind == b.kind:
        return float(abs(a.seconds - b.seconds))
    if isinstance(a, int | Decimal | float | Single) and isinstance(b, int | Decimal | float | Single):
        gap = abs(_double(a) - _double(b))
        return None if math.isnan(gap) else gap
    return None


def to_double(value: Value) -> float | None:
    """A number as the double to which it is promoted; None where it is no number."""
    return _double(value) if isinstance(value, int | Decimal | float | Single) else None


def _numbers(a: Number, b: Number) -> int | None:
    if isinstance(a, int | Decimal) and isinstance(b, int | Decimal):
        return (a > b) - (a < b)
    if isinstance(a, float) or isinstance(b, float):
        x, y = _double(a), _double(b)
    else:
        x, y = _single(_double(a)), _single(_double(b))
    return None if math.isnan(x) or math.isnan(y) else (x > y) - (x < y)


def _double(number: Number) -> float:
    if isinstance(number, Single):
        return number.value
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _single(value: float) -> float:
    if math.isinf(value) or math.isnan(value):
        return value
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _moments(a: Moment, b: Moment) -> int | None:
    if a.kind != b.kind:
        return None
    gap = a.seconds - b.seconds
    if a.zoned != b.zoned and abs(gap) <= _FOURTEEN_HOURS:
        return None
    return _sign(gap)


def _spans(a: Span, b: Span) -> int | None:
    months, seconds = _sign(a.months - b.months), _sign(a.seconds - b.seconds)
    if months == 0 or seconds == 0:
        return months or seconds
    return months if months == seconds else None


def _sign(gap: Fraction | int) -> int:
    return (gap > 0) - (gap < 0)


_MOMENT: Final = re.compile(
    r"(?:(-?[0-9]+)-([0-9]{2})-([0-9]{2}))?T?(?:([0-9]{2}):([0-9]{2}):([0-9.]+))?(Z|[+-][0-9]{2}:[0-9]{2})?\Z"
)
_SPAN: Final = re.compile(r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?\Z")


def _moment(text: str, kind: URIRef) -> Moment | None:
    found = _MOMENT.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    days = _days(int(year), int(month), int(day)) if year is not None else 0
    seconds = Fraction(days * 86400)
    if hour is not None:
        seconds += int(hour) * 3600 + int(minute) * 60 + Fraction(second)
    if zone is not None and zone != "Z":
        offset = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
        seconds += offset if zone[0] == "-" else -offset
    return Moment(kind, seconds, zone is not None)


def _days(year: int, month: int, day: int) -> int:
    """Days since 0000-03-01 in the proleptic Gregorian calendar, also for negative years."""
    years = year - (month <= 2)
    months = (month + 9) % 12
    return 365 * years + years // 4 - years // 100 + years // 400 + (153 * months + 2) // 5 + day - 1


def _span(text: str) -> Span | None:
    found = _SPAN.match(text)
    if found is None:
        return None
    sign = -1 if found[1] else 1
    years, months, days, hours, minutes = (int(part or 0) for part in found.groups()[1:6])
    seconds = Fraction(found[7] or 0) + days * 86400 + hours * 3600 + minutes * 60
    return Span(sign * (12 * years + months), sign * seconds)
