"""The plant model of the small controller, as Turtle says it and as the link reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rdflib import Graph, URIRef

from kg.bindings import Binding, Server, read_bindings, read_servers
from kg.change import TagId
from ontology import TW

NAMESPACE = "https://example.org/mini/ua"
BOT = "https://example.org/mini#"

#: path, predicate, type, first value, rest of the binding
VARIABLES = (
    (
        "Filler.SetMachSpeed",
        "pack:setMachSpeed",
        "Float",
        400.0,
        'ua:accessLevel "readWrite" ; '
        "tw:feedback bot:Filler.MachSpeed ; tw:effect bot:Filler.CurMachSpeed ; ua:euLow 0.0e0 ; ua:euHigh 600.0e0 ;",
    ),
    ("Filler.MachSpeed", "pack:machSpeed", "Float", 400.0, ""),
    ("Filler.CurMachSpeed", "pack:curMachSpeed", "Float", 400.0, "tw:maxAgeS 5.0e0 ;"),
    ("Filler.StateCurrent", "pack:stateCurrent", "Int32", 6, ""),
    ("Filler.UnitModeCurrent", "pack:unitModeCurrent", "Int32", 1, ""),
    ("Filler.Remote", "tw:siteRemote", "Boolean", True, ""),
    ("Filler.TwinEnable", "tw:twinEnable", "Boolean", True, ""),
    ("Filler.Maintenance", "tw:maintenance", "Boolean", False, ""),
    ("Line.Heartbeat", "tw:heartbeat", "Int32", 0, 'ua:accessLevel "readWrite" ;'),
    ("Line.HeartbeatOk", "tw:heartbeatOk", "Boolean", True, ""),
)
PREFIXES = f"""
@prefix tw: <https://w3id.org/twinwright/core#> . @prefix isa95: <https://w3id.org/twinwright/isa95#> .
@prefix ua: <https://w3id.org/twinwright/opcua#> . @prefix pack: <https://w3id.org/twinwright/packml#> .
@prefix bot: <{BOT}> .
"""
POLICY = """
bot:Filler.SetMachSpeed tw:writeGrant bot:Grant .
bot:Grant a tw:WriteGrant ; tw:minValue 100.0e0 ; tw:maxValue 440.0e0 ; tw:maxStep 120.0e0 ; tw:minIntervalS 10.0e0 ;
    tw:maxPerHour 5 ; tw:tolerance 0.5e0 ; tw:confirmWithinS 0.6e0 ; tw:riskClass 1 .
"""


def model(url: str) -> Graph:
    """The plant model of the controller as Turtle says it."""
    lines = [
        PREFIXES,
        f'bot:LineServer a ua:Server ; ua:endpointUrl "{url}" . bot:Filler isa95:isPartOf bot:Line .',
        "bot:Line isa95:isPartOf bot:Packaging .",
    ]
    for path, predicate, data_type, _, rest in VARIABLES:
        unit = "" if data_type == "Boolean" else 'tw:unit "/min" ;'
        lines.append(
            f"bot:{path} a isa95:EquipmentProperty ; isa95:isPropertyOf bot:{path.partition('.')[0]} ; {unit} {rest} "
            f'tw:predicate {predicate} ; ua:server bot:LineServer ; ua:nodeId "nsu={NAMESPACE};s={path}" ; '
            f'ua:dataType "{data_type}" .'
        )
    return Graph().parse(data="\n".join(lines), format="turtle")


@dataclass(frozen=True)
class Plant:
    """The model read for the link."""

    server: Server
    bindings: tuple[Binding, ...]
    tags: dict[URIRef, TagId]

    def tag(self, path: str) -> TagId:
        return self.tags[URIRef(BOT + path)]


def read_plant(url: str, extra: Mapping[str, str] | None = None) -> Plant:
    """`extra` are more cyclic Float properties, each with the path of the node it is bound to."""
    graph = model(url)
    (server,) = read_servers(graph)
    more = tuple(
        Binding(
            prop=URIRef(BOT + name),
            equipment=URIRef(BOT + "Extra"),
            predicate=TW.powerKw,
            server=server.iri,
            node_id=f"nsu={NAMESPACE};s={path}",
            data_type="Float",
            max_age_s=5.0,
        )
        for name, path in (extra or {}).items()
    )
    bindings = read_bindings(graph) + more
    return Plant(server, bindings, {b.prop: TagId(n) for n, b in enumerate(bindings)})
