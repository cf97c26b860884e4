"""Counted work depends on the change and its consequences, never on the size of the graph."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from rdflib.namespace import RDF, Namespace

from kg.names import GraphName

E = Namespace("http://example.org/")
RULES = (
    "CONSTRUCT { ?m :alarm ?s } WHERE { ?s :of ?m ; :limit ?l ; :value ?v FILTER(?v > ?l) }",
    "CONSTRUCT { ?s :low true } WHERE { ?s :value ?v FILTER(?v < 5.0) }",
    "CONSTRUCT { ?a :under ?b } WHERE { ?a :partOf ?b }",
    "CONSTRUCT { ?a :under ?c } WHERE { ?a :partOf ?b . ?b :under ?c }",
    "CONSTRUCT { ?l :lineAlarm ?m } WHERE { ?m :alarm ?s ; :under ?l . ?l a :Line }",
    "CONSTRUCT { ?m a :Troubled } WHERE { ?m :alarm ?s }",
    "CONSTRUCT { ?m a :Fine } WHERE { ?m a :Machine FILTER NOT EXISTS { ?m a :Troubled } }",
    "CONSTRUCT { ?n :atRisk ?m } WHERE { ?m a :Troubled ; :feeds ?n }",
    """CONSTRUCT { ?m :RuleX ?w } WHERE { ?s :of ?m ; :value ?v ; :limit ?l FILTER(?v > ?l)
       FILTER NOT EXISTS { ?m :stopped ?x } BIND(?l * 0.9 AS ?w) }""",
)


def plant(world: Any, lines: int) -> None:
    """Lines of five machines with four sensors each, part of one plant."""
    transaction = world.transaction()

    def add(s: Any, p: Any, o: Any) -> None:
        node = o if isinstance(o, float) else world.graph.terms.node(o)
        transaction.add(world.graph.terms.node(s), world.graph.terms.node(p), node, GraphName.PLANT)

    for index in range(lines):
        line = E[f"l{index}"]
        add(line, RDF.type, E.Line)
        add(line, E.partOf, E.plant)
        machines = [E[f"l{index}m{number}"] for number in range(5)]
        for one, next_one in pairwise(machines):
            add(one, E.feeds, next_one)
        for machine in machines:
            add(machine, RDF.type, E.Machine)
            add(machine, E.partOf, line)
            for number in range(4):
                sensor = E[f"{machine.rsplit('/', 1)[-1]}s{number}"]
                add(sensor, E.of, machine)
                add(sensor, E.limit, 80.0)
                add(sensor, E.value, 50.0)
    world.engine.start(transaction)


def steps(world: Any, *values: float) -> list[int]:
    """Steps for each of these readings of one sensor, in transactions of their own."""
    sensor, value = (world.graph.terms.node(term) for term in (E.l1m2s1, E.value))
    counted = []
    for reading in values:
        transaction = world.transaction()
        transaction.replace(sensor, value, reading, GraphName.STATE)
        transaction.clear(sensor, value, GraphName.PLANT)
        world.engine.infer(transaction)
        counted.append(world.engine.steps)
    return counted


def test_work_is_the_same_at_ten_times_the_size(rules: Callable[..., Any], twin: Callable[..., Any]) -> None:
    """Calm readings, a crossing and the way back cost the same steps in a plant of 3 lines and of 30."""
    readings = (50.0, 51.0, 52.0, 90.0, 91.0, 50.0, 51.0)
    small, large = twin(rules(*RULES)), twin(rules(*RULES))
    plant(small, 3)
    plant(large, 30)

    counted = steps(small, *readings)

    assert counted == steps(large, *readings)
    assert counted[2] <= 12
    assert counted[3] <= 80
    assert large.graph.count(large.graph.terms.node(E.value)) == 600


def test_taking_a_subtree_away_costs_what_was_derived_from_it(
    rules: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    """Cutting a chain in the middle withdraws each fact that led over the cut once, however much lies elsewhere."""
    counted = []
    for elsewhere in (0, 200):
        world = twin(rules(RULES[2], RULES[3]))
        chain = [(E[f"n{index}"], E.partOf, E[f"n{index + 1}"]) for index in range(20)]
        other = [(E[f"x{index}"], E.partOf, E[f"y{index}"]) for index in range(elsewhere)]
        world.start([*chain, *other])
        before = len(world.derived())
        world.change(removes=[chain[10]])
        counted.append(world.engine.steps)
        assert before - len(world.derived()) == 11 * 10

    assert counted[0] == counted[1]
    assert counted[0] < 20 * 110
