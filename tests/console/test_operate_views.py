"""What Operate shows of a line: order, machines, conveyors, losses, figures, conditions."""

from __future__ import annotations

from importlib.resources import files
from math import nan
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rdflib import Literal, Namespace, URIRef

from api.console.operate import conditions, drawing, losses, order, tiles
from api.console.operate.machines import Severity, line_view, machine_view, stale_nodes
from api.console.operate.sheet import Sheet, changed
from api.console.operate.topology import Topology, topology_of
from api.live import LineModel
from kg.change import Finding, Quad
from kg.change import Severity as Weight
from kg.names import WORKING, GraphName
from kg.plantfolder import PlantFolder, load
from kg.wire import quads_to_text
from ontology import ISA95, PACK, TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
MACHINES = ("Depalletiser", "Filler", "Labeller", "Packer", "Palletiser")
MONDAY_8_US = 1_767_600_000_000_000


@pytest.fixture(scope="module")
def bottling() -> PlantFolder:
    """The shipped plant, loaded once."""
    return load(Path(str(files("plants.bottling"))))


@pytest.fixture
def model(bottling: PlantFolder) -> LineModel:
    """A line in full work, half way through its order."""
    quads = [q for q in bottling.quads() if q.g in WORKING]
    for machine in MACHINES:
        told = ((PACK.stateCurrent, 6), (PACK.stopReason, 0), (PACK.curMachSpeed, 400.0), (PACK.setMachSpeed, 410.0))
        quads += [Quad(BOT[machine], p, Literal(value), GraphName.STATE) for p, value in told]
    quads += [Quad(BOT[f"Conveyor{c}"], TW.fillRatio, Literal(0.5), GraphName.STATE) for c in ("DF", "FL", "LP", "PP")]
    order_now = ((TW.orderTarget, 96_000), (TW.orderActual, 48_000), (TW.currentOrder, "ORD-1001"))
    quads += [Quad(BOT.Line, p, Literal(value), GraphName.STATE) for p, value in order_now]
    quads += [Quad(BOT["Filler.SetMachSpeed"], ISA95.isPropertyOf, BOT.Filler, GraphName.INFERRED)]
    made = LineModel()
    made.start({"quads": quads_to_text(quads), "seq": 5, "plant_us": MONDAY_8_US})
    return made


def put(model: LineModel, subject: str, predicate: URIRef, value: Any) -> None:
    model.facts[str(BOT[subject]), str(predicate)] = value


def test_order_names_what_is_made_and_when_it_ends(model: LineModel) -> None:
    """24,000 an hour lately: the other half is done two hours later."""
    lately = [(MONDAY_8_US - 600_000_000, 44_000.0), (MONDAY_8_US, 48_000.0)]

    view = order.order_view(model, lately)

    assert (view.order, view.made, view.share) == ("Order 1001", "48,000 of 96,000", 0.5)
    assert (view.end, view.rate) == ("10:00, in 2 h 0 min", "at 24,000 per hour")
    assert view.planned


def test_order_falls_back_on_the_average(model: LineModel) -> None:
    """Before ten minutes have been seen, the average serves, and is called so."""
    put(model, "Line", TW.throughputPerH, 48_000.0)

    view = order.order_view(model, [])

    assert (view.end, view.rate) == ("09:00, in 60 min", "at the average of 48,000 per hour")


@pytest.mark.parametrize(
    ("facts", "end"),
    [
        ({TW.orderActual: 96_000}, "done"),
        ({TW.orderTarget: nan}, "–"),
        ({}, "not known yet"),
        ({TW.throughputPerH: 0.0}, "not in sight"),
    ],
)
def test_order_without_an_end_in_sight(model: LineModel, facts: dict[URIRef, Any], end: str) -> None:
    """Nothing is invented where the end does not follow."""
    for predicate, value in facts.items():
        put(model, "Line", predicate, value)

    assert order.order_view(model, []).end == end


def test_order_says_that_the_line_is_not_planned_to_run(model: LineModel) -> None:
    """A break is no loss, and the page says why nothing moves."""
    put(model, "Line", TW.plannedBusy, False)

    assert order.order_values(order.order_view(model, []))["order.planned"] == "Not planned to run"


def test_rate_begins_anew_with_the_counter() -> None:
    """The counter of a new order starts at zero; what was made before does not count against it."""
    points = [(0, 90_000.0), (60_000_000, 96_000.0), (120_000_000, 0.0), (720_000_000, 4_000.0)]

    assert order.rate_per_h(points) == pytest.approx(24_000)
    assert order.rate_per_h(points[:3]) is None


@pytest.mark.parametrize(
    ("shift", "words"),
    [("2026-01-05-early", "early, Mon 5 Jan"), ("B", "B"), (None, "–"), ("2026-13-41-late", "2026-13-41-late")],
)
def test_shift_in_words(shift: str | None, words: str) -> None:
    """A shift that is named in the site's own way stands for itself."""
    assert order.shift_words(shift) == words


def test_topology_follows_what_feeds_what(model: LineModel) -> None:
    """Five machines in a row, four conveyors, and where the pace is set."""
    topology = topology_of(model)

    assert [str(m) for m in topology.machines] == [str(BOT[name]) for name in MACHINES]
    assert (topology.columns, topology.lanes) == ((0, 1, 2, 3, 4), (0, 0, 0, 0, 0))
    assert [(link.start, link.end) for link in topology.links] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert [link.is_before_constraint for link in topology.links] == [True, False, False, False]


def test_topology_puts_side_by_side_what_runs_side_by_side(model: LineModel) -> None:
    """Two machines that feed the same conveyor stand in one column, in lanes of their own."""
    put(model, "Depalletiser", TW.feeds, str(BOT.ConveyorFL))

    topology = topology_of(model)

    assert topology.columns[:3] == (0, 0, 1)
    assert topology.lanes[:3] == (0, 1, 0)


def test_topology_of_nothing_is_empty() -> None:
    """Before the core's first picture there is nothing to draw."""
    assert topology_of(LineModel()) == Topology((), (), (), ())


@pytest.mark.parametrize(
    ("state", "reason", "word", "severity"),
    [
        (6, 0, "running", Severity.NORMAL),
        (5, 3, "no bottles", Severity.NORMAL),
        (5, 4, "backed up", Severity.NORMAL),
        (2, 5, "changeover", Severity.NORMAL),
        (11, 1, "jam", Severity.CAUTION),
        (9, 2, "breakdown", Severity.ALARM),
        (2, 99, "other", Severity.CAUTION),
        (None, 0, "no data", Severity.CAUTION),
        (nan, 0, "no data", Severity.CAUTION),
    ],
)
def test_machine_in_operators_words(
    model: LineModel, state: float | None, reason: int, word: str, severity: Severity
) -> None:
    """Colour is for the machine that is at fault, not for those that wait for it."""
    put(model, "Filler", PACK.stateCurrent, state)
    put(model, "Filler", PACK.stopReason, reason)

    view = machine_view(model, BOT.Filler)

    assert (view.word, view.severity) == (word, severity)


def test_machine_carries_its_marks(model: LineModel) -> None:
    """Local, twin off, maintenance and old values each have a word."""
    put(model, "Filler", TW.siteRemote, False)
    put(model, "Filler", TW.twinEnable, False)
    put(model, "Filler", TW.maintenance, True)
    put(model, "Filler.SetMachSpeed", TW.stale, True)

    view = machine_view(model, BOT.Filler, stale_nodes(model))

    assert view.marks == ("local", "twin off", "maintenance", "old values")
    assert view.sentence.startswith("Filler: running, local, twin off, maintenance, old values, 400 per minute")
    assert view.paces


@pytest.mark.parametrize(
    ("conveyor", "fill", "word"),
    [
        ("ConveyorDF", 0.97, ""),
        ("ConveyorDF", 0.04, "nearly empty"),
        ("ConveyorDF", 0.0, "empty"),
        ("ConveyorFL", 0.04, ""),
        ("ConveyorFL", 0.95, "nearly full"),
        ("ConveyorPP", 1.0, "full"),
        ("ConveyorPP", None, "no data"),
    ],
)
def test_conveyor_is_abnormal_against_the_line_s_tuning(
    model: LineModel, conveyor: str, fill: float | None, word: str
) -> None:
    """Full before the machine that sets the pace and empty behind it is how the line is meant to run."""
    put(model, conveyor, TW.fillRatio, fill)

    found = next(c for c in line_view(model, topology_of(model)).conveyors if c.node == BOT[conveyor])

    assert found.word == word
    assert (found.severity is Severity.CAUTION) == bool(word)


@pytest.mark.parametrize(
    ("subject", "predicate", "value"), [("Line", TW.plannedBusy, False), ("Filler", PACK.stopReason, 5)]
)
def test_no_level_is_abnormal_while_the_line_stands_as_planned(
    model: LineModel, subject: str, predicate: URIRef, value: Any
) -> None:
    """An empty conveyor in a break or a changeover calls nobody."""
    put(model, "ConveyorDF", TW.fillRatio, 0.0)
    put(model, subject, predicate, value)

    assert {c.severity for c in line_view(model, topology_of(model)).conveyors} == {Severity.NORMAL}


@pytest.mark.parametrize("columns", [8, 3, 1])
def test_picture_is_well_formed_and_complete(model: LineModel, columns: int) -> None:
    """Every machine is a control with a name, every conveyor a picture with a name, however the line is folded."""
    topology = topology_of(model)
    sheet = Sheet(drawing.line_values(line_view(model, topology)))

    root = ElementTree.fromstring(drawing.line_markup(topology, sheet, columns))

    controls = [g for g in root.iter("g") if g.get("role") == "button"]
    assert [str(g.get("aria-label")).split(":")[0] for g in controls] == list(MACHINES)
    assert sum(g.get("role") == "img" and bool(g.get("aria-label")) for g in root.iter("g")) == 4


def test_labels_of_the_model_are_escaped(model: LineModel) -> None:
    """A label is somebody's text, not markup."""
    put(model, "Filler", URIRef("http://www.w3.org/2000/01/rdf-schema#label"), '<script>"&')
    topology = topology_of(model)
    sheet = Sheet(drawing.line_values(line_view(model, topology)))

    text = drawing.line_markup(topology, sheet, 8) + drawing.table_markup(topology, sheet)

    assert "<script>" not in text
    ElementTree.fromstring(f"<div>{text}</div>")


def test_only_what_has_changed_is_sent(model: LineModel) -> None:
    """A speed that moves sends its own texts, not the page."""
    topology = topology_of(model)
    before = drawing.line_values(line_view(model, topology))
    put(model, "Filler", PACK.curMachSpeed, 300.0)

    news = changed(before, drawing.line_values(line_view(model, topology)))

    assert news["m1.speed"] == "300"
    assert all(key.startswith("m1") for key in news)


def test_keys_that_are_gone_become_empty() -> None:
    """What was shown and no longer holds must not stay on the screen."""
    assert changed({"a": "1", "b": "2"}, {"a": "1"}) == {"b": ""}


def test_losses_largest_first_in_words(model: LineModel) -> None:
    """Bars are shares of the worst, per cent are shares of all."""
    for machine, reason, minutes in (("Filler", "blocked", 3.0), ("Packer", "jam", 9.0), ("Packer", "starved", 0.0)):
        node = f"Line.Loss.{machine}.{reason}"
        put(model, node, TW.lossMinutes, minutes)
        put(model, node, TW.ofEquipment, str(BOT[machine]))
        put(model, node, TW.lossReason, reason)

    shown = losses.losses_view(model)

    assert [(loss.where, loss.why, loss.part) for loss in shown] == [
        ("Packer", "jam", 0.75),
        ("Filler", "backed up", 0.25),
    ]
    values = losses.losses_values(shown)
    assert (values["loss0.minutes"], values["loss1.bar@style"]) == ("9.0 min", "width:33.3%")
    assert (values["loss2@data-on"], values["loss.none"]) == ("no", "")
    ElementTree.fromstring(f"<div>{losses.losses_markup(Sheet(values))}</div>")


def test_no_losses_are_told_in_words(model: LineModel) -> None:
    """An empty chart would look broken."""
    assert losses.losses_values(losses.losses_view(model))["loss.none"]


def test_tiles_have_unit_trend_and_meaning(model: LineModel) -> None:
    """A ratio as per cent, its trend as a curve and in words."""
    put(model, "Line", TW.oee, 0.894)
    points = [(0, 0.9), (60_000_000, 0.88), (120_000_000, 0.894)]

    values = tiles.tiles_values(model, lambda _, predicate: points if predicate == TW.oee else [])

    assert (values["tile.oee.value"], values["tile.power.value"]) == ("89.4", "–")
    assert values["tile.oee.trend@aria-label"] == "OEE in the last 2 min: from 90.0 to 89.4 %"
    assert len(values["tile.oee.line@points"].split()) == 3
    ElementTree.fromstring(tiles.tiles_markup(Sheet(values)))


@pytest.mark.parametrize(("value", "note"), [(1.036, "buffers run empty"), (1.0004, ""), (0.9, "")])
def test_a_figure_above_a_hundred_says_why(model: LineModel, value: float, note: str) -> None:
    """Otherwise nobody would believe it."""
    put(model, "Line", TW.oee, value)

    assert tiles.tiles_values(model, lambda *_: [])["tile.oee.note"] == note


def test_small_noise_stays_small() -> None:
    """A curve is never stretched so far that a tenth of a per cent looks like a fall."""
    heights = [float(point.split(",")[1]) for point in tiles.polyline([(0, 0.900), (1, 0.901)], smallest=0.05).split()]

    assert abs(heights[0] - heights[1]) < 2


def test_conditions_worst_first(model: LineModel, bottling: PlantFolder) -> None:
    """A freeze before a warning before a rule that matches."""
    put(model, "Filler.SetMachSpeed", TW.frozen, True)
    put(model, "Filler.SetMachSpeed", BOT.CatchUp, 410.0)
    finding = Finding(BOT.Filler, BOT.Shape, TW.Loss, None, None, Weight.WARNING, "Rejects rise.", "QUA-REJECTS")

    held = conditions.conditions_of(model, [finding], {BOT.CatchUp: "Catch up"})

    assert [one.sentence for one in held] == [
        "Filler: speed asked for: the outcome of a write is unknown",
        "Filler: Rejects rise. (QUA-REJECTS)",
        "A rule of the agents holds: Catch up (Filler: speed asked for 410)",
    ]
    assert [one.severity for one in held] == [Severity.ALARM, Severity.CAUTION, Severity.NORMAL]
    assert len(conditions.about(model, held, BOT.Filler)) == 3
    assert conditions.about(model, held, BOT.Packer) == ()


def test_conditions_tell_of_link_heartbeat_and_old_values(model: LineModel) -> None:
    """What makes every other figure doubtful is told, too."""
    put(model, "LineServer", TW.connected, False)
    put(model, "Line", TW.heartbeatOk, False)
    put(model, "Filler.SetMachSpeed", TW.stale, True)

    held = conditions.conditions_of(model, [], {})

    assert [one.kind for one in held] == ["link", "link", "old values"]
    assert held[2].sentence == "Filler: speed asked for is old"


def test_long_lists_are_cut_and_counted() -> None:
    """What nobody would read is a number."""
    assert conditions.more_words(conditions.MOST) == ""
    assert conditions.more_words(conditions.MOST + 3) == "and 3 more"
