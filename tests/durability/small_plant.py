"""A plant that is small enough to be rebuilt hundreds of times: three machines, a few rules and shapes of each sort.

It goes through the same wiring as a real one (`api.core.build`); only its graphs are made here and not read from a
folder. `closure` and `violations` say what must follow from asserted facts, computed by another engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pyoxigraph
from rdflib import XSD, Graph

from kg.bindings import read_bindings, read_grants, read_servers
from kg.names import GraphName
from kg.plantfolder import PlantFolder, release_hash
from kg.terms import double_literal, term_text

EX = "https://example.org/small#"
MACHINES = ("Filler", "Labeller", "Packer")
SPEEDS = {"SetMachSpeed": "pack:setMachSpeed", "MachSpeed": "pack:machSpeed", "CurMachSpeed": "pack:curMachSpeed"}
OTHERS = {
    "StateCurrent": ("pack:stateCurrent", "Int32"),
    "UnitModeCurrent": ("pack:unitModeCurrent", "Int32"),
    "Remote": ("tw:siteRemote", "Boolean"),
    "TwinEnable": ("tw:twinEnable", "Boolean"),
    "Maintenance": ("tw:maintenance", "Boolean"),
}
HIGHEST_SET, HIGHEST_SEEN = 450.0, 500.0

_PREFIXES = {
    "ex": EX,
    "isa95": "https://w3id.org/twinwright/isa95#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "pack": "https://w3id.org/twinwright/packml#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sh": "http://www.w3.org/ns/shacl#",
    "tw": "https://w3id.org/twinwright/core#",
    "ua": "https://w3id.org/twinwright/opcua#",
}
_TURTLE = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in _PREFIXES.items())
_SPARQL = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in _PREFIXES.items())

#: Rules by stratum, lowest first: entailment and recursion; what looks down on it; negation and agents' conditions.
_RULES = (
    {
        "Entailed": "CONSTRUCT { ?x a ex:Machine } WHERE { ?x a ex:FastMachine }",
        "Part": "CONSTRUCT { ?a ex:under ?b } WHERE { ?a isa95:isPartOf ?b }",
        "PartOfPart": "CONSTRUCT { ?a ex:under ?c } WHERE { ?a ex:under ?b . ?b isa95:isPartOf ?c }",
    },
    {
        "StopAbove": """CONSTRUCT { ?p ex:stopInForce ?mode } WHERE {
            ?p isa95:isPropertyOf ?e . ?e ex:under ?scope . ?scope tw:stopped ?mode }""",
        "StopHere": "CONSTRUCT { ?p ex:stopInForce ?m } WHERE { ?p isa95:isPropertyOf ?e . ?e tw:stopped ?m }",
        "Fast": "CONSTRUCT { ?e ex:fast true } WHERE { ?e a ex:Machine ; pack:curMachSpeed ?v FILTER(?v > 3.0e2) }",
    },
    {
        "Free": """CONSTRUCT { ?e ex:free true } WHERE {
            ?p isa95:isPropertyOf ?e ; tw:predicate pack:setMachSpeed . ?e ex:fast true
            FILTER NOT EXISTS { ?p ex:stopInForce ?m } }""",
    },
    {
        "SlowDown": """CONSTRUCT { ?p ex:SlowDown ?v } WHERE {
            ?p isa95:isPropertyOf ?e ; tw:predicate pack:setMachSpeed . ?e ex:free true ; pack:setMachSpeed ?now .
            ?e tw:violates ex:LIMIT-SEEN BIND(?now * 5.0e-1 AS ?v) }""",
    },
)
_ENTAILED, _CONDITIONS = frozenset({"Entailed"}), frozenset({"SlowDown"})

_ONTOLOGY = "ex:Machine a owl:Class . ex:FastMachine a owl:Class ; rdfs:subClassOf ex:Machine ."
_SHAPES = f"""
ex:LIMIT-SET a sh:PropertyShape ; sh:targetClass ex:Machine ; sh:path pack:setMachSpeed ;
    sh:maxInclusive {HIGHEST_SET!r}e0 ; sh:message "Too fast a setpoint." ; tw:code "LIMIT-SET" .
ex:LIMIT-SEEN a sh:PropertyShape ; sh:targetClass ex:Machine ; sh:path pack:curMachSpeed ;
    sh:maxInclusive {HIGHEST_SEEN!r}e0 ; sh:message "Too fast." ; tw:code "LIMIT-SEEN" .
ex:QUALITY a sh:PropertyShape ; sh:targetClass tw:Request ; sh:path ( tw:target tw:quality ) ;
    sh:in ( "good" "uncertain" ) ; sh:message "The value is bad." ; tw:code "QUALITY" .
""" + "".join(
    f"""
ex:{code} a sh:PropertyShape ; sh:targetClass tw:Request ; sh:path ( tw:target {predicate} ) ; sh:maxCount 0 ;
    sh:message "Not while {predicate} holds." ; tw:code "{code}" .
"""
    for code, predicate in (
        ("FRESH", "tw:stale"),
        ("STOPPED", "ex:stopInForce"),
        ("FROZEN", "tw:frozen"),
        ("PENDING", "tw:pending"),
        ("COOLING", "tw:coolingDown"),
    )
)


@cache
def small_plant() -> PlantFolder:
    """The plant, made once."""
    texts = {
        GraphName.ONTOLOGY: _ONTOLOGY,
        GraphName.SHAPES: _SHAPES,
        GraphName.RULES: "\n".join(_rule(name, text) for stratum in _RULES for name, text in stratum.items()),
        GraphName.POLICY: "\n".join(map(_grant, MACHINES)),
        GraphName.PLANT: _model(),
    }
    graphs = {name: Graph().parse(data=_TURTLE + text, format="turtle") for name, text in texts.items()}
    return PlantFolder(
        name="small",
        folder=Path(),
        manifest={"name": "small"},
        graphs=graphs,
        release=release_hash(graphs),
        servers=read_servers(graphs[GraphName.PLANT]),
        bindings=read_bindings(graphs[GraphName.PLANT]),
        grants=read_grants(graphs[GraphName.POLICY]),
        persons={},
        agents=(),
    )


def closure(asserted: Iterable[str], violations: Iterable[str]) -> set[str]:
    """What follows from N-Triples lines, as such lines: rule after rule until nothing new comes."""
    store = pyoxigraph.Store()
    _load(store, (*asserted, *violations))
    given = set(store)
    for stratum in _RULES:
        size = -1
        while size != len(store):
            size = len(store)
            for text in stratum.values():
                found = store.query(_SPARQL + text)
                store.extend([pyoxigraph.Quad(t.subject, t.predicate, t.object) for t in found])  # type: ignore[union-attr]
    return {f"{quad.subject} {quad.predicate} {_canonical(quad.object)} ." for quad in set(store) - given}


def _canonical(term: object) -> str:
    """Oxigraph writes doubles in a form of its own."""
    if isinstance(term, pyoxigraph.Literal) and term.datatype.value == str(XSD.double):
        return term_text(double_literal(float(term.value)))
    return str(term)


def _load(store: pyoxigraph.Store, lines: Iterable[str]) -> None:
    store.load("\n".join(lines), format=pyoxigraph.RdfFormat.N_TRIPLES)


def _rule(name: str, text: str) -> str:
    if name in _ENTAILED:
        return ""  # follows from the ontology
    kind = "tw:AgentRule" if name in _CONDITIONS else "tw:DomainRule"
    return f'ex:{name} a sh:SPARQLRule, {kind} ; sh:construct """{_SPARQL}{text}""" .'


def _grant(machine: str) -> str:
    return f"""
    ex:{machine}.SetMachSpeed tw:writeGrant ex:{machine}Grant .
    ex:{machine}Grant a tw:WriteGrant ; tw:minValue 1.0e2 ; tw:maxValue 4.4e2 ; tw:maxStep 3.0e2 ;
        tw:minIntervalS 2.0e0 ; tw:maxPerHour 1000000 ; tw:tolerance 5.0e-1 ; tw:confirmWithinS 5.0e-3 ;
        tw:riskClass 1 ."""


def _model() -> str:
    text = """
    ex:Server a ua:Server ; ua:endpointUrl "opc.tcp://127.0.0.1:1/small" .
    ex:Area isa95:isPartOf ex:Site . ex:Line isa95:isPartOf ex:Area .
    """
    for machine in MACHINES:
        text += f"ex:{machine} a ex:FastMachine ; isa95:isPartOf ex:Line .\n"
        for name, predicate in SPEEDS.items():
            more = ""
            if name == "SetMachSpeed":
                more = f"""ua:accessLevel "readWrite" ; tw:feedback ex:{machine}.MachSpeed ;
                    tw:effect ex:{machine}.CurMachSpeed ;"""
            elif name == "CurMachSpeed":
                more = "tw:maxAgeS 2.0e0 ;"
            text += _property(machine, name, predicate, "Float", f"{more} ua:euLow 0.0e0 ; ua:euHigh 6.0e2 ;")
        for name, (predicate, data_type) in OTHERS.items():
            text += _property(machine, name, predicate, data_type)
    return text


def _property(machine: str, name: str, predicate: str, data_type: str, more: str = "") -> str:
    return f"""
    ex:{machine}.{name} isa95:isPropertyOf ex:{machine} ; tw:predicate {predicate} ; tw:unit "/min" ; {more}
        ua:server ex:Server ; ua:nodeId "nsu=https://example.org/ua;s={machine}.{name}" ; ua:dataType "{data_type}" .
    """
