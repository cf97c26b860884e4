"""Values of samples in database columns and in bytes, so that each comes back exactly as it was.

SQLite has no booleans, keeps no NaN, and no integers beyond 64 bits; so each value is stored with its form.
"""

from __future__ import annotations

import math
import struct
from enum import IntEnum
from typing import TypeAlias

Value: TypeAlias = float | int | bool | str | None
Stored: TypeAlias = float | int | str | bytes | None


class Form(IntEnum):
    """How the stored value is to be read. The numbers are in databases and digests: they never change."""

    NONE = 0
    FLOAT = 1
    INTEGER = 2
    BOOLEAN = 3
    TEXT = 4


_FLOAT = struct.Struct(">d")
_INTEGER = struct.Struct(">q")
_LENGTH = struct.Struct(">I")
_IS_FLOAT = int(Form.FLOAT)
_NAN = bytes.fromhex("7ff8000000000000")
_MAX, _MIN = 2**63 - 1, -(2**63)


def to_columns(value: Value) -> tuple[int, Stored]:
    """The form and what is stored: NaN as NULL, integers beyond 64 bits as digits, odd text as bytes."""
    if isinstance(value, float):
        return _IS_FLOAT, None if value != value else value
    if isinstance(value, bool):
        return Form.BOOLEAN.value, int(value)
    if isinstance(value, int):
        return Form.INTEGER.value, value if _MIN <= value <= _MAX else str(value)
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return Form.TEXT.value, value.encode("utf-8", "surrogatepass")
        return Form.TEXT.value, value
    return Form.NONE.value, None


def from_columns(form: int, stored: Stored) -> Value:
    """The value that was stored."""
    if form == Form.FLOAT:
        return math.nan if stored is None else float(stored)
    if form == Form.BOOLEAN:
        return bool(stored)
    if form == Form.INTEGER:
        return int(stored) if stored is not None else None
    if form == Form.TEXT:
        return stored.decode("utf-8", "surrogatepass") if isinstance(stored, bytes) else str(stored)
    return None


def to_bytes(form: int, stored: Stored) -> bytes:
    """The stored value for a digest; with its form it is unambiguous. Integers and texts carry their length."""
    if form == Form.FLOAT:
        return _NAN if stored is None else _FLOAT.pack(stored)
    if form == Form.INTEGER and isinstance(stored, int):
        return b"\x08" + _INTEGER.pack(stored)
    if form == Form.BOOLEAN:
        return b"\x01" if stored else b"\x00"
    if form == Form.NONE:
        return b""
    data = stored if isinstance(stored, bytes) else str(stored).encode("utf-8")
    return b"\x00" * (form == Form.INTEGER) + _LENGTH.pack(len(data)) + data
