"""The bottling line's model: it passes all shapes, the twin can read it, and it is the line that is simulated."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.namespace import SH, Namespace

import ontology
import shapes
from kg.bindings import read_bindings, read_grants, read_servers
from kg.plantfolder import load
from ontology import ISA95, PACK, TW
from plants.bottling.line import Line
from plants.bottling.parameters import CONVEYORS, MACHINES, MIN_SPEED, PUBLISHED
from plants.bottling.schedule import CHANGEOVER_MIN, SKUS, OrderBook
from plants.bottling.tags import NAMESPACE, Tag, TwinSlots, plant_tags

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")


@pytest.fixture(scope="module")
def tags() -> dict[str, Tag]:
    """The variables of the simulated controllers by their paths."""
    return {tag.path: tag for tag in plant_tags(Line(1, warm_up_s=0.0), TwinSlots(dict.fromkeys(MACHINES, 0.0)))}


@pytest.mark.parametrize("evidence", ["asserted", "entailed"])
def test_the_model_passes_all_shapes(evidence: str, plant: Graph, closed_plant: Graph) -> None:
    """Nothing in model, bindings, orders, policy and rules contradicts what they must be."""
    wanted = Graph()
    for name in shapes.modules():
        wanted += shapes.load(name)
    for shape, kind in list(wanted.subject_objects(TW.evidence)):
        if kind != Literal(evidence):
            wanted.remove((shape, SH.targetClass, None))
            wanted.remove((shape, SH.targetSubjectsOf, None))
    data = plant if evidence == "asserted" else closed_plant

    conforms, _, text = pyshacl.validate(data, shacl_graph=wanted)

    assert conforms, text


def test_the_folder_loads(folder: Path) -> None:
    """The twin finds a server, bindings, grants, persons by login and the line agent."""
    loaded = load(folder)

    assert loaded.name == "bottling"
    assert set(loaded.persons) == {"olga", "sam", "emil", "ada", "vera"}
    assert loaded.agents == (BOT.LineAgent,)
    assert len(loaded.bindings) == 106


def test_the_manifest_names_a_program(folder: Path) -> None:
    """`simulator` is a module with a __main__."""
    manifest = tomllib.loads((folder / "plant.toml").read_text(encoding="utf-8"))

    assert find_spec(f"{manifest['simulator']}.__main__") is not None


def test_bindings_and_simulated_variables_are_the_same(turtle: dict[str, Graph], tags: dict[str, Tag]) -> None:
    """Every variable is bound once, with the controller's data type, unit and access."""
    bound = {b.node_id.removeprefix(f"nsu={NAMESPACE};s="): b for b in read_bindings(turtle["bindings"])}

    assert set(bound) == set(tags)
    for path, binding in bound.items():
        tag = tags[path]
        assert (binding.data_type, binding.unit, binding.writable) == (tag.data_type, tag.unit, tag.is_writable), path
        assert (binding.max_age_s is not None) == tag.is_cyclic, path
        assert path.startswith(str(binding.equipment).removeprefix(str(BOT)) + ".")


def test_ranges_cover_what_controllers_may_show(turtle: dict[str, Graph], tags: dict[str, Tag]) -> None:
    """A value inside the controller's own range is never called implausible."""
    for binding in read_bindings(turtle["bindings"]):
        tag = tags[binding.node_id.partition(";s=")[2]]
        if tag.low is not None and tag.high is not None:
            assert binding.low is not None
            assert binding.high is not None
            assert binding.low <= tag.low < tag.high <= binding.high, tag.path


def test_only_the_five_speeds_may_be_written(turtle: dict[str, Graph]) -> None:
    """Each grant lies inside what the machine can do; each granted speed has feedback and effect."""
    grants = {grant.prop: grant for grant in read_grants(turtle["policy"])}
    bindings = {binding.prop: binding for binding in read_bindings(turtle["bindings"])}

    assert set(grants) == {BOT[f"{name}.SetMachSpeed"] for name in MACHINES}
    for name in MACHINES:
        grant, binding = grants[BOT[f"{name}.SetMachSpeed"]], bindings[BOT[f"{name}.SetMachSpeed"]]
        assert MIN_SPEED <= grant.minimum < grant.maximum <= PUBLISHED[name].max_speed
        assert binding.feedback == BOT[f"{name}.MachSpeed"]
        assert binding.effect == BOT[f"{name}.CurMachSpeed"]


def test_what_is_never_written_has_no_grant(turtle: dict[str, Graph]) -> None:
    """Recipe, modes and the operator's selectors are on the list, and the list is respected."""
    policy = turtle["policy"]
    never = set(policy.subjects(TW.neverWritten, Literal(True)))

    assert {BOT["Filler.ProductTemperature"], BOT["Packer.TwinEnable"], BOT["Labeller.UnitModeCurrent"]} <= never
    assert not never & set(policy.subjects(TW.writeGrant))


def test_machines_and_flow_are_those_of_the_simulated_line(turtle: dict[str, Graph]) -> None:
    """Machines and conveyors alternate in one row; speeds and V-curve are the published ones."""
    model = turtle["model"]
    row = [BOT[name] for pair in zip(MACHINES, (*CONVEYORS, None), strict=True) for name in pair if name]

    for first, second in pairwise(row):
        assert list(model.objects(first, TW.feeds)) == [second]
    for name in MACHINES:
        assert (BOT[name], RDF.type, PACK.Machine) in model
        assert float(model.value(BOT[name], TW.maxSpeed)) == PUBLISHED[name].max_speed  # type: ignore[arg-type]
        assert float(model.value(BOT[name], TW.speedFactor)) == PUBLISHED[name].speed_factor  # type: ignore[arg-type]
        assert float(model.value(BOT[name], TW.minSpeed)) == MIN_SPEED  # type: ignore[arg-type]


def test_products_orders_and_changeovers_are_those_of_the_simulated_line(turtle: dict[str, Graph]) -> None:
    """Products with rated speeds, the first orders of the default run, and a whole asymmetric matrix."""
    orders, book = turtle["orders"], OrderBook(7)

    for sku in SKUS:
        assert float(orders.value(BOT[sku.id], TW.ratedSpeed)) == sku.rated_speed  # type: ignore[arg-type]
    for _ in range(len(set(orders.subjects(RDF.type, TW.Order)))):
        order = book.next_order()
        assert orders.value(BOT[order.id], TW.sku) == BOT[order.sku.id]
        assert int(orders.value(BOT[order.id], ISA95.quantity)) == order.target  # type: ignore[arg-type]
    for changeover in orders.subjects(RDF.type, TW.Changeover):
        pair = tuple(str(orders.value(changeover, p)).removeprefix(str(BOT)) for p in (TW.fromSku, TW.toSku))
        low, high = CHANGEOVER_MIN[pair]  # type: ignore[index]
        assert low <= float(orders.value(changeover, TW.durationMin)) <= high  # type: ignore[arg-type]
    assert len(set(orders.subjects(RDF.type, TW.Changeover))) == len(CHANGEOVER_MIN)


def test_every_rule_starts_in_shadow(turtle: dict[str, Graph]) -> None:
    """Autonomy is earned: each rule of the agent has one autonomy, at the level shadow, over the line."""
    policy, rules = turtle["policy"], set(turtle["rules"].subjects(RDF.type, TW.AgentRule))

    assert set(policy.objects(None, TW.ofRule)) == rules
    assert set(policy.objects(None, TW.level)) == {Literal("shadow")}
    assert set(policy.objects(None, TW.hasScope)) == {BOT.Line}


def test_only_rules_that_slow_down_are_remedial(turtle: dict[str, Graph]) -> None:
    """A rule that may raise a speed never acts against a standing limit."""
    remedial = set(turtle["policy"].subjects(TW.remedial, Literal(True)))

    assert remedial == {BOT.SlowFillerBeforeBlock, BOT.SlowFillerBeforeStarve, BOT.EaseOff}


def test_there_is_one_server(turtle: dict[str, Graph]) -> None:
    """The address is the one at which the simulated line listens by default."""
    (server,) = read_servers(turtle["model"])

    assert server.iri == BOT.LineServer
    assert server.url == "opc.tcp://127.0.0.1:4840/twinwright/bottling/"


def test_terms_used_by_the_plant_exist(plant: Graph) -> None:
    """No misspelt term of ours stands in the plant's Turtle."""
    ours = tuple(str(space._NS) for space in (ontology.TW, ontology.ISA95, ontology.UA, ontology.PACK, ontology.KPI))
    known = Graph()
    for name in ontology.modules():
        known += ontology.load(name)

    used = {t for triple in plant for t in triple if isinstance(t, URIRef) and str(t).startswith(ours)}

    assert used <= set(known.subjects())
