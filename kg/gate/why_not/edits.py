"""From what would mend a reason to the edits that bring it about: in the Change first, then in what holds already."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from rdflib import BNode, Literal, URIRef

from kg.bindings import DATA_TYPES
from kg.change import Change, Expected, Kind, Quad, Role
from kg.errors import CallerError, PreconditionChanged
from kg.gate.authority import authorise
from kg.gate.requests import Request, check_read_set
from kg.gate.tags import Tags
from kg.gate.why_not.facts import Facts
from kg.graph import WorkingGraph
from kg.names import GraphName
from kg.repair import By, Edit, Fact, Part, Sense, Suggestion
from kg.terms import Term, double_literal
from ontology import TW

_APPROVERS: Final = (Role.SUPERVISOR, Role.ENGINEER, Role.OPERATOR)
_MOST_APPROVERS: Final = 4
_MOST_LINES: Final = 6
"""Broken lines of a read set that are mended; all of them have to be."""
_APPROVALS: Final = frozenset({TW.approvals, TW.approvedBy})


class Editor:
    """Finds edits for one Change. Reads the graph as it is now, with whatever is being supposed."""

    def __init__(self, change: Change, graph: WorkingGraph, tags: Tags, facts: Facts) -> None:
        self._change = change
        self._graph = graph
        self._tags = tags
        self._facts = facts

    def edits(self, suggestion: Suggestion, request: Request | None) -> Iterator[Edit]:
        """The edits that bring a suggestion about."""
        if request is None:
            yield from self._of_plain(suggestion)
        else:
            yield from self._of_request(suggestion, request)

    def preconditions(self) -> Iterator[Edit]:
        """For lines of the read set that no longer hold: what holds instead, or that they hold again."""
        broken = (expected for expected in self._change.read_set if self._is_broken(expected))
        for expected in islice(broken, _MOST_LINES):
            yield from self._of_line(expected)

    def expiry(self) -> Iterator[Edit]:
        """For a request that has expired: none stated, so that it lives for as long as the Gate gives it."""
        for quad in self._change.adds if self._change.kind is Kind.REQUEST else ():
            moment = quad.o.value if quad.p == TW.expiresAt and isinstance(quad.o, Literal) else None
            if isinstance(moment, datetime) and moment.tzinfo and moment.timestamp() * 1e6 <= self._change.at_us:
                yield Edit(Part.ADDS, quad, None, cost=0.5)

    # a request

    def _of_request(self, suggestion: Suggestion, request: Request) -> Iterator[Edit]:
        place = suggestion.old or suggestion.new
        if place is None:
            return
        if place.s == request.node:
            yield from self._of_node(place, suggestion, request)
        elif place.o == request.value and place[:2] in self._projected(request):
            yield from self._of_value(suggestion, request)
        else:
            yield from self._facts.edits(suggestion)

    def _of_node(self, place: Fact, suggestion: Suggestion, request: Request) -> Iterator[Edit]:
        if place.p == TW.desiredValue:
            yield from self._of_value(suggestion, request)
        elif place.p == TW.step:
            yield from self._of_step(suggestion, request)
        elif place.p in _APPROVALS:
            yield from self._of_approvals() if suggestion.new is not None else ()
        elif not self._facts.graphs(place):
            for behind in self._facts.behind(suggestion):
                fact = behind.old or behind.new
                if fact is not None and fact.s != request.node:
                    yield from self._facts.edits(behind)

    def _of_value(self, suggestion: Suggestion, request: Request) -> Iterator[Edit]:
        if suggestion.new is None or not isinstance(suggestion.new.o, Literal):
            return
        kind = DATA_TYPES[request.slot.binding.data_type]
        if kind in (int, float):
            number = self._graph.terms.number(self._graph.terms.node(suggestion.new.o))
            if number is not None:
                yield from self._asked(request, _number(number, kind is int, suggestion.sense), suggestion.sense)
        else:
            yield from self._asked(request, suggestion.new.o, Sense.INSTEAD)

    def _of_step(self, suggestion: Suggestion, request: Request) -> Iterator[Edit]:
        """A step that is too large ends at the limit, on the way to the value that was asked for."""
        number = self._graph.terms.number
        node = self._graph.terms.node
        prior = None if request.prior is None else number(node(request.prior))
        asked, step = number(node(request.value)), None if suggestion.new is None else number(node(suggestion.new.o))
        if prior is None or asked is None or step is None:
            return
        up = asked >= prior
        sense = Sense.AT_MOST if up else Sense.AT_LEAST
        whole = DATA_TYPES[request.slot.binding.data_type] is int
        yield from self._asked(request, _number(prior + step if up else prior - step, whole, sense), sense)

    def _asked(self, request: Request, value: Literal | None, sense: Sense) -> Iterator[Edit]:
        for quad in self._change.adds:
            if quad.p == TW.desiredValue and value is not None and value != quad.o:
                cost = 0.5 * _distance(quad.o, value)
                new = quad._replace(o=value)
                yield Edit(Part.ADDS, quad, new, sense=sense, cost=cost, unit=request.slot.binding.unit)

    def _projected(self, request: Request) -> set[tuple[Term, URIRef]]:
        """Where the desired value stands in the projection, apart from the request node."""
        binding = request.slot.binding
        feedback = None if binding.feedback is None else self._tags.slot(binding.feedback)
        slots = (request.slot,) if feedback is None else (request.slot, feedback)
        return {(slot.binding.equipment, slot.binding.predicate) for slot in slots}

    def _of_approvals(self) -> Iterator[Edit]:
        node, found = self._graph.terms.node, dict[URIRef, None]()
        for role in _APPROVERS:
            people = (self._graph.term(person) for person in self._graph.subjects(node(TW.role), node(Literal(role))))
            found |= dict.fromkeys(sorted(person for person in people if isinstance(person, URIRef)))
        found.pop(self._change.source.author, None)
        for place, person in enumerate(list(found)[:_MOST_APPROVERS]):
            line = Quad(URIRef(self._change.id), TW.approvedBy, person, GraphName.DESIRED)
            yield Edit(Part.APPROVALS, None, line, By.APPROVER, cost=2.0 + 0.01 * place)

    # any other Change

    def _of_plain(self, suggestion: Suggestion) -> Iterator[Edit]:
        old, new, _ = suggestion
        if old is None:
            yield from self._of_new(new)
            return
        stated = [quad for quad in self._change.adds if quad[:3] == old]
        for quad in stated:
            if new is None:
                yield Edit(Part.ADDS, quad, None, cost=0.9)
            elif not (self._is_foreign(new) or self._facts.holds(Quad(*new, quad.g))):
                yield Edit(Part.ADDS, quad, Quad(*new, quad.g), sense=suggestion.sense, cost=0.5)
        if stated:
            return
        held = self._facts.graphs(old)
        for name in held if new is None else ():
            yield from self._also(Edit(Part.REMOVES, None, Quad(*old, name), cost=0.8))
        if held:
            yield from self._facts.edits(suggestion)
            return
        for behind in self._facts.behind(suggestion):
            yield from self._of_plain(behind)

    def _of_new(self, new: Fact | None) -> Iterator[Edit]:
        if new is None or self._is_foreign(new):
            return
        kept = [quad for quad in self._change.removes if quad[:3] == new]
        for quad in kept:
            yield Edit(Part.REMOVES, quad, None, cost=0.7)
        if not kept:
            yield from self._also(Edit(Part.ADDS, None, self._graph_of(new), cost=0.6))
            yield from self._facts.edits(Suggestion(new=new))

    def _graph_of(self, new: Fact) -> Quad:
        """In the graph in which the Change speaks of the same subject, else where such triples are."""
        own = [quad.g for quad in self._change.adds if quad.s == new.s]
        return Quad(*new, own[0]) if own else self._facts.quad(new)

    def _also(self, edit: Edit) -> Iterator[Edit]:
        """The edit, where the sender may make it."""
        more = replace(
            self._change,
            adds=() if edit.part is not Part.ADDS else (edit.new,),  # type: ignore[arg-type]
            removes=() if edit.part is not Part.REMOVES else (edit.new,),  # type: ignore[arg-type]
        )
        try:
            authorise(more)
        except CallerError:
            return
        yield edit

    def _is_foreign(self, new: Fact) -> bool:
        """Whether the fact names a blank node that the Change does not: nobody else can name it."""
        named = {term for quad in self._change.adds for term in (quad.s, quad.o)}
        return any(isinstance(term, BNode) and term not in named for term in (new.s, new.o))

    # the read set

    def _is_broken(self, expected: Expected) -> bool:
        try:
            check_read_set((expected,), self._graph)
        except PreconditionChanged:
            return True
        except CallerError:
            return False
        return False

    def _of_line(self, expected: Expected) -> Iterator[Edit]:
        find = self._graph.terms.find
        s, p = find(expected.s), find(expected.p)
        values = () if s is None or p is None else self._graph.objects(s, p)
        found = sorted((self._graph.term(value) for value in values), key=str)
        if not expected.present:
            yield Edit(Part.READ_SET, expected, expected._replace(present=True), cost=0.6)
        for value in found[:2] if expected.present else ():
            yield Edit(Part.READ_SET, expected, expected._replace(o=value), cost=0.6)
        if expected.present and not found:
            yield Edit(Part.READ_SET, expected, None, cost=0.6)
        if expected.tolerance is None:
            yield from self._facts.edits(_again(expected, found))


def _again(expected: Expected, found: Iterable[Term]) -> Suggestion:
    fact = Fact(expected.s, expected.p, expected.o)
    if not expected.present:
        return Suggestion(old=fact)
    others = list(found)
    return Suggestion(fact._replace(o=others[0]) if len(others) == 1 else None, fact)


def _number(number: float, whole: bool, sense: Sense) -> Literal | None:
    """In the property's type; a whole one on the side of the limit that is allowed."""
    if not math.isfinite(number):
        return None
    if not whole:
        return double_literal(float(number))
    return Literal(math.ceil(number) if sense is Sense.AT_LEAST else math.floor(number))


def _distance(old: Term, new: Term) -> float:
    """Between 0 for near and 1 for far."""
    try:
        a, b = float(old), float(new)
    except ValueError:
        return 1.0
    return abs(a - b) / (abs(a) + abs(b) + 1.0)
