"""bench/plant: a seeded plant of any size; with its rules (bench/plant_rules) and shapes (bench/plant_shapes).

One *line* has 10 machines in a row (`feeds`), in two cells; lines hang in areas of 10, areas in one site. A machine
has one of five classes, a setpoint with a write grant, and eight sensors: temperature, vibration, speed, pressure,
current, flow, level, torque. A sensor is a value on the machine, a pair of limits (high 80..119, low 5..14), and a
property node with its quality. Asserted triples of a line: 10 machines x (4 + 7 of the setpoint + 8 sensors x 8),
9 x `feeds`, and 6 of its own: 765.

Readings hit the sensors uniformly. A *calm* reading stays inside every band; a *crossing* one leaves it or comes back.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import RDF, RDFS, Literal, URIRef

from bench.names import CLASSES, SENSORS, B
from kg.bindings import Binding
from kg.change import Change, Kind, Quad, Reading, Role, Source, TagId
from kg.gate import Tags
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.opcua import LINK
from kg.terms import Terms, double_literal
from ontology import ISA95, TW

NAMESPACE = "urn:bench"
SERVER = B.server
OPERATOR = Source(URIRef("urn:bench:operator"), Role.OPERATOR)
ENGINEER = Source(URIRef("urn:bench:engineer"), Role.ENGINEER)
MACHINES_PER_LINE = 10
LINES_PER_AREA = 10
TRIPLES_PER_LINE = 765
CALM, CLOSE, HIGH = 50.0, 52.0, 200.0
SETPOINT = 400.0
START_US = 1_800_000_000_000_000


@dataclass(slots=True)
class BenchPlant:
    """A generated plant: the working graph with its asserted triples, and what belongs to it."""

    graph: WorkingGraph
    tags: Tags
    bindings: tuple[Binding, ...]
    """Tag n is the binding at n - 1; the sensors come first."""
    lines: int
    rng: random.Random
    _moment_us: int = START_US

    @property
    def machines(self) -> int:
        return self.lines * MACHINES_PER_LINE

    @property
    def sensors(self) -> int:
        return self.machines * len(SENSORS)

    @property
    def numbers(self) -> dict[URIRef, TagId]:
        """History's tag of each property."""
        return {binding.prop: TagId(n) for n, binding in enumerate(self.bindings, 1)}

    def sample(self, tag: int, value: float) -> Reading:
        """A reading of one tag, later than all before."""
        self._moment_us += 1000
        at = self._moment_us
        return Reading(TagId(tag), value, 0, at, at, at)

    def reading(self, tag: int, value: float) -> Change:
        """An observation of one tag."""
        sample = self.sample(tag, value)
        return Change(Kind.OBSERVATION, LINK, readings=(sample,), at_us=sample.received_us)

    def any_sensor(self) -> int:
        return self.rng.randrange(1, self.sensors + 1)

    def calm(self) -> Change:
        """A random sensor moves inside every band: nothing follows."""
        return self.reading(self.any_sensor(), CALM + self.rng.random())

    def mixed(self, count: int) -> Iterator[Change]:
        """So many readings (a multiple of 20), of which one in ten leaves its band or comes back."""
        for number in range(count // 20 * 19):
            yield from self.crossing() if number % 19 == 0 else (self.calm(),)

    def slice(self, count: int) -> Change:
        """So many calm readings in one observation, as the link hands them over."""
        samples = tuple(self.sample(self.any_sensor(), CALM + self.rng.random()) for _ in range(count))
        return Change(Kind.OBSERVATION, LINK, readings=samples, at_us=samples[-1].received_us)

    def crossing(self) -> Iterator[Change]:
        """A random sensor leaves its band, then comes back: two readings with consequences."""
        tag = self.any_sensor()
        yield self.reading(tag, HIGH + self.rng.random())
        yield self.reading(tag, CALM + self.rng.random())

    def request(self, machine: int | None = None) -> Change:
        """A setpoint for a (random) machine: seven triples stated, the Gate adds author, prior value, step and more."""
        number = self.rng.randrange(self.machines) if machine is None else machine
        name = f"m{number // MACHINES_PER_LINE}.{number % MACHINES_PER_LINE}"
        change = Change(Kind.REQUEST, OPERATOR, reason="for the benchmark", at_us=self._moment_us)
        desired = double_literal(round(SETPOINT - 100 * self.rng.random(), 1))
        node = URIRef(change.id)
        facts: tuple[tuple[URIRef, URIRef | Literal], ...] = (
            (RDF.type, TW.Request),
            (TW.target, B[f"{name}.setpoint"]),
            (TW.desiredValue, desired),
            (TW.goal, B.output),
            (TW.reason, Literal("for the benchmark")),
            (TW.input, B[f"{name}.speed"]),
            (TW.input, B[f"{name}.level"]),
        )
        adds = tuple(Quad(node, p, o, GraphName.DESIRED) for p, o in facts)
        return Change(Kind.REQUEST, OPERATOR, adds, reason=change.reason, at_us=change.at_us, id=change.id)

    def relimit(self) -> Iterator[Change]:
        """Five high limits of a random machine move close to the values (five facts are derived), then back."""
        machine = B[f"m{self.rng.randrange(self.lines)}.{self.rng.randrange(MACHINES_PER_LINE)}"]
        node, term = self.graph.terms.node, self.graph.term
        now, then = [], []
        for sensor in SENSORS[:5]:
            limit = B[f"{sensor}High"]
            (held,) = self.graph.objects(node(machine), node(limit))
            now.append(Quad(machine, limit, term(held), GraphName.PLANT))
            then.append(Quad(machine, limit, double_literal(CLOSE), GraphName.PLANT))
        yield Change(Kind.EDIT, ENGINEER, adds=tuple(then), removes=tuple(now), at_us=self._moment_us)
        yield Change(Kind.EDIT, ENGINEER, adds=tuple(now), removes=tuple(then), at_us=self._moment_us)


def generate(triples: int, seed: int = 1) -> BenchPlant:
    """A plant of about this many asserted triples, all sensors calm and of good quality."""
    rng = random.Random(seed)
    lines = max(1, round(triples / TRIPLES_PER_LINE))
    graph = WorkingGraph(Terms())
    load = _Load(graph)
    for number in range(lines):
        load.line(number, rng)
    bindings = (*load.sensors, *load.setpoints)
    numbers = {binding.prop: TagId(n) for n, binding in enumerate(bindings, 1)}
    return BenchPlant(graph, Tags(graph.terms, bindings, numbers), bindings, lines, rng)


class _Load:
    """Writes lines into a graph."""

    def __init__(self, graph: WorkingGraph) -> None:
        self.sensors: list[Binding] = []
        self.setpoints: list[Binding] = []
        self._node = graph.terms.node
        self._transaction = Transaction(graph)

    def line(self, number: int, rng: random.Random) -> None:
        line, area = B[f"line{number}"], B[f"area{number // LINES_PER_AREA}"]
        self._add(line, RDF.type, ISA95.ProductionLine)
        self._add(line, B.within, area)
        self._add(area, B.within, B.site)
        for cell in (0, 1):
            self._add(B[f"cell{number}.{cell}"], RDF.type, ISA95.WorkCell)
            self._add(B[f"cell{number}.{cell}"], B.within, line)
        for place in range(MACHINES_PER_LINE):
            self._machine(number, place, rng)

    def _machine(self, number: int, place: int, rng: random.Random) -> None:
        machine = B[f"m{number}.{place}"]
        self._add(machine, RDF.type, B[CLASSES[rng.randrange(len(CLASSES))]])
        self._add(machine, B.within, B[f"cell{number}.{place // 5}"])
        self._add(machine, B.onLine, B[f"line{number}"])
        self._add(machine, RDFS.label, Literal(f"Machine {number}.{place}"))
        if place + 1 < MACHINES_PER_LINE:
            self._add(machine, B.feeds, B[f"m{number}.{place + 1}"])
        for sensor in SENSORS:
            self._add(machine, B[f"{sensor}High"], double_literal(float(rng.randrange(80, 120))))
            self._add(machine, B[f"{sensor}Low"], double_literal(float(rng.randrange(5, 15))))
            self.sensors.append(self._property(machine, sensor, CALM + rng.random()))
        setpoint = self._property(machine, "setpoint", SETPOINT, writable=True)
        self._add(setpoint.prop, TW.writeGrant, B.grant, GraphName.POLICY)
        self.setpoints.append(setpoint)

    def _property(self, machine: URIRef, name: str, value: float, *, writable: bool = False) -> Binding:
        prop = URIRef(f"{machine}.{name}")
        self._add(machine, B[name], double_literal(value), GraphName.STATE)
        self._add(prop, RDF.type, B.Property)
        self._add(prop, B.of, machine)
        self._add(prop, B.unit, Literal("1"))
        self._add(prop, TW.quality, Literal("good"), GraphName.STATE)
        self._add(prop, TW.statusCode, Literal(0), GraphName.STATE)
        node_id = f"nsu={NAMESPACE};s={prop.removeprefix(str(B))}"
        return Binding(prop, machine, B[name], SERVER, node_id, "Double", "1", writable=writable)

    def _add(self, s: URIRef, p: URIRef, o: URIRef | Literal, name: GraphName = GraphName.PLANT) -> None:
        self._transaction.add(self._node(s), self._node(p), self._node(o), name)
