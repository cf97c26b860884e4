"""Between asyncua's values and ours: variants, time stamps, status codes."""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.ua.status_codes import code_to_name_doc

from kg.bindings import DATA_TYPES
from kg.errors import BadValue

Value = float | int | bool | str | None

#: InfoType DataValue together with the Overflow bit; severity alone would call such a value good.
#: Source: OPC 10000-4, 7.39.1.
OVERFLOW = 0x480

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INTEGERS = {
    "SByte": (-(2**7), 2**7 - 1),
    "Byte": (0, 2**8 - 1),
    "Int16": (-(2**15), 2**15 - 1),
    "UInt16": (0, 2**16 - 1),
    "Int32": (-(2**31), 2**31 - 1),
    "UInt32": (0, 2**32 - 1),
    "Int64": (-(2**63), 2**63 - 1),
    "UInt64": (0, 2**64 - 1),
}


def plain(value: Any) -> Value:
    """A variant's value as the twin holds it: scalars as they are, localised text as text, anything else as None."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, ua.LocalizedText):
        return value.Text
    return None


def fits(value: Value, kind: type) -> bool:
    """True where a value is of the type that the binding promises; a whole number serves where a float is promised."""
    return type(value) is kind or (kind is float and type(value) is int)


def variant_of(value: float, data_type: str) -> ua.Variant:
    """The variant with the exact built-in type of a node. Raises BadValue where the type can't hold the value.

    A Float takes the nearest single-precision number.
    """
    kind = DATA_TYPES.get(data_type)
    if isinstance(value, bool) or kind not in (int, float) or not math.isfinite(value):
        raise BadValue(f"{value!r} is not a finite number for a node of type {data_type}.", value=str(value))
    if kind is float:
        if data_type == "Float":
            _single(value)
        return ua.Variant(float(value), ua.VariantType[data_type])
    low, high = _INTEGERS[data_type]
    if value != int(value) or not low <= value <= high:
        raise BadValue(f"{value!r} is not a whole number from {low} to {high}, as {data_type} needs.", value=str(value))
    return ua.Variant(int(value), ua.VariantType[data_type])


def micros(stamp: datetime | None) -> int | None:
    """Microseconds since 1970-01-01 UTC; None where there is no stamp. asyncua's naive times are UTC."""
    if stamp is None:
        return None
    aware = stamp if stamp.tzinfo is not None else stamp.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND


def status_name(code: int) -> str:
    """The symbolic name of a status code without its info bits, such as `BadNodeIdUnknown`; hexadecimal if unknown."""
    found = code_to_name_doc.get(code & 0xFFFF0000)
    return str(found[0]) if found else f"0x{code:08X}"


def severity(code: int) -> str:
    """`good`, `uncertain` or `bad`. Severity 3 is reserved and counts as bad. Source: OPC 10000-4, 7.39.1."""
    return ("good", "uncertain", "bad", "bad")[code >> 30]


def is_good(code: int) -> bool:
    return code >> 30 == 0


def _single(value: float) -> None:
    try:
        struct.pack("<f", value)
    except OverflowError as error:
        raise BadValue(f"{value!r} is too large for a node of type Float.", value=str(value)) from error
