"""What the tour is fed with, and how line and twin stand beside each other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rdflib import RDF, Namespace, URIRef
from tour_looks import facts, truth

from agents.layout import Layout
from api.console.tour.both import both_markup
from api.console.tour.guide import _asked, _is_ready
from api.live import LineModel
from api.live.model import Shown
from api.panel import ConveyorTruth, PlantTruth
from api.tour.gather import gather
from api.web.named import Named
from api.web.routes.demo import Attempt, Refusing
from ontology import PACK, TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
MACHINES = (BOT.Filler, BOT.Labeller, BOT.Packer)


@pytest.fixture
def model() -> LineModel:
    """A line whose labeller is jammed and whose packer is local, as the twin sees it."""
    made = LineModel(layout=Layout(BOT.Line, MACHINES, BOT.Filler, {}))
    told = {
        (BOT.Line, TW.orderTarget): 60_000,
        (BOT.Line, TW.orderActual): 990,
        (BOT.Line, TW.currentOrder): "PO-1",
        (BOT.Labeller, PACK.stopReason): 1,
        (BOT.Labeller, PACK.stateCurrent): 11,
        (BOT.Labeller, PACK.curMachSpeed): 0.0,
        (BOT.Filler, PACK.stopReason): 0,
        (BOT.Filler, PACK.stateCurrent): 6,
        (BOT.Packer, TW.siteRemote): False,
        (BOT.Loss, TW.lossMinutes): 1.5,
        (BOT.Loss, TW.ofEquipment): str(BOT.Labeller),
        (BOT.Loss, TW.lossReason): "jam",
        (BOT.Grant, RDF.type): str(TW.Autonomy),
        (BOT.Grant, TW.level): "shadow",
    }
    made.facts.update({(str(s), str(p)): o for (s, p), o in told.items()})
    made.decisions["urn:uuid:1"] = Shown("urn:uuid:1", 1, "Filler.SetMachSpeed", "240", "why", "shadow", "LineAgent")
    made.decisions["urn:uuid:2"] = Shown("urn:uuid:2", 2, "Filler.SetMachSpeed", "380", "trial", "confirmed", "olga")
    return made


def test_facts_are_gathered_from_the_twins_picture(model: LineModel) -> None:
    """Order, losses, reasons, local machines, levels, and whose decisions these are."""
    found = gather(model, answers=True, at_us=5, agents=[BOT.LineAgent], truth=None, effects={})

    assert (found.answers, found.order, found.target, found.actual) == (True, "PO-1", 60_000, 990)
    assert found.loss("Labeller", "jam") == 1.5
    assert dict(found.reasons) == {"Labeller": "jam"}
    assert found.local == frozenset({"Packer"})
    assert found.levels == ("shadow",)
    assert [seen.is_proposal for seen in found.decisions] == [True, False]


def test_a_twin_that_has_not_spoken_gives_no_facts() -> None:
    """Without a picture it does not answer, whatever the connection says."""
    found = gather(LineModel(), answers=True, at_us=5, agents=[], truth=truth(), effects={})

    assert not found.answers
    assert found.actual is None


def test_both_witnesses_stand_side_by_side(model: LineModel) -> None:
    """The line's word and the twin's, row by row."""
    look = gather(
        model,
        answers=True,
        at_us=5,
        agents=[],
        truth=truth(Labeller={"state": 11, "reason": 1, "speed": 0.0}, Packer={"local": True}),
        effects={},
    )
    markup = both_markup(look, model)

    assert "1,000 of 60,000" in markup
    assert "990 of 60,000" in markup
    assert markup.count("jam, 0/min") == 2
    assert "running, 400/min, local" in markup
    assert "no answer" not in markup


def test_a_dead_twin_says_nothing_and_the_line_goes_on_speaking(model: LineModel) -> None:
    """Old values of the twin are not shown as if it had said them now."""
    look = replace(facts(answers=False, truth=replace(truth(2000), supervised=False)), actual=990)
    markup = both_markup(look, model)

    assert markup.count("no answer") == 6
    assert "990" not in markup
    assert "<b>2,000</b>" in markup
    assert "miss the heartbeat" in markup


def test_a_plant_that_does_not_answer_is_said_not_to(model: LineModel) -> None:
    """Neither column is invented."""
    assert "does not answer at its panel" in both_markup(facts(truth=None), model)


def test_names_from_outside_are_escaped(model: LineModel) -> None:
    """What a plant calls its machines is text, never markup."""
    odd = replace(truth(), machines=(replace(truth().machines[0], name="<script>"),))

    assert "<script>" not in both_markup(facts(truth=odd), model)


def _with_fill(fill: float, **machines: dict[str, int]) -> PlantTruth:
    return replace(truth(**machines), conveyors=(ConveyorTruth("ConveyorFL", 300, fill),))


def test_a_jam_waits_until_agents_could_do_something() -> None:
    """Filler and labeller run and there is room between them; an unknown plant is not ready."""
    ready = _is_ready(_with_fill(0.3))
    full = _is_ready(_with_fill(0.9))
    stands = _is_ready(_with_fill(0.3, Filler={"state": 5}))
    jams = _is_ready(_with_fill(0.3, Labeller={"state": 11}))

    assert (ready, full, stands, jams, _is_ready(None)) == (True, False, False, False, False)


def _attempt(*reasons: Refusing) -> Attempt:
    prop = BOT["Filler.SetMachSpeed"]
    target = Named(iri=prop, label="Filler: speed")
    return Attempt(
        target=target, value=880, limit=440, unit="/min", decision="urn:uuid:3", admitted=False, reasons=list(reasons)
    )


def test_a_limit_speaks_for_a_refusal() -> None:
    """A cool-down would have refused an ordinary value, too; what no shape refused names none."""
    cooling = Refusing(code="PERM-COOLING", sentence="Wait.", shape=str(URIRef("urn:cooling")))
    limit = Refusing(code="LIM-SPEED-MAX", sentence="Too fast.", shape=str(URIRef("urn:limit")))
    other = Refusing(code="not-authorised", sentence="No.", shape=None)

    found = [
        _asked(_attempt(*told), "Filler", 880, is_unsafe=True) for told in ((cooling, limit), (cooling,), (other,))
    ]

    assert [asked.shape for asked in found] == ["LIM-SPEED-MAX", "PERM-COOLING", None]
    assert [asked.sentence for asked in found] == ["Too fast.", "Wait.", "No."]
