"""Who may say what: a table of role x kind, and role x graph x predicate.

Authority follows from the authenticated source alone. Where the table is silent, the answer is no.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rdflib import RDF, URIRef

from kg.change import Change, Kind, Quad, Role
from kg.errors import BadChange, NotAuthorised
from kg.names import GraphName
from ontology import PACK, TW

_ANY: Final = frozenset[URIRef]()

_PERSON = frozenset({Kind.REQUEST, Kind.APPROVAL, Kind.STOP, Kind.MANUAL})
_KINDS: Final[dict[Role, frozenset[Kind]]] = {
    Role.LINK: frozenset({Kind.OBSERVATION}),
    Role.GATEWAY: frozenset({Kind.OUTCOME}),
    Role.CLOCK: frozenset({Kind.CLOCK}),
    Role.MEASURE: frozenset({Kind.MEASURE}),
    Role.AGENT: frozenset({Kind.PROPOSAL, Kind.REQUEST}),
    Role.IMPORTER: frozenset({Kind.EDIT}),
    Role.VIEWER: frozenset(),
    Role.AUDITOR: frozenset(),
    Role.OPERATOR: _PERSON,
    Role.SUPERVISOR: _PERSON | {Kind.EDIT},
    Role.ENGINEER: _PERSON | {Kind.EDIT},
}

_GAP = frozenset({RDF.type, TW.ofServer, TW.gapFrom, TW.gapUntil, TW.gapCause})
_REQUEST = frozenset(
    {RDF.type, TW.target, TW.desiredValue, TW.rule, TW.goal, TW.reason, TW.proposal, TW.expiresAt, TW.input}
)
_KPI = frozenset({RDF.type, TW.ofEquipment, TW.lossReason, TW.lossMinutes, TW.constraintMinutes}) | {
    *(TW.stoppedForS, TW.expectedRemainingS, TW.firstOut, TW.firstOutReason, TW.outOfControlAgoS),
    *(TW.availability, TW.effectiveness, TW.qualityRatio, TW.oee, TW.throughputPerH, TW.goodCount, TW.minorStops),
}
#: Rules and shapes read the graph `kpi` beside policy and state, so nothing that those say may be said there.
_AUTONOMY = frozenset({TW.level})
_STOP = frozenset({TW.stopped})

#: (role, kind) -> graph -> predicates; an empty set means every predicate of that graph.
_PREDICATES: Final[dict[tuple[Role, Kind], dict[GraphName, frozenset[URIRef]]]] = {
    (Role.LINK, Kind.OBSERVATION): {GraphName.STATE: _GAP | {TW.connected, TW.foreignWrite}},
    (Role.GATEWAY, Kind.OUTCOME): {
        GraphName.DESIRED: _ANY,
        GraphName.DECISIONS: _ANY,
        GraphName.STATE: frozenset({TW.foreignWrite}),
    },
    (Role.CLOCK, Kind.CLOCK): {
        GraphName.STATE: frozenset({TW.stale}),
        GraphName.DESIRED: frozenset({TW.coolingDown}),
        GraphName.POLICY: _STOP,
    },
    (Role.MEASURE, Kind.MEASURE): {GraphName.KPI: _KPI},
    (Role.AGENT, Kind.PROPOSAL): {GraphName.DECISIONS: _ANY},
    (Role.AGENT, Kind.REQUEST): {GraphName.DESIRED: _REQUEST},
    (Role.IMPORTER, Kind.EDIT): {GraphName.PLANT: _ANY},
    (Role.SUPERVISOR, Kind.EDIT): {GraphName.POLICY: _AUTONOMY},
    (Role.ENGINEER, Kind.EDIT): {GraphName.PLANT: _ANY, GraphName.POLICY: _ANY},
}
for _role in (Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER):
    _PREDICATES[_role, Kind.REQUEST] = {GraphName.DESIRED: _REQUEST}
    _PREDICATES[_role, Kind.APPROVAL] = {GraphName.DECISIONS: _ANY}
    _PREDICATES[_role, Kind.STOP] = {GraphName.POLICY: _STOP}
    _PREDICATES[_role, Kind.MANUAL] = {
        GraphName.KPI: _KPI | {PACK.stopReason},
        GraphName.DESIRED: frozenset({TW.frozen}),
        GraphName.STATE: frozenset({TW.foreignWrite}),
    }


def authorise(change: Change) -> None:
    """Nothing where the source may make this Change. Raises NotAuthorised naming role, graph and predicate."""
    role, kind = change.source.role, change.kind
    if kind not in _KINDS[role]:
        raise NotAuthorised(f"The role {role} may not send a {kind}.", role=role, kind=kind)
    if change.readings and role is not Role.LINK:
        raise NotAuthorised("Only the link reports readings.", role=role)
    allowed = _PREDICATES.get((role, kind), {})
    for quad in (*change.adds, *change.removes):
        _authorise_quad(quad, allowed, role, kind)
        if quad.g is GraphName.KPI and quad.p == RDF.type and quad.o != TW.Loss:
            raise NotAuthorised(f"Nothing but a tw:Loss is made in the graph kpi, no {quad.o}.", role=role)
    if any(quad.g is GraphName.DECISIONS for quad in change.removes):
        raise NotAuthorised("What was decided is never taken out of the record.", role=role, graph="decisions")
    _only_known_removals(change)


def _authorise_quad(quad: Quad, allowed: dict[GraphName, frozenset[URIRef]], role: Role, kind: Kind) -> None:
    predicates = allowed.get(quad.g)
    if predicates is None:
        raise NotAuthorised(
            f"A {kind} by the role {role} may not touch the graph {quad.g.value}.", role=role, graph=quad.g.value
        )
    if predicates and quad.p not in predicates:
        raise NotAuthorised(
            f"A {kind} by the role {role} may not state {quad.p} in the graph {quad.g.value}.",
            role=role,
            graph=quad.g.value,
            predicate=str(quad.p),
        )


def _only_known_removals(change: Change) -> None:
    """Some predicates may only be taken away by people: a freeze and a foreign write are lifted, not made."""
    if change.kind is not Kind.MANUAL:
        return
    for quad in change.adds:
        if quad.p in (TW.frozen, TW.foreignWrite):
            raise BadChange(f"{quad.p} can be lifted by hand, not asserted.", predicate=str(quad.p))


def roles_with(kind: Kind) -> Iterable[Role]:
    """The roles that may send this kind, for messages and documentation."""
    return (role for role, kinds in _KINDS.items() if kind in kinds)
