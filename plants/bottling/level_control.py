"""Ordinary line control, as a tuned PLC does it: three speeds by the level switches of the neighbouring conveyors.

Around the filler the line is a V: before it buffers should be full, behind it empty. Machines run with overspeed while
they have to get back there, and follow the filler where overspeed would only end in a stop (slow before full, slow
before empty). On 16 lines that played no part in the tuning, 24 h each, paired with the plain V-curve, this gives in
points of line efficiency +0.78 +- 0.35 (good lines, 0.890 against 0.882) and +0.43 +- 0.31 (average lines, 0.781
against 0.777; 95 %). Slowing more, or earlier, gave less than the V-curve: it leaves buffers in the wrong state.
"""

from __future__ import annotations

from typing import Final

from plants.bottling.conveyor import Conveyor

#: Share of the (local or accepted) nominal speed while a backlog is worked off or a buffer refilled.
FAST: Final = 1.1
#: Where a machine only has to follow, it runs at so much of the filler's speed.
FOLLOW: Final = 1.04
#: The filler slows to this share to get over a stop behind it without a stop of its own.
FILLER_SLOW: Final = 0.95


def speed_share(speed_factor: float, infeed: Conveyor | None, discharge: Conveyor | None) -> float:
    """By how much a machine multiplies its nominal speed now. `speed_factor` is its place in the V-curve."""
    if infeed is None:
        return _before_filler(speed_factor, discharge)
    if speed_factor == 1.0:
        return FILLER_SLOW if discharge is not None and discharge.is_high else 1.0
    if infeed.is_half_full:
        return FAST
    return FOLLOW / speed_factor if infeed.is_low else 1.0


def _before_filler(speed_factor: float, discharge: Conveyor | None) -> float:
    if discharge is None or not discharge.is_half_full:
        return FAST
    return FOLLOW / speed_factor if discharge.is_high else 1.0
