"""The line agent's rules, each with situations in which it matches and in which it stays silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from rdflib import XSD, Graph, Literal
from rdflib.namespace import SH, Namespace

from ontology import PACK, TW

Derive = Callable[[Graph], None]

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")

#: An ordinary moment: everything runs, buffers half full.
CALM: Mapping[str, object] = {
    "speed": 400.0, "before": 0.5, "behind": 0.45, "depalletiser": 6, "filler": 6, "labeller": 6, "packer": 6,
    "remaining": None, "stopped": 60.0, "blocked": False, "in_control": True, "sku": "SKU-LAGER-050",
    "origin": None, "out_of_control_ago": None, "temperature": 8.0, "power": 120.0,
}  # fmt: skip

#: Rule, what differs from the calm moment, and the speed wanted (None: no match).
SITUATIONS = [
    # 800 * 0.6 bottles of room in 90 s: 320 a minute
    ("SlowFillerBeforeBlock", {"labeller": 11, "remaining": 90.0, "behind": 0.4}, 320.0),
    ("SlowFillerBeforeBlock", {"labeller": 11, "remaining": 90.1, "behind": 0.4}, 280.0),
    ("SlowFillerBeforeBlock", {"labeller": 9, "remaining": 240.0, "behind": 0.4}, 160.0),
    ("SlowFillerBeforeBlock", {"labeller": 11, "remaining": 600.0, "behind": 0.4}, None),
    ("SlowFillerBeforeBlock", {"labeller": 11, "remaining": 60.0, "behind": 0.4}, None),
    ("SlowFillerBeforeBlock", {"labeller": 11, "remaining": 90.0, "behind": 0.4, "stopped": 5.0}, None),
    ("SlowFillerBeforeBlock", {"labeller": 11, "remaining": 90.0, "behind": 0.4, "speed": 320.0}, None),
    ("SlowFillerBeforeBlock", {"labeller": 5, "remaining": 90.0, "behind": 0.4}, None),
    ("SlowFillerBeforeBlock", {"labeller": 11, "remaining": 62.0, "behind": 0.5}, 360.0),
    ("SlowFillerBeforeBlock", {"labeller": 11, "remaining": 62.0, "behind": 0.5, "speed": 390.0}, None),
    # the packer stands and blocks the labeller
    (
        "SlowFillerBeforeBlock",
        {"labeller": 5, "blocked": True, "packer": 11, "origin": "Packer", "remaining": 90.0, "behind": 0.4},
        320.0,
    ),
    ("SlowFillerBeforeBlock", {"labeller": 11, "remaining": 90.0, "behind": 0.4, "filler": 11}, None),
    ("SlowFillerBeforeStarve", {"depalletiser": 9, "remaining": 100.0, "before": 0.5}, 280.0),
    ("SlowFillerBeforeStarve", {"depalletiser": 9, "remaining": 70.0, "before": 0.5}, None),
    ("SlowFillerBeforeStarve", {"depalletiser": 2, "remaining": 100.0, "before": 0.5}, None),
    ("RecoverFiller", {"speed": 280.0}, 400.0),
    ("RecoverFiller", {"speed": 280.0, "sku": "SKU-RADLER-050"}, 360.0),
    ("RecoverFiller", {"speed": 396.0}, None),
    ("RecoverFiller", {"speed": 280.0, "labeller": 11}, None),
    ("RecoverFiller", {"speed": 280.0, "labeller": 5}, 400.0),
    ("RecoverFiller", {"speed": 280.0, "labeller": 5, "blocked": True}, None),
    ("RecoverFiller", {"speed": 280.0, "behind": 0.89}, 400.0),
    ("RecoverFiller", {"speed": 280.0, "behind": 0.9}, None),
    ("RecoverFiller", {"speed": 280.0, "before": 0.15}, None),
    ("RecoverFiller", {"speed": 280.0, "temperature": 15.2}, None),
    ("RecoverFiller", {"speed": 280.0, "power": 221.0}, None),
    ("CatchUp", {"before": 0.8, "behind": 0.2}, 410.0),
    ("CatchUp", {"before": 0.8, "behind": 0.25}, None),
    ("CatchUp", {"before": 0.8, "behind": 0.2, "in_control": False}, None),
    ("CatchUp", {"before": 0.8, "behind": 0.2, "out_of_control_ago": 600.0}, None),
    ("CatchUp", {"before": 0.8, "behind": 0.2, "temperature": 13.1}, None),
    ("CatchUp", {"before": 0.8, "behind": 0.2, "power": 201.0}, None),
    ("CatchUp", {"before": 0.8, "behind": 0.2, "labeller": 5, "blocked": True}, None),
    ("CatchUp", {"before": 0.8, "behind": 0.2, "speed": 300.0}, None),
    ("CatchUp", {"before": 0.8, "behind": 0.2, "speed": 410.0}, None),
    ("EaseOff", {"speed": 410.0, "behind": 0.55}, 400.0),
    ("EaseOff", {"speed": 410.0, "before": 0.35}, 400.0),
    ("EaseOff", {"speed": 410.0, "in_control": False}, 400.0),
    ("EaseOff", {"speed": 410.0, "temperature": 14.1}, 400.0),
    ("EaseOff", {"speed": 410.0, "power": 211.0}, 400.0),
    ("EaseOff", {"speed": 410.0}, None),
    ("EaseOff", {"speed": 400.0, "sku": "SKU-RADLER-050"}, 360.0),
    ("EaseOff", {"speed": 404.0, "behind": 0.55}, None),
]


def moment(plant: Graph, given: Mapping[str, object], derive: Derive) -> Graph:
    """The plant in a state; a feature stands on the machine that does not run."""
    values = {**CALM, **given}
    graph = Graph()
    graph += plant

    def state(equipment: str, predicate: object, value: object) -> None:
        literal = Literal(value, datatype=XSD.double) if isinstance(value, float) else Literal(value)
        graph.add((BOT[equipment], predicate, literal))  # type: ignore[arg-type]

    state("Filler", PACK.machSpeed, values["speed"])
    state("ConveyorDF", TW.fillRatio, values["before"])
    state("ConveyorFL", TW.fillRatio, values["behind"])
    state("Packer", PACK.stateCurrent, values["packer"])
    for machine in ("Depalletiser", "Filler", "Labeller"):
        state(machine, PACK.stateCurrent, values[machine.lower()])
        if values[machine.lower()] != 6 and values["remaining"] is not None:
            _stand(graph, machine, values)
            state(machine, TW.stoppedForS, values["stopped"])
    state("Labeller", PACK.equipmentBlocked, values["blocked"])
    state("Filler", TW.fillWeightInControl, values["in_control"])
    state("Filler", TW.productTemperatureC, values["temperature"])
    if values["out_of_control_ago"] is not None:
        state("Filler", TW.outOfControlAgoS, values["out_of_control_ago"])
    state("Line", TW.powerKw, values["power"])
    state("Line", TW.currentSku, values["sku"])
    derive(graph)
    return graph


def _stand(graph: Graph, machine: str, values: Mapping[str, object]) -> None:
    """Where a standstill began, and for how long it is expected to last there; unknown for what only waits."""
    origin = values["origin"] or (machine if values[machine.lower()] != 5 else None)
    if origin is not None:
        graph.add((BOT[machine], TW.firstOut, BOT[str(origin)]))
        graph.add((BOT[str(origin)], TW.expectedRemainingS, Literal(values["remaining"], datatype=XSD.double)))


def matches(graph: Graph, rule: str) -> list[float]:
    """The speeds that a rule wants for the filler."""
    text = str(graph.value(BOT[rule], SH.construct))
    found = set(graph.query(text))
    assert {(s, p) for s, p, _ in found} <= {(BOT["Filler.SetMachSpeed"], BOT[rule])}
    return [float(value) for _, _, value in found]


@pytest.mark.parametrize(("rule", "given", "wanted"), SITUATIONS)
def test_a_rule_wants_what_the_situation_asks_for(
    rule: str,
    given: Mapping[str, object],
    wanted: float | None,
    closed_plant: Graph,
    derive: Derive,
) -> None:
    """One round speed where the condition holds, nothing where it does not."""
    graph = moment(closed_plant, given, derive)

    assert matches(graph, rule) == ([] if wanted is None else [wanted])


RULES = ("SlowFillerBeforeBlock", "SlowFillerBeforeStarve", "RecoverFiller", "CatchUp", "EaseOff")


@pytest.mark.parametrize("given", [given for _, given, wanted in SITUATIONS if wanted is not None])
def test_no_rule_undoes_another(given: Mapping[str, object], closed_plant: Graph, derive: Derive) -> None:
    """Where a rule matches, its value once accepted leaves all rules silent: nothing flips back and forth."""
    graph = moment(closed_plant, given, derive)
    wanted = min(value for rule in RULES for value in matches(graph, rule))

    after = moment(closed_plant, {**given, "speed": wanted}, derive)

    assert [matches(after, rule) for rule in RULES] == [[], [], [], [], []]


def test_inputs_of_a_rule_are_what_it_reads(plant: Graph) -> None:
    """Each input of a rule is a property of an equipment that its condition names."""
    for rule in RULES:
        text = str(plant.value(BOT[rule], SH.construct))
        for prop in plant.objects(BOT[rule], TW.input):
            equipment = str(prop).removeprefix(str(BOT)).partition(".")[0]
            # the product reaches the filler by a domain rule
            assert f"bot:{equipment} " in text or equipment == "Line", (rule, prop)
