"""Safe bands: a Gate that keeps them and one that does not say the same of every stream of Changes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, RDFS, SH, Graph, Literal, Namespace, URIRef

from kg.bindings import Binding
from kg.change import (
    Change,
    Findings,
    Kind,
    Published,
    Quad,
    Reading,
    ReadingFlag,
    Role,
    Source,
    TagId,
    Verdict,
)
from kg.errors import RecordFailed
from kg.gate import Gate, Release, Tags
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.record import JournalEntry
from kg.terms import Terms, double_literal
from ontology import TW
from reasoner.rules import RuleEngine, RuleSet, load, load_conditions
from reasoner.shacl import Validator, compile_shapes
from reasoner.shacl.model import Shapes

B = Namespace("urn:b:")
LINK = Source(URIRef("urn:test:link"), Role.LINK)
ENGINEER = Source(URIRef("urn:test:engineer"), Role.ENGINEER)
OPERATOR = Source(URIRef("urn:test:operator"), Role.OPERATOR)
MACHINES = ("m0", "m1", "m2")
VALUES = {
    "temp": "Double",
    "speed": "Double",
    "set": "Double",
    "level": "Double",
    "count": "Int32",
    "on": "Boolean",
    "free": "Double",
    "odd": "Double",
}
RULES = {
    "hot": "?m b:hot true } WHERE { ?m b:temp ?v . ?m b:high ?h FILTER (?v > ?h)",
    "warm": "?m b:warm true } WHERE { ?m b:temp ?v . ?m b:high ?h FILTER (?v >= 0.9 * ?h && ?v != 47) "
    "FILTER NOT EXISTS { ?m b:hot true }",
    "fast": "?m b:fast true } WHERE { ?m b:speed ?v . ?m b:onLine ?l . ?l b:most ?h BIND (?h * 1.1 AS ?t) "
    "FILTER (?t < ?v)",
    "ahead": "?m b:ahead true } WHERE { ?m b:speed ?v . ?m b:set ?s FILTER (?v > ?s)",
    "quiet": "?m b:quiet true } WHERE { ?m b:onLine ?l FILTER NOT EXISTS { ?m b:level ?v FILTER (?v > 30 || ?v = 12) }",
    "many": "?m b:many true } WHERE { ?m b:count ?n FILTER (?n > 10.5 || !(?n >= 3))",
    "running": "?m b:running true } WHERE { ?m b:on true",
    "same": "?m b:same ?o } WHERE { ?m b:odd ?v . ?o b:odd ?v",
    "upstream": "?a b:after ?b } WHERE { ?a b:feeds ?b",
    "further": "?a b:after ?c } WHERE { ?a b:feeds ?b . ?b b:after ?c",
    "lowest": "b:m1 b:lowest true } WHERE { b:m1 b:speed ?v . b:m1 b:temp ?t FILTER (?v < ?t - 3)",
    "level1": "b:m1 b:empty true } WHERE { b:m1 b:level ?v FILTER (?v < 26)",
    "alarm": "?b b:alarm true } WHERE { ?a b:after ?b . ?a b:hot true",
}
CONDITIONS = {
    "slow": "?p b:slow 1.0e0 } WHERE { ?p b:of ?m . ?m b:alarm true",
    "ease": "?p b:ease 2.0e0 } WHERE { ?p b:of ?m . ?m tw:violates ?s . ?m b:free ?v FILTER (?v < 40)",
}
SHAPES = f"""
@prefix b: <{B}> . @prefix sh: <{SH}> . @prefix tw: <{TW._NS}> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
b:S-hot a sh:PropertyShape ; sh:targetClass b:Oven ; sh:path b:temp ; sh:maxInclusive 48.0e0 ; sh:datatype xsd:double .
b:S-cold a sh:PropertyShape ; sh:targetClass b:Cold ; sh:path b:temp ; sh:maxExclusive 20.0e0 ;
    sh:severity sh:Warning .
b:S-below a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path b:temp ; sh:lessThan b:high ; sh:maxCount 1 .
b:S-set a sh:PropertyShape ; sh:targetSubjectsOf b:onLine ; sh:path b:set ; sh:lessThanOrEquals b:speed ;
    sh:severity sh:Warning .
b:S-line a sh:NodeShape ; sh:targetSubjectsOf b:most ;
    sh:property [ sh:path [ sh:inversePath b:onLine ] ;
        sh:property [ sh:path b:level ; sh:maxInclusive 45.0 ; sh:minCount 1 ] ] .
b:S-level a sh:PropertyShape ; sh:targetObjectsOf b:feeds ; sh:path b:level ;
    sh:or ( [ sh:maxInclusive 33 ] [ sh:not [ sh:maxExclusive 38 ] ] ) ; sh:not [ sh:hasValue 35.0e0 ] .
b:S-count a sh:PropertyShape ; sh:targetClass b:Machine ; sh:path b:count ; sh:datatype xsd:integer ;
    sh:maxInclusive 12 .
b:S-closed a sh:NodeShape ; sh:targetClass b:Fridge ; sh:closed true ;
    sh:ignoredProperties ( <{RDF.type}> b:temp b:high b:onLine b:feeds b:hot b:warm b:after ) .
"""


@dataclass
class Keeper:
    """Recorder and subscriber in one that remembers everything, and fails when told to."""

    entries: list[JournalEntry] = field(default_factory=list)
    samples: list[tuple[int, Reading]] = field(default_factory=list)
    events: list[Published] = field(default_factory=list)
    failing: bool = False

    def record(self, entries: Sequence[JournalEntry], samples: Sequence[tuple[int, Reading]]) -> None:
        if self.failing:
            raise RecordFailed("The disk is full.")
        self.entries.extend(entries)
        self.samples.extend(samples)

    def resume_unsealed(self, entries: Sequence[JournalEntry], samples: Sequence[tuple[int, Reading]]) -> None:
        self.entries.extend(entries)
        self.samples.extend(samples)

    def published(self, event: Published) -> None:
        self.events.append(event)


@cache
def the_rules() -> RuleSet:
    return load(document(RULES))


@cache
def the_conditions() -> RuleSet:
    return load_conditions(document(CONDITIONS))


@cache
def the_shapes() -> Shapes:
    return compile_shapes(Graph().parse(data=SHAPES, format="turtle"))


class Side:
    """A Gate on the little plant, with or without bands."""

    def __init__(self, *, bands: bool) -> None:
        self.keeper = Keeper()
        graph = WorkingGraph(Terms())
        load_ = Transaction(graph)
        node = graph.terms.node
        for s, p, o, g in triples():
            load_.add(node(s), node(p), node(o), g)
        names = [(machine, value) for machine in MACHINES for value in VALUES]
        bindings = [
            Binding(
                B[f"{m}.{v}"], B[m], B[v], B.server, f"{m}.{v}", VALUES[v], "1", -1e6 if v == "temp" else None, 90.0
            )
            for m, v in names
        ]
        tags = Tags(graph.terms, bindings, {b.prop: TagId(n) for n, b in enumerate(bindings, 1)})
        rules = RuleEngine(graph, the_rules())
        conditions = the_conditions()
        self.validator = Validator(graph, the_shapes())
        self.gate = Gate(
            graph,
            tags,
            Release("r", frozenset(URIRef(rule.name) for rule in conditions.rules)),
            rules=rules,
            shapes=self.validator,
            conditions=RuleEngine(graph, conditions, visible=-1, below=rules),
            recorder=self.keeper,
            now_us=lambda: 1,
        )
        self.gate.start()
        self.gate.subscribe(self.keeper)
        if not bands:
            self.gate._bands = None

    def contents(self) -> dict[object, int]:
        graph = self.gate.graph
        return {tuple(map(graph.term, t)): graph.marks(*t) for t in graph.triples()}


def document(texts: dict[str, str]) -> Graph:
    found = Graph()
    for name, text in texts.items():
        found.add((B[name], RDF.type, SH.SPARQLRule))
        construct = f"PREFIX b: <{B}> PREFIX tw: <{TW._NS}> CONSTRUCT {{ {text} }}"
        found.add((B[name], SH.construct, Literal(construct)))
    return found


def triples() -> Iterator[tuple[URIRef, URIRef, URIRef | Literal, GraphName]]:
    plant, state = GraphName.PLANT, GraphName.STATE
    yield B.Oven, RDFS.subClassOf, B.Machine, GraphName.ONTOLOGY
    for number, name in enumerate(MACHINES):
        yield B[name], RDF.type, B.Oven, plant
        yield B[name], B.onLine, B[f"line{number % 2}"], plant
        yield B[name], B.high, double_literal(60.0), plant
        if number:
            yield B[MACHINES[number - 1]], B.feeds, B[name], plant
        for value, kind in VALUES.items():
            yield B[f"{name}.{value}"], B.of, B[name], plant
            yield B[f"{name}.{value}"], TW.statusCode, Literal(0), state
            yield B[f"{name}.{value}"], TW.quality, Literal("good"), state
            double = double_literal(22.0 if value == "set" else 30.0)
            start = {"Int32": Literal(5), "Boolean": Literal(False)}.get(kind, double)
            yield B[name], B[value], start, state
    for line in ("line0", "line1"):
        yield B[line], B.most, Literal(50), plant


class Stream:
    """Random Changes of every kind that a band could fall over."""

    def __init__(self, rng: random.Random, sizes: tuple[int, ...] = (1,)) -> None:
        self.rng = rng
        self.sizes = sizes
        self.moment = 0

    def change(self) -> Change:
        kind = self.rng.random()
        if kind < 0.7:
            size = self.rng.choice(self.sizes)
            return Change(Kind.OBSERVATION, LINK, readings=tuple(self.reading() for _ in range(size)), at_us=1)
        return self.stop() if kind < 0.72 else self.edit()

    def reading(self) -> Reading:
        rng = self.rng
        self.moment += rng.choice((1,) * 9 + (-3,))
        name = rng.choice(("temp", "speed", "set", "level", "temp", "speed", "set", "level", *VALUES))
        tag = rng.randrange(len(MACHINES)) * len(VALUES) + list(VALUES).index(name) + 1
        status = rng.choice((0,) * 60 + (0x40000000,))
        flags = ReadingFlag.IMPLAUSIBLE if rng.random() < 0.02 else 0
        return Reading(TagId(tag), self.value(VALUES[name]), status, self.moment, self.moment, self.moment, flags)

    def value(self, kind: str) -> float | int | bool | str | None:
        rng = self.rng
        if rng.random() < 0.01:
            return rng.choice((None, float("nan"), float("inf"), -0.0, "text", 100.0, 7))
        if kind == "Boolean":
            return rng.random() < 0.5
        if kind == "Int32":
            return rng.choice((2, 3, 4, 5, 6, 7, 10, 11, 13, 5.0))
        if rng.random() < 0.8:
            return rng.uniform(22.0, 40.0)
        near = rng.choice((25.0, 26.0, 12.0, 20.0, 33.0, 35.0, 38.0, 40.0, 45.0, 47.0, 48.0, 54.0, 55.0, 60.0))
        return near + rng.choice((0.0, 0.0, 1e-9, -1e-9))

    def edit(self) -> Change:
        rng = self.rng
        machine, line = B[rng.choice(MACHINES)], B[f"line{rng.randrange(2)}"]
        number = double_literal(rng.choice((30.0, 36.0, 52.0, 60.0)))
        facts = (
            (machine, B.high, number),
            (machine, B.high, Literal("much")),
            (machine, B.high, Literal("27.5", datatype=URIRef("http://www.w3.org/2001/XMLSchema#decimal"))),
            (line, B.most, rng.choice((Literal(20), Literal(50), number))),
            (line, B.most, number),
            (machine, B.onLine, line),
            (machine, RDF.type, rng.choice((B.Oven, B.Fridge, B.Machine, B.Cold))),
            (B[rng.choice(MACHINES)], B.feeds, machine),
            (rng.choice((B.Fridge, B.Oven)), RDFS.subClassOf, rng.choice((B.Machine, B.Fridge))),
            (machine, B[rng.choice(list(VALUES))], double_literal(25.0)),
        )
        added, removed = rng.choice(facts), rng.choice(facts)
        if rng.random() < 0.3:
            added = removed
        quads = [Quad(*fact, GraphName.PLANT) for fact in (added, removed)]
        return Change(
            Kind.EDIT,
            ENGINEER,
            adds=tuple(quads[:1]) if rng.random() < 0.7 else (),
            removes=tuple(quads[1:]),
            at_us=1,
        )

    def stop(self) -> Change:
        quad = Quad(TW.Plant, TW.stopped, TW.NoWrites, GraphName.POLICY)
        return Change(Kind.STOP, OPERATOR, adds=(quad,), at_us=1)


def in_any_order(told: object) -> object:
    """The same with what a Change did at one time sorted: in a slice of readings it has no order."""
    if isinstance(told, Published | Findings | Verdict | JournalEntry):
        named = {f.name: in_any_order(getattr(told, f.name)) for f in fields(told) if f.compare}
        return sorted(named.items())
    if isinstance(told, Mapping):
        return sorted((str(key), in_any_order(value)) for key, value in told.items())
    if isinstance(told, list | tuple) and not isinstance(told, Quad | Reading):
        return sorted((in_any_order(item) for item in told), key=repr)
    return repr(told)


def say_the_same(left: Side, right: Side, form: Callable[[object], object] = repr) -> None:
    """Everything that anybody can see of the two Gates is equal."""
    for mine, others in (
        (left.keeper.entries, right.keeper.entries),
        (left.keeper.events, right.keeper.events),
    ):
        assert list(map(form, mine)) == list(map(form, others))
    assert repr(left.keeper.samples) == repr(right.keeper.samples)
    assert left.contents() == right.contents()
    assert set(map(repr, left.validator.results())) == set(map(repr, right.validator.results()))
    assert (left.gate.seq, left.gate.plant_us) == (right.gate.seq, right.gate.plant_us)
    slots = zip(left.gate.tags, right.gate.tags, strict=True)
    assert all((a.newest_us, a.received_us) == (b.newest_us, b.received_us) for a, b in slots)
    for side in (left, right):
        side.keeper.entries.clear()
        side.keeper.samples.clear()
        side.keeper.events.clear()


def compare(rng: random.Random, sizes: tuple[int, ...], form: Callable[[object], object]) -> None:
    """Sixty rounds of random Changes, some of them only tried, some of them lost, at two Gates."""
    with_bands, without = Side(bands=True), Side(bands=False)
    stream = Stream(rng, sizes)
    for _ in range(60):
        changes = [stream.change() for _ in range(rng.choice((1, 1, 3)))]
        failing, dry = rng.random() < 0.03, rng.random() < 0.05
        told: list[list[Verdict]] = []
        for side in (with_bands, without):
            side.keeper.failing = failing
            told.append([side.gate.dry_run(changes[0])] if dry else side.gate.process(changes))
        assert list(map(form, told[0])) == list(map(form, told[1]))
        say_the_same(with_bands, without, form)


@settings(max_examples=6, deadline=None)
@given(st.randoms(use_true_random=False))
def test_bands_change_nothing_that_can_be_seen(rng: random.Random) -> None:
    """Verdicts, entries, events, graph and results are equal along streams with edits, dry runs and lost records."""
    compare(rng, (1,), repr)


@settings(max_examples=4, deadline=None)
@given(st.randoms(use_true_random=False))
def test_bands_change_nothing_in_slices(rng: random.Random) -> None:
    """The same holds of slices of readings, of which some stay in their bands and some do not, in any order."""
    compare(rng, (1, 2, 4), in_any_order)


def at(machine: str, name: str, value: float, moment: int) -> Change:
    """An observation of one value."""
    tag = MACHINES.index(machine) * len(VALUES) + list(VALUES).index(name) + 1
    return Change(Kind.OBSERVATION, LINK, readings=(Reading(TagId(tag), value, 0, moment, moment, moment),), at_us=1)


def edit(s: URIRef, p: URIRef, new: URIRef | Literal, old: URIRef | Literal) -> Change:
    """One fact of the plant put into the place of another."""
    adds, removes = ((Quad(s, p, o, GraphName.PLANT),) for o in (new, old))
    return Change(Kind.EDIT, ENGINEER, adds=adds, removes=removes, at_us=1)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(
            (at("m0", "temp", 31.0, 1), edit(B.m0, RDF.type, B.Cold, B.Oven), at("m0", "temp", 32.0, 2)),
            id="a result opens on the subject",
        ),
        pytest.param(
            (
                at("m0", "level", 29.0, 1),
                at("m0", "level", 28.0, 2),
                at("m2", "level", 50.0, 3),
                at("m0", "level", 27.0, 4),
            ),
            id="a result opens on the focus node that a path leads back to",
        ),
        pytest.param((at("m0", "count", 6, 1), at("m0", "count", 6.5, 2)), id="a whole number becomes a double"),
        pytest.param(
            (at("m0", "set", 23.0, 1), at("m0", "speed", 26.0, 2), at("m0", "set", 27.0, 3)),
            id="the live value moves that another is compared with",
        ),
        pytest.param(
            (at("m0", "speed", 31.0, 1), edit(B.line0, B.most, Literal(27), Literal(50)), at("m0", "speed", 29.0, 2)),
            id="a limit far away moves",
        ),
        pytest.param(
            (
                at("m2", "temp", 31.0, 1),
                at("m2", "temp", 100.0, 2),
                at("m2", "temp", 32.0, 3),
                at("m2", "temp", 33.0, 4),
                edit(B.m2, B.high, double_literal(34.0), double_literal(60.0)),
                at("m2", "temp", 30.0, 5),
                at("m2", "temp", 31.5, 6),
            ),
            id="marks of quality come and go, and a limit beside the value moves",
        ),
    ],
)
def test_what_a_band_was_computed_from_ends_it(steps: tuple[Change, ...]) -> None:
    """After each of these a value that was free to move before has consequences, with bands as without."""
    with_bands, without = Side(bands=True), Side(bands=False)

    for change in steps:
        assert repr(with_bands.gate.process([change])) == repr(without.gate.process([change]))
        say_the_same(with_bands, without)


def test_bands_end_where_nothing_could_be_recorded() -> None:
    """What was computed from a Change that is taken back does not outlive it."""
    with_bands, without = Side(bands=True), Side(bands=False)
    lost = [edit(B.line0, B.most, Literal(70), Literal(50)), at("m0", "speed", 31.0, 1), at("m0", "speed", 32.0, 2)]

    for failing, changes in ((True, lost), (False, [at("m0", "speed", 58.0, 3)])):
        told = []
        for side in (with_bands, without):
            side.keeper.failing = failing
            told.append(repr(side.gate.process(changes)))
        assert told[0] == told[1]
        say_the_same(with_bands, without)
    assert with_bands.gate.graph.has(*map(with_bands.gate.graph.terms.node, (B.m0, B.fast, Literal(True))))


def watched(rule: str) -> object:
    """What the rules say of b:v where this is the only rule."""
    graph = WorkingGraph(Terms())
    return RuleEngine(graph, load(document({"only": rule}))).watch(graph.terms.node(B.v))


@pytest.mark.parametrize(
    "rule",
    [
        "?m b:copy ?v } WHERE { ?m b:v ?v",
        "?m b:x ?o } WHERE { ?m b:v ?v . ?o b:w ?v",
        "?m b:x true } WHERE { ?m b:v ?v . ?m b:w ?w FILTER (?v - ?w > 5)",
        "?m b:x ?t } WHERE { ?m b:v ?v BIND (?v * 2 AS ?t)",
        "?m b:x true } WHERE { ?m b:v ?v . ?o b:w ?w FILTER (?v > ?w)",
        "?m b:x true } WHERE { ?m b:v ?v FILTER (STRLEN(STR(?v)) > 3)",
        "?m b:x true } WHERE { ?m ?p ?o . ?m b:v ?v",
        "?m b:x true } WHERE { ?m b:v ?v . ?m b:h ?h BIND (?h * 2 AS ?t) FILTER (?v > IF(BOUND(?t), ?t, 5))",
    ],
)
def test_rules_that_do_more_than_compare_have_no_band(rule: str) -> None:
    """A value that is derived, joined, computed with or compared with what is not beside it goes the long way."""
    assert watched(rule) is None


def test_a_band_ends_at_what_the_value_is_compared_with() -> None:
    """Constants, values beside it and values reached forwards bound the interval; a value at an end has none."""
    side = Side(bands=True)
    node = side.gate.graph.terms.node
    machine = node(B.m0)
    rules = side.gate.rules

    temp, speed, free = (rules.watch(node(B[name])) for name in ("temp", "speed", "free"))  # type: ignore[attr-defined]

    assert temp.narrow(machine, 50.0, 0.0, 99.0) == (47.0, 54.0)
    assert temp.narrow(machine, 54.0, 0.0, 99.0) is None
    assert speed.narrow(machine, 40.0, 0.0, 99.0) == (22.0, 55.0)
    assert free.narrow is None


def test_of_a_slice_only_what_leaves_its_band_reaches_the_stages() -> None:
    """The event tells of all readings, the entry of what followed from one; history gets them all under one seq."""
    side, without = Side(bands=True), Side(bands=False)
    readings = [reading for value in ("level", "temp", "speed") for reading in at("m0", value, 29.0, 1).readings]
    readings[1] = readings[1]._replace(value=61.0)
    changes = [at("m0", "level", 29.5, 0), Change(Kind.OBSERVATION, LINK, readings=tuple(readings), at_us=1)]
    for other in (side, without):
        other.gate.process(changes[:1])

    looked = [other.gate.process(changes[1:])[0] for other in (side, without)]

    assert looked[0] == looked[1]
    assert {quad.o for quad in side.keeper.events[-1].added} >= {double_literal(29.0), double_literal(61.0)}
    assert [seq for seq, _ in side.keeper.samples] == [1, 2, 2, 2]
    say_the_same(side, without, in_any_order)


def test_a_slice_with_an_unknown_tag_leaves_nothing_behind() -> None:
    """It is refused as a whole, and what had been taken of it is put back."""
    side = Side(bands=True)
    before = side.contents()
    unknown = Reading(TagId(99), 1.0, 0, 1, 1, 1)

    verdict = side.gate.process(
        [Change(Kind.OBSERVATION, LINK, readings=(*at("m0", "temp", 31.0, 1).readings, unknown), at_us=1)]
    )[0]

    assert not verdict.admitted
    assert side.contents() == before


def test_calm_readings_do_not_reach_the_stages() -> None:
    """Inside its band a reading costs a look, is published with its old and its new value, and history gets it."""
    side = Side(bands=True)
    stages = Counting(side.gate.rules)
    side.gate.rules = stages  # type: ignore[assignment]  # counts what the Gate asks of it
    tag = TagId(list(VALUES).index("temp") + 1)

    for moment, value in enumerate((26.0, 27.0, 27.0, 61.0, 27.0), 1):
        reading = Reading(tag, value, 0, moment, moment, moment)
        side.gate.process([Change(Kind.OBSERVATION, LINK, readings=(reading,), at_us=1)])

    assert stages.calls == 2
    assert [len(event.added) for event in side.keeper.events[:3]] == [1, 1, 0]
    assert side.keeper.events[1].removed[0].o == double_literal(26.0)
    assert len(side.keeper.samples) == 5
    assert not side.keeper.events[0].opened


def test_a_band_that_breaks_is_given_up_and_costs_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong in it, it goes wrong once; the stages decide, and other predicates keep their bands."""
    side = Side(bands=True)
    side.gate.rules = Broken(side.gate.rules, side.gate.graph.terms.node(B.speed))  # type: ignore[assignment]
    side.gate.process([at("m0", "temp", 26.0, 1), at("m0", "speed", 31.0, 1)])
    stages = side.gate.rules = Counting(side.gate.rules)  # type: ignore[assignment]

    side.gate.process([at("m0", "speed", 32.0, 2), at("m0", "temp", 27.0, 2)])

    assert len([record for record in caplog.records if "no bands" in record.message]) == 1
    assert stages.calls == 1
    assert side.gate.graph.has(*map(side.gate.graph.terms.node, (B.m0, B.speed, double_literal(32.0))))


class Broken:
    """Rules that cannot say where the bands of one predicate end."""

    def __init__(self, rules: Any, predicate: Any) -> None:
        self._rules, self._predicate = rules, predicate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rules, name)

    def watch(self, predicate: Any) -> Any:
        if predicate == self._predicate:
            raise KeyError("bound")
        return self._rules.watch(predicate)


@dataclass
class Counting:
    """Rules that count how often they are asked."""

    rules: object
    calls: int = 0

    def infer(self, transaction: Transaction) -> None:
        self.calls += 1
        self.rules.infer(transaction)  # type: ignore[attr-defined]

    def watch(self, predicate: float) -> object:
        return self.rules.watch(predicate)  # type: ignore[attr-defined]
