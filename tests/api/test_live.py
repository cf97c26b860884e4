"""The line view of the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rdflib import Literal, URIRef
from rich.console import Console

from api.live import LineModel, picture
from kg.change import Quad
from kg.names import WORKING, GraphName
from kg.plantfolder import PlantFolder
from kg.wire import quads_to_text
from ontology import PACK, TW

BOT = "https://w3id.org/twinwright/plants/bottling#"
MACHINES = ("Depalletiser", "Filler", "Labeller", "Packer", "Palletiser")


def quad(subject: str, predicate: URIRef, value: Any, graph: GraphName = GraphName.STATE) -> Quad:
    term = value if isinstance(value, URIRef) else Literal(value)
    return Quad(URIRef(BOT + subject), predicate, term, graph)


def event(
    seq: int, added: Sequence[Quad], removed: Sequence[Quad] = (), kind: str = "observation", **more: Any
) -> dict[str, Any]:
    told = {"author": BOT + "LineAgent", "change": f"urn:uuid:{seq}", "detail": {}, "admitted": True, **more}
    texts = {"added": quads_to_text(added), "removed": quads_to_text(removed)}
    return {"seq": seq, "kind": kind, "at_us": seq, "plant_us": 0, "readings": [], **texts, **told}


@pytest.fixture
def model(bottling: PlantFolder) -> LineModel:
    quads = [q for q in bottling.quads() if q.g in WORKING]
    for machine in MACHINES:
        quads += [quad(machine, PACK.stateCurrent, 6), quad(machine, PACK.curMachSpeed, 400.0)]
    quads += [quad(f"Conveyor{name}", TW.fillRatio, 0.5) for name in ("DF", "FL", "LP", "PP")]
    quads += [quad("Line", TW.orderTarget, 1000), quad("Line", TW.orderActual, 250)]
    quads += [quad("LineServer", TW.connected, True)]
    made = LineModel()
    made.start({"quads": quads_to_text(quads), "seq": 5, "plant_us": 1_767_589_200_000_000})
    return made


def drawn(model: LineModel) -> str:
    console = Console(width=100, height=30, record=True, file=None, force_terminal=False, quiet=False)
    with console.capture() as captured:
        console.print(picture(model, "Glass line", "shadow"))
    return captured.get()


def test_fits_the_terminal_and_tells_what_matters(model: LineModel) -> None:
    """Machines in order of flow, in operators' words, with buffers, order and link, on 100 x 30."""
    text = drawn(model)

    lines = text.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 100
    positions = [text.index(machine) for machine in MACHINES]
    assert positions == sorted(positions)
    assert text.count("running") == 5
    assert text.count("50%") == 4
    assert "made 250 of 1,000 (25%)" in text
    assert "Link connected" in text


def test_what_is_abnormal_is_said(model: LineModel) -> None:
    """A jam, a starved machine, a switch to local, a stop, a lost link, a loss."""
    model.apply(
        event(
            6,
            [
                quad("Labeller", PACK.stateCurrent, 11),
                quad("Labeller", PACK.stopReason, 1),
                quad("Packer", PACK.stopReason, 3),
                quad("Filler", TW.siteRemote, False),
                quad("Filler", TW.stopped, TW.NoWrites, GraphName.POLICY),
                quad("LineServer", TW.connected, False),
                quad("Line.Loss.1", TW.lossMinutes, 3.5, GraphName.KPI),
                quad("Line.Loss.1", TW.lossReason, "jam", GraphName.KPI),
                quad("Line.Loss.1", TW.ofEquipment, URIRef(BOT + "Labeller"), GraphName.KPI),
            ],
            [quad("LineServer", TW.connected, True)],
        )
    )

    text = drawn(model)

    for words in ("jam", "no bottles", "local", "Filler: no writes", "DISCONNECTED", "Labeller jam 3.5 min"):
        assert words in text


def test_decisions_move_from_open_to_ended(model: LineModel) -> None:
    """A proposal shows with its sentence while it is open, and with its end afterwards; an end stays."""
    ident = "urn:uuid:d"
    facts = [
        Quad(URIRef(ident), TW.target, URIRef(BOT + "Filler.SetMachSpeed"), GraphName.DECISIONS),
        Quad(URIRef(ident), TW.desiredValue, Literal(240.0), GraphName.DECISIONS),
        Quad(URIRef(ident), TW.sentence, Literal("Slow down [now]."), GraphName.DECISIONS),
    ]
    model.apply(event(6, facts, kind="proposal", detail={"decision": ident, "stage": "reasoned"}))
    opened = drawn(model)
    model.apply(event(7, [], kind="outcome", detail={"decision": ident, "outcome": "confirmed"}))
    model.apply(event(8, [], kind="proposal", detail={"decision": ident, "stage": "effect"}))
    ended = drawn(model)

    assert opened.index("Filler.SetMachSpeed = 240") < opened.index("Last decisions")
    assert "Slow down [now]." in opened
    assert ended.index("Last decisions") < ended.index("written and confirmed")
    assert not any(decision.is_open for decision in model.decisions.values())


def test_values_and_violations_come_and_go(model: LineModel) -> None:
    """A late removal of an old value does not take the new one away."""
    violated = Quad(URIRef(BOT + "Filler"), TW.violates, URIRef("urn:shape"), GraphName.VIOLATIONS)
    old, new = (quad("Filler", PACK.curMachSpeed, speed) for speed in (400.0, 380.0))
    model.apply(event(6, [new, violated], [old]))
    between = len(model.violations)
    model.apply(event(7, [], [old, violated]))

    assert model.number(BOT + "Filler", PACK.curMachSpeed) == 380.0
    assert (between, len(model.violations)) == (1, 0)


def test_before_the_core_answers() -> None:
    """An empty model is drawn too."""
    assert "waiting for the core" in drawn(LineModel())
