"""What a new speed is expected to do, in closed form, from a handful of facts; or plainly "not evaluated".

A machine between two conveyors fills the one behind it while the machine behind stands, and empties the one before it
while the machine before stands. With `room` places free (or bottles there) and `flow` leaving (or coming), it gets
along at a speed v for

    t(v) = room / (v - flow)             minutes; for ever, where v <= flow

If the neighbour stays away longer than that, this machine stops, and each stop costs a restart:

    units(v, R) = v * min(R, t(v))  -  [t(v) < R] * (restart rejects + ramp loss)

R, the time until the neighbour runs again, is lognormal with sigma 0.6; the band is its 16th to 84th percentile.
Source: line of section "A realistic bottling line", restart figures of the reference plant's published ranges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

_SIGMA = 0.6
_LONGEST_MIN = 10.0
"""While both neighbours run, what is foreseen ends here at the latest."""
_RESTART_REJECTS = 30.0
"""Bottles an inspector rejects after a filler restart (typical)."""
_RAMP_MIN, _RAMP_SHORTFALL = 40.0 / 60.0, 0.45
"""A filler restarts for 40 s at 55 per cent (typical)."""


class Side(StrEnum):
    """On which side of the machine the conveyor lies that decides."""

    BEHIND = "behind"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts a prediction stands on. Speeds in units per minute, places in units."""

    prior: float
    desired: float
    room: float
    """Free places on the conveyor behind; of one before, the units on it."""
    flow: float
    """What the machine behind takes now, or the one before brings."""
    back_in_min: float | None
    """Expected minutes until that machine runs again; None while it runs."""
    side: Side = Side.BEHIND
    neighbour: str | None = None
    """IRI of the machine on that side."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A predicted effect with its uncertainty, in units of product; `evaluated` is False where facts were missing."""

    evaluated: bool
    sentence: str
    units: int | None = None
    low: int | None = None
    high: int | None = None
    horizon_min: float | None = None
    """Plant minutes, from the proposal on, for which it is predicted."""
    situation: Situation | None = None
    """What it was computed from, so that it can be compared with what came."""


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
    low, high = round(gains[0]), round(gains[-1])
    sentence = (
        f"About {signed(expected)} units until the machine {situation.side} is back in {minutes_text(horizon)}"
        f" (between {signed(low)} and {signed(high)})."
    )
    return Effect(True, sentence, round(expected), low, high, horizon, situation), _lasts(situation, situation.prior)


def minutes_left(situation: Situation, speed: float) -> float:
    """Minutes until the conveyor is full (or empty) at this speed; infinite where it never is."""
    net = speed - situation.flow
    return max(situation.room, 0.0) / net if net > 0 else math.inf


def nothing_done(situation: Situation, minutes: float, back_min: float | None) -> float:
    """Units in so many minutes at the speed before, by the same formula.

    `back_min` is when the neighbour that stood was seen to run again; None where it stood to the end.
    """
    if situation.back_in_min is None:
        return situation.prior * minutes
    back = minutes if back_min is None else min(back_min, minutes)
    return _units(situation, situation.prior, back) + situation.prior * (minutes - back)


def restart_cost(speed: float) -> float:
    """Units that a stop costs once the machine starts again at this speed."""
    return _RESTART_REJECTS + _RAMP_MIN * _RAMP_SHORTFALL * speed


def _while_running(situation: Situation) -> tuple[Effect, str]:
    """All run: what counts is the difference of speeds for ten minutes, or until the conveyor is full (or empty)."""
    minutes = min(_LONGEST_MIN, minutes_left(situation, situation.desired))
    units = round((situation.desired - situation.prior) * minutes)
    sentence = (
        f"About {signed(units)} units in the next {minutes_text(minutes)}, nearer to none if something stops first."
    )
    effect = Effect(True, sentence, units, min(0, units), max(0, units), minutes, situation)
    return effect, _lasts(situation, situation.prior)


def _units(situation: Situation, speed: float, back_min: float) -> float:
    left = minutes_left(situation, speed)
    return speed * back_min if left >= back_min else speed * left - restart_cost(speed)


def _lasts(situation: Situation, speed: float) -> str:
    side, left = situation.side, minutes_left(situation, speed)
    becomes, never = ("full", "does not fill") if side is Side.BEHIND else ("empty", "does not run empty")
    if math.isinf(left):
        return f"At {speed:g} per minute the conveyor {side} {never}."
    back = situation.back_in_min
    stops = back is not None and left < back
    end = f" before the machine {side} is expected back, and the machine stops" if stops else ""
    return f"At {speed:g} per minute the conveyor {side} is {becomes} in {minutes_text(left)}{end}."


def signed(units: float) -> str:
    """A number of units with its sign, none as +0."""
    return f"{round(units) + 0:+d}"


def minutes_text(minutes: float) -> str:
    """Minutes for people: seconds where they are few."""
    return f"{minutes:.1f} min" if minutes >= 1 else f"{minutes * 60:.0f} s"
