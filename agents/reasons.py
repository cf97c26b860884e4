"""PackML states and stop reasons as the agents read them off a machine."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

#: States in which a machine works or is on its way to work. Source: ISA-TR88.00.02, OPC 30050 table 6.
RUNNING_STATES: Final = frozenset({3, 6, 12, 14, 16})
EXECUTE: Final = 6


class StopReason(IntEnum):
    """The site's reason numbers (kpi:reasonNumber)."""

    RUNNING = 0
    JAM = 1
    BREAKDOWN = 2
    STARVED = 3
    BLOCKED = 4
    CHANGEOVER = 5
    BREAK = 6
    OPERATOR = 7
    NO_ORDER = 8
    UNASSIGNED = 99
    """Stopped without a reason given: visible, never hidden in another."""

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", " ")

    @property
    def is_own(self) -> bool:
        """True where the cause lies in the machine itself, not before or behind it."""
        return self not in (StopReason.RUNNING, StopReason.STARVED, StopReason.BLOCKED, StopReason.NO_ORDER)

    @property
    def is_of_line(self) -> bool:
        """True where all machines stand together, so that it counts once."""
        return self in (StopReason.CHANGEOVER, StopReason.BREAK)


def reason_of(number: float | None) -> StopReason:
    """The reason of a number; what is not on the list is unassigned."""
    known = set(StopReason)
    return StopReason(int(number)) if number is not None and int(number) in known else StopReason.UNASSIGNED
