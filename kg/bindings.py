"""Which equipment property is which node of which OPC UA server, read from the plant model.

    bot:Filler.SetMachSpeed a isa95:EquipmentProperty ;
        isa95:isPropertyOf bot:Filler ; tw:predicate pack:setMachSpeed ; tw:unit "/min" ;
        ua:server bot:LineServer ; ua:nodeId "nsu=https://...;s=Filler.Command.SetMachSpeed" ;
        ua:dataType "Float" ; ua:euLow 0.0e0 ; ua:euHigh 600.0e0 ; ua:accessLevel "readWrite" ;
        tw:maxAgeS 5.0e0 ; tw:feedback bot:Filler.MachSpeed ; tw:effect bot:Filler.CurMachSpeed .

and, in the policy graph, what may be written and within what:

    bot:Filler.SetMachSpeed tw:writeGrant bot:FillerSpeedGrant .
    bot:FillerSpeedGrant a tw:WriteGrant ; tw:minValue 100.0e0 ; tw:maxValue 440.0e0 ; tw:maxStep 120.0e0 ;
        tw:minIntervalS 10.0e0 ; tw:maxPerHour 60 ; tw:tolerance 0.5e0 ; tw:confirmWithinS 5.0e0 ; tw:riskClass 1 .
"""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import RDF, Graph, Literal, URIRef

from kg.errors import PlantIncomplete
from ontology import ISA95, TW, UA

#: OPC UA built-in types that a binding may name, with the Python type of their values.
DATA_TYPES: dict[str, type] = {
    "Boolean": bool,
    "SByte": int,
    "Byte": int,
    "Int16": int,
    "UInt16": int,
    "Int32": int,
    "UInt32": int,
    "Int64": int,
    "UInt64": int,
    "Float": float,
    "Double": float,
    "String": str,
}


@dataclass(frozen=True, slots=True)
class Binding:
    """One equipment property bound to one OPC UA variable."""

    prop: URIRef
    equipment: URIRef
    predicate: URIRef
    """The predicate that carries the value: (equipment, predicate, value) in graph `state`."""
    server: URIRef
    node_id: str
    """With its namespace URI: `nsu=<uri>;s=...`, never an index."""
    data_type: str
    unit: str | None = None
    """UCUM code; a number without one can't be written."""
    low: float | None = None
    high: float | None = None
    """EURange; values outside are marked implausible."""
    writable: bool = False
    max_age_s: float | None = None
    """Wall seconds of silence after which the property is stale; None for values reported on change only."""
    feedback: URIRef | None = None
    """The property in which the controller reports the value it accepted."""
    effect: URIRef | None = None
    """The property in which the effect is seen."""

    @property
    def is_volatile(self) -> bool:
        """True for numbers that change all the time."""
        return DATA_TYPES[self.data_type] in (int, float)


@dataclass(frozen=True, slots=True)
class WriteGrant:
    """What the site allows to be written to one property. Units are the property's own."""

    prop: URIRef
    minimum: float
    maximum: float
    max_step: float
    min_interval_s: float
    max_per_hour: int
    tolerance: float
    confirm_within_s: float
    risk_class: int


@dataclass(frozen=True, slots=True)
class Server:
    """An OPC UA server of the plant."""

    iri: URIRef
    url: str


def read_servers(model: Graph) -> tuple[Server, ...]:
    """The OPC UA servers of a plant model, in the order of their IRIs."""
    servers = [Server(_iri(s), str(_one(model, s, UA.endpointUrl))) for s in model.subjects(RDF.type, UA.Server)]
    return tuple(sorted(servers, key=lambda server: server.iri))


def read_bindings(model: Graph) -> tuple[Binding, ...]:
    """All bindings of a plant model, in the order of their properties' IRIs.

    Raises PlantIncomplete naming the property and what it lacks.
    """
    bindings = [_binding(model, _iri(prop)) for prop in set(model.subjects(UA.nodeId, None))]
    return tuple(sorted(bindings, key=lambda binding: binding.prop))


def read_grants(policy: Graph) -> tuple[WriteGrant, ...]:
    """All write grants of a policy, in the order of their properties' IRIs."""
    grants = [_grant(policy, _iri(prop), _iri(node)) for prop, node in policy.subject_objects(TW.writeGrant)]
    return tuple(sorted(grants, key=lambda grant: grant.prop))


def _binding(model: Graph, prop: URIRef) -> Binding:
    data_type = str(_one(model, prop, UA.dataType))
    if data_type not in DATA_TYPES:
        raise PlantIncomplete(f"{prop} has the data type {data_type}, which is not understood.", prop=str(prop))
    return Binding(
        prop=prop,
        equipment=_iri(_one(model, prop, ISA95.isPropertyOf)),
        predicate=_iri(_one(model, prop, TW.predicate)),
        server=_iri(_one(model, prop, UA.server)),
        node_id=str(_one(model, prop, UA.nodeId)),
        data_type=data_type,
        unit=_text(model, prop, TW.unit),
        low=_number(model, prop, UA.euLow),
        high=_number(model, prop, UA.euHigh),
        writable=_text(model, prop, UA.accessLevel) == "readWrite",
        max_age_s=_number(model, prop, TW.maxAgeS),
        feedback=_optional_iri(model, prop, TW.feedback),
        effect=_optional_iri(model, prop, TW.effect),
    )


def _grant(policy: Graph, prop: URIRef, node: URIRef) -> WriteGrant:
    def number(predicate: URIRef) -> float:
        value = _number(policy, node, predicate)
        if value is None:
            raise PlantIncomplete(f"The write grant {node} of {prop} lacks {predicate}.", prop=str(prop))
        return value

    return WriteGrant(
        prop=prop,
        minimum=number(TW.minValue),
        maximum=number(TW.maxValue),
        max_step=number(TW.maxStep),
        min_interval_s=number(TW.minIntervalS),
        max_per_hour=int(number(TW.maxPerHour)),
        tolerance=number(TW.tolerance),
        confirm_within_s=number(TW.confirmWithinS),
        risk_class=int(number(TW.riskClass)),
    )


def _one(graph: Graph, s: object, p: URIRef) -> object:
    values = list(graph.objects(s, p))  # type: ignore[arg-type]
    if len(values) != 1:
        raise PlantIncomplete(f"{s} needs exactly one {p}; it has {len(values)}.", node=str(s), predicate=str(p))
    return values[0]


def _iri(term: object) -> URIRef:
    if not isinstance(term, URIRef):
        raise PlantIncomplete(f"An IRI is needed where {term!r} stands.", term=str(term))
    return term


def _optional_iri(graph: Graph, s: URIRef, p: URIRef) -> URIRef | None:
    value = graph.value(s, p)
    return None if value is None else _iri(value)


def _text(graph: Graph, s: URIRef, p: URIRef) -> str | None:
    value = graph.value(s, p)
    return None if value is None else str(value)


def _number(graph: Graph, s: URIRef, p: URIRef) -> float | None:
    value = graph.value(s, p)
    if value is None:
        return None
    if not isinstance(value, Literal) or not isinstance(value.value, int | float):
        raise PlantIncomplete(f"{s} {p} must be a number; it is {value!r}.", node=str(s))
    return float(value.value)
