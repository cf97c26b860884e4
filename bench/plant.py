"""bench/plant: a seeded plant of any size, with rules and shapes that touch recursion, negation, closed shapes,
class targets and inverse paths.

One *line* has 10 machines in a row (`feeds`), in two cells; lines hang in areas of 20, areas in one site. A machine
has one of five classes, and eight sensors: temperature, vibration, speed, pressure, current, flow, level, torque. A
sensor is a value predicate on the machine, a pair of limits (high 80..120, low 5..15), and an EquipmentProperty node.
Asserted triples per line: 10 x (1 type + 4 relations + 8 values + 16 limits + 8 x 3 property triples) + 10 = 540.

Rules (42): per sensor over-high, under-low, near-high (negation), alarm from over-high, alarm from under-low (8 x 5),
and `upstream` as a recursive pair. Machines without alarm are `calm` (negation over a second stratum) and lines with
an alarmed machine `atRisk`. Shapes (61): per sensor and class a constant band (40), per sensor value < high limit (8),
low < high (8), and five of structure: closed property nodes, sh:class of cells, at least eight properties by an
inverse path, a star path from machine to site, and no alarm on more than three neighbours (qualified).

Readings hit tags uniformly. `calm` values stay inside every band; `crossing` values leave or re-enter the band.
Source of the specification: docs/reference/speed.md.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import RDF, RDFS, Graph, Literal, Namespace, URIRef

from kg.bindings import Binding
from kg.change import Change, Kind, Reading, Role, Source, TagId
from kg.gate import Tags
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.terms import Terms, double_literal
from ontology import ISA95

B = Namespace("https://example.org/bench#")
SENSORS = ("temperature", "vibration", "speed", "pressure", "current", "flow", "level", "torque")
CLASSES = ("Filler", "Capper", "Labeller", "Packer", "Robot")
MACHINES_PER_LINE = 10
TRIPLES_PER_LINE = 540
LINK = Source(URIRef("urn:bench:link"), Role.LINK)
CALM, HIGH = 50.0, 200.0


@dataclass(slots=True)
class BenchPlant:
    """A generated plant: the working graph with its asserted triples, and what belongs to it."""

    graph: WorkingGraph
    tags: Tags
    lines: int
    rng: random.Random
    _moment_us: int = 1_800_000_000_000_000

    @property
    def sensors(self) -> int:
        return self.lines * MACHINES_PER_LINE * len(SENSORS)

    def reading(self, tag: int, value: float) -> Change:
        """An observation of one tag, later than all before."""
        self._moment_us += 1000
        at = self._moment_us
        return Change(Kind.OBSERVATION, LINK, readings=(Reading(TagId(tag), value, 0, at, at, at),), at_us=at)

    def calm(self) -> Change:
        """A random tag moves inside every band: nothing follows."""
        return self.reading(self.rng.randrange(1, self.sensors + 1), CALM + self.rng.random())

    def crossing(self) -> Iterator[Change]:
        """A random tag leaves its band, then comes back: two readings with consequences."""
        tag = self.rng.randrange(1, self.sensors + 1)
        yield self.reading(tag, HIGH + self.rng.random())
        yield self.reading(tag, CALM + self.rng.random())


def generate(triples: int, seed: int = 1) -> BenchPlant:
    """A plant of about this many asserted triples, all sensors calm."""
    rng = random.Random(seed)
    lines = max(1, round(triples / TRIPLES_PER_LINE))
    graph = WorkingGraph(Terms())
    load = Transaction(graph)
    bindings: list[Binding] = []
    for number in range(lines):
        _line(load, number, rng, bindings)
    tags = Tags(graph.terms, bindings, {binding.prop: TagId(n) for n, binding in enumerate(bindings, 1)})
    return BenchPlant(graph, tags, lines, rng)


def _line(load: Transaction, number: int, rng: random.Random, bindings: list[Binding]) -> None:
    line, area = B[f"line{number}"], B[f"area{number // 20}"]
    _add(load, line, RDF.type, ISA95.ProductionLine)
    _add(load, line, B.within, area)
    _add(load, area, B.within, B.site)
    for cell in (0, 1):
        _add(load, B[f"cell{number}.{cell}"], RDF.type, ISA95.WorkCell)
        _add(load, B[f"cell{number}.{cell}"], B.within, line)
    for place in range(MACHINES_PER_LINE):
        machine = B[f"m{number}.{place}"]
        _add(load, machine, RDF.type, B[CLASSES[rng.randrange(len(CLASSES))]])
        _add(load, machine, B.within, B[f"cell{number}.{place // 5}"])
        _add(load, machine, B.onLine, line)
        _add(load, machine, RDFS.label, Literal(f"Machine {number}.{place}"))
        if place + 1 < MACHINES_PER_LINE:
            _add(load, machine, B.feeds, B[f"m{number}.{place + 1}"])
        bindings += [_sensor(load, machine, sensor, rng) for sensor in SENSORS]


def _sensor(load: Transaction, machine: URIRef, sensor: str, rng: random.Random) -> Binding:
    prop = URIRef(f"{machine}.{sensor}")
    _add(load, machine, B[sensor], double_literal(CALM + rng.random()), GraphName.STATE)
    _add(load, machine, B[f"{sensor}High"], double_literal(float(rng.randrange(80, 120))))
    _add(load, machine, B[f"{sensor}Low"], double_literal(float(rng.randrange(5, 15))))
    _add(load, prop, RDF.type, B.Property)
    _add(load, prop, B.of, machine)
    _add(load, prop, B.unit, Literal("1"))
    return Binding(prop, machine, B[sensor], B.server, f"nsu=urn:bench;s={prop}", "Double", "1")


def _add(load: Transaction, s: URIRef, p: URIRef, o: URIRef | Literal, name: GraphName = GraphName.PLANT) -> None:
    node = load.graph.terms.node
    load.add(node(s), node(p), node(o), name)


def rules() -> Graph:
    """The rules of the specification as SHACL SPARQL rules."""
    texts = {}
    for sensor in SENSORS:
        value, high, low = f"?m b:{sensor} ?v", f"?m b:{sensor}High ?h", f"?m b:{sensor}Low ?l"
        texts[f"{sensor}OverHigh"] = (
            f"CONSTRUCT {{ ?m b:over b:{sensor} }} WHERE {{ {value} . {high} FILTER (?v > ?h) }}"
        )
        texts[f"{sensor}UnderLow"] = (
            f"CONSTRUCT {{ ?m b:under b:{sensor} }} WHERE {{ {value} . {low} FILTER (?v < ?l) }}"
        )
        texts[f"{sensor}Near"] = (
            f"CONSTRUCT {{ ?m b:near b:{sensor} }} WHERE {{ {value} . {high} FILTER (?v > 0.9 * ?h) "
            f"FILTER NOT EXISTS {{ ?m b:over b:{sensor} }} }}"
        )
        texts[f"{sensor}AlarmHigh"] = f"CONSTRUCT {{ ?m b:alarm true }} WHERE {{ ?m b:over b:{sensor} }}"
        texts[f"{sensor}AlarmLow"] = f"CONSTRUCT {{ ?m b:alarm true }} WHERE {{ ?m b:under b:{sensor} }}"
    texts["upstreamOne"] = "CONSTRUCT { ?a b:upstream ?b } WHERE { ?a b:feeds ?b }"
    texts["upstreamMore"] = "CONSTRUCT { ?a b:upstream ?c } WHERE { ?a b:feeds ?b . ?b b:upstream ?c }"
    texts["calm"] = "CONSTRUCT { ?m b:calm true } WHERE { ?m b:onLine ?l FILTER NOT EXISTS { ?m b:alarm true } }"
    texts["atRisk"] = "CONSTRUCT { ?l b:atRisk true } WHERE { ?m b:onLine ?l . ?m b:alarm true }"
    document = Graph()
    sh = Namespace("http://www.w3.org/ns/shacl#")
    for name, text in texts.items():
        rule = B[f"rule-{name}"]
        document.add((rule, RDF.type, sh.SPARQLRule))
        document.add((rule, sh.construct, Literal(f"PREFIX b: <{B}> {text}")))
    return document


def shapes() -> Graph:
    """The shapes of the specification."""
    blocks = [
        "b:S-closed a sh:NodeShape ; sh:targetClass b:Property ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ;"
        " sh:property [ sh:path b:of ; sh:minCount 1 ; sh:maxCount 1 ] ;"
        " sh:property [ sh:path b:unit ; sh:minCount 1 ] .",
        "b:S-cell a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path b:within ; sh:class isa95:WorkCell .",
        "b:S-eight a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path [ sh:inversePath b:of ] ;"
        " sh:minCount 8 .",
        "b:S-site a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path [ sh:zeroOrMorePath b:within ] ;"
        " sh:hasValue b:site .",
        "b:S-neighbours a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path b:upstream ;"
        " sh:qualifiedValueShape [ sh:path b:alarm ; sh:hasValue true ] ; sh:qualifiedMaxCount 3 ;"
        " sh:severity sh:Warning .",
    ]
    for sensor in SENSORS:
        blocks.append(
            f"b:S-{sensor}-below a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path b:{sensor} ;"
            f" sh:lessThan b:{sensor}High ."
        )
        blocks.append(
            f"b:S-{sensor}-limits a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path b:{sensor}Low ;"
            f" sh:lessThan b:{sensor}High ."
        )
        blocks += [
            f"b:S-{sensor}-{name} a sh:PropertyShape ; sh:targetClass b:{name} ; sh:path b:{sensor} ;"
            f" sh:minInclusive 0.0e0 ; sh:maxInclusive {150 + place}.0e0 ."
            for place, name in enumerate(CLASSES)
        ]
    header = (
        f"@prefix b: <{B}> . @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix isa95: <{ISA95._NS}> ."
        "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
    )
    return Graph().parse(data=header + "\n".join(blocks), format="turtle")
