"""How far the agents may go: the grants in force, and the Change of the policy that moves them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rdflib import Literal, URIRef

from agents.levels import Autonomy, Level
from api.acts.sender import change_at
from api.live.model import LineModel
from kg.change import Change, Expected, Kind, Quad
from kg.errors import BadValue, UnknownNode
from kg.names import GraphName
from kg.plantfolder import PlantFolder
from ontology import ISA95, TW


def require_level(word: str) -> Level:
    """The level of a word. Raises BadValue where there is none."""
    for level in Level:
        if level.word == word:
            return level
    raise BadValue(f"There is no level {word}; there are {', '.join(level.word for level in Level)}.", level=word)


def grants_in(model: LineModel) -> tuple[Autonomy, ...]:
    """The grants that the policy holds now, in order of their nodes. Read on the event loop that feeds the model."""
    nodes = sorted(model.facts.of(TW.level))
    return tuple(_grant(model, URIRef(node)) for node in nodes)


def scopes_of(plant: PlantFolder, equipment: URIRef) -> Sequence[URIRef]:
    """The equipment and what it is part of, from the inside out, as asserted: inference knows every place at once."""
    chain, graph = [equipment], plant.graphs[GraphName.PLANT]
    while (place := graph.value(chain[-1], ISA95.isPartOf)) is not None and place not in chain:
        chain.append(URIRef(str(place)))
    return chain


def approvals_needed(model: LineModel, prop: URIRef) -> int:
    """How many persons must approve a write that people approve: two from risk class 4 on, else one."""
    grant = model.get(prop, TW.writeGrant)
    risk = None if grant is None else model.number(grant, TW.riskClass)
    return 2 if (risk or 0) >= 4 else 1


def chosen(grants: Iterable[Autonomy], about: URIRef, scope: URIRef | None = None) -> list[Autonomy]:
    """The grants for an agent or a rule, in a scope or in all. Raises UnknownNode where there are none."""
    found = [g for g in grants if about in (g.agent, g.rule, g.node) and scope in (None, g.scope)]
    if not found:
        where = "" if scope is None else f" in {scope}"
        raise UnknownNode(f"The policy holds no level for {about}{where}.", about=str(about))
    return found


def autonomy_change(held: Iterable[tuple[URIRef, str]], level: str, reason: str, at_us: int) -> Change | None:
    """The Change that moves nodes, held at levels, to one level; None where all are there.

    What was held is its read set: whoever changes a level at the same time is not overwritten.
    """
    moved = [(node, word) for node, word in held if word != level]
    if not moved:
        return None
    return change_at(
        Kind.EDIT,
        at_us,
        adds=tuple(Quad(node, TW.level, Literal(level), GraphName.POLICY) for node, _ in moved),
        removes=tuple(Quad(node, TW.level, Literal(word), GraphName.POLICY) for node, word in moved),
        read_set=tuple(Expected(node, TW.level, Literal(word)) for node, word in moved),
        reason=reason,
    )


def _grant(model: LineModel, node: URIRef) -> Autonomy:
    agent, rule, scope = (_iri(model.get(node, link)) for link in (TW.ofAgent, TW.ofRule, TW.hasScope))
    return Autonomy(node, Level.of_word(str(model.get(node, TW.level))), agent, rule, scope)


def _iri(value: object) -> URIRef | None:
    return URIRef(value) if isinstance(value, str) else None
