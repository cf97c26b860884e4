"""The canonical text of JSON follows RFC 8785."""

from __future__ import annotations

import json
import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import BadValue
from kg.journal.canonical import canonical


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_as_in_appendix_b(bits: str, text: str) -> None:
    """The samples of RFC 8785, appendix B."""
    assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]) == text


def test_keys_are_ordered_by_utf16() -> None:
    """The example of RFC 8785, 3.2.3: a key beyond the basic plane stands before one at its end."""
    given = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7}

    assert list(json.loads(canonical(given)).values()) == [2, 4, 6, 7, 1, 5, 3]


def test_text_is_escaped_as_little_as_possible() -> None:
    """The example of RFC 8785, 3.2.2.2, and what only has to be escaped."""
    assert canonical('€$\x0f\nA\'B"\\\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


def test_whole_numbers_keep_all_digits() -> None:
    """Beyond 2**53 nothing is rounded: the one deviation from the scheme."""
    assert canonical({"b": 2**63, "a": [True, None, -1]}) == '{"a":[true,null,-1],"b":9223372036854775808}'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, b"x", {1: 2}, {"a": {1, 2}}, "\udc00"])
def test_what_is_no_json_is_refused(value: object) -> None:
    """Such values have no canonical text."""
    with pytest.raises(BadValue):
        canonical(value)


@settings(deadline=None, max_examples=200)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_read_back(value: float) -> None:
    """The text of a float is that float, whatever its form."""
    assert float(canonical(value)) == value
