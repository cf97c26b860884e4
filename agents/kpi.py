"""Indicators after ISO 22400-2, from time elements and counts. Ratios of sums, never means of ratios.

    availability   A = APT / PBT            effectiveness  E = PRI * PQ / APT
    quality ratio  Q = GQ / PQ              OEE index        = A * E * Q = PRI * GQ / PBT

APT actual production time, PBT planned busy time, PRI planned run time per item (1 / rated speed), PQ produced and GQ
good quantity. E above 1 means that the rated speed is too low; it is shown as it is. The profile in force: PBT is the
time in which the line is planned busy (no breaks, no lack of orders; changeovers count); minor stops last less than
five minutes and are delays, hence availability; the line is measured by its constraint machine's time and by the
counter at its end, so that bottles on conveyors play no part; throughput is per planned busy hour.
"""

from __future__ import annotations

from dataclasses import dataclass

MINOR_STOP_S = 300.0


@dataclass(frozen=True, slots=True)
class Quantities:
    """Sums over a span. Times in seconds of plant time."""

    pbt_s: float = 0.0
    apt_s: float = 0.0
    planned_s: float = 0.0
    """PRI * PQ, summed piece by piece so that a change of product in the span is right."""
    produced: int = 0
    good: int = 0
    planned_good_s: float = 0.0
    """PRI * GQ."""


@dataclass(frozen=True, slots=True)
class Indicators:
    """Newest values; None where the divisor is zero."""

    availability: float | None
    effectiveness: float | None
    quality_ratio: float | None
    oee: float | None
    throughput_per_h: float | None


def indicators(q: Quantities) -> Indicators:
    """The indicators of a span."""
    return Indicators(
        availability=_ratio(q.apt_s, q.pbt_s),
        effectiveness=_ratio(q.planned_s, q.apt_s),
        quality_ratio=_ratio(q.good, q.produced),
        oee=_ratio(q.planned_good_s, q.pbt_s),
        throughput_per_h=_ratio(3600.0 * q.produced, q.pbt_s),
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
