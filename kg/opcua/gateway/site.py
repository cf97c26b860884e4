"""What may be written at all: the write allow-list, read from the plant's model and policy when the gateway starts.

A property is a target when the policy grants it, its binding is readWrite with a unit, a numeric type and a
feedback variable, it is not `tw:neverWritten`, its risk class is below 5, and its equipment has all the variables
that tell whether the twin may write now. Everything else is not writable, and the reason is kept for the asker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rdflib import Graph, Literal, URIRef

from kg.bindings import DATA_TYPES, Binding, Server, WriteGrant, read_bindings, read_grants, read_servers
from kg.errors import NotWritable
from ontology import ISA95, PACK, TW

#: Class 5 is forbidden, whoever approves.
FORBIDDEN_RISK = 5
#: What the equipment of a target must tell before a write, besides the target's own value.
PERMISSIVES = (TW.siteRemote, TW.twinEnable, TW.maintenance, PACK.unitModeCurrent, PACK.stateCurrent)


@dataclass(frozen=True, slots=True)
class Target:
    """A property that may be written, with everything that a write needs to look at."""

    binding: Binding
    grant: WriteGrant
    feedback: Binding
    effect: Binding | None
    permissives: Mapping[URIRef, Binding]
    """By predicate; all of PERMISSIVES, and tw:heartbeatOk where the model has it."""
    scopes: frozenset[URIRef]
    """The property, its equipment and all that the equipment is part of: where a stop switch reaches it."""

    @property
    def prop(self) -> URIRef:
        return self.binding.prop


@dataclass(frozen=True, slots=True)
class Site:
    """The gateway's view of the plant."""

    servers: Mapping[URIRef, Server]
    targets: Mapping[URIRef, Target]
    excluded: Mapping[URIRef, str]
    """Granted properties that are no targets all the same, each with the reason."""
    heartbeats: tuple[Binding, ...]

    def target(self, prop: URIRef) -> Target:
        """The target of a write. Raises NotWritable with the reason."""
        found = self.targets.get(prop)
        if found is None:
            reason = self.excluded.get(prop, "it is not on the write allow-list")
            raise NotWritable(f"{prop} can't be written: {reason}.", prop=str(prop))
        return found


def read_site(plant: Graph, policy: Graph) -> Site:
    """The allow-list of a plant model and its policy. Raises PlantIncomplete."""
    bindings = {binding.prop: binding for binding in read_bindings(plant)}
    by_place = {(binding.equipment, binding.predicate): binding for binding in bindings.values()}
    never = {prop for graph in (plant, policy) for prop in graph.subjects(TW.neverWritten, Literal(True))}
    targets: dict[URIRef, Target] = {}
    excluded: dict[URIRef, str] = {}
    for grant in read_grants(policy):
        binding = bindings.get(grant.prop)
        reason = _exclusion(grant, binding, bindings, by_place, never)
        if binding is None or reason is not None:
            excluded[grant.prop] = reason or "it is bound to no node"
        else:
            targets[grant.prop] = _target(grant, binding, bindings, by_place, plant)
    heartbeats = tuple(b for b in bindings.values() if b.predicate == TW.heartbeat and b.writable)
    return Site({server.iri: server for server in read_servers(plant)}, targets, excluded, heartbeats)


def _exclusion(
    grant: WriteGrant,
    binding: Binding | None,
    bindings: Mapping[URIRef, Binding],
    by_place: Mapping[tuple[URIRef, URIRef], Binding],
    never: Iterable[object],
) -> str | None:
    """Why a granted property is no target; None where nothing speaks against it."""
    if binding is None:
        return "it is bound to no node"
    if grant.prop in set(never):
        return "the model says that it is never written"
    if grant.risk_class >= FORBIDDEN_RISK:
        return f"its risk class {grant.risk_class} forbids it"
    if not binding.writable:
        return "its access level is not readWrite"
    if binding.unit is None:
        return "its binding gives no unit"
    if DATA_TYPES[binding.data_type] not in (int, float):
        return f"its type {binding.data_type} is no number"
    if binding.feedback is None or binding.feedback not in bindings:
        return "no feedback variable says what the controller accepted"
    lacking = [str(p) for p in PERMISSIVES if (binding.equipment, p) not in by_place]
    return f"its equipment does not tell {', '.join(lacking)}" if lacking else None


def _target(
    grant: WriteGrant,
    binding: Binding,
    bindings: Mapping[URIRef, Binding],
    by_place: Mapping[tuple[URIRef, URIRef], Binding],
    plant: Graph,
) -> Target:
    above = _above(binding.equipment, plant)
    permissives = {p: by_place[binding.equipment, p] for p in PERMISSIVES}
    for place in above:
        watchdog = by_place.get((place, TW.heartbeatOk))
        if watchdog is not None and watchdog.server == binding.server:
            permissives[TW.heartbeatOk] = watchdog
    return Target(
        binding=binding,
        grant=grant,
        feedback=bindings[binding.feedback or binding.prop],
        effect=bindings.get(binding.effect) if binding.effect is not None else None,
        permissives=permissives,
        scopes=frozenset({binding.prop, *above}),
    )


def _above(equipment: URIRef, plant: Graph) -> list[URIRef]:
    """The equipment and all it is part of, nearest first."""
    found, waiting = list[URIRef](), [equipment]
    while waiting:
        place = waiting.pop(0)
        if place not in found:
            found.append(place)
            waiting += [whole for whole in plant.objects(place, ISA95.isPartOf) if isinstance(whole, URIRef)]
    return found
