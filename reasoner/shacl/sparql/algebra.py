"""SPARQL queries as values: the operators that shapes may use, and what each of them lets be known beforehand.

An operator carries sets of variables. `mentioned`: all that occur in it. `certain`: bound in each of its rows.
`passable`: those whose value may be given to it before it is evaluated, such that its rows with that value stay the
same; giving it any other variable's value could change what an OPTIONAL, a LIMIT or an aggregate in it yields.
`loose`: the passable ones that must be given a node of the graph, because they stand only at the ends of paths that
lead from every node to itself. `grounded`: those that each row binds to a node of the graph.
Pre-bound variables are constants and are in none of the sets. Source: SPARQL 1.1 18, SHACL appendix A.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from rdflib import URIRef
from rdflib.term import Variable

from kg.terms import Term
from reasoner.shacl.paths import Alternative, Inverse, Path, Repeat, Sequence, occurrences

Variables: TypeAlias = frozenset[Variable]
Slot: TypeAlias = Variable | Term
"""A place in a triple pattern. Blank nodes of a query are variables."""
NOTHING: Variables = frozenset()


class Facts(NamedTuple):
    """What is known of an operator's variables."""

    mentioned: Variables
    certain: Variables
    passable: Variables
    loose: Variables
    grounded: Variables


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A negated property set: every predicate but these, forwards, backwards or both; None where not that way."""

    forward: frozenset[URIRef] | None
    backward: frozenset[URIRef] | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A triple pattern."""

    subject: Slot
    predicate: Path | Variable | Unlisted
    object: Slot


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """An expression in rdflib's form, with its variables and the patterns of its EXISTS."""

    tree: Any
    mentioned: Variables
    patterns: tuple[Op, ...]
    size: int
    """How many parts it has: what evaluating it costs at most, patterns aside."""


@dataclass(frozen=True, slots=True, eq=False)
class Bgp:
    patterns: tuple[Pattern, ...]
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    left: Op
    right: Op
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class LeftJoin:
    """OPTIONAL."""

    left: Op
    right: Op
    condition: Expression | None
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    condition: Expression
    inner: Op
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class Union:
    left: Op
    right: Op
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class Extend:
    """BIND, and SELECT (... AS ...)."""

    inner: Op
    variable: Variable
    expression: Expression
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """SELECT, of the query itself or of a sub-select."""

    inner: Op
    variables: Variables
    facts: Facts


@dataclass(frozen=True, slots=True)
class Aggregate:
    kind: str
    """Count, Sum, Min, Max, Avg, Sample or GroupConcat."""
    over: Expression | None
    """None for COUNT(*)."""
    distinct: bool
    separator: str
    variable: Variable


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    inner: Op
    keys: tuple[Variable, ...]
    aggregates: tuple[Aggregate, ...]
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class Distinct:
    inner: Op
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    inner: Op
    conditions: tuple[tuple[Expression, bool], ...]
    """Expressions; True where the order is descending."""
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    inner: Op
    start: int
    length: int | None
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class InShapes:
    """GRAPH $shapesGraph { ... }."""

    inner: Op
    facts: Facts


Op: TypeAlias = Bgp | Join | LeftJoin | Filter | Union | Extend | Project | Group | Distinct | Order | Slice | InShapes


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A SELECT or ASK query with what is pre-bound in it for one shape."""

    op: Op
    constants: tuple[tuple[Variable, Term], ...]
    """Parameters, $currentShape and $shapesGraph."""
    prebound: Variables
    """All pre-bound variables: those of `constants` and the ones that come with the focus node."""
    shapes: tuple[tuple[Term, Term, Term], ...] = ()
    """The shapes graph, where the query looks into it."""

    @property
    def givable(self) -> Variables:
        """Variables to which any value may be given beforehand."""
        return self.op.facts.passable - self.op.facts.loose


def is_nullable(path: Path) -> bool:
    """Whether the path leads from every node to itself."""
    match path:
        case Repeat(path=inner, sign=sign):
            return sign != "+" or is_nullable(inner)
        case Sequence(paths=paths):
            return all(is_nullable(part) for part in paths)
        case Alternative(paths=paths):
            return any(is_nullable(part) for part in paths)
        case Inverse(path=inner):
            return is_nullable(inner)
        case _:
            return False


def constants_of(op: Op) -> Iterator[Term]:
    """The terms that the patterns of an operator name, those of EXISTS included."""
    for part in _parts(op):
        yield from constants_of(part)
    if isinstance(op, Bgp):
        for pattern in op.patterns:
            yield from (slot for slot in (pattern.subject, pattern.object) if not isinstance(slot, Variable))
            if isinstance(pattern.predicate, Unlisted):
                yield from (pattern.predicate.forward or frozenset()) | (pattern.predicate.backward or frozenset())
            elif not isinstance(pattern.predicate, Variable):
                yield from (place.predicate for place in occurrences(pattern.predicate))


def _parts(op: Op) -> Iterator[Op]:
    match op:
        case Join(left=left, right=right) | Union(left=left, right=right):
            yield from (left, right)
        case LeftJoin(left=left, right=right, condition=condition):
            yield from (left, right, *(condition.patterns if condition else ()))
        case Filter(inner=inner, condition=expression) | Extend(inner=inner, expression=expression):
            yield from (inner, *expression.patterns)
        case Group(inner=inner, aggregates=aggregates):
            yield inner
            yield from (pattern for a in aggregates if a.over for pattern in a.over.patterns)
        case Order(inner=inner, conditions=conditions):
            yield inner
            yield from (pattern for expression, _ in conditions for pattern in expression.patterns)
        case Project(inner=inner) | Distinct(inner=inner) | Slice(inner=inner) | InShapes(inner=inner):
            yield inner


def bgp_facts(patterns: tuple[Pattern, ...], prebound: Variables) -> Facts:
    names: set[Slot] = set()
    nodes: set[Slot] = set()
    predicates: set[Slot] = set()
    for pattern in patterns:
        names |= {pattern.subject, pattern.object}
        if isinstance(pattern.predicate, Variable):
            predicates.add(pattern.predicate)
        if isinstance(pattern.predicate, Variable | Unlisted) or not is_nullable(pattern.predicate):
            nodes |= {pattern.subject, pattern.object}
    mentioned, grounded = _variables(names | predicates) - prebound, _variables(nodes) - prebound
    return Facts(mentioned, mentioned, mentioned, mentioned - grounded - predicates, grounded)


def join_facts(left: Facts, right: Facts) -> Facts:
    both = left.mentioned | right.mentioned
    loose = (left.loose - right.grounded) | (right.loose - left.grounded)
    passable = both - _blocked(left) - _blocked(right)
    return Facts(both, left.certain | right.certain, passable, loose & passable, left.grounded | right.grounded)


def union_facts(left: Facts, right: Facts) -> Facts:
    both = left.mentioned | right.mentioned
    passable = both - _blocked(left) - _blocked(right)
    loose = (left.loose | right.loose) & passable
    return Facts(both, left.certain & right.certain, passable, loose, left.grounded & right.grounded)


def left_join_facts(left: Facts, right: Facts, condition: Expression | None) -> Facts:
    optional = right.mentioned | (condition.mentioned if condition else NOTHING)
    passable = left.passable - (optional - left.certain)
    return Facts(left.mentioned | optional, left.certain, passable, left.loose & passable, left.grounded)


def filter_facts(inner: Facts, condition: Expression) -> Facts:
    passable = inner.passable - (condition.mentioned - inner.certain)
    return inner._replace(
        mentioned=inner.mentioned | condition.mentioned, passable=passable, loose=inner.loose & passable
    )


def extend_facts(inner: Facts, variable: Variable, expression: Expression) -> Facts:
    facts = filter_facts(inner, expression)
    return facts._replace(
        mentioned=facts.mentioned | {variable}, passable=facts.passable - {variable}, loose=facts.loose - {variable}
    )


def project_facts(inner: Facts, variables: Variables) -> Facts:
    return Facts(variables, *(names & variables for names in inner[1:]))


def group_facts(inner: Facts, keys: tuple[Variable, ...], aggregates: tuple[Aggregate, ...]) -> Facts:
    names = frozenset(keys)
    certain = inner.certain & names
    passable = inner.passable & certain
    mentioned = names | {aggregate.variable for aggregate in aggregates}
    return Facts(mentioned, certain, passable, inner.loose & passable, inner.grounded & names)


def slice_facts(inner: Facts) -> Facts:
    return inner._replace(passable=NOTHING, loose=NOTHING)


def in_shapes_facts(inner: Facts) -> Facts:
    """A node of the data graph need not be one of the shapes graph, nor the other way round."""
    return inner._replace(passable=inner.passable - inner.loose, loose=NOTHING, grounded=NOTHING)


def handed(left: Facts, right: Facts) -> Variables:
    """What a row of the left may give to the right."""
    return right.passable - (right.loose - left.grounded)


def _blocked(facts: Facts) -> Variables:
    return facts.mentioned - facts.passable


def _variables(slots: set[Slot]) -> Variables:
    return frozenset(slot for slot in slots if isinstance(slot, Variable))
