"""The rules that the twin ships: accepted, layered, exact on the bottling plant, every fact proved."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from rdflib import Graph, Literal
from rdflib.namespace import Namespace

from kg.names import VISIBLE, GraphName, mask
from kg.terms import double_literal
from ontology import PACK, TW
from reasoner.owl import compile_owl
from reasoner.rules import GUARDED, RuleEngine, check_layers, guarded_by, load, load_conditions

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
SPEED = PACK.curMachSpeed


def read(package: str, *, leave: tuple[str, ...] = ()) -> Graph:
    """All Turtle of a package but these files, in one graph."""
    graph = Graph()
    for file in sorted(files(package).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".ttl") and file.name not in leave:
            graph.parse(data=file.read_text(), format="turtle")
    return graph


def test_the_shipped_rules_are_exact_on_the_bottling_plant(twin: Callable[..., Any]) -> None:
    """Ontology, domain rules and conditions load as two layers; facts equal the naive closure before and after."""
    model = read("plants.bottling", leave=("rules.ttl",))
    ontology = compile_owl(read("ontology", leave=("rules.ttl",)), guarded=GUARDED)
    rules = Graph().parse(data=files("ontology").joinpath("rules.ttl").read_text(), format="turtle")
    agents = Graph().parse(data=files("plants.bottling").joinpath("rules.ttl").read_text(), format="turtle")
    domain = load(rules, guarded=guarded_by(model), also=ontology)
    conditions = load_conditions(agents, guarded=guarded_by(model))
    check_layers(domain, conditions)
    world = twin(domain)
    world.start(set(model))
    world.assert_exact()
    upper = RuleEngine(world.graph, conditions, visible=mask(VISIBLE) | GraphName.VIOLATIONS.bit, below=world.engine)

    stop = (TW.Plant, TW.stopped, TW.NoWrites)
    state = [(BOT.Filler, PACK.stateCurrent, Literal(6)), (BOT.Filler, SPEED, double_literal(400.0))]
    transaction = world.change(adds=[stop, *state], name=GraphName.STATE)
    upper.start(transaction)

    world.assert_exact()
    assert (BOT.Filler, TW.stopInForce, TW.NoWrites) in world.derived()
    assert (BOT.Filler, TW.running, Literal(True)) in world.derived()
    world.assert_proved(fact for fact in world.derived() if fact[0] == BOT.Filler)
    transaction.rollback()
    world.assert_exact()
