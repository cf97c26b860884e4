"""Predicted effects in closed form."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.prediction import Situation, minutes_until_full, predict


def test_slowing_down_avoids_the_stop_and_its_restart() -> None:
    """200 places free, the labeller back in two minutes: 400/min fills them in half a minute, 100/min never stops."""
    effect, if_nothing = predict(Situation(prior=400, desired=100, room=200, outflow=0, back_in_min=2.0))

    assert effect.units == round(100 * 2.0 - (400 * 0.5 - 30 - 40 / 60 * 0.45 * 400))
    assert "full in 30 s before the machine behind is expected back, and the machine stops" in if_nothing


def test_slowing_down_for_nothing_costs_units() -> None:
    """With room enough the slower speed only loses bottles, and the prediction says so."""
    effect, _ = predict(Situation(prior=400, desired=200, room=10_000, outflow=0, back_in_min=1.0))

    assert effect.units == -200


def test_speeding_up_while_all_runs() -> None:
    """While the machine behind runs, the gain is the difference of speeds over ten minutes."""
    effect, if_nothing = predict(Situation(prior=300, desired=400, room=500, outflow=450, back_in_min=None))

    assert effect.units == 1000
    assert if_nothing == "At 300 per minute the conveyor behind does not fill."


@given(st.floats(100, 440), st.floats(100, 440), st.floats(0, 1000), st.floats(0, 500), st.none() | st.floats(0.1, 60))
def test_the_band_holds_the_expectation(
    prior: float, desired: float, room: float, outflow: float, back: float | None
) -> None:
    """Low <= expected <= high, whatever the situation."""
    effect, _ = predict(Situation(prior, desired, room, outflow, back))

    assert effect.low is not None
    assert effect.units is not None
    assert effect.high is not None
    assert effect.low <= effect.units <= effect.high


@pytest.mark.parametrize(("speed", "minutes"), [(400, 2.0), (300, math.inf), (200, math.inf)])
def test_minutes_until_full(speed: float, minutes: float) -> None:
    """A conveyor fills with what comes in more than what goes out."""
    assert minutes_until_full(Situation(0, 0, 200, 300, None), speed) == minutes
