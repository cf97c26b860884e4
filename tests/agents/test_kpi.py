"""Indicators, expected repair times and the stream of features."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from agents.features import Features, difference
from agents.kpi import Quantities, indicators
from agents.layout import Layout
from agents.reasons import StopReason, reason_of
from agents.repair import PRIOR_MEAN_S, SIGMA, Repairs, mean_residual_s
from agents.stops import Machine
from ontology import PACK, TW

LINE = URIRef("urn:line")
FIRST, FILLER, LAST = URIRef("urn:first"), URIRef("urn:filler"), URIRef("urn:last")
LAYOUT = Layout(LINE, (FIRST, FILLER, LAST), FILLER, {FILLER: 400.0})
SECOND = 1_000_000
START = 1_000_000_000 * SECOND


def test_the_published_oracle_of_iso_22400() -> None:
    """PBT 420 min, APT 373 min, PRI 1 s, PQ 19271, GQ 18848 give A 0.888095, E 0.861081, Q 0.978050, OEE 0.747937."""
    found = indicators(Quantities(420 * 60, 373 * 60, 19_271.0, 19_271, 18_848, 18_848.0))

    assert found.availability == pytest.approx(0.888095, abs=5e-7)
    assert found.effectiveness == pytest.approx(0.861081, abs=5e-7)
    assert found.quality_ratio == pytest.approx(0.978050, abs=5e-7)
    assert found.oee == pytest.approx(0.747937, abs=5e-7)
    assert found.throughput_per_h == pytest.approx(19_271 / 7.0)


def test_nothing_is_divided_by_nothing() -> None:
    """Before anything has been planned or made there are no indicators."""
    assert indicators(Quantities()) == indicators(Quantities(good=0))
    assert indicators(Quantities()).oee is None


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6))
def test_oee_is_the_product(pbt: int, apt: int, produced: int, rejected: int) -> None:
    """A * E * Q = OEE for one product, whatever the numbers."""
    good = max(produced - rejected, 0)
    found = indicators(Quantities(pbt, apt, 0.15 * produced, produced, good, 0.15 * good))

    product = (found.availability or 0) * (found.effectiveness or 0) * (found.quality_ratio or 0)

    assert found.oee == pytest.approx(product)


@pytest.mark.parametrize("elapsed_s", [0.0, 10.0, 55.0, 200.0])
def test_the_residual_life_agrees_with_simulation(elapsed_s: float) -> None:
    """The closed form is the mean of simulated lognormal durations beyond the elapsed time."""
    rng, mu = random.Random(7), math.log(55.0) - SIGMA**2 / 2
    beyond = [d - elapsed_s for d in (rng.lognormvariate(mu, SIGMA) for _ in range(40_000)) if d > elapsed_s]

    assert mean_residual_s(mu, SIGMA, elapsed_s) == pytest.approx(sum(beyond) / len(beyond), rel=0.1)


@given(st.floats(0, 1e6))
def test_the_residual_life_is_finite_and_positive(elapsed_s: float) -> None:
    """However long a machine stands, the answer is a positive number."""
    assert 0 < mean_residual_s(4.0, SIGMA, elapsed_s) < 1e7


def test_repairs_learn_from_this_run() -> None:
    """Ten stops of 200 s move the expectation well away from the prior; other machines keep theirs."""
    repairs = Repairs()
    for _ in range(10):
        repairs.learn("urn:a", StopReason.JAM, 200.0)

    learnt, prior = repairs.remaining_s("urn:a", StopReason.JAM, 0), repairs.remaining_s("urn:b", StopReason.JAM, 0)

    assert prior == pytest.approx(PRIOR_MEAN_S[StopReason.JAM])
    assert learnt is not None
    assert learnt > 150
    assert repairs.remaining_s("urn:a", StopReason.STARVED, 0) is None


def test_a_machine_tells_its_stops() -> None:
    """A stop has the reason given for it and lasts from the state that stood to the state that runs."""
    machine = Machine()
    machine.enter(6, 0)
    machine.give_reason(1)
    machine.enter(11, 10 * SECOND)
    machine.give_reason(0)

    stop = machine.enter(12, 40 * SECOND)

    assert stop is not None
    assert (stop.reason, stop.lasted_s) == (StopReason.JAM, 30.0)
    assert machine.minor_stops == 1
    assert machine.reason is StopReason.UNASSIGNED


def test_a_counter_that_was_reset_counts_on() -> None:
    """A shift reset or a wrap loses nothing but what came before the reset was seen."""
    machine = Machine()

    assert [machine.count("x", value) for value in (100, 130, 5, 15)] == [0, 30, 5, 10]


def test_an_unknown_reason_is_unassigned() -> None:
    """What is not on the list stays visible as unassigned."""
    assert reason_of(77) is StopReason.UNASSIGNED
    assert reason_of(None) is StopReason.UNASSIGNED


def running() -> Features:
    """A line of which everything has run for ten seconds."""
    features = Features(LAYOUT)
    features.pass_to(START)
    for machine in LAYOUT.machines:
        features.take(machine, PACK.stateCurrent, 6)
        features.take(machine, PACK.prodProcessedCount, 0)
        features.take(machine, PACK.prodDefectiveCount, 0)
    features.pass_to(START + 10 * SECOND)
    return features


def test_a_standing_machine_has_its_features() -> None:
    """Stopped-for in steps of ten seconds, the expected rest, and where it began; all gone when it runs."""
    features = running()
    features.take(LAST, PACK.stopReason, 2)
    features.take(LAST, PACK.stateCurrent, 9)
    features.pass_to(START + 37 * SECOND)

    facts = features.urgent_facts()

    assert float(facts[LAST, TW.stoppedForS]) == 20.0
    assert float(facts[LAST, TW.expectedRemainingS]) > 500
    assert facts[LAST, TW.firstOutReason] == Literal(2)
    features.take(LAST, PACK.stateCurrent, 6)
    assert features.urgent_facts() == {}


def test_first_out_looks_the_right_way() -> None:
    """A blocked filler points at the machine behind that stands of its own accord, a starved one at one before."""
    features = running()
    features.take(LAST, PACK.stopReason, 1)
    features.take(LAST, PACK.stateCurrent, 11)
    features.take(FILLER, PACK.stopReason, 4)
    features.take(FILLER, PACK.stateCurrent, 5)
    features.pass_to(START + 70 * SECOND)

    facts = features.facts()

    assert facts[FILLER, TW.firstOut] == LAST
    loss = URIRef("urn:line.Loss.urn:last.Jam")
    assert facts[loss, TW.lossReason] == Literal("jam")
    assert float(facts[loss, TW.lossMinutes]) == 1.0
    assert float(facts[loss, TW.constraintMinutes]) == 1.0
    assert (FILLER, TW.expectedRemainingS) not in facts


def losses(features: Features) -> dict[str, tuple[float, float]]:
    """Minutes stood, and minutes that the constraint stood because of it, by the end of the loss's IRI."""
    facts = features.facts()
    nodes = [node for node, p in facts if p == TW.lossMinutes]
    return {
        str(node).rpartition("Loss.")[2]: (
            float(facts[node, TW.lossMinutes]),
            float(facts[node, TW.constraintMinutes]),
        )
        for node in nodes
    }


def test_a_stop_that_conveyors_absorb_is_a_loss_while_it_lasts() -> None:
    """A jam behind the filler counts from the first second on, and costs the constraint nothing as long as it runs."""
    features = running()
    features.take(LAST, PACK.stopReason, 1)
    features.take(LAST, PACK.stateCurrent, 11)

    seen = []
    for second in (40, 70, 100):
        features.pass_to(START + second * SECOND)
        seen.append(losses(features)["urn:last.Jam"])

    assert seen == [(0.5, 0.0), (1.0, 0.0), (1.5, 0.0)]


def test_a_changeover_of_the_line_counts_once() -> None:
    """All machines stand together; it is one loss, at the machine that sets the pace."""
    features = running()
    for machine in LAYOUT.machines:
        features.take(machine, PACK.stopReason, 5)
        features.take(machine, PACK.stateCurrent, 2)

    features.pass_to(START + 70 * SECOND)

    assert losses(features) == {"urn:filler.Changeover": (1.0, 1.0)}


def test_who_only_waits_has_no_loss_of_its_own() -> None:
    """Starved and blocked machines stand because of another one, and that one has the loss."""
    features = running()
    features.take(FIRST, PACK.stopReason, 4)
    features.take(FIRST, PACK.stateCurrent, 5)

    features.pass_to(START + 70 * SECOND)

    assert losses(features) == {}


def test_indicators_of_line_and_filler() -> None:
    """Ten minutes of which the filler ran eight, 3000 made, 30 rejected by it and 20 behind it."""
    features = running()
    features.take(FILLER, PACK.prodProcessedCount, 3000)
    features.take(FILLER, PACK.prodDefectiveCount, 30)
    features.take(LAST, PACK.prodProcessedCount, 2920)
    features.take(LAST, PACK.prodDefectiveCount, 20)
    for second in range(20, 481, 10):
        features.pass_to(START + second * SECOND)
    features.take(FILLER, PACK.stopReason, 1)
    features.take(FILLER, PACK.stateCurrent, 11)
    for second in range(490, 601, 10):
        features.pass_to(START + second * SECOND)

    facts = features.facts()

    assert float(facts[FILLER, TW.availability]) == 0.8
    assert float(facts[FILLER, TW.effectiveness]) == round(3000 * 0.15 / 480, 3)
    assert float(facts[FILLER, TW.qualityRatio]) == 0.99
    assert float(facts[LINE, TW.qualityRatio]) == round(2900 / 2950, 4)
    assert float(facts[LINE, TW.oee]) == round(2900 * 0.15 / 600, 3)
    assert facts[LINE, TW.goodCount] == Literal(2900)


def test_breaks_and_holes_count_nowhere() -> None:
    """Time that is not planned, and time in which nothing was seen, is not planned busy time."""
    features = running()
    features.take(LINE, TW.plannedBusy, False)
    features.pass_to(START + 60 * SECOND)
    features.take(LINE, TW.plannedBusy, True)
    features.pass_to(START + 1000 * SECOND)

    features.pass_to(START + 1010 * SECOND)

    facts = features.facts()
    assert float(facts[FILLER, TW.availability]) == 1.0
    assert features._pbt_us == 20 * SECOND


def test_trouble_with_fill_weights_is_remembered_for_half_an_hour() -> None:
    """Zero while the chart is out of control, then in steps of five minutes, then gone."""
    features = running()
    features.take(FILLER, TW.fillWeightInControl, False)
    features.pass_to(START + 100 * SECOND)
    features.take(FILLER, TW.fillWeightInControl, True)

    seen = []
    for second in (110, 450, 1899, 1901):
        features.pass_to(START + second * SECOND)
        seen.append(features.urgent_facts().get((FILLER, TW.outOfControlAgoS)))

    assert [None if term is None else float(term) for term in seen] == [0.0, 300.0, 1500.0, None]


def test_only_differences_are_reported() -> None:
    """What is the same is neither added nor removed."""
    key, other = (LINE, TW.oee), (LINE, TW.availability)

    added, removed = difference({key: Literal(1), other: Literal(2)}, {key: Literal(3), other: Literal(2)})

    assert (added, removed) == ({key: Literal(3)}, {key: Literal(1)})
