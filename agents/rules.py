"""Agents and their rules as the plant folder describes them. The conditions themselves run in the core.

bot:LineAgent a tw:Agent ; tw:hasScope bot:Line ; tw:hasGoal bot:Output ; tw:hasRule bot:SlowFiller .
bot:SlowFiller a tw:AgentRule ; rdfs:label "..." ; tw:goal bot:Output ; tw:priority 10 ; tw:validForS 120 ;
    tw:sentence "Run the filler at {value} instead of {prior} {unit}." ; tw:ifNothing "..." ;
    tw:tolerance 160.0e0 ; tw:inputTolerance [ tw:input bot:Belt.FillRatio ; tw:tolerance 0.6e0 ] .
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rdflib import RDF, RDFS, Graph, Literal, URIRef
from rdflib.term import Node

from kg.errors import PlantIncomplete
from ontology import TW

_DEFAULT_SENTENCE = "Set {target} from {prior} to {value} {unit}."
_DEFAULT_VALID_S = 120.0
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class AgentRule:
    """What a match of this rule means: whose it is, what it is for, and how it is told to people."""

    iri: URIRef
    agent: URIRef
    label: str
    sentence: str
    """With places such as {value}, {prior}, {unit}, {target}, and the variables of the condition."""
    goal: URIRef | None = None
    if_nothing: str | None = None
    priority: int = 0
    """Of two rules for one target the one with the higher number is heard."""
    valid_for_s: float = _DEFAULT_VALID_S
    """Wall seconds after which a proposal expires."""
    tolerance: float | None = None
    """How far the wanted value may move between proposal and request; None for the usual share of its range."""
    input_tolerances: Mapping[URIRef, float] = field(default_factory=dict)
    """How far inputs may move, by property; the others by the usual share of their range."""


@dataclass(frozen=True, slots=True)
class AgentDescription:
    """An agent with its scope and rules."""

    iri: URIRef
    label: str
    scopes: tuple[URIRef, ...]
    goals: tuple[URIRef, ...]
    rules: Mapping[URIRef, AgentRule]


def read_agents(plant: Graph) -> tuple[AgentDescription, ...]:
    """The agents of a plant, in the order of their IRIs. Raises PlantIncomplete for a rule without an agent."""
    agents = tuple(_agent(plant, iri) for iri in _iris(plant.subjects(RDF.type, TW.Agent)))
    owned = {rule for agent in agents for rule in agent.rules}
    for rule in _iris(plant.subjects(RDF.type, TW.AgentRule)):
        if rule not in owned:
            raise PlantIncomplete(f"No agent has the rule {rule} (tw:agent).", rule=str(rule))
    return agents


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with its places filled. A place without a value stays as it is, visible to its author."""
    return _PLACE.sub(lambda place: values.get(place.group(1), place.group(0)), template)


def _agent(plant: Graph, iri: URIRef) -> AgentDescription:
    rules = _iris({*plant.objects(iri, TW.hasRule), *plant.subjects(TW.agent, iri)})
    return AgentDescription(
        iri=iri,
        label=_label(plant, iri),
        scopes=tuple(_iris(plant.objects(iri, TW.hasScope))),
        goals=tuple(_iris(plant.objects(iri, TW.hasGoal))),
        rules={rule: _rule(plant, rule, iri) for rule in rules},
    )


def _rule(plant: Graph, rule: URIRef, agent: URIRef) -> AgentRule:
    goal = plant.value(rule, TW.goal)
    if_nothing = plant.value(rule, TW.ifNothing)
    return AgentRule(
        iri=rule,
        agent=agent,
        label=_label(plant, rule),
        sentence=str(plant.value(rule, TW.sentence) or _DEFAULT_SENTENCE),
        goal=goal if isinstance(goal, URIRef) else None,
        if_nothing=None if if_nothing is None else str(if_nothing),
        priority=int(_number(plant, rule, TW.priority, 0)),
        valid_for_s=_number(plant, rule, TW.validForS, _DEFAULT_VALID_S),
        tolerance=None if plant.value(rule, TW.tolerance) is None else _number(plant, rule, TW.tolerance, 0.0),
        input_tolerances=dict(_input_tolerances(plant, rule)),
    )


def _input_tolerances(plant: Graph, rule: URIRef) -> Iterable[tuple[URIRef, float]]:
    """Raises PlantIncomplete for a tolerance that names no input or says no number."""
    for node in plant.objects(rule, TW.inputTolerance):
        prop = plant.value(node, TW.input)
        if not isinstance(prop, URIRef) or plant.value(node, TW.tolerance) is None:
            raise PlantIncomplete(f"{node} needs one tw:input and one tw:tolerance.", node=str(node), rule=str(rule))
        yield prop, _number(plant, node, TW.tolerance, 0.0)


def _iris(nodes: Iterable[object]) -> list[URIRef]:
    return sorted(node for node in nodes if isinstance(node, URIRef))


def _number(plant: Graph, node: Node, predicate: URIRef, default: float) -> float:
    value = plant.value(node, predicate)
    if value is None:
        return default
    if not isinstance(value, Literal) or not isinstance(value.value, int | float):
        try:
            return float(str(value))
        except ValueError:
            raise PlantIncomplete(f"{node} {predicate} must be a number; it is {value!r}.", node=str(node)) from None
    return float(value.value)


def _label(plant: Graph, node: URIRef) -> str:
    label = plant.value(node, RDFS.label)
    return str(label) if label is not None else re.split(r"[#/:]", str(node))[-1]
