"""The rules of bench/plant: 47, with filters, joins, recursion and negation.

For each of the eight sensors: a value over its high limit, under its low limit, near the high limit and not over it
(negation), an alarm from the first and an alarm from the second. `upstream` is recursive along `feeds`. Machines
without an alarm are `calm` (negation over a second stratum); an alarm puts line, cell, area (through the line) and the
machine that is fed at risk. An aggregate belongs to the specification, but rules have none yet.
"""

from __future__ import annotations

from rdflib import RDF, SH, Graph, Literal

from bench.names import SENSORS, B

_OF_MACHINES = {
    "upstreamOne": "CONSTRUCT { ?a b:upstream ?b } WHERE { ?a b:feeds ?b }",
    "upstreamMore": "CONSTRUCT { ?a b:upstream ?c } WHERE { ?a b:feeds ?b . ?b b:upstream ?c }",
    "calm": "CONSTRUCT { ?m b:calm true } WHERE { ?m b:onLine ?l FILTER NOT EXISTS { ?m b:alarm true } }",
    "atRisk": "CONSTRUCT { ?l b:atRisk true } WHERE { ?m b:onLine ?l . ?m b:alarm true }",
    "cellAtRisk": "CONSTRUCT { ?c b:cellAtRisk true } WHERE { ?m b:onLine ?l . ?m b:within ?c . ?m b:alarm true }",
    "areaAtRisk": "CONSTRUCT { ?a b:areaAtRisk true } WHERE { ?l b:atRisk true . ?l b:within ?a }",
    "threatened": "CONSTRUCT { ?n b:threatenedBy ?m } WHERE { ?m b:feeds ?n . ?m b:alarm true }",
}


def rules() -> Graph:
    """The rules as a document of SHACL SPARQL rules."""
    document = Graph()
    for name, text in {**_of_sensors(), **_OF_MACHINES}.items():
        rule = B[f"rule-{name}"]
        document.add((rule, RDF.type, SH.SPARQLRule))
        document.add((rule, SH.construct, Literal(f"PREFIX b: <{B}> {text}")))
    return document


def _of_sensors() -> dict[str, str]:
    texts: dict[str, str] = {}
    for sensor in SENSORS:
        value, high, low = f"?m b:{sensor} ?v", f"?m b:{sensor}High ?h", f"?m b:{sensor}Low ?l"
        texts |= {
            f"{sensor}OverHigh": f"CONSTRUCT {{ ?m b:over b:{sensor} }} WHERE {{ {value} . {high} FILTER (?v > ?h) }}",
            f"{sensor}UnderLow": f"CONSTRUCT {{ ?m b:under b:{sensor} }} WHERE {{ {value} . {low} FILTER (?v < ?l) }}",
            f"{sensor}Near": (
                f"CONSTRUCT {{ ?m b:near b:{sensor} }} WHERE {{ {value} . {high} FILTER (?v > 0.9 * ?h) "
                f"FILTER NOT EXISTS {{ ?m b:over b:{sensor} }} }}"
            ),
            f"{sensor}AlarmHigh": f"CONSTRUCT {{ ?m b:alarm true }} WHERE {{ ?m b:over b:{sensor} }}",
            f"{sensor}AlarmLow": f"CONSTRUCT {{ ?m b:alarm true }} WHERE {{ ?m b:under b:{sensor} }}",
        }
    return texts
