"""Effect against prediction, from counts alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from rdflib import URIRef

from agents.awaited import Awaited, Ledger
from agents.outturn import Places, compare, read_outturn
from agents.prediction import Situation, predict
from agents.proposal import Proposal, json_to_proposal, proposal_to_json
from ontology import PACK

MINUTE_US = 60_000_000
FILLER, LABELLER, END = URIRef("urn:Filler"), URIRef("urn:Labeller"), URIRef("urn:End")
MADE, STATE, BACK, OUT = URIRef("urn:made"), URIRef("urn:state"), URIRef("urn:back"), URIRef("urn:out")
PLACES = Places(
    {
        (FILLER, PACK.prodProcessedCount): MADE,
        (FILLER, PACK.stateCurrent): STATE,
        (LABELLER, PACK.stateCurrent): BACK,
        (END, PACK.prodProcessedCount): OUT,
    },
    {FILLER: END},
)


@dataclass
class Told:
    """Counts as a test wants them: a rate for each counter, one state, and when the neighbour ran."""

    per_min: dict[URIRef, int] = field(default_factory=dict)
    state: int = 6
    back_us: int | None = None

    def increase(self, prop: URIRef, from_us: int, to_us: int) -> int | None:
        rate = self.per_min.get(prop)
        return None if rate is None else round(rate * (to_us - from_us) / MINUTE_US)

    def code_at(self, prop: URIRef, at_us: int) -> int | None:
        return self.state

    def first(self, prop: URIRef, codes: frozenset[int], from_us: int, to_us: int) -> int | None:
        return self.back_us


@pytest.fixture
async def awaited(bench: Any) -> Awaited:
    """A confirmed write of 300 instead of 400 a minute, with two minutes to go and 600 places free."""
    bench.level("autonomous")
    bench.begin("Slow", 300.0)
    await bench.desk.turn()
    proposal: Proposal = json_to_proposal(bench.core.submitted[0].detail["facts"]["proposal"])
    effect, _ = predict(Situation(400.0, 300.0, 600.0, 0.0, 2.0, neighbour=str(LABELLER)))
    proposal = replace(proposal, equipment=FILLER, effect=effect)
    return Awaited(proposal, steps=6, requested_us=proposal.plant_us + MINUTE_US // 2, committed=True)


def test_seen_is_made_less_what_the_speed_before_would_have_made(awaited: Awaited) -> None:
    """600 made in two minutes; at 400 the belt would have been full after 600 units, and a restart to pay."""
    seen = read_outturn(awaited, PLACES, Told({MADE: 300, OUT: 200}))
    assert not isinstance(seen, str)

    facts = compare(awaited, seen)

    assert facts["seen_units"] == facts["predicted_units"] == 150
    assert facts["within_band"]
    assert (facts["made_since_proposal"], facts["made_since_write"], facts["line_end_units"]) == (600, 450, 300)
    assert str(facts["sentence"]).startswith("Predicted about +150 units in 2.0 min (between ")
    assert "seen +150, against what 400 per minute would have made, by the same formula." in str(facts["sentence"])


def test_a_neighbour_back_sooner_makes_slowing_a_loss(awaited: Awaited) -> None:
    """The comparison does not flatter: with the labeller back after half a minute, 400 a minute would have gone on."""
    back_us = awaited.proposal.plant_us + MINUTE_US // 2
    seen = read_outturn(awaited, PLACES, Told({MADE: 300}, back_us=back_us))
    assert not isinstance(seen, str)

    facts = compare(awaited, seen)

    assert facts["seen_units"] == 600 - 800
    assert not facts["within_band"]
    assert "less than foreseen" in str(facts["sentence"])
    assert "was back after 30 s" in str(facts["sentence"])


def test_a_machine_that_stands_still_owes_its_restart(awaited: Awaited) -> None:
    """What the formula charges the one side is charged the other."""
    seen = read_outturn(awaited, PLACES, Told({MADE: 300}, state=5))
    assert not isinstance(seen, str)

    assert compare(awaited, seen)["restart_charged_units"] == round(30 + 40 / 60 * 0.45 * 300)


def test_what_was_not_counted_is_not_compared(awaited: Awaited) -> None:
    """No counter, or a write after the horizon: said in words, not guessed."""
    late = replace(awaited, requested_us=awaited.horizon_us)

    assert "counter was not seen" in str(read_outturn(awaited, PLACES, Told()))
    assert "was over" in str(read_outturn(late, PLACES, Told({MADE: 300})))


def test_the_ledger_keeps_what_is_to_be_looked_at(awaited: Awaited) -> None:
    """Committed and predicted decisions wait for their horizon; other ends and the step itself end the waiting."""
    ledger, ident = Ledger(), str(awaited.proposal.id)

    def step(stage: str, **facts: Any) -> None:
        ledger.take({"decision": ident, "stage": stage, "facts": facts}, awaited.requested_us)

    step("reasoned", proposal=proposal_to_json(awaited.proposal))
    step("requested")
    assert ledger.awaited() == []
    step("committed")
    (held,) = ledger.awaited()
    assert (held.steps, held.requested_us, held.horizon_us) == (3, awaited.requested_us, awaited.horizon_us)
    assert ledger.due(awaited.horizon_us - 1) == []
    step("effect")
    assert ledger.awaited() == []


def test_a_prediction_survives_the_record(awaited: Awaited) -> None:
    """Situation and horizon come back from the journal's JSON as they were."""
    told = json_to_proposal(proposal_to_json(awaited.proposal))

    assert told.effect == awaited.proposal.effect
