"""Which lexical forms are legal for the XSD datatypes. Source: XSD 1.1 part 2, RDF 1.1 Concepts 5."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from rdflib import URIRef
from rdflib.namespace import RDF, XSD

_INTEGER: Final = re.compile(r"[+-]?[0-9]+\Z")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\Z")
_DOUBLE: Final = re.compile(r"(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN)\Z")
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_YEAR: Final = r"-?(?:[1-9][0-9]{3,}|0[0-9]{3})"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_DAY: Final = r"(?:0[1-9]|[12][0-9]|3[01])"
_TIME: Final = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_DATE: Final = re.compile(rf"({_YEAR})-({_MONTH})-({_DAY}){_ZONE}\Z")
_DATE_TIME: Final = re.compile(rf"({_YEAR})-({_MONTH})-({_DAY})T{_TIME}{_ZONE}\Z")
_DATE_TIME_STAMP: Final = re.compile(rf"({_YEAR})-({_MONTH})-({_DAY})T{_TIME}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})\Z")
_CLOCK: Final = r"T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?"
_DAY_TIME: Final = rf"(?:[0-9]+D(?:{_CLOCK})?|{_CLOCK})"
_YEAR_MONTH: Final = r"(?:[0-9]+Y(?:[0-9]+M)?|[0-9]+M)"

_PATTERNS: Final[dict[URIRef, re.Pattern[str]]] = {
    XSD.decimal: _DECIMAL,
    XSD.double: _DOUBLE,
    XSD.float: _DOUBLE,
    XSD.boolean: re.compile(r"(?:true|false|0|1)\Z"),
    XSD.time: re.compile(rf"{_TIME}{_ZONE}\Z"),
    XSD.gYear: re.compile(rf"{_YEAR}{_ZONE}\Z"),
    XSD.gYearMonth: re.compile(rf"{_YEAR}-{_MONTH}{_ZONE}\Z"),
    XSD.gMonth: re.compile(rf"--{_MONTH}{_ZONE}\Z"),
    XSD.gDay: re.compile(rf"---{_DAY}{_ZONE}\Z"),
    XSD.gMonthDay: re.compile(
        rf"--(?:(?:01|03|05|07|08|10|12)-{_DAY}|(?:04|06|09|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9])){_ZONE}\Z"
    ),
    XSD.duration: re.compile(rf"-?P(?:{_YEAR_MONTH}{_DAY_TIME}?|{_DAY_TIME})\Z"),
    XSD.dayTimeDuration: re.compile(rf"-?P{_DAY_TIME}\Z"),
    XSD.yearMonthDuration: re.compile(rf"-?P{_YEAR_MONTH}\Z"),
    XSD.hexBinary: re.compile(r"(?:[0-9A-Fa-f]{2})*\Z"),
    XSD.base64Binary: re.compile(
        r"(?:(?:[A-Za-z0-9+/] ?){4})*(?:(?:[A-Za-z0-9+/] ?){3}[A-Za-z0-9+/]"
        r"|(?:[A-Za-z0-9+/] ?){2}[AEIMQUYcgkosw048] ?=|[A-Za-z0-9+/] ?[AQgw] ?= ?=)?\Z"
    ),
    XSD.normalizedString: re.compile(r"[^\t\n\r]*\Z"),
    XSD.token: re.compile(r"(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?\Z"),
    XSD.language: re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*\Z"),
    XSD.NMTOKEN: re.compile(r"[\w:.\-\u00b7]+\Z"),
    XSD.Name: re.compile(r"[^\W\d][\w:.\-\u00b7]*\Z|:[\w:.\-\u00b7]*\Z"),
    XSD.NCName: re.compile(r"[^\W\d][\w.\-\u00b7]*\Z"),
}

_RANGES: Final[dict[URIRef, tuple[int | None, int | None]]] = {
    XSD.integer: (None, None),
    XSD.long: (-(2**63), 2**63 - 1),
    XSD.int: (-(2**31), 2**31 - 1),
    XSD.short: (-(2**15), 2**15 - 1),
    XSD.byte: (-128, 127),
    XSD.unsignedLong: (0, 2**64 - 1),
    XSD.unsignedInt: (0, 2**32 - 1),
    XSD.unsignedShort: (0, 2**16 - 1),
    XSD.unsignedByte: (0, 255),
    XSD.nonNegativeInteger: (0, None),
    XSD.positiveInteger: (1, None),
    XSD.nonPositiveInteger: (None, 0),
    XSD.negativeInteger: (None, -1),
}
INTEGERS: Final = frozenset(_RANGES)
#: Longer digit strings are read as decimals only: converting them takes time that grows with their square.
MAX_DIGITS: Final = 4000
#: Nobody computes with longer numbers; Python does not even write them.
COUNTABLE_DIGITS: Final = 4300


def bounds_of(datatype: URIRef) -> tuple[int | None, int | None]:
    """The least and the greatest value of an integer datatype; None where there is no limit."""
    return _RANGES.get(datatype, (None, None))


def is_legal(text: str, datatype: URIRef) -> bool:
    """Whether the text is in the lexical space of the datatype; True for datatypes that are not XSD's."""
    bounds = _RANGES.get(datatype)
    if bounds is not None:
        return _INTEGER.match(text) is not None and _is_within(text, *bounds)
    calendar = _CALENDAR.get(datatype)
    if calendar is not None:
        return calendar(text)
    pattern = _PATTERNS.get(datatype)
    return pattern is None or pattern.match(text) is not None


def _is_within(text: str, least: int | None, most: int | None) -> bool:
    if least is None and most is None:
        return True
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > 40:
        return most is None if not text.startswith("-") else least is None
    value = int(text)
    return (least is None or value >= least) and (most is None or value <= most)


def _dated(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        found = pattern.match(text)
        return found is not None and int(found[3]) <= days_in_month(int(found[1][-4:]), int(found[2]))

    return check


_CALENDAR: Final[dict[URIRef, Callable[[str], bool]]] = {
    XSD.date: _dated(_DATE),
    XSD.dateTime: _dated(_DATE_TIME),
    XSD.dateTimeStamp: _dated(_DATE_TIME_STAMP),
}


def days_in_month(year: int, month: int) -> int:
    """Days of a month in the proleptic Gregorian calendar; of a year its last four digits suffice."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def is_countable(text: str, datatype: URIRef | None) -> bool:
    """Whether a numeral may be computed with: rdflib takes 1E9999999 for a decimal, and works on it for hours."""
    if datatype != XSD.decimal and datatype not in INTEGERS:
        return True
    return len(text.lstrip("+-")) <= COUNTABLE_DIGITS and datatype is not None and is_legal(text, datatype)


def is_well_typed(text: str, datatype: URIRef | None, language: str | None) -> bool:
    """Whether a literal denotes a value: rdf:langString needs a language, the rest a legal lexical form."""
    if datatype == RDF.langString:
        return language is not None
    return datatype is None or is_legal(text, datatype)
