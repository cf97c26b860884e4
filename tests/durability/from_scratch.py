"""What the graph must hold, told from the plant, the journal and the history alone, in the simplest way.

Shares nothing with recovery, replay, staging, rules or shapes: sets of lines, one pass, and another engine's closure.
"""

from __future__ import annotations

from collections.abc import Iterable

from rdflib import Literal, URIRef
from small_plant import EX, HIGHEST_SEEN, HIGHEST_SET, MACHINES, closure, small_plant

from kg.change import Quad, TagId
from kg.history import Sample
from kg.names import ASSERTED, GraphName
from kg.record import EntryKind, Recorded
from kg.terms import double_literal
from kg.wire import quad_line
from ontology import PACK, TW

Lines = dict[GraphName, set[str]]


def rebuilt(entries: Iterable[Recorded], samples: Iterable[Sample], numbers: dict[URIRef, TagId]) -> Lines:
    """The working graphs, as N-Quads lines. `samples` in order of arrival."""
    lines: Lines = {name: set() for name in ASSERTED}
    for quad in small_plant().quads():
        if quad.g in lines:
            lines[quad.g].add(quad_line(quad))
    for recorded in entries:
        if recorded.entry.kind is EntryKind.CHANGE:
            _apply(recorded.entry.body, lines)
    values = _values(samples, numbers)
    lines[GraphName.STATE] |= {
        quad_line(Quad(URIRef(equipment), URIRef(predicate), _literal(value), GraphName.STATE))
        for (equipment, predicate), value in values.items()
    }
    lines[GraphName.VIOLATIONS] = _violations(values)
    asserted = {_triple(line) for name in ASSERTED for line in lines[name]}
    inferred = closure(asserted, map(_triple, lines[GraphName.VIOLATIONS]))
    lines[GraphName.INFERRED] = {f"{line[:-2]} <{GraphName.INFERRED.iri}> ." for line in inferred}
    return lines


def _apply(body: object, lines: Lines) -> None:
    assert isinstance(body, dict)
    for line in body["removes"]:
        if (name := _graph(line)) in lines:
            lines[name].discard(line)
    for line in body["adds"]:
        if (name := _graph(line)) in lines:
            lines[name].add(line)


def _values(samples: Iterable[Sample], numbers: dict[URIRef, TagId]) -> dict[tuple[str, str], object]:
    """The live values: of each tag the newest by source time that came with a value."""
    places = {numbers[b.prop]: (str(b.equipment), str(b.predicate)) for b in small_plant().bindings}
    newest: dict[TagId, int] = {}
    values: dict[tuple[str, str], object] = {}
    for _, reading in samples:
        if reading.source_us >= newest.get(reading.tag, 0):
            newest[reading.tag] = reading.source_us
            if reading.value is not None and reading.value == reading.value:
                values[places[reading.tag]] = reading.value
    return values


def _violations(values: dict[tuple[str, str], object]) -> set[str]:
    limits = ((PACK.setMachSpeed, HIGHEST_SET, "LIMIT-SET"), (PACK.curMachSpeed, HIGHEST_SEEN, "LIMIT-SEEN"))
    return {
        quad_line(Quad(URIRef(EX + machine), TW.violates, URIRef(EX + code), GraphName.VIOLATIONS))
        for machine in MACHINES
        for predicate, limit, code in limits
        if isinstance(value := values.get((EX + machine, str(predicate))), float) and value > limit
    }


def _literal(value: object) -> Literal:
    return double_literal(value) if isinstance(value, float) else Literal(value)


def _graph(line: str) -> GraphName | None:
    return GraphName.of_iri(line.rpartition("<")[2].rpartition(">")[0])


def _triple(line: str) -> str:
    return f"{line.rpartition(' <')[0]} ."
