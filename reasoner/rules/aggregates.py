"""The aggregates of SPARQL 1.1 as accumulators: what is added can be taken away again, in any order, without a trace.

Totals are kept exactly, as whole numbers of the smallest double (2 to the power -1074) beside integers and decimals,
and are rounded once, when a result is asked for; infinities and NaN are counted apart. The smallest and largest are
kept in a heap that forgets lazily. A change costs the same however many members the group has (for an extreme, their
logarithm). `None` stands for a value that is an error or unbound: COUNT, MIN and MAX leave it out, SUM and AVG have no
result while there is one. Source: SPARQL 1.1, section 18.5.1; deviations: G-RULE-3.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from decimal import Decimal
from heapq import heapify, heappop, heappush
from typing import Any, Final, Generic, Protocol, TypeVar

from kg.terms import Term
from reasoner.rules.ir import Aggregate
from reasoner.rules.operators import NUMBERS, order_key
from reasoner.rules.values import EvalError, Single, Value, of_term, to_term

Item = TypeVar("Item", bound=Hashable)
_EXACT = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
_QUOTIENT = decimal.Context(prec=38, rounding=decimal.ROUND_HALF_EVEN, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
_SMALLEST = 1074
"""Every finite double is a whole multiple of 2 ** -1074."""


@dataclass(frozen=True, slots=True)
class Items(Generic[Item]):
    """How accumulators read what they are given, be it terms or nodes of a graph."""

    value: Callable[[Item], Value]
    """Raises EvalError."""
    made: Callable[[Value], Item]
    """Raises EvalError."""
    key: Callable[[Item], tuple[Any, ...]]
    """The place in the order of all terms, `order_key`."""


class Accumulator(Protocol[Item]):
    """What a group keeps for one aggregate."""

    def add(self, item: Item | None) -> None: ...
    def remove(self, item: Item | None) -> None: ...
    def result(self) -> Item | None:
        """What the aggregate gives now; None where that is an error."""
        ...


def accumulator(aggregate: Aggregate, items: Items[Item]) -> Accumulator[Item]:
    """An empty accumulator of an aggregate."""
    match aggregate.op:
        case "count":
            inner: Accumulator[Item] = Count(items)
        case "sum" | "avg":
            inner = Total(items, mean=aggregate.op == "avg")
        case _:
            return Extreme(items, largest=aggregate.op == "max")
    return Distinct(inner) if aggregate.distinct else inner


class Count(Generic[Item]):
    """How many values there are."""

    __slots__ = ("_items", "_number")

    def __init__(self, items: Items[Item]) -> None:
        self._items = items
        self._number = 0

    def add(self, item: Item | None) -> None:
        self._number += item is not None

    def remove(self, item: Item | None) -> None:
        self._number -= item is not None

    def result(self) -> Item | None:
        return self._items.made(self._number)


class Total(Generic[Item]):
    """Sum or mean, of the widest type that has been added: integer, decimal, float, double.

    The mean of integers is a decimal; a decimal mean has at most 38 digits.
    """

    __slots__ = ("_decimals", "_errors", "_floats", "_integers", "_items", "_kinds", "_mean", "_unreal")

    def __init__(self, items: Items[Item], *, mean: bool) -> None:
        self._items = items
        self._mean = mean
        self._integers = 0
        self._decimals = Decimal(0)
        self._floats = 0
        self._kinds = [0, 0, 0, 0]
        """How many integers, decimals, floats and doubles."""
        self._unreal = [0, 0, 0]
        """How many are infinite, below zero, and NaN."""
        self._errors = 0

    def add(self, item: Item | None) -> None:
        self._change(item, 1)

    def remove(self, item: Item | None) -> None:
        self._change(item, -1)

    def _change(self, item: Item | None, sign: int) -> None:
        value: Any = None if item is None else _value(self._items, item)
        kind = NUMBERS.get(value.__class__)
        if kind is None:
            self._errors += sign
            return
        self._kinds[kind] += sign
        if kind == 0:
            self._integers += sign * value
        elif kind == 1:
            # an empty total sheds the digits that what has gone left behind
            total = _EXACT.add(self._decimals, value if sign > 0 else value.copy_negate())
            self._decimals = total if self._kinds[1] else Decimal(0)
        elif math.isfinite(value):
            numerator, denominator = value.as_integer_ratio()
            self._floats += sign * (numerator << (_SMALLEST + 1 - denominator.bit_length()))
        else:
            self._unreal[2 if math.isnan(value) else value < 0] += sign

    def result(self) -> Item | None:
        if self._errors:
            return None
        try:
            return self._items.made(self._value())
        except EvalError:
            return None

    def _value(self) -> Value:
        count = sum(self._kinds)
        if self._kinds[3] or self._kinds[2]:
            return self._double(count) if self._kinds[3] else Single(self._double(count, single=True))
        if self._mean and count:
            return _QUOTIENT.divide(_EXACT.add(Decimal(self._integers), self._decimals), Decimal(count))
        return _EXACT.add(Decimal(self._integers), self._decimals) if self._kinds[1] else self._integers

    def _double(self, count: int, *, single: bool = False) -> float:
        above, below, undefined = self._unreal
        if undefined or (above and below):
            return math.nan
        if above or below:
            return math.inf if above else -math.inf
        numerator, denominator = self._integers, 1
        if self._kinds[1]:
            whole, denominator = self._decimals.as_integer_ratio()
            numerator = numerator * denominator + whole
        numerator = (numerator << _SMALLEST) + self._floats * denominator
        denominator = (denominator << _SMALLEST) * (count if self._mean else 1)
        return rounded(numerator, denominator, single=single)


class Extreme(Generic[Item]):
    """The smallest or largest term in the order of `order_key`; no value where there is no term.

    The heap may still hold terms that have gone; `_counts` says 0 for these. They are dropped when they come to the
    top, or all at once when they are the greater part.
    """

    __slots__ = ("_counts", "_gone", "_heap", "_items", "_largest")

    def __init__(self, items: Items[Item], *, largest: bool) -> None:
        self._items = items
        self._largest = largest
        self._counts: dict[Item, int] = {}
        self._gone = 0
        self._heap: list[tuple[Any, Item]] = []

    def add(self, item: Item | None) -> None:
        if item is None:
            return
        count = self._counts.get(item)
        if count is None:
            heappush(self._heap, (self._key(item), item))
        self._gone -= count == 0
        self._counts[item] = (count or 0) + 1

    def remove(self, item: Item | None) -> None:
        if item is None:
            return
        left = self._counts[item] = self._counts[item] - 1
        self._gone += left == 0
        if self._gone > len(self._heap) // 2 + 8:
            self._counts = {item: count for item, count in self._counts.items() if count}
            self._heap = [(self._key(item), item) for item in self._counts]
            heapify(self._heap)
            self._gone = 0

    def result(self) -> Item | None:
        while self._heap:
            item = self._heap[0][1]
            if self._counts[item]:
                return item
            heappop(self._heap)
            del self._counts[item]
            self._gone -= 1
        return None

    def _key(self, item: Item) -> Any:
        key = self._items.key(item)
        return _Reversed(key) if self._largest else key

    def __len__(self) -> int:
        """Entries held, those that have gone included."""
        return len(self._heap)


class Distinct(Generic[Item]):
    """Passes each different term on once."""

    __slots__ = ("_counts", "_inner")

    def __init__(self, inner: Accumulator[Item]) -> None:
        self._inner = inner
        self._counts: dict[Item | None, int] = {}

    def add(self, item: Item | None) -> None:
        count = self._counts[item] = self._counts.get(item, 0) + 1
        if count == 1:
            self._inner.add(item)

    def remove(self, item: Item | None) -> None:
        self._counts[item] -= 1
        if not self._counts[item]:
            del self._counts[item]
            self._inner.remove(item)

    def result(self) -> Item | None:
        return self._inner.result()


@dataclass(frozen=True, slots=True)
class _Reversed:
    key: tuple[Any, ...]

    def __lt__(self, other: _Reversed) -> bool:
        return other.key < self.key


TERMS: Final[Items[Term]] = Items(of_term, to_term, order_key)


def rounded(numerator: int, denominator: int, *, single: bool = False) -> float:
    """The double nearest to a quotient; with `single` one that rounds to the nearest 32-bit float."""
    try:
        nearest = numerator / denominator
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf
    if not single:
        return nearest
    # rounding twice errs at the middle between two floats, unless what lies beside it is told by an odd last bit
    whole, part = nearest.as_integer_ratio()
    excess = numerator * part - whole * denominator
    if excess and not int(math.ldexp(math.frexp(nearest)[0], 53)) & 1:
        return math.nextafter(nearest, math.inf if excess > 0 else -math.inf)
    return nearest


def _value(items: Items[Item], item: Item) -> Value | None:
    try:
        return items.value(item)
    except EvalError:
        return None
