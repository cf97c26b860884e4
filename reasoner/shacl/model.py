"""Shapes as values: what a shapes graph says, checked for well-formedness and free of recursion.

Source: SHACL 2 (shapes, targets), 4 (core constraint components), 5 and 6 (SPARQL); SHACL-AF 3 (SPARQL targets).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

from rdflib import Literal, URIRef
from rdflib.namespace import SH

from kg.change import Severity
from kg.terms import Term
from reasoner.shacl.paths import Path
from reasoner.shacl.sparql.algebra import Query


class Evidence(Enum):
    """What may satisfy or violate a shape (`tw:evidence`)."""

    ASSERTED = "asserted"
    """Triples held by no graph but `inferred` are invisible to the shape and to its targets."""
    ENTAILED = "entailed"


# targets


@dataclass(frozen=True, slots=True)
class TargetNode:
    node: Term


@dataclass(frozen=True, slots=True)
class TargetClass:
    """`sh:targetClass`, or the shape itself where it is also a class. Instances by rdf:type/rdfs:subClassOf*."""

    cls: Term


@dataclass(frozen=True, slots=True)
class TargetSubjectsOf:
    predicate: URIRef


@dataclass(frozen=True, slots=True)
class TargetObjectsOf:
    predicate: URIRef


@dataclass(frozen=True, slots=True, eq=False)
class TargetQuery:
    """`sh:target` with a SPARQL query: its values of ?this."""

    query: Query
    source: Term


Target: TypeAlias = TargetNode | TargetClass | TargetSubjectsOf | TargetObjectsOf | TargetQuery


# constraints


@dataclass(frozen=True, slots=True)
class OfClass:
    cls: Term


@dataclass(frozen=True, slots=True)
class OfDatatype:
    datatype: URIRef


@dataclass(frozen=True, slots=True)
class OfKind:
    kind: URIRef
    """sh:IRI, sh:BlankNode, sh:Literal or a pair of them such as sh:BlankNodeOrIRI."""


@dataclass(frozen=True, slots=True)
class Count:
    """sh:minCount (`least`) or sh:maxCount."""

    limit: int
    least: bool


class Order(Enum):
    """How a value must stand to a limit; the value is the sign between value and limit."""

    MIN_EXCLUSIVE = ">"
    MIN_INCLUSIVE = ">="
    MAX_EXCLUSIVE = "<"
    MAX_INCLUSIVE = "<="


@dataclass(frozen=True, slots=True)
class Bound:
    """sh:minExclusive, sh:minInclusive, sh:maxExclusive or sh:maxInclusive."""

    order: Order
    limit: Literal


@dataclass(frozen=True, slots=True)
class Length:
    """sh:minLength (`least`) or sh:maxLength, in characters."""

    limit: int
    least: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """sh:pattern with sh:flags, after XPath's regular expressions."""

    pattern: str
    flags: str


@dataclass(frozen=True, slots=True)
class LanguageIn:
    ranges: tuple[str, ...]
    """Basic language ranges, in lower case. Source: RFC 4647 3.3.1."""


@dataclass(frozen=True, slots=True)
class UniqueLang:
    pass


@dataclass(frozen=True, slots=True)
class Equals:
    predicate: URIRef


@dataclass(frozen=True, slots=True)
class Disjoint:
    predicate: URIRef


@dataclass(frozen=True, slots=True)
class LessThan:
    predicate: URIRef
    or_equal: bool


@dataclass(frozen=True, slots=True)
class Not:
    shape: Shape


@dataclass(frozen=True, slots=True)
class And:
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Or:
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Xone:
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class HasShape:
    """sh:node."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Qualified:
    """sh:qualifiedMinCount (`least`) or sh:qualifiedMaxCount: values that conform to `shape` and to no sibling."""

    shape: Shape
    limit: int
    least: bool
    siblings: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    allowed: frozenset[URIRef]
    """The paths of the shape's property shapes and sh:ignoredProperties."""


@dataclass(frozen=True, slots=True)
class HasValue:
    value: Term


@dataclass(frozen=True, slots=True)
class In:
    values: tuple[Term, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sparql:
    """`sh:sparql`, or a constraint component that the shapes graph declares."""

    component: URIRef
    query: Query
    asks: bool
    """Whether the query is asked about each value, or else selects what is wrong with the focus node."""
    message: str | None
    source: Term | None
    """The sh:sparql node, as in sh:sourceConstraint; None for components."""


Constraint: TypeAlias = (
    OfClass
    | OfDatatype
    | OfKind
    | Count
    | Bound
    | Length
    | Pattern
    | LanguageIn
    | UniqueLang
    | Equals
    | Disjoint
    | LessThan
    | Not
    | And
    | Or
    | Xone
    | HasShape
    | Qualified
    | Closed
    | HasValue
    | In
    | Sparql
)

_ORDER_COMPONENT: Final = {
    Order.MIN_EXCLUSIVE: SH.MinExclusiveConstraintComponent,
    Order.MIN_INCLUSIVE: SH.MinInclusiveConstraintComponent,
    Order.MAX_EXCLUSIVE: SH.MaxExclusiveConstraintComponent,
    Order.MAX_INCLUSIVE: SH.MaxInclusiveConstraintComponent,
}
_COMPONENT: Final[dict[type, URIRef]] = {
    OfClass: SH.ClassConstraintComponent,
    OfDatatype: SH.DatatypeConstraintComponent,
    OfKind: SH.NodeKindConstraintComponent,
    Pattern: SH.PatternConstraintComponent,
    LanguageIn: SH.LanguageInConstraintComponent,
    UniqueLang: SH.UniqueLangConstraintComponent,
    Equals: SH.EqualsConstraintComponent,
    Disjoint: SH.DisjointConstraintComponent,
    Not: SH.NotConstraintComponent,
    And: SH.AndConstraintComponent,
    Or: SH.OrConstraintComponent,
    Xone: SH.XoneConstraintComponent,
    HasShape: SH.NodeConstraintComponent,
    Closed: SH.ClosedConstraintComponent,
    HasValue: SH.HasValueConstraintComponent,
    In: SH.InConstraintComponent,
}


def component_of(constraint: Constraint) -> URIRef:
    """The IRI of the constraint's component, as in sh:sourceConstraintComponent."""
    match constraint:
        case Sparql(component=component):
            return component
        case Bound(order=order):
            return _ORDER_COMPONENT[order]
        case Count(least=least):
            return SH.MinCountConstraintComponent if least else SH.MaxCountConstraintComponent
        case Length(least=least):
            return SH.MinLengthConstraintComponent if least else SH.MaxLengthConstraintComponent
        case LessThan(or_equal=or_equal):
            return SH.LessThanOrEqualsConstraintComponent if or_equal else SH.LessThanConstraintComponent
        case Qualified(least=least):
            return SH.QualifiedMinCountConstraintComponent if least else SH.QualifiedMaxCountConstraintComponent
        case _:
            return _COMPONENT[type(constraint)]


# shapes


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A node shape (`path` is None) or a property shape with everything it refers to."""

    node: Term
    path: Path | None = None
    targets: tuple[Target, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    properties: tuple[Shape, ...] = ()
    """The shapes named by sh:property."""
    severity: Severity = Severity.VIOLATION
    """VIOLATION also for severities that are not SHACL's own: whoever invents one gets the strictest treatment."""
    own_severity: URIRef | None = None
    """A severity that is not SHACL's own."""
    message: str | None = None
    code: str | None = None
    """tw:code: a stable short name for people and logs."""
    standing: bool = False
    """tw:standing: while it is violated, requests in its scope are refused."""
    evidence: Evidence | None = None
    """None where the shape says nothing: it then sees what the shape that refers to it sees."""
    deactivated: bool = False


@dataclass(frozen=True, slots=True)
class Costly:
    """A query of a shape for which no way leads from a changed triple back to the focus nodes.

    A change to one of its predicates leads to the check of every target of the shape.
    """

    shape: Term
    query: str
    """What holds the query: `sh:sparql`, `sh:target` or the IRI of a constraint component."""
    predicates: tuple[URIRef, ...] | None
    """In the order of their names; None where every change counts."""

    def __str__(self) -> str:
        changes = "any change" if self.predicates is None else f"a change of {', '.join(self.predicates)}"
        return f"Shape {self.shape.n3()}: {changes} leads to the check of all its targets, because of {self.query}."


@dataclass(frozen=True, slots=True)
class Shapes:
    """A shapes graph, understood."""

    roots: tuple[Shape, ...]
    """The shapes with targets, in the order of their names."""
    standing: frozenset[Term] = frozenset()
    """Names of the shapes declared standing and of the property shapes below them, as in `Finding.shape`."""
    severities: Mapping[Term, URIRef] = field(default_factory=dict)
    """Shapes with a severity that is not SHACL's own."""
    costly: tuple[Costly, ...] = ()
    """What is costly, in the order of the shapes' names."""
