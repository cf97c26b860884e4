"""Predicted effects in closed form."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.prediction import Side, Situation, minutes_left, nothing_done, predict, restart_cost


def test_slowing_down_avoids_the_stop_and_its_restart() -> None:
    """200 places free, the labeller back in two minutes: 400/min fills them in half a minute, 100/min never stops."""
    effect, if_nothing = predict(Situation(prior=400, desired=100, room=200, flow=0, back_in_min=2.0))

    assert effect.units == round(100 * 2.0 - (400 * 0.5 - 30 - 40 / 60 * 0.45 * 400))
    assert "full in 30 s before the machine behind is expected back, and the machine stops" in if_nothing


def test_slowing_down_for_nothing_costs_units() -> None:
    """With room enough the slower speed only loses bottles, and the prediction says so."""
    effect, _ = predict(Situation(prior=400, desired=200, room=10_000, flow=0, back_in_min=1.0))

    assert effect.units == -200


def test_speeding_up_while_all_runs() -> None:
    """While the machine behind runs, the gain is the difference of speeds over ten minutes."""
    effect, if_nothing = predict(Situation(prior=300, desired=400, room=500, flow=450, back_in_min=None))

    assert effect.units == 1000
    assert if_nothing == "At 300 per minute the conveyor behind does not fill."


def test_the_conveyor_before_counts_where_the_machine_before_stands() -> None:
    """Bottles there last as long as free places would behind; the words say so."""
    before = Situation(400, 200, 200, 0, 2.0, Side.BEFORE)
    effect, if_nothing = predict(before)

    assert effect.units == predict(Situation(400, 200, 200, 0, 2.0))[0].units
    assert "conveyor before is empty in 30 s before the machine before is expected back" in if_nothing


def test_nothing_done_knows_when_the_neighbour_came_back() -> None:
    """Back sooner than expected: at the speed before there would have been no stop, and no restart to pay."""
    situation = Situation(prior=400, desired=100, room=200, flow=0, back_in_min=2.0)

    assert nothing_done(situation, 2.0, None) == pytest.approx(200 - restart_cost(400))
    assert nothing_done(situation, 2.0, 0.25) == pytest.approx(800)
    assert nothing_done(Situation(300, 400, 500, 450, None), 10.0, None) == 3000


@given(st.floats(100, 440), st.floats(100, 440), st.floats(0, 1000), st.floats(0, 500), st.none() | st.floats(0.1, 60))
def test_the_band_holds_the_expectation(
    prior: float, desired: float, room: float, flow: float, back: float | None
) -> None:
    """Low <= expected <= high, whatever the situation."""
    effect, _ = predict(Situation(prior, desired, room, flow, back))

    assert effect.low is not None
    assert effect.units is not None
    assert effect.high is not None
    assert effect.low <= effect.units <= effect.high


@pytest.mark.parametrize(("speed", "minutes"), [(400, 2.0), (300, math.inf), (200, math.inf)])
def test_minutes_left(speed: float, minutes: float) -> None:
    """A conveyor fills with what comes in more than what goes out."""
    assert minutes_left(Situation(0, 0, 200, 300, None), speed) == minutes
