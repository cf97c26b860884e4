"""The digest of samples that a seal in the journal holds.

SHA-256 over one canonical byte form: the samples in order of (seq, tag, nth), each as its numbers in network order,
then the value. Where a tag comes up for the first time in a digest, its property and data type stand before it, so
that nobody can pass a tag's samples off as another property's.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from kg.errors import BadValue, UnknownNode
from kg.history.schema import SampleRow
from kg.history.values import Form, to_bytes

_FLOAT = int(Form.FLOAT)
_NUMBERS = struct.Struct(">qqIqIqqIB")
_NUMBERS_AND_FLOAT = struct.Struct(">qqIqIqqIBd")
_LENGTHS = struct.Struct(">BII")


class Tag(NamedTuple):
    """What a tag number stands for."""

    prop: str
    data_type: str


def in_order(rows: Iterable[SampleRow]) -> list[SampleRow]:
    """Rows in the order of the digest: seq, tag, nth."""
    return sorted(rows, key=lambda row: (row[2], row[0], row[3]))


def digest(rows: Iterable[SampleRow], tags: Mapping[int, Tag]) -> str:
    """The digest, in hex, of rows that stand in the order of `in_order`.

    Raises UnknownNode for a tag that is not in `tags` and BadValue for numbers that no sample has.
    """
    try:
        return hashlib.sha256(b"".join(_pieces(rows, tags))).hexdigest()
    except KeyError as error:
        raise UnknownNode(f"The history knows no tag {error.args[0]}; register it first.", tag=error.args[0]) from None
    except struct.error as error:
        raise BadValue(f"A sample holds a number out of range: {error}.") from error


def _pieces(rows: Iterable[SampleRow], tags: Mapping[int, Tag]) -> list[bytes]:
    pieces: list[bytes] = []
    seen: set[int] = set()
    pack, pack_float = _NUMBERS.pack, _NUMBERS_AND_FLOAT.pack
    for tag, source_us, seq, nth, form, stored, status, server_us, received_us, flags in rows:
        if tag not in seen:
            seen.add(tag)
            pieces.append(_introduction(tags[tag]))
        if form == _FLOAT and stored is not None:  # most samples; one call instead of three
            pieces.append(pack_float(seq, tag, nth, source_us, status, server_us, received_us, flags, form, stored))
        else:
            pieces.append(pack(seq, tag, nth, source_us, status, server_us, received_us, flags, form))
            pieces.append(to_bytes(form, stored))
    return pieces


@lru_cache(maxsize=100_000)
def _introduction(tag: Tag) -> bytes:
    prop, data_type = tag.prop.encode("utf-8"), tag.data_type.encode("utf-8")
    return _LENGTHS.pack(0xFF, len(prop), len(data_type)) + prop + data_type
