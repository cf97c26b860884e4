"""How readings become state: each tag's place in the graph, and the marks of quality that come with a value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rdflib import Literal, URIRef

from kg.bindings import DATA_TYPES, Binding
from kg.change import Change, Reading, ReadingFlag, TagId
from kg.errors import BadChange
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.terms import Node, Term, Terms
from ontology import TW


@dataclass(slots=True)
class Slot:
    """A tag's nodes, and the newest source time seen, so that late samples do not overwrite newer ones."""

    binding: Binding
    equipment: Node
    predicate: Node
    prop: Node
    is_float: bool
    """Whether values are doubles, so that whole numbers become some."""
    newest_us: int = 0
    received_us: int = 0
    """Wall time of the last sample; 0 where none has come."""


class Tags:
    """All bound properties of a Gate domain, by history's tag number and by property IRI."""

    def __init__(self, terms: Terms, bindings: Iterable[Binding], numbers: Mapping[URIRef, TagId]) -> None:
        self._terms = terms
        self._slots: dict[TagId, Slot] = {}
        self._by_prop: dict[URIRef, Slot] = {}
        self._tag_of: dict[URIRef, TagId] = dict(numbers)
        for binding in bindings:
            s, p, prop = map(terms.node, (binding.equipment, binding.predicate, binding.prop))
            slot = Slot(binding, s, p, prop, DATA_TYPES.get(binding.data_type) is float)
            self._slots[numbers[binding.prop]] = slot
            self._by_prop[binding.prop] = slot
        self._bound: dict[tuple[Term, URIRef], URIRef] = {
            (slot.binding.equipment, slot.binding.predicate): slot.binding.prop for slot in self
        }
        self._quality = terms.node(TW.quality)
        self._status = terms.node(TW.statusCode)
        self._stale = terms.node(TW.stale)
        self._implausible = terms.node(TW.implausible)
        self._true = terms.node(Literal(True))
        self._codes: dict[int, Node] = {}
        self._words = tuple(terms.node(Literal(word)) for word in ("good", "uncertain", "bad"))
        self.value_predicates = frozenset(slot.predicate for slot in self._slots.values())
        """The predicates that carry live values; history, not the journal, keeps what they say."""

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots.values())

    def slot(self, prop: URIRef) -> Slot | None:
        """The slot of a bound property, or None."""
        return self._by_prop.get(prop)

    def of(self, tag: TagId) -> Slot | None:
        """The slot of history's tag, or None."""
        return self._slots.get(tag)

    def number(self, prop: URIRef) -> TagId | None:
        """History's number of a bound property, or None."""
        return self._tag_of.get(prop)

    def refuse_values(self, change: Change) -> None:
        """Raises BadChange for an edit that states what only telemetry says of a bound property."""
        for quad in change.adds:
            bound = self._bound.get((quad.s, quad.p))
            if bound is not None:
                raise BadChange(f"Only the controller says what {bound} is.", prop=str(bound))

    def stage(self, transaction: Transaction, reading: Reading) -> None:
        """Write a reading's value and quality into `state`. Nothing is dropped: what is implausible is marked so."""
        slot = self._slots.get(reading.tag)
        if slot is None:
            raise BadChange(f"There is no tag {reading.tag}.", tag=reading.tag)
        if reading.source_us < slot.newest_us:
            return  # late: history keeps it, the present does not go back, and does not get any fresher
        slot.newest_us = reading.source_us
        slot.received_us = max(slot.received_us, reading.received_us)
        plausible = _is_plausible(slot.binding, reading)
        if reading.value is not None and not (isinstance(reading.value, float) and math.isnan(reading.value)):
            value = self._terms.of_value(_typed(slot, reading.value))
            transaction.replace(slot.equipment, slot.predicate, value, GraphName.STATE)
        self._mark_quality(transaction, slot, reading.status)
        self._mark(transaction, slot.prop, self._implausible, not plausible)
        self._mark(transaction, slot.prop, self._stale, False)

    def steady(self, slot: Slot, reading: Reading, graph: WorkingGraph) -> Node | None:
        """The value of a reading that changes nothing but the value; None where it may change a mark of quality too.

        Such a reading has the status that the graph knows, is plausible, and comes for a tag without marks.
        """
        if reading.value is None or not _is_plausible(slot.binding, reading):
            return None
        code = self._codes.get(reading.status)
        if code is None:
            code = self._codes[reading.status] = self._terms.of_value(reading.status)
        prop = slot.prop
        is_marked = prop in graph.held(self._implausible) or prop in graph.held(self._stale)
        if is_marked or graph.held(self._status).get(prop) != code:
            return None
        return self._terms.of_value(_typed(slot, reading.value))

    def _mark_quality(self, transaction: Transaction, slot: Slot, status: int) -> None:
        word = self._words[min(status >> 30, 2)]
        code = self._terms.of_value(status)
        if not transaction.graph.has(slot.prop, self._status, code):
            transaction.replace(slot.prop, self._status, code, GraphName.STATE)
            transaction.replace(slot.prop, self._quality, word, GraphName.STATE)

    def _mark(self, transaction: Transaction, prop: Node, predicate: Node, holds: bool) -> None:
        if transaction.graph.has(prop, predicate, self._true) != holds:
            change = transaction.add if holds else transaction.remove
            change(prop, predicate, self._true, GraphName.STATE)


def _typed(slot: Slot, value: float | int | bool | str) -> float | int | bool | str:
    return float(value) if slot.is_float and isinstance(value, int) and not isinstance(value, bool) else value


def _is_plausible(binding: Binding, reading: Reading) -> bool:
    value = reading.value
    if reading.flags & ReadingFlag.IMPLAUSIBLE:
        return False
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    if isinstance(value, float) and math.isnan(value):
        return False
    return not (
        (binding.low is not None and value < binding.low) or (binding.high is not None and value > binding.high)
    )
