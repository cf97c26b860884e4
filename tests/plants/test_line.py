"""The physics of the bottling line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plants.bottling.line import Line, Transition
from plants.bottling.packml import LEGAL, State, StopReason
from plants.bottling.parameters import CONVEYORS, MACHINES


def _is_conserved(line: Line) -> bool:
    machines = list(line.machines.values())
    belts = list(line.conveyors.values())
    by_belt = all(
        before.processed - before.defective - after.consumed == belt.count
        for before, belt, after in zip(machines, belts, machines[1:], strict=False)
    )
    return by_belt and line.bottles_in == line.bottles_out + line.rejects + line.wip


@settings(deadline=None, max_examples=12)
@given(
    seed=st.integers(0, 10_000),
    quality=st.sampled_from(["good", "average"]),
    faults=st.lists(st.tuples(st.sampled_from(MACHINES), st.booleans(), st.integers(0, 120)), max_size=4),
    speeds=st.lists(st.tuples(st.sampled_from(MACHINES), st.floats(0, 600)), max_size=4),
)
def test_bottles_are_conserved_and_buffers_never_overflow(seed, quality, faults, speeds):
    """Whatever stops and whatever speed is asked for, in = out + rejects + WIP at every step."""
    line = Line(seed, quality, warm_up_s=120.0)
    for (name, is_breakdown, minute), (machine, speed) in zip(faults, speeds, strict=False):
        line.run(float(minute))
        line.machines[name].strike(StopReason.BREAKDOWN if is_breakdown else StopReason.JAM)
        line.machines[machine].controller.request(speed, line.time, is_supervised=True)

    for _ in range(1200):
        line.step()
        assert _is_conserved(line)
        assert all(0 <= belt.ready <= belt.count <= belt.parameters.capacity for belt in line.conveyors.values())


def test_a_standing_conveyor_starves_and_blocks_its_neighbours():
    """A conveyor fault stops the machine behind it at once and the one before it when it is cut off."""
    line = Line(5)
    line.conveyors["ConveyorFL"].is_standing = True

    line.run(10.0)

    assert line.machines["Labeller"].is_starved
    assert line.machines["Filler"].is_blocked
    assert _is_conserved(line)


def _fingerprint(line: Line) -> tuple[object, ...]:
    machines = [(m.state, m.speed, m.consumed, m.processed, m.defective) for m in line.machines.values()]
    return (*machines, *(belt.count for belt in line.conveyors.values()), line.filler.temperature_c, line.order.id)


def test_the_same_seed_gives_the_same_line():
    """Two lines with one seed are the same after hours; another seed gives another line."""
    first, second, other = Line(11), Line(11), Line(12)

    for line in (first, second, other):
        line.run(2 * 3600.0)

    assert _fingerprint(first) == _fingerprint(second)
    assert _fingerprint(first) != _fingerprint(other)


def test_the_same_stops_come_whatever_the_supervisor_does():
    """The durations of a machine's stops do not depend on the speeds, so that arms of a trial are paired."""
    slow, fast = Line(4), Line(4)
    fast.filler.controller.request(440.0, 0.0, is_supervised=True)

    durations = [[line.machines["Packer"]._minor.duration_s() for _ in range(5)] for line in (slow, fast)]

    assert durations[0] == durations[1]


def test_minor_stops_rise_with_the_square_of_the_speed():
    """At 1.2 times the speed a machine has about 1.44 times the minor stops in the same running time."""
    counts = {speed: _jams_in_running_time(speed) for speed in (400.0, 480.0)}

    assert counts[480.0] / counts[400.0] == pytest.approx(1.44, rel=0.15)


def _jams_in_running_time(speed: float) -> int:
    machine = Line(2, warm_up_s=0.0).machines["Packer"]
    machine.speed = speed
    jams = 0
    for _ in range(400_000):
        machine._wear(1.0)
        jams += machine._struck == (StopReason.JAM, None)
        machine._struck = None
    return jams


@pytest.mark.parametrize(("quality", "low", "high"), [("good", 0.82, 0.95), ("average", 0.68, 0.86)])
def test_the_tuned_line_reaches_a_plausible_efficiency(quality, low, high):
    """Saleable bottles per planned busy hour against the filler's rated speed, mean of two lines over five hours."""
    shares = [_efficiency(seed, quality) for seed in (1, 2)]

    assert low < sum(shares) / len(shares) < high


def _efficiency(seed: int, quality: str) -> float:
    line = Line(seed, quality, step_s=1.0)
    line.order.target = 10**9
    before, busy_s = line.bottles_out, 0.0
    for _ in range(5 * 3600):
        busy_s += line.is_planned_busy * line.step_s
        line.step()
    return (line.bottles_out - before) / (busy_s / 60.0 * 400.0)


def test_only_legal_transitions_of_the_state_model_happen():
    """Over a day with breaks, changeovers, jams, breakdowns and maintenance every transition is in the PackML model."""
    seen: list[Transition] = []
    line = Line(8, "average", step_s=1.0, on_transition=seen.append)
    for hour in range(24):
        line.machines[MACHINES[hour % 5]].controller.set_maintenance(hour % 7 == 3)
        line.run(3600.0)

    last = dict.fromkeys(MACHINES, State.IDLE)
    for transition in seen:
        assert transition.state is last[transition.machine] or transition.state in LEGAL[last[transition.machine]]
        last[transition.machine] = transition.state
    assert {transition.state for transition in seen} == set(State)
    assert {transition.stop_reason for transition in seen} == set(StopReason)


def test_a_filler_restart_costs_a_ramp_and_thirty_bottles():
    """After a jam the filler runs 40 s at 55 % and the inspector rejects the first 30 bottles."""
    line = Line(6)
    line.machines["Filler"].has_stops = False
    line.filler.strike(StopReason.JAM, 20.0)
    while line.filler.state is not State.UNHOLDING:
        line.step()
    rejected, consumed = line.filler.defective, line.filler.consumed

    line.run(35.0)

    assert line.filler.speed <= 0.56 * 400.0
    assert line.filler.defective - rejected >= 30
    assert line.filler.consumed - consumed > 30


def test_overspeed_of_the_filler_costs_rejects_and_control():
    """At 440 bottles a minute rejects multiply and the fill weight leaves control."""
    line = Line(9)
    line.filler.has_stops = False
    shares = {}
    for speed in (400.0, 440.0):
        line.filler.controller.request(speed, line.time, is_supervised=True)
        line.run(60.0)
        rejected, consumed = line.filler.defective, line.filler.consumed
        line.run(900.0)
        shares[speed] = (line.filler.defective - rejected) / (line.filler.consumed - consumed)

    assert shares[440.0] > 3 * shares[400.0]
    assert not line.filler.is_fill_weight_in_control


def test_orders_follow_each_other_with_a_changeover_between():
    """When an order is fed the line runs empty, is changed over, and takes up the next one at its rated speed."""
    line = Line(1, step_s=1.0)
    first, second = line.order, line.next_order
    first.target = 12_000
    seen = set()
    while line.order is first and line.time < 4 * 3600:
        line.step()
        seen.add(line.filler.stop_reason)

    assert line.order is second
    assert abs(first.actual - first.target) < 0.02 * first.target
    assert {StopReason.NO_ORDER, StopReason.CHANGEOVER} <= seen
    assert line.filler.controller.accepted == second.sku.rated_speed
    assert line.machines["Packer"].controller.accepted == pytest.approx(1.22 * second.sku.rated_speed)


def test_in_the_break_the_line_stands_and_draws_little_power():
    """Four hours into the shift everybody has a break: planned busy is false and all machines are stopped."""
    line = Line(2, start_hour=9, warm_up_s=60.0)

    line.run(120.0)

    assert not line.is_planned_busy
    assert all(m.state is State.STOPPED and m.stop_reason is StopReason.BREAK for m in line.machines.values())
    assert line.power_kw < 60.0


def test_power_has_three_levels_by_state():
    """A machine draws its running, its held, or its off power."""
    line = Line(3, "average")
    labeller = line.machines["Labeller"]
    levels = set()
    for _ in range(4000):
        line.step()
        levels.add(labeller.power_kw)
    labeller.strike(StopReason.BREAKDOWN, 30.0)
    line.run(10.0)
    levels.add(labeller.power_kw)

    assert levels == {labeller.parameters.running_kw, labeller.parameters.held_kw, labeller.parameters.off_kw}


def test_shifts_have_names_and_nights_belong_to_the_day_they_began():
    """The plant starts with the early shift of its first day."""
    line = Line(1, warm_up_s=0.0)
    calendar = line.calendar

    names = [calendar.shift_id(hour * 3600.0) for hour in (0, 8, 16, 23.9, 24)]

    assert names == [
        "2026-01-05-early",
        "2026-01-05-late",
        "2026-01-05-night",
        "2026-01-05-night",
        "2026-01-06-early",
    ]


def test_names_of_the_parts_are_the_models():
    """Machines and conveyors have the names that the plant model uses."""
    line = Line(1, warm_up_s=0.0)

    assert tuple(line.machines) == MACHINES
    assert tuple(line.conveyors) == CONVEYORS
