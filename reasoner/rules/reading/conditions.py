"""Shapes as conditions of rules: conformance of a node, written as parts of a rule's body.

A condition is true in the stratified fixpoint, not in one pass over the rules. What asks for the absence of something
that itself depends on an absence gets a helper rule, `?s <RULE.unmetN> ?o`, which mirrors the first triple on the way
to the value that fails. Shapes may use counts up to three, values, ranges, lengths, lists, classes, datatypes, node
kinds, sh:property, sh:node, sh:and, sh:or and sh:not; everything else is refused by name.
Source: SHACL 4, SHACL-AF 8.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeAlias

from rdflib import Literal, URIRef
from rdflib.namespace import RDF, SH, XSD

from kg.errors import RuleRefused
from kg.terms import NUMERIC
from reasoner.rules.ir import Absence, Atom, Call, Const, Expr, Ref, Rule, Slot, Var
from reasoner.rules.reading.foci import THIS, Classes
from reasoner.rules.reading.parts import Names, Parts
from reasoner.shacl import model
from reasoner.shacl.lexical import bounds_of
from reasoner.shacl.model import Shape

_DISTINCT = 3
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Test:
    """A filter. `total` where it can't err."""

    expr: Expr
    total: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """The node is a SHACL instance of the class."""

    node: Slot
    cls: URIRef


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    part: Formula


@dataclass(frozen=True, slots=True)
class Some:
    """There is a way along the atoms of one of these alternatives to where the part holds."""

    ways: tuple[tuple[Atom, ...], ...]
    part: Formula


Formula: TypeAlias = Test | Member | All | Any | Not | Some


class Conditions:
    """Writes the conditions of one rule, and the helper rules that they need."""

    def __init__(self, names: Names, classes: Classes, foci: list[Parts], order: float) -> None:
        self._names = names
        self._classes = classes
        self._foci = foci
        self._order = order
        self._helpers = 0
        self.rules: list[Rule] = []

    def conforming(self, shape: Shape, node: Slot) -> list[Parts]:
        """The alternatives by which the node conforms. Raises RuleRefused naming rule and construct."""
        return self._holds(self._formula(shape, node))

    # shapes as formulas

    def _formula(self, shape: Shape, node: Slot) -> Formula:
        if shape.deactivated:
            return All()
        if shape.evidence is not None:
            raise self._refused("tw:evidence")
        if shape.path is not None:
            return self._property(shape, node)
        return All((*self._of_values(shape, node), *(self._formula(inner, node) for inner in shape.properties)))

    def _property(self, shape: Shape, node: Slot) -> Formula:
        """A property shape: its counts, and for each value that it conforms."""
        parts: list[Formula] = []
        for constraint in shape.constraints:
            if isinstance(constraint, model.Count):
                parts.append(self._count(shape, node, constraint))
            elif isinstance(constraint, model.HasValue):
                parts.append(self._some(shape, node, constraint.value, All()))
        value = self._names.fresh()
        counted = tuple(c for c in shape.constraints if not isinstance(c, model.Count | model.HasValue))
        each = All(
            (
                *self._of_values(replace(shape, constraints=counted), value),
                *(self._formula(inner, value) for inner in shape.properties),
            )
        )
        if each.parts:
            parts.append(Not(self._some(shape, node, value, Not(each))))
        return All(tuple(parts))

    def _some(self, shape: Shape, node: Slot, value: object, part: Formula) -> Formula:
        if shape.path is None or not isinstance(value, URIRef | Literal | Var):
            return Any()  # a blank node of the shapes graph is no node of the data
        return Some(tuple(self._names.along(shape.path, node, value)), part)

    def _count(self, shape: Shape, node: Slot, count: model.Count) -> Formula:
        needed = count.limit if count.least else count.limit + 1
        if needed > _DISTINCT:
            raise self._refused(f"{'sh:minCount' if count.least else 'sh:maxCount'} {count.limit}")
        if needed == 0:
            return All()
        values = [self._names.fresh() for _ in range(needed)]
        several: Formula = All(tuple(Not(Test(_same(a, b), True)) for a, b in combinations(values, 2)))
        for value in reversed(values):
            several = self._some(shape, node, value, several)
        return several if count.least else Not(several)

    def _of_values(self, shape: Shape, node: Slot) -> Iterator[Formula]:
        for constraint in shape.constraints:
            yield self._constraint(constraint, node)

    def _constraint(self, constraint: model.Constraint, node: Slot) -> Formula:
        match constraint:
            case model.OfClass(cls=URIRef() as cls):
                return Member(node, cls)
            case model.OfDatatype(datatype=datatype):
                return self._datatype(datatype, node)
            case model.OfKind(kind=kind):
                return _either(tuple(Call(op, (_ref(node),)) for op in _KINDS[kind]))
            case model.Bound(order=order, limit=limit):
                return Test(Call(order.value, (_ref(node), Const(limit))))
            case model.Length(limit=limit, least=least):
                length = Call("strlen", (Call("str", (_ref(node),)),))
                return Test(Call(">=" if least else "<=", (length, Const(Literal(limit)))))
            case model.HasValue(value=value):
                return self._among((value,), node)
            case model.In(values=values):
                if len(values) > _LONGEST:
                    raise self._refused(f"sh:in with more than {_LONGEST} members")
                return self._among(values, node)
            case model.Not(shape=inner):
                return Not(self._formula(inner, node))
            case model.And(shapes=shapes):
                return All(tuple(self._formula(inner, node) for inner in shapes))
            case model.Or(shapes=shapes):
                return Any(tuple(self._formula(inner, node) for inner in shapes))
            case model.HasShape(shape=inner):
                return self._formula(inner, node)
            case _:
                raise self._refused(_name_of(constraint))

    def _among(self, values: tuple[object, ...], node: Slot) -> Formula:
        tests = tuple(_same(node, value) for value in values if isinstance(value, URIRef | Literal))
        return _either(tests) if tests else Any()

    def _datatype(self, datatype: URIRef, node: Slot) -> Formula:
        """The literal has the datatype and a value of it."""
        value = _ref(node)
        has = Test(Call("=", (Call("datatype", (value,)), Const(datatype))))
        if datatype in NUMERIC:
            least, most = bounds_of(datatype)
            limits = [Call(">=", (value, Const(Literal(least))))] if least is not None else []
            limits += [Call("<=", (value, Const(Literal(most))))] if most is not None else []
            return All((has, Test(Call("isnumeric", (value,)), True), *map(Test, limits)))
        if datatype in (XSD.dateTime, XSD.date):
            return All((has, Test(Call("<=", (value, value)))))
        if datatype == XSD.boolean:
            cast = Call("xsd:boolean", (value,))
            return All((has, Test(Call("=", (cast, cast)))))
        if str(datatype).startswith(str(XSD)) and datatype != XSD.string:
            raise self._refused(f"sh:datatype {datatype.n3()}")
        if str(datatype).startswith(str(RDF)) and datatype != RDF.langString:
            raise self._refused(f"sh:datatype {datatype.n3()}")
        return has

    def _refused(self, construct: str) -> RuleRefused:
        return self._names.refused(f"{construct} is not understood in a sh:condition", construct=construct)

    # formulas as bodies

    def _holds(self, formula: Formula) -> list[Parts]:
        match formula:
            case Test(expr=expr):
                return [Parts(filters=(expr,))]
            case Member(node=node, cls=cls):
                return self._classes.members(node, cls)
            case All(parts=parts):
                bodies = [Parts()]
                for part in parts:
                    bodies = self._names.both(bodies, self._holds(part))
                return bodies
            case Any(parts=parts):
                return self._names.bounded([body for part in parts for body in self._holds(part)])
            case Some(ways=ways, part=part):
                return self._names.both([Parts(atoms) for atoms in ways], self._holds(part))
            case Not(part=part):
                return self._fails(part)

    def _fails(self, formula: Formula) -> list[Parts]:
        match formula:
            case Test():
                return [Parts(filters=(_untrue(formula),))]
            case All(parts=parts):
                return self._holds(Any(tuple(Not(part) for part in parts)))
            case Any(parts=parts):
                return self._holds(All(tuple(Not(part) for part in parts)))
            case Not(part=part):
                return self._holds(part)
            case Some() | Member():
                return [Parts(absences=tuple(self._absence(body) for body in self._holds(formula)))]

    def _absence(self, body: Parts) -> Absence:
        """What stands in the way, or a helper's fact where that depends on an absence itself."""
        if not body.absences:
            return Absence(body.atoms, body.filters)
        s, _, o = body.atoms[0]
        self._helpers += 1
        predicate = URIRef(f"{self._names.rule}.unmet{self._helpers}")
        head = Atom(s, predicate, o)
        is_of_focus = any(THIS in atom for atom in body.atoms)
        for focus in self._foci if is_of_focus else [Parts()]:
            self.rules.append((focus + body).before(Rule(str(predicate), head, (), order=self._order)))
        return Absence((head,))


_KINDS: dict[URIRef, tuple[str, ...]] = {
    SH.IRI: ("isiri",),
    SH.BlankNode: ("isblank",),
    SH.Literal: ("isliteral",),
    SH.BlankNodeOrIRI: ("isblank", "isiri"),
    SH.BlankNodeOrLiteral: ("isblank", "isliteral"),
    SH.IRIOrLiteral: ("isiri", "isliteral"),
}
_TRUE = Const(Literal("true", datatype=XSD.boolean))


def _ref(slot: Slot) -> Expr:
    return Ref(slot) if isinstance(slot, Var) else Const(slot)


def _same(a: Slot, b: Slot) -> Expr:
    return Call("sameterm", (_ref(a), _ref(b)))


def _either(tests: tuple[Expr, ...]) -> Test:
    """One of the tests, none of which can err."""
    return Test(tests[0] if len(tests) == 1 else Call("||", tests), True)


def _untrue(test: Test) -> Expr:
    """True exactly where the test is not, errors included."""
    opposite = Call("!", (test.expr,))
    return opposite if test.total else Call("coalesce", (opposite, _TRUE))


def _name_of(constraint: model.Constraint) -> str:
    component = model.component_of(constraint)
    if component == SH.SPARQLConstraintComponent:
        return "sh:sparql"
    if not component.startswith(str(SH)):
        return component.n3()
    name = component.removeprefix(str(SH)).removesuffix("ConstraintComponent")
    return f"sh:{name[0].lower()}{name[1:]}"
