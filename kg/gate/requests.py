"""Requests as nodes: what the sender may state, what the Gate adds, and the two projections on which one is judged."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from rdflib import RDF, XSD, BNode, Literal, URIRef

from kg.bindings import DATA_TYPES, Binding
from kg.change import Change, Expected, Role
from kg.errors import BadChange, BadValue, NotWritable, PreconditionChanged, UnknownNode
from kg.gate.tags import Slot, Tags
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.terms import NUMERIC, Node, Term, double_literal, term_text
from ontology import TW

DEFAULT_LIFE_US = 30_000_000
"""How long a request without an expiry of its own stays valid: 30 s of wall time."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the Gate has read from a Change of kind REQUEST."""

    node: URIRef
    slot: Slot
    value: Literal
    """In the property's data type, canonical."""
    prior: Literal | None
    """The reported value when the request was judged; None where none has been seen."""
    expires_us: int


def read_request(change: Change, tags: Tags, graph: WorkingGraph) -> Request:
    """The request in a Change. Raises BadChange, UnknownNode, NotWritable or BadValue."""
    node = URIRef(change.id)
    if change.removes or any(quad.s != node for quad in change.adds):
        raise BadChange("A request states its own node and nothing else.", request=change.id)
    if any(isinstance(quad.o, BNode) for quad in change.adds):  # could not be taken out of the graph when it ends
        raise BadChange("A request names no blank nodes.", request=change.id)
    stated: dict[URIRef, list[object]] = {}
    for quad in change.adds:
        stated.setdefault(quad.p, []).append(quad.o)
    if stated.get(RDF.type) != [TW.Request]:
        raise BadChange("A request is a tw:Request and nothing else.", request=change.id)
    target = _only(stated, TW.target)
    slot = tags.slot(target) if isinstance(target, URIRef) else None
    if slot is None:
        raise UnknownNode(f"{target} is not a bound property of this plant.", target=str(target))
    _refuse_unwritable(slot, graph)
    return Request(
        node=node,
        slot=slot,
        value=_value(_only(stated, TW.desiredValue), slot.binding),
        prior=_reported(slot, graph),
        expires_us=_expiry(stated, change),
    )


def stage_request(request: Request, change: Change, approvers: Iterable[str], transaction: Transaction) -> None:
    """Write the request node: what was stated, and what only the Gate may say of author, prior value and approvals."""
    people = tuple(approvers)
    facts: list[tuple[URIRef, object]] = [
        (quad.p, quad.o) for quad in change.adds if quad.p not in (TW.desiredValue, TW.expiresAt)
    ]
    facts += [
        (TW.desiredValue, request.value),
        (TW.author, change.source.author),
        (TW.approvals, Literal(len(people))),
        (TW.expiresAt, _time(request.expires_us)),
    ]
    facts += [(TW.approvedBy, URIRef(person)) for person in people]
    if change.source.role is Role.AGENT:
        facts.append((TW.agent, change.source.author))
    if request.prior is not None:
        facts.append((TW.priorValue, request.prior))
        facts.append((TW.step, _step(request.value, request.prior)))
    node = transaction.graph.terms.node
    for predicate, value in facts:
        transaction.add(node(request.node), node(predicate), node(value), GraphName.DESIRED)  # type: ignore[arg-type]


def project(request: Request, tags: Tags, transaction: Transaction) -> None:
    """Replace, hypothetically, the reported values of the target and of its feedback by the desired one."""
    value = transaction.graph.terms.node(request.value)
    slots = [request.slot]
    if request.slot.binding.feedback is not None:
        feedback = tags.slot(request.slot.binding.feedback)
        if feedback is not None:
            slots.append(feedback)
    for slot in slots:
        transaction.replace(slot.equipment, slot.predicate, value, GraphName.STATE)


def admit(request: Request, transaction: Transaction) -> None:
    """From here on the request is in flight: permissives judge requests before admission, not after."""
    node = transaction.graph.terms.node
    this, kind = node(request.node), node(RDF.type)
    transaction.remove(this, kind, node(TW.Request), GraphName.DESIRED)
    transaction.add(this, kind, node(TW.AdmittedRequest), GraphName.DESIRED)
    transaction.add(request.slot.prop, node(TW.pending), node(Literal(True)), GraphName.DESIRED)


def check_read_set(read_set: Iterable[Expected], graph: WorkingGraph) -> None:
    """Nothing where every line still holds. Raises PreconditionChanged naming the first that does not."""
    for expected in read_set:
        if _holds(expected, graph) != expected.present:
            found = [term_text(graph.term(o)) for o in _objects(expected, graph)]
            raise PreconditionChanged(
                f"{expected.s} {expected.p} was {'' if expected.present else 'not '}{term_text(expected.o)}"
                f"; it is now {', '.join(found) or 'absent'}.",
                subject=str(expected.s),
                predicate=str(expected.p),
                expected=term_text(expected.o),
                found=", ".join(found),
            )


def _holds(expected: Expected, graph: WorkingGraph) -> bool:
    wanted = graph.terms.find(expected.o)
    if expected.tolerance is None:
        return wanted is not None and wanted in set(_objects(expected, graph))
    number = _number(expected.o) if wanted is None else graph.terms.number(wanted)
    if number is None:
        raise BadValue(f"{term_text(expected.o)} is not a number, so that nothing can be near it.")
    values = (graph.terms.number(o) for o in _objects(expected, graph))
    return any(value is not None and abs(value - number) <= expected.tolerance for value in values)


def _number(term: Term) -> float | None:
    return _finite(term.value) if isinstance(term, Literal) and term.datatype in NUMERIC else None


def _objects(expected: Expected, graph: WorkingGraph) -> Iterable[Node]:
    s, p = graph.terms.find(expected.s), graph.terms.find(expected.p)
    return () if s is None or p is None else graph.objects(s, p)


def _refuse_unwritable(slot: Slot, graph: WorkingGraph) -> None:
    binding = slot.binding
    node = graph.terms.node
    if not binding.writable or not any(True for _ in graph.objects(slot.prop, node(TW.writeGrant))):
        raise NotWritable(f"{binding.prop} is not on the write allow-list.", target=str(binding.prop))
    if binding.unit is None:
        raise NotWritable(f"{binding.prop} has no unit, and a number without a unit is not written.")


def _value(given: object, binding: Binding) -> Literal:
    wanted = DATA_TYPES[binding.data_type]
    value = given.value if isinstance(given, Literal) else None
    if wanted is float and (number := _finite(value)) is not None:
        return double_literal(number)
    if wanted is int and isinstance(value, int) and not isinstance(value, bool):
        return Literal(str(value), datatype=XSD.integer, normalize=False)
    if wanted is bool and isinstance(value, bool):
        return Literal(value)
    if wanted is str and isinstance(value, str):
        return Literal(value)
    shown = term_text(given) if isinstance(given, Literal) else str(given)
    raise BadValue(
        f"{shown} is not a finite {binding.data_type}, which {binding.prop} needs (unit {binding.unit}).",
        target=str(binding.prop),
        value=shown,
    )


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond every double
        return None
    return number if math.isfinite(number) else None


def _reported(slot: Slot, graph: WorkingGraph) -> Literal | None:
    for found in graph.objects(slot.equipment, slot.predicate):
        term = graph.term(found)
        if isinstance(term, Literal):
            return term
    return None


def _step(value: Literal, prior: Literal) -> Literal:
    try:
        return double_literal(abs(float(value) - float(prior)))
    except ValueError:
        return double_literal(0.0)


def _expiry(stated: dict[URIRef, list[object]], change: Change) -> int:
    given = stated.get(TW.expiresAt)
    if not given:
        return change.at_us + DEFAULT_LIFE_US
    moment = given[0].value if isinstance(given[0], Literal) else None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise BadValue("tw:expiresAt is an xsd:dateTime with a time zone.", given=str(given[0]))
    return int(moment.timestamp() * 1_000_000)


def _time(at_us: int) -> Literal:
    moment = datetime.fromtimestamp(at_us / 1_000_000, UTC).isoformat(timespec="milliseconds")
    return Literal(moment.replace("+00:00", "Z"), datatype=XSD.dateTime, normalize=False)


def _only(stated: dict[URIRef, list[object]], predicate: URIRef) -> object:
    values = stated.get(predicate, [])
    if len(values) != 1:
        raise BadChange(f"A request has exactly one {predicate}; this one has {len(values)}.")
    return values[0]
