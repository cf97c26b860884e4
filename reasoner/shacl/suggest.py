"""What would mend a result, constraint by constraint: single triples to add, remove or change.

Nothing here is complete, and nothing is promised: the search of `kg.gate.why_not` has each suggestion judged on the
graph as it would be, and asks again for what is left. So a constraint that needs two triples suggests one of them,
and a value that can't be known (a name, a free number) is not suggested at all. Paths are mended at their last step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Final, TypeAlias

from rdflib import RDF, Literal, URIRef
from rdflib.namespace import XSD

from kg.change import Finding
from kg.errors import Undecided
from kg.graph import WorkingGraph
from kg.repair import Fact, Sense, Suggestion
from kg.terms import Node, Term, Terms, term_text
from reasoner.shacl import model
from reasoner.shacl.checks import Compiler, seen_by
from reasoner.shacl.hits import Hit
from reasoner.shacl.lexical import is_well_typed
from reasoner.shacl.model import Constraint, Evidence, Order, Shape, Shapes, component_of
from reasoner.shacl.near_values import nearest
from reasoner.shacl.path_ends import End, ends, ends_at
from reasoner.shacl.sight import Meter, Sight
from reasoner.shacl.validator import sights_of
from reasoner.shacl.walk import compile_path

MOST: Final = 16
"""Suggestions for one result."""
BUDGET: Final = 5_000
"""Work units (look-ups and nodes they return) for one result."""
_FEW: Final = 6
"""Values tried where a constraint accepts several."""
_DEEPEST: Final = 6
"""Shapes inside shapes that are followed."""
_BOOLEANS: Final = (Literal(True), Literal(False))

_Place: TypeAlias = tuple[Shape, Constraint, Evidence]
_Steps: TypeAlias = Iterator[Suggestion]


class Suggester:
    """Knows the shapes of one release over one graph. Implements kg.stages.Advice."""

    def __init__(self, graph: WorkingGraph, shapes: Shapes) -> None:
        self._terms = graph.terms
        self._meter = Meter()
        self._sights = sights_of(graph, self._meter)
        self._compiler = Compiler(graph.terms)
        self._places: dict[tuple[Term, URIRef], list[_Place]] = {}
        for root in shapes.roots:
            self._note(root, root.evidence or Evidence.ENTAILED)

    def suggest(self, finding: Finding) -> tuple[Suggestion, ...]:
        """What would mend the result on the graph as it is now, best first; at most `MOST`."""
        focus = self._terms.find(finding.focus)
        value = None if finding.value is None else self._terms.find(finding.value)
        if focus is None or (value is None and finding.value is not None):
            return ()
        self._meter.spent, self._meter.limit = 0, BUDGET
        for sight in self._sights.values():
            sight.forget_classes()
        found: dict[Suggestion, None] = {}
        try:
            for shape, constraint, evidence in self._places.get((finding.shape, finding.component), ()):
                at = _At(self._terms, self._compiler, shape, self._sights[evidence], focus, 0)
                step = finding.path if isinstance(constraint, model.Closed) else None
                for suggestion in at.mend(constraint, value, step):
                    found.setdefault(suggestion)
                    if len(found) >= MOST:
                        return tuple(found)
        except Undecided:
            pass  # what was found within the budget is as good as any
        return tuple(found)

    def _note(self, shape: Shape, evidence: Evidence) -> None:
        evidence = shape.evidence or evidence
        for constraint in shape.constraints:
            held = self._places.setdefault((shape.node, component_of(constraint)), [])
            if not any(place[1] == constraint and place[2] == evidence for place in held):
                held.append((shape, constraint, evidence))
        for inner in shape.properties:
            self._note(inner, evidence)


class _At:
    """A shape at one focus node."""

    __slots__ = ("_compiler", "_depth", "_focus", "_shape", "_sight", "_terms")

    def __init__(self, terms: Terms, compiler: Compiler, shape: Shape, sight: Sight, focus: Node, depth: int) -> None:
        self._terms = terms
        self._compiler = compiler
        self._shape = shape
        self._sight = seen_by(shape.evidence)(sight)
        self._focus = focus
        self._depth = depth

    # mending

    def mend(self, constraint: Constraint, value: Node | None, step: str | None = None) -> _Steps:
        """Steps towards the constraint, for the value at fault where the result names one."""
        match constraint:
            case model.Count(least=least):
                yield from self._more() if least else self._fewer(self._values())
            case model.HasValue(value=wanted):
                yield from self._have(wanted)
            case model.Closed():
                yield from self._open(step, value)
            case model.Qualified():
                yield from self._qualify(constraint)
            case model.UniqueLang():
                yield from self._one_language()
            case _ if value is not None:
                yield from self._mend_value(constraint, value)

    def mend_shape(self) -> _Steps:
        """Steps towards conformance with the whole shape."""
        shape = self._shape
        if shape.deactivated or self._depth > _DEEPEST:
            return
        values = self._values()
        finders = self._compiler.finders(shape, None)
        for constraint, find in zip(shape.constraints, finders, strict=True):
            hits: list[Hit] = []
            find(self._sight, self._focus, values, hits)
            for hit in hits[:_FEW]:
                step = None if hit.step is None else f"<{self._terms.term(hit.step)}>"
                yield from self.mend(constraint, hit.value, step)
        for inner in shape.properties:
            for value in values:
                yield from self._below(inner, value).mend_shape()

    def _mend_value(self, constraint: Constraint, value: Node) -> _Steps:
        match constraint:
            case model.Bound(order=order, limit=limit):
                yield from self._within(order, limit, value)
            case model.LessThan(predicate=predicate, or_equal=or_equal):
                yield from self._less(predicate, or_equal, value)
            case model.In(values=members):
                yield from self._exchange(value, members)
            case model.OfClass(cls=cls):
                yield from self._classify(value, cls)
            case model.OfDatatype(datatype=datatype):
                yield from self._exchange(value, _retyped(self._terms.term(value), datatype))
            case model.Equals(predicate=predicate):
                yield from self._equal(predicate, value)
            case model.Disjoint(predicate=predicate):
                yield Suggestion(old=self._fact(self._focus, predicate, value))
            case _:
                yield from self._mend_by_shapes(constraint, value)
        yield from self._fewer((value,))

    def _mend_by_shapes(self, constraint: Constraint, value: Node) -> _Steps:
        match constraint:
            case model.Not(shape=shape):
                yield from self._below(shape, value).spoil_shape()
            case model.HasShape(shape=shape):
                yield from self._below(shape, value).mend_shape()
            case model.And(shapes=shapes) | model.Or(shapes=shapes):
                for shape in shapes:
                    yield from self._below(shape, value).mend_shape()
            case model.Xone(shapes=shapes):
                holding = [shape for shape in shapes if self._compiler.conforms(shape)(self._sight, value)]
                for shape in holding:
                    yield from self._below(shape, value).spoil_shape()
                for shape in () if holding else shapes:
                    yield from self._below(shape, value).mend_shape()
            case _:
                return  # lengths, patterns, languages and kinds of node: no other value can be known

    # spoiling, for sh:not and its like

    def spoil_shape(self) -> _Steps:
        """Steps that keep the node from conforming: any one constraint broken will do."""
        if self._shape.deactivated or self._depth > _DEEPEST:
            return
        values = self._values()
        for constraint in self._shape.constraints:
            yield from self._spoil(constraint, values)
        for inner in self._shape.properties:
            for value in values:
                yield from self._below(inner, value).spoil_shape()

    def _spoil(self, constraint: Constraint, values: Collection[Node]) -> _Steps:
        match constraint:
            case model.HasValue(value=wanted):
                yield from self._fewer((self._compiler.node(wanted),))
            case model.Count(least=True):
                yield from self._fewer(values)
            case model.OfClass(cls=cls):
                for value in values:
                    for own in self._sight.objects(value, self._compiler.node(RDF.type)):
                        if own in self._sight.below(self._compiler.node(cls)):
                            yield Suggestion(old=self._fact(value, RDF.type, own))
            case model.Not(shape=shape):
                for value in values:
                    yield from self._below(shape, value).mend_shape()
            case model.HasShape(shape=shape):
                for value in values:
                    yield from self._below(shape, value).spoil_shape()
            case model.And(shapes=shapes):
                for shape in shapes:
                    for value in values:
                        yield from self._below(shape, value).spoil_shape()
            case _:
                return

    # single constraints

    def _within(self, order: Order, limit: Literal, value: Node) -> _Steps:
        given = self._terms.term(value)
        near = nearest(order, limit, given) if isinstance(given, Literal) else None
        if near is not None:
            yield from self._exchange(value, near[:1], near[1])

    def _less(self, predicate: URIRef, or_equal: bool, value: Node) -> _Steps:
        upper, lower = (
            (Order.MAX_INCLUSIVE, Order.MIN_INCLUSIVE) if or_equal else (Order.MAX_EXCLUSIVE, Order.MIN_EXCLUSIVE)
        )
        own = self._terms.term(value)
        for other in self._sight.objects(self._focus, self._compiler.node(predicate)):
            limit = self._terms.term(other)
            if not (isinstance(own, Literal) and isinstance(limit, Literal)):
                yield Suggestion(old=self._fact(self._focus, predicate, other))
                continue
            yield from self._within(upper, limit, value)
            if (near := nearest(lower, own, limit)) is not None:
                old = self._fact(self._focus, predicate, other)
                yield Suggestion(old, old._replace(o=near[0]), near[1])

    def _classify(self, value: Node, cls: Term) -> _Steps:
        if not isinstance(self._terms.term(value), Literal):
            yield Suggestion(new=Fact(self._terms.term(value), RDF.type, cls))
        instances = islice(self._sight.instances(self._compiler.node(cls)), _FEW)
        yield from self._exchange(value, sorted((self._terms.term(node) for node in instances), key=term_text))

    def _equal(self, predicate: URIRef, value: Node) -> _Steps:
        there = Suggestion(old=self._fact(self._focus, predicate, value))
        if value in self._values():
            yield Suggestion(new=there.old)
        else:
            yield there
            yield from self._add(self._terms.term(value))

    def _have(self, wanted: Term) -> _Steps:
        values = self._values()
        if len(values) == 1:
            yield from self._exchange(next(iter(values)), (wanted,))
        yield from self._add(wanted)

    def _more(self) -> _Steps:
        for known in self._known_values():
            yield from self._add(known)

    def _qualify(self, constraint: model.Qualified) -> _Steps:
        conforms = self._compiler.conforms(constraint.shape)
        values = self._values()
        fitting = [value for value in values if conforms(self._sight, value)]
        if not constraint.least:
            for value in fitting:
                yield from self._below(constraint.shape, value).spoil_shape()
            yield from self._fewer(fitting)
            return
        for value in values:
            if value not in fitting:
                yield from self._below(constraint.shape, value).mend_shape()
        for known in _named_by(constraint.shape.constraints):
            yield from self._add(known)

    def _one_language(self) -> _Steps:
        terms = {value: self._terms.term(value) for value in self._values()}
        tags = [term.language.lower() for term in terms.values() if isinstance(term, Literal) and term.language]
        twice = {tag for tag in tags if tags.count(tag) > 1}
        yield from self._fewer(
            value
            for value, term in terms.items()
            if isinstance(term, Literal) and term.language and term.language.lower() in twice
        )

    def _open(self, step: str | None, value: Node | None) -> _Steps:
        if step is None or value is None:
            return
        predicate = URIRef(step[1:-1])
        p = self._compiler.node(predicate)
        for subject in self._values():
            if self._sight.has(subject, p, value):
                yield Suggestion(old=self._fact(subject, predicate, value))

    # at the last step of the path

    def _fewer(self, values: Iterable[Node]) -> _Steps:
        for value in islice(values, MOST):
            for end in self._ends_at(value):
                old = self._at(end, self._terms.term(value))
                if old is not None:
                    yield Suggestion(old=old)

    def _exchange(self, value: Node, others: Iterable[Term], sense: Sense = Sense.INSTEAD) -> _Steps:
        own = self._terms.term(value)
        chosen = [other for other in islice(others, _FEW) if other != own or self._compiler.node(other) != value]
        for end in self._ends_at(value):
            old = self._at(end, own)
            for other in chosen:
                new = self._at(end, other)
                if old is not None and new is not None:
                    yield Suggestion(old, new, sense)

    def _add(self, value: Term) -> _Steps:
        if self._shape.path is None:
            return
        for end in islice(ends(self._shape.path, self._sight, self._focus, self._compiler.node), _FEW):
            new = self._at(end, value)
            if new is not None:
                yield Suggestion(new=new)

    def _ends_at(self, value: Node) -> list[End]:
        if self._shape.path is None:
            return []
        return list(ends_at(self._shape.path, self._sight, self._focus, value, self._compiler.node))

    def _at(self, end: End, value: Term) -> Fact | None:
        node = self._terms.term(end.node)
        if end.forward:
            return Fact(node, end.predicate, value)
        return None if isinstance(value, Literal) else Fact(value, end.predicate, node)

    def _fact(self, s: Node, p: URIRef, o: Node) -> Fact:
        return Fact(self._terms.term(s), p, self._terms.term(o))

    def _values(self) -> Collection[Node]:
        return compile_path(self._shape.path, self._compiler.node)(self._sight, self._focus)

    def _below(self, shape: Shape, node: Node) -> _At:
        return _At(self._terms, self._compiler, shape, self._sight, node, self._depth + 1)

    def _known_values(self) -> list[Term]:
        """Values that the shape's other constraints name."""
        found = dict.fromkeys(_named_by(self._shape.constraints))
        for constraint in self._shape.constraints:
            match constraint:
                case model.OfClass(cls=cls):
                    instances = islice(self._sight.instances(self._compiler.node(cls)), _FEW)
                    found.update(dict.fromkeys(sorted((self._terms.term(node) for node in instances), key=term_text)))
                case model.Equals(predicate=predicate) | model.LessThan(predicate=predicate, or_equal=True):
                    others = self._sight.objects(self._focus, self._compiler.node(predicate))
                    found.update(dict.fromkeys(map(self._terms.term, others[:_FEW])))
                case _:
                    continue
        return list(found)[:_FEW]


def _named_by(constraints: Iterable[Constraint]) -> Iterator[Term]:
    """The values that constraints spell out."""
    for constraint in constraints:
        match constraint:
            case model.HasValue(value=value):
                yield value
            case model.In(values=values):
                yield from values[:_FEW]
            case model.Bound(order=Order.MIN_INCLUSIVE | Order.MAX_INCLUSIVE, limit=limit):
                yield limit
            case model.OfDatatype(datatype=XSD.boolean):
                yield from _BOOLEANS
            case _:
                continue


def _retyped(term: Term, datatype: URIRef) -> Iterator[Term]:
    """The same text, or the same number, in another datatype, where it is well-formed there."""
    if isinstance(term, Literal) and not term.language and is_well_typed(str(term), datatype, None):
        yield Literal(str(term), datatype=datatype, normalize=False)
