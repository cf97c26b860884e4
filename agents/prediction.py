"""What a new speed is expected to do, in closed form, from a handful of facts; or plainly "not evaluated".

For a machine that fills the conveyor behind it: with `room` places free and `outflow` leaving, a speed v fills it in

    t(v) = room / (v - outflow)          minutes; never, where v <= outflow

If the machine behind stays away longer than that, this machine stops, and each stop costs a restart:

    units(v, R) = v * min(R, t(v))  -  [t(v) < R] * (restart rejects + ramp loss)

R, the time until the machine behind runs again, is lognormal with sigma 0.6; the band is its 16th to 84th percentile.
Source: line of section "A realistic bottling line", restart figures of the reference plant's published ranges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_SIGMA = 0.6
_RESTART_REJECTS = 30.0
"""Bottles an inspector rejects after a filler restart (typical)."""
_RAMP_MIN, _RAMP_SHORTFALL = 40.0 / 60.0, 0.45
"""A filler restarts for 40 s at 55 per cent (typical)."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts a prediction stands on. Speeds in units per minute, places in units."""

    prior: float
    desired: float
    room: float
    """Free places on the conveyor behind."""
    outflow: float
    """What the machine behind takes now."""
    back_in_min: float | None
    """Expected minutes until the machine behind runs again; None while it runs."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A predicted effect with its uncertainty, in units of product; `evaluated` is False where facts were missing."""

    evaluated: bool
    sentence: str
    units: int | None = None
    low: int | None = None
    high: int | None = None


def not_evaluated(why: str) -> Effect:
    """The honest answer where a prediction would be a guess."""
    return Effect(False, f"The effect was not evaluated: {why}.")


def predict(situation: Situation) -> tuple[Effect, str]:
    """The expected effect of the desired speed, and what happens at the present one."""
    horizon = situation.back_in_min
    if horizon is None:
        return _while_running(situation)
    gains = sorted(
        _units(situation, situation.desired, back) - _units(situation, situation.prior, back)
        for back in (horizon, horizon * math.exp(-_SIGMA), horizon * math.exp(_SIGMA))
    )
    expected = _units(situation, situation.desired, horizon) - _units(situation, situation.prior, horizon)
    low, high = gains[0], gains[-1]
    effect = Effect(
        True,
        f"About {_signed(expected)} units until the machine behind is back in {_minutes(horizon)}"
        f" (between {_signed(low)} and {_signed(high)}).",
        round(expected),
        round(low),
        round(high),
    )
    return effect, _fills(situation, situation.prior)


def minutes_until_full(situation: Situation, speed: float) -> float:
    """Minutes until the conveyor behind is full at this speed; infinite where it does not fill."""
    net = speed - situation.outflow
    return max(situation.room, 0.0) / net if net > 0 else math.inf


def _while_running(situation: Situation) -> tuple[Effect, str]:
    """Both run: what counts is the difference of speeds for ten minutes, or until the conveyor is full."""
    minutes = min(10.0, minutes_until_full(situation, situation.desired))
    units = (situation.desired - situation.prior) * minutes
    effect = Effect(
        True,
        f"About {_signed(units)} units in the next {_minutes(minutes)}, nearer to none if something stops first.",
        round(units),
        min(0, round(units)),
        max(0, round(units)),
    )
    return effect, _fills(situation, situation.prior)


def _units(situation: Situation, speed: float, back_min: float) -> float:
    full = minutes_until_full(situation, speed)
    if full >= back_min:
        return speed * back_min
    return speed * full - _RESTART_REJECTS - _RAMP_MIN * _RAMP_SHORTFALL * speed


def _fills(situation: Situation, speed: float) -> str:
    full = minutes_until_full(situation, speed)
    if math.isinf(full):
        return f"At {speed:g} per minute the conveyor behind does not fill."
    back = situation.back_in_min
    stops = back is not None and full < back
    end = " before the machine behind is expected back, and the machine stops" if stops else ""
    return f"At {speed:g} per minute the conveyor behind is full in {_minutes(full)}{end}."


def _signed(units: float) -> str:
    return f"{round(units):+d}"


def _minutes(minutes: float) -> str:
    return f"{minutes:.1f} min" if minutes >= 1 else f"{minutes * 60:.0f} s"
