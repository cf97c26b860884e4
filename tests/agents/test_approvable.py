"""Proposals that wait for people, from a jam on the simulated line to a write: agents, Gate, a clock moved by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import URIRef

from agents.proposal import Proposal, request_change
from kg.change import Change
from ontology import TW
from tests.agents.rehearsal import AGENT, BOT, Rehearsal, rehearsal

SLOW = "SlowFillerBeforeBlock"


async def until_proposed(line: Rehearsal, rule: str = SLOW, within_s: float = 150.0) -> str:
    """The first proposal of a rule that waits for people."""
    for _ in range(round(within_s)):
        await line.pass_s(1.0)
        for ident in line.waiting(rule):
            return ident
    raise AssertionError(f"{rule} proposed nothing within {within_s:g} s")


@pytest.mark.parametrize(("speed", "thinks_s"), [(1.0, 15.0), (5.0, 3.0)])
async def test_a_persons_approval_a_few_seconds_later_ends_confirmed(
    tmp_path: Path, speed: float, thinks_s: float
) -> None:
    """The conveyor fills and the rule wants ever less meanwhile; what was shown is what is written."""
    with rehearsal(tmp_path, speed=speed) as line:
        line.strike("Labeller", 240.0)
        ident = await until_proposed(line)
        shown = line.story(ident).proposal
        await line.pass_s(thinks_s * speed)

        line.approve(ident)
        await line.pass_s(2.0)

        assert line.stages(ident)[-1] == "committed"
        assert shown is not None
        assert line.line.machines["Filler"].controller.accepted == float(shown.desired)


async def test_a_conveyor_that_fills_makes_few_proposals(tmp_path: Path) -> None:
    """At twenty times the plant's speed too, the rule's wish moves on under one proposal, not a swarm of them."""
    with rehearsal(tmp_path, speed=20.0) as line:
        line.strike("Labeller", 240.0)

        await line.pass_s(150.0)

        assert 1 <= len(line.proposals(SLOW)) <= 2


async def test_the_labeller_running_again_breaks_the_read_set(tmp_path: Path) -> None:
    """A change that matters makes the approved request void, whatever the tolerances of what moves by itself."""
    with rehearsal(tmp_path, speed=1.0) as line:
        line.strike("Labeller", 75.0)
        ident = await until_proposed(line)
        proposal = line.story(ident).proposal
        assert proposal is not None
        assert line.parts.gate.dry_run(_asked(proposal, line)).reasons[0].code == "PERM-AUTONOMY-APPROVAL"

        while not line.line.machines["Labeller"].speed:
            await line.pass_s(0.5)

        assert line.parts.gate.dry_run(_asked(proposal, line)).reasons[0].code == "precondition-changed"
        assert line.stages(ident)[-1] == "withdrawn"


def _asked(proposal: Proposal, line: Rehearsal) -> Change:
    return request_change(proposal, AGENT, line.wall_us)


async def test_tolerances_are_those_of_the_rule(tmp_path: Path) -> None:
    """The read set of a proposal has the tolerances that its rule states, and codes stay exact."""
    with rehearsal(tmp_path, speed=1.0) as line:
        line.strike("Labeller", 240.0)
        proposal = line.story(await until_proposed(line)).proposal

    assert proposal is not None
    near = {(str(e.s).removeprefix(BOT), e.p): e.tolerance for e in proposal.read_set}
    assert near["Filler.SetMachSpeed", URIRef(BOT + SLOW)] == 240.0
    assert near["ConveyorFL", TW.fillRatio] == 0.6
    assert {tolerance for (_, p), tolerance in near.items() if str(p).endswith("stateCurrent")} == {None}


async def test_after_the_horizon_prediction_and_counts_are_compared(tmp_path: Path) -> None:
    """The step `effect` holds predicted and seen units and the band, also where the agents begin anew meanwhile."""
    with rehearsal(tmp_path, speed=1.0) as line:
        line.strike("Labeller", 240.0)
        ident = await until_proposed(line)
        line.approve(ident)
        await line.pass_s(5.0)
        before = line.line.machines["Filler"].processed
        line.begin_anew()

        await line.pass_s(40.0)

        (step,) = [step for step in line.story(ident).steps if step.stage == "effect"]
        facts = step.facts
        assert line.stages(ident)[-1] == "effect"
        assert facts["low"] <= facts["predicted_units"] <= facts["high"]
        assert facts["within_band"] == (facts["low"] <= facts["seen_units"] <= facts["high"])
        assert 0 < facts["made_since_write"] <= facts["made_since_proposal"]
        assert facts["made_since_proposal"] <= line.line.machines["Filler"].processed - before + 400
        assert facts["sentence"].startswith(f"Predicted about {facts['predicted_units']:+d} units in ")
        assert "by the same formula" in facts["sentence"]


async def test_losses_follow_the_stops_of_the_plant(tmp_path: Path) -> None:
    """A jam is among the losses while it lasts, grows, and ends within a reporting interval of the plant's truth."""
    with rehearsal(tmp_path, speed=20.0, level="shadow") as line:
        line.strike("Labeller", 75.0)
        seen = []
        for _ in range(10):
            await line.pass_s(12.0)
            seen.append(line.loss_minutes("Labeller.Jam"))

    assert seen[2] > 0
    assert seen[4] > seen[2]
    assert seen[-1] == pytest.approx(75.0 / 60, abs=0.1)
