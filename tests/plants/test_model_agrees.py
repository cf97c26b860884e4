"""The plant's Turtle and its server speak of the same nodes, orders and speeds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rdflib import Graph, Namespace

from kg.bindings import read_bindings
from ontology import TW
from plants import plant_folder
from plants.bottling.line import Line
from plants.bottling.options import BottlingOptions
from plants.bottling.tags import NAMESPACE, TwinSlots, plant_tags

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
STANDARD = Namespace("https://w3id.org/twinwright/isa95#")


@pytest.fixture(scope="module")
def model() -> Graph:
    """The asserted model: every Turtle file of the folder but policy and rules."""
    graph = Graph()
    for file in plant_folder("bottling").iterdir():
        if file.name.endswith(".ttl") and file.name not in ("policy.ttl", "rules.ttl"):
            graph.parse(data=file.read_text(encoding="utf-8"), format="turtle")
    return graph


@pytest.fixture(scope="module")
def line() -> Line:
    """The line that the default seed gives."""
    return Line(BottlingOptions().seed)


def test_every_binding_is_a_node_of_the_server(model, line):
    """Node id, property name, data type, unit, access, cyclic or not, and the range of analog items agree."""
    tags = plant_tags(line, TwinSlots(dict.fromkeys(line.machines, 0.0)))
    served = {f"nsu={NAMESPACE};s={tag.path}": tag for tag in tags}
    bound = {binding.node_id: binding for binding in read_bindings(model)}

    assert set(bound) == set(served)
    for node_id, tag in served.items():
        binding = bound[node_id]
        facts = (binding.prop, binding.data_type, binding.unit, binding.writable, binding.max_age_s is not None)
        assert facts == (BOT[tag.name], tag.data_type, tag.unit, tag.is_writable, tag.is_cyclic)
        if tag.low is not None:
            assert (binding.low, binding.high) == (tag.low, tag.high), node_id


def test_the_models_orders_are_those_of_the_default_seed(model, line):
    """Order numbers, products and quantities come in the same order."""
    order = line.order
    book = [order, line.next_order, line.orders.next_order()]

    for made in book:
        assert model.value(BOT[made.id], TW.sku) == BOT[made.sku.id]
        assert int(str(model.value(BOT[made.id], STANDARD.quantity))) == made.target


def test_speed_limits_agree(model, line):
    """A machine's highest speed in the model is the one to which its controller clamps."""
    for name, machine in line.machines.items():
        assert float(str(model.value(BOT[name], TW.maxSpeed))) == machine.parameters.max_speed


def test_shifts_change_when_the_model_says(model, line):
    """The early shift starts with plant time, its break four hours later."""
    start = line.start

    assert start == datetime(2026, 1, 5, 5, tzinfo=UTC)
    assert str(model.value(BOT.EarlyBreak, STANDARD.dailyStart)) == (f"{start + timedelta(hours=4):%H:%M:%S}+00:00")
    assert line.calendar.is_break(4 * 3600.0)
    assert not line.calendar.is_break(4.5 * 3600.0)
