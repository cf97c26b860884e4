"""Why not, on random small graphs, shapes and Changes, with real engines: each repair is proved on a Gate of its own.

A repair is applied to a fresh Gate whose graph holds what the repair says; there the edited Change must be admitted,
and with any part of the repair left out it must be refused. The Gate that was asked must be as if nobody had asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, Graph, Literal, Namespace, URIRef

from kg.bindings import Binding
from kg.change import Change, ChangeId, Kind, Quad, Role, Source, TagId
from kg.errors import RecordFailed
from kg.gate import Gate, Release, Tags
from kg.gate.why_not.trial import edited
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.repair import BOUND, Bound, Edit, Part, Stopped
from kg.terms import Terms, double_literal
from ontology import ISA95, PACK, TW
from reasoner.rules import RuleEngine, parse_construct, stratified
from reasoner.shacl import Suggester, Validator, compile_shapes

EX = Namespace("http://example.org/")
NOW_US = 1_800_000_000_000_000
ENGINEER = Source(URIRef("urn:test:emil"), Role.ENGINEER)
IMPORTER = Source(URIRef("urn:test:import"), Role.IMPORTER)
OPERATOR = Source(URIRef("urn:test:olga"), Role.OPERATOR)
MACHINE, SET, GRANT = EX.Machine, EX["Machine.Set"], EX.grant
BINDING = Binding(SET, MACHINE, PACK.setMachSpeed, EX.server, "nsu=x;s=s", "Float", "/min", 0.0, 600.0, True)
REQUEST = ChangeId("urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10")
PLANT = (
    Quad(MACHINE, RDF.type, ISA95.WorkCell, GraphName.PLANT),
    Quad(SET, ISA95.isPropertyOf, MACHINE, GraphName.PLANT),
    Quad(SET, TW.writeGrant, GRANT, GraphName.POLICY),
    Quad(MACHINE, PACK.setMachSpeed, double_literal(300.0), GraphName.STATE),
)
RULES = stratified(
    parse_construct("urn:test:rule", "CONSTRUCT { ?x ex:d ?y } WHERE { ?x ex:p0 ?y . ?x ex:p1 ?z }", {"ex": str(EX)})
)
PREFIXES = """
@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix tw: <https://w3id.org/twinwright/core#> . @prefix isa95: <https://w3id.org/twinwright/isa95#> .
@prefix pack: <https://w3id.org/twinwright/packml#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
#: No deadline and no time in the bound: what is judged must not depend on how fast the machine is.
UNHURRIED = Bound(candidates=BOUND.candidates, largest=BOUND.largest, repairs=BOUND.repairs, longest_s=1e9)

nodes = st.sampled_from([EX.a, EX.b, EX.c])
values = st.sampled_from([EX.a, EX.b, Literal(1), Literal(5), Literal(True), double_literal(2.0)])
predicates = st.sampled_from([EX.p0, EX.p1, EX.p2, EX.d])
stated = st.sampled_from([EX.p0, EX.p1, EX.p2])
graphs = st.sampled_from([GraphName.PLANT, GraphName.POLICY, GraphName.STATE])
data = st.lists(
    st.one_of(
        st.builds(Quad, nodes, stated, values, graphs),
        st.builds(Quad, nodes, st.just(RDF.type), st.sampled_from([EX.C, EX.D]), st.just(GraphName.PLANT)),
    ),
    max_size=8,
)
paths = st.sampled_from(
    ["ex:p0", "ex:p1", "ex:p2", "ex:d", "(ex:p0 ex:p1)", "[sh:inversePath ex:p1]", "[sh:zeroOrOnePath ex:p0]"]
)
text_values = st.sampled_from(["ex:a", "ex:b", "1", "5", "true", "2.0e0"])
simple = st.one_of(
    st.sampled_from(["sh:minCount 1", "sh:maxCount 1", "sh:maxCount 0", "sh:minCount 2", "sh:class ex:C"]),
    st.sampled_from(["sh:lessThan ex:p2", "sh:lessThanOrEquals ex:p2", "sh:disjoint ex:p1", "sh:equals ex:p2"]),
    st.sampled_from(["sh:datatype xsd:double", "sh:datatype xsd:boolean", "sh:nodeKind sh:Literal"]),
    st.builds(
        "sh:{} {}".format, st.sampled_from(["minInclusive", "maxInclusive", "maxExclusive"]), st.sampled_from("23")
    ),
    st.builds("sh:hasValue {}".format, text_values),
    st.builds("sh:in ({} {})".format, text_values, text_values),
)
nested = st.one_of(
    st.builds("sh:not [ sh:path {} ; {} ]".format, paths, simple),
    st.builds("sh:or ([ sh:path {} ; {} ] [ sh:path {} ; {} ])".format, paths, simple, paths, simple),
    st.builds("sh:xone ([ sh:path {} ; {} ] [ sh:path {} ; {} ])".format, paths, simple, paths, simple),
    st.builds("sh:node [ sh:property [ sh:path {} ; {} ] ]".format, paths, simple),
    st.just(
        "sh:closed true ; sh:ignoredProperties ( <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ex:p0 ex:p1 ex:d )"
    ),
)
targets = st.sampled_from(["sh:targetClass ex:C", "sh:targetSubjectsOf ex:p0", "sh:targetNode ex:a"])
shapes = st.lists(
    st.one_of(
        st.builds(
            "[ a sh:NodeShape ; {} ; sh:property [ sh:path {} ; {} ] , [ sh:path {} ; {} ] ] .".format,
            targets,
            paths,
            simple,
            paths,
            simple,
        ),
        st.builds("[ a sh:NodeShape ; {} ; {} ] .".format, targets, nested),
    ),
    min_size=1,
    max_size=3,
).map("\n".join)
edits = st.builds(
    Change,
    kind=st.just(Kind.EDIT),
    source=st.sampled_from([ENGINEER, IMPORTER]),
    adds=st.lists(st.builds(Quad, nodes, stated, values, st.just(GraphName.PLANT)), min_size=1, max_size=2).map(tuple),
    removes=st.lists(st.builds(Quad, nodes, stated, values, st.just(GraphName.PLANT)), max_size=1).map(tuple),
    at_us=st.just(NOW_US),
)
#: What may stand in the way of a request: limits on the value, and facts about machine, line and people.
ON_REQUESTS = "[ a sh:NodeShape ; sh:targetClass tw:Request ; {} ] ."
ON_MACHINE = "[ a sh:NodeShape ; sh:targetNode ex:Machine ; sh:property [ sh:path pack:setMachSpeed ; {} ] ] ."
EITHER = (
    "sh:or ( [ sh:path tw:approvals ; sh:minInclusive 1 ] [ sh:path (tw:target ex:p1) ; sh:minCount 1 ; sh:in (1 5) ] )"
)
permissives = st.lists(
    st.sampled_from(
        [
            ON_MACHINE.format("sh:maxInclusive 4.4e2"),
            ON_MACHINE.format("sh:minExclusive 1.0e2"),
            ON_REQUESTS.format("sh:property [ sh:path tw:step ; sh:maxInclusive 1.0e2 ]"),
            ON_REQUESTS.format("sh:property [ sh:path tw:desiredValue ; sh:lessThan ex:p0 ]"),
            ON_REQUESTS.format("sh:property [ sh:path (tw:target isa95:isPropertyOf ex:p0) ; sh:hasValue true ]"),
            ON_REQUESTS.format("sh:property [ sh:path (tw:target isa95:isPropertyOf ex:d) ; sh:maxCount 0 ]"),
            ON_REQUESTS.format(EITHER),
        ]
    ),
    min_size=1,
    max_size=3,
    unique=True,
).map("\n".join)
machine_data = st.lists(st.builds(Quad, st.sampled_from([MACHINE, SET]), stated, values, graphs), max_size=5)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data, shapes, edits)
def test_repairs_of_edits(facts: list[Quad], text: str, change: Change) -> None:
    """Whatever is found for an edit is admitted, minimal, and leaves no trace."""
    prove(facts, text, change)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(machine_data, permissives, st.sampled_from([50.0, 200.0, 430.0, 500.0, 9999.0]))
def test_repairs_of_requests(facts: list[Quad], text: str, value: float) -> None:
    """The same for requests, whose value may change but not their target, and for people's approvals."""
    people = (Quad(EX.sam, TW.role, Literal("supervisor"), GraphName.POLICY),)
    prove([*PLANT, *people, *facts], text, request(value))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data, shapes, edits)
def test_a_bound_of_one(facts: list[Quad], text: str, change: Change) -> None:
    """No more than one candidate is judged, and where it was not the one it is said that none was found within one."""
    gate = gate_of(facts, text)

    found = gate.why_not(change, Bound(candidates=1, longest_s=1e9))

    assert found.judged <= 1
    if not (found.repairs or found.verdict.admitted):
        assert found.sentence.startswith("None found within 1 candidate")
        assert found.stopped in (Stopped.CANDIDATES, Stopped.EXHAUSTED)


def prove(facts: list[Quad], text: str, change: Change) -> None:
    gate = gate_of(facts, text)
    before = state_of(gate)

    found = gate.why_not(change, UNHURRIED)

    assert state_of(gate) == before
    assert found.verdict.admitted == gate.dry_run(change).admitted
    assert state_of(gate) == before
    for repair in found.repairs:
        assert passes(facts, text, change, repair.edits), repair.sentence
        for part in proper_parts(repair.edits):
            assert not passes(facts, text, change, part), (repair.sentence, part)


def passes(facts: list[Quad], text: str, change: Change, repair: Iterable[Edit]) -> bool:
    """What a Gate says that was built on the graph with the facts of the repair."""
    listed = tuple(repair)
    held = dict.fromkeys(facts)
    for edit in listed:
        if edit.part is Part.FACTS:
            held.pop(edit.old, None)  # type: ignore[arg-type]
            if edit.new is not None:
                held[edit.new] = None  # type: ignore[index]
    gate = gate_of(list(held), text)
    new = edited(change, listed)
    for edit in listed:
        if edit.part is Part.APPROVALS:
            gate._approve(new, edit.new.o)  # type: ignore[union-attr, arg-type]
    return gate.dry_run(new).admitted


def proper_parts(repair: tuple[Edit, ...]) -> Iterator[tuple[Edit, ...]]:
    for size in range(len(repair)):
        yield from combinations(repair, size)


def request(value: float) -> Change:
    node = URIRef(REQUEST)
    said = ((RDF.type, TW.Request), (TW.target, SET), (TW.desiredValue, double_literal(value)))
    adds = tuple(Quad(node, p, o, GraphName.DESIRED) for p, o in said)
    return Change(Kind.REQUEST, OPERATOR, adds=adds, at_us=NOW_US, id=REQUEST)


class Nowhere:
    """A recorder that is never asked."""

    def record(self, entries: Any, samples: Any) -> None:
        raise RecordFailed("Nothing is recorded by asking.")

    resume_unsealed = record


def gate_of(facts: list[Quad], text: str) -> Gate:
    graph = WorkingGraph(Terms())
    load = Transaction(graph)
    node = graph.terms.node
    for quad in facts:
        load.add(node(quad.s), node(quad.p), node(quad.o), quad.g)
    compiled = compile_shapes(Graph().parse(data=PREFIXES + text, format="turtle"))
    rules, conditions = RuleEngine(graph, RULES), RuleEngine(graph, stratified([]))
    gate = Gate(
        graph,
        Tags(graph.terms, [BINDING], {SET: TagId(1)}),
        Release("r1", standing=compiled.standing),
        rules=rules,
        shapes=Validator(graph, compiled),
        conditions=conditions,
        recorder=Nowhere(),
        now_us=lambda: NOW_US,
        advice=Suggester(graph, compiled),
    )
    gate.start()
    return gate


def state_of(gate: Gate) -> object:
    graph = gate.graph
    return (
        {(triple, graph.marks(*triple)) for triple in graph.triples()},
        set(gate.shapes.results()),
        gate.seq,
        list(gate._approvals._held),
        {place: set(held) for place, held in gate._violations._open.items() if held},
        set(gate._standing._open),
        [dict(ranks) for ranks in gate.rules._ranks],  # type: ignore[attr-defined]
    )
