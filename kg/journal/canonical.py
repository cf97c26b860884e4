"""One text for one JSON value, so that a hash over it means something.

RFC 8785 (JSON Canonicalization Scheme), with one deviation: integers beyond 2**53 keep all their digits, where the
scheme would round them. Source: https://www.rfc-editor.org/rfc/rfc8785
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal

from kg.errors import BadValue


def canonical(value: object) -> str:
    """The canonical text of a plain JSON value. Raises BadValue for what JSON cannot hold."""
    text = "".join(_pieces(value))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadValue("Text with half a surrogate pair cannot be recorded.", position=error.start) from error
    return text


def _pieces(value: object) -> list[str]:
    match value:
        case str():
            return [json.dumps(value, ensure_ascii=False)]
        case None | bool():
            return [json.dumps(value)]
        case int():
            return [str(int(value))]
        case float():
            return [_number(value)]
        case list() | tuple():
            return ["[", ",".join("".join(_pieces(item)) for item in value), "]"]
        case Mapping():
            return ["{", ",".join(_member(key, value[key]) for key in sorted(value, key=_utf16)), "}"]
    raise BadValue(f"A {type(value).__name__} cannot be recorded; use plain JSON.", type=type(value).__name__)


def _member(key: str, value: object) -> str:
    return f"{json.dumps(key, ensure_ascii=False)}:{''.join(_pieces(value))}"


def _utf16(key: object) -> bytes:
    """Keys are ordered by their UTF-16 code units. Source: RFC 8785, 3.2.3."""
    if not isinstance(key, str):
        raise BadValue(f"A JSON object has text as keys, not {key!r}.", key=repr(key))
    return key.encode("utf-16-be", "surrogatepass")


def _number(value: float) -> str:
    """A double as ECMAScript writes it. Source: RFC 8785, 3.2.2.3; ECMA-262, Number::toString."""
    if not math.isfinite(value):
        raise BadValue(f"{value} is not a JSON number.", value=str(value))
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    _, numerals, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, numerals))
    count = len(digits)
    point = count + int(exponent)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+d}"
