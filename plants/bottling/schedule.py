"""What is to be made and when: products, orders, changeovers, shifts and breaks.

Saleable bottles per order; changeovers are asymmetric (after a flavour the lines are rinsed for long). Every shift of
eight hours has one break of half an hour in which the line stands.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Sku:
    """A product, with the filler's rated speed for it in bottles per minute."""

    id: str
    rated_speed: float


LAGER: Final = Sku("SKU-LAGER-050", 400.0)
PILS: Final = Sku("SKU-PILS-050", 400.0)
RADLER: Final = Sku("SKU-RADLER-050", 360.0)
SKUS: Final = (LAGER, PILS, RADLER)

#: Minutes from one product to the next, as published ranges (label change 10-20, flavour 20-45).
CHANGEOVER_MIN: Final[dict[tuple[str, str], tuple[float, float]]] = {
    (LAGER.id, PILS.id): (10.0, 20.0),
    (PILS.id, LAGER.id): (10.0, 20.0),
    (LAGER.id, RADLER.id): (20.0, 30.0),
    (PILS.id, RADLER.id): (20.0, 30.0),
    (RADLER.id, LAGER.id): (35.0, 45.0),
    (RADLER.id, PILS.id): (35.0, 45.0),
}

SHIFT_S: Final = 8 * 3600.0
_SHIFTS: Final = ("night", "early", "late")
_FIRST_SHIFT_HOUR: Final = 5
BREAK_AT_S: Final = 4 * 3600.0
BREAK_LASTS_S: Final = 1800.0


@dataclass(slots=True)
class Order:
    """An order in work. `actual` counts saleable bottles at the end of the line."""

    id: str
    sku: Sku
    target: int
    actual: int = 0


class OrderBook:
    """Orders without end, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"{seed}/orders")
        self._number = 1000
        self._sku = LAGER
        self._changeover_s = {
            pair: 60.0 * self._rng.uniform(*minutes) for pair, minutes in sorted(CHANGEOVER_MIN.items())
        }

    def next_order(self) -> Order:
        """The next order; the first is a lager, none follows one of the same product."""
        self._number += 1
        if self._number > 1001:
            self._sku = self._rng.choice([sku for sku in SKUS if sku is not self._sku])
        return Order(f"ORD-{self._number}", self._sku, 1000 * self._rng.randint(60, 110))

    def changeover_s(self, before: Sku, after: Sku) -> float:
        """How long this site takes from one product to another."""
        return self._changeover_s[before.id, after.id] if before is not after else 0.0


class ShiftCalendar:
    """Shifts and breaks by plant time, which counts seconds from `start`."""

    def __init__(self, start: datetime) -> None:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        self._offset_s = (start - midnight).total_seconds() - _FIRST_SHIFT_HOUR * 3600.0
        self._first_day = midnight

    def is_break(self, time_s: float) -> bool:
        """True in the break of the shift."""
        into_shift = (time_s + self._offset_s) % SHIFT_S
        return BREAK_AT_S <= into_shift < BREAK_AT_S + BREAK_LASTS_S

    def shift_id(self, time_s: float) -> str:
        """Such as 2026-01-05-early; a night shift carries the date on which it began."""
        number = int((time_s + self._offset_s) // SHIFT_S)
        day = self._first_day + timedelta(days=number // 3)
        return f"{day:%Y-%m-%d}-{_SHIFTS[(number + 1) % 3]}"


def plant_start(hour: int) -> datetime:
    """The moment at which plant time is zero."""
    return datetime(2026, 1, 5, hour, tzinfo=UTC)
