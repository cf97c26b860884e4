"""Ordinary line control, as a tuned PLC does it: three speeds by the level switches of the neighbouring conveyors.

Machines run with overspeed while there is a backlog to work off or a buffer to refill, and at little more than the
filler's speed where overspeed would only end in a stop: slow before full, slow before empty, fast after a starvation.
"""

from __future__ import annotations

from typing import Final

from plants.bottling.conveyor import Conveyor

#: Overspeed relative to the (local or accepted) nominal speed.
FAST: Final = 1.05
#: Where a machine only has to follow the filler, it runs at so much of the filler's speed.
FOLLOW: Final = 1.02
#: The filler itself slows to this share to get over a short stop of a neighbour without stopping.
FILLER_SLOW: Final = 0.9


def speed_share(speed_factor: float, infeed: Conveyor | None, discharge: Conveyor | None) -> float:
    """By how much a machine multiplies its nominal speed now. `speed_factor` is its place in the V-curve."""
    follow = FOLLOW / speed_factor
    if infeed is None:
        return _before_filler(discharge, follow)
    if speed_factor == 1.0:
        is_slow = infeed.is_low or (discharge is not None and discharge.is_high)
        return FILLER_SLOW if is_slow else 1.0
    if infeed.is_low or (discharge is not None and discharge.is_high):
        return follow
    return FAST if infeed.is_high else 1.0


def _before_filler(discharge: Conveyor | None, follow: float) -> float:
    if discharge is None or discharge.is_low:
        return FAST
    return follow if discharge.is_high else 1.0
