"""What the plant's model of a release says about properties: labels, units, OPC UA nodes. Read from the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rdflib import RDFS, Literal, URIRef

from kg.journal import JournalReader
from kg.record import EntryKind, Recorded
from kg.replay import release_lines
from kg.terms import Term
from kg.tokens import CORE, GATEWAY, local_name, part_iri
from kg.wire import text_to_quads
from ontology import ISA95, TW, UA

_PARTS = {str(part_iri(GATEWAY)): "write gateway", str(part_iri(CORE)): "core"}
_WANTED = {f"<{iri}>" for iri in (RDFS.label, ISA95.isPropertyOf, TW.predicate, TW.unit, UA.nodeId, UA.server)}
_KEPT: dict[str, Model] = {}
_MOST_KEPT = 8


@dataclass(frozen=True, slots=True)
class Model:
    """The few facts of a release that an explanation shows."""

    facts: Mapping[tuple[URIRef, URIRef], Term] = field(default_factory=dict)
    properties: Mapping[tuple[URIRef, URIRef], URIRef] = field(default_factory=dict)
    """(equipment, predicate) -> the property bound to it."""

    def text(self, node: URIRef, predicate: URIRef) -> str | None:
        """The value of a fact as text, or None."""
        found = self.facts.get((node, predicate))
        return None if found is None else str(found)

    def label(self, node: URIRef) -> str:
        """The label, or the last part of the IRI."""
        found = self.facts.get((node, RDFS.label))
        if isinstance(found, Literal):
            return str(found)
        return _PARTS.get(str(node)) or local_name(str(node))


def model_of(journal: JournalReader, release: str) -> Model:
    """The model of a release, by its hash; an empty one where the journal does not hold that release."""
    found = _KEPT.get(release)
    if found is None:
        found = _read(entry for entry in journal.of_kind(EntryKind.RELEASE) if entry.entry.body["release"] == release)
        while len(_KEPT) >= _MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
        if found.facts:
            # a release is named by its content, so what was read of it stays true
            _KEPT[release] = found
    return found


def _read(entries: Iterable[Recorded]) -> Model:
    entry = next(iter(entries), None)
    if entry is None:
        return Model()
    lines = (line for line in release_lines(entry) if line.split(" ", 2)[1] in _WANTED)
    facts = {(URIRef(q.s), q.p): q.o for q in text_to_quads("\n".join(lines))}
    properties = {
        (URIRef(str(facts[node, ISA95.isPropertyOf])), URIRef(str(value))): node
        for (node, predicate), value in facts.items()
        if predicate == TW.predicate and (node, ISA95.isPropertyOf) in facts
    }
    return Model(facts, properties)
