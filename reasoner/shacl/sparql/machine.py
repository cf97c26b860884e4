"""Queries evaluated over what a shape sees, with every look-up and every row counted.

A row binds variables to nodes, or to terms that the graph has never seen (an expression may make such). Values are
given to an operator beforehand where its facts allow it, so that patterns are looked up from what is known; each row
is checked for agreement afterwards. Results do not depend on the order in which the graph holds its triples.
Source: SPARQL 1.1 18.4, 18.5; SHACL appendix A (pre-bound variables are constants, in sub-selects as well).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Final

from rdflib import Literal
from rdflib.namespace import RDF, RDFS
from rdflib.plugins.sparql.sparql import Prologue, SPARQLError
from rdflib.term import Variable

from kg.errors import Undecided
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.terms import Term, Terms
from reasoner.shacl.lexical import COUNTABLE_DIGITS, is_countable, is_well_typed
from reasoner.shacl.sight import Meter, Sight
from reasoner.shacl.sparql import algebra
from reasoner.shacl.sparql.aggregates import aggregated, order_key
from reasoner.shacl.sparql.algebra import (
    Bgp,
    Expression,
    Op,
    Pattern,
    Query,
    Variables,
    constants_of,
    handed,
)
from reasoner.shacl.sparql.expressions import evaluate, holds
from reasoner.shacl.sparql.lookup import Env, Lookups, Row, Value, ordered
from reasoner.shacl.sparql.ways import Ways

#: Work units that one evaluation may spend where nobody set a budget, as when a validator starts.
MOST_WORK: Final = 10_000_000
#: Evaluating an expression takes as long as some dozens of look-ups.
_PER_EXPRESSION: Final = 40
_EMPTY: Final[Row] = {}
#: rdflib's expressions keep the row that they are evaluated on, and shapes may serve several graphs.
_EVALUATING: Final = threading.Lock()


class Engine:
    """Evaluates the queries of one release over one graph's terms; what can be prepared is prepared once."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.ways = Ways(terms)
        self.prologue = Prologue()
        self._plans: dict[tuple[Bgp, Variables], tuple[Pattern, ...]] = {}
        self._shapes: dict[Query, WorkingGraph] = {}
        self._ready: set[Query] = set()

    def solve(self, query: Query, sight: Sight, given: Env, seed: Env | None = None) -> list[Row]:
        """The rows of a query; `given` holds the pre-bound values that come with a focus node.

        `seed` gives values to variables that are not pre-bound and that the query lets be given. Raises Undecided
        beyond the budget.
        """
        self._prepare(query)
        meter = sight.meter
        whole = meter.limit
        meter.limit = min(whole, meter.spent + MOST_WORK)
        env = {variable: self.terms.node(term) for variable, term in query.constants} | dict(given)
        with _EVALUATING:
            try:
                rows = list(Run(self, sight, query).rows(query.op, env, dict(seed or _EMPTY)))
                if meter.spent > meter.limit:
                    raise meter.overspent()
                return rows
            except RecursionError as error:
                raise Undecided("A query is nested too deeply to be evaluated.") from error
            finally:
                meter.limit = whole

    def _prepare(self, query: Query) -> None:
        """Make the query's constants nodes, so that no term becomes one while rows are compared."""
        if query not in self._ready:
            for constant in constants_of(query.op):
                self.ways.node(constant)
            self._ready.add(query)

    def value(self, term: Term) -> Value:
        """The node of a term, or the term where the graph has never seen it."""
        node = self.terms.find(term)
        return term if node is None else node

    def term(self, value: Value) -> Term:
        return value if isinstance(value, str) else self.terms.term(value)

    def plan(self, op: Bgp, known: Variables) -> tuple[Pattern, ...]:
        """The patterns in the order in which to look them up when these variables have values."""
        key = (op, known & op.facts.mentioned)
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = tuple(ordered(op.patterns, known))
        return found

    def shapes_of(self, query: Query, meter: Meter) -> Sight:
        """The shapes graph that a query looks into."""
        graph = self._shapes.get(query)
        if graph is None:
            graph = self._shapes[query] = WorkingGraph(self.terms)
            transaction, node = Transaction(graph), self.terms.node
            for s, p, o in query.shapes:
                transaction.add(node(s), node(p), node(o), GraphName.SHAPES)
        bit = GraphName.SHAPES.bit
        return Sight(graph, bit, meter, self.terms.node(RDF.type), self.terms.node(RDFS.subClassOf))


class Run:
    """One evaluation of a query over one graph."""

    def __init__(self, engine: Engine, sight: Sight, query: Query) -> None:
        self.engine = engine
        self.query = query
        self._meter = sight.meter
        self._lookups = Lookups(engine.ways, sight)

    def rows(self, op: Op, env: Env, seed: Row) -> Iterator[Row]:
        """The rows of an operator that agree with the seed, whose variables are passable or not in the operator."""
        match op:
            case Bgp():
                known = frozenset(seed).union(env)
                yield from self._lookups.match(self.engine.plan(op, known), env, seed)
            case algebra.Join(left=left, right=right):
                for mine, others in self._pairs(left, right, env, seed):
                    yield from (both for other in others if (both := self._merged(mine, other)) is not None)
            case algebra.LeftJoin(left=left, right=right, condition=condition):
                for mine, others in self._pairs(left, right, env, seed):
                    yield from self._optional(mine, others, condition, env)
            case algebra.Filter(condition=condition, inner=inner):
                for row in self.rows(inner, env, _passed(seed, inner)):
                    if self._holds(condition, env, row):
                        yield row
            case algebra.Union(left=left, right=right):
                for branch in (left, right):
                    yield from self.rows(branch, env, _passed(seed, branch))
            case algebra.Extend(inner=inner):
                for row in self.rows(inner, env, _passed(seed, inner)):
                    yield from self._extended(op, env, row)
            case algebra.InShapes(inner=inner):
                shapes = Run(self.engine, self.engine.shapes_of(self.query, self._meter), self.query)
                yield from shapes.rows(inner, env, seed)
            case _:
                yield from self._modified(op, env, seed)

    def _modified(self, op: Op, env: Env, seed: Row) -> Iterator[Row]:
        match op:
            case algebra.Project(inner=inner, variables=variables):
                inside = {v: x for v, x in env.items() if v in variables or v in self.query.prebound}
                for row in self.rows(inner, inside, _passed(seed, inner, variables)):
                    yield {v: x for v, x in row.items() if v in variables}
            case algebra.Group():
                yield from self._grouped(op, env, seed)
            case algebra.Distinct(inner=inner):
                seen = set()
                for row in self.rows(inner, env, _passed(seed, inner)):
                    key = frozenset(row.items())
                    if key not in seen:
                        seen.add(key)
                        yield row
            case algebra.Order(inner=inner, conditions=conditions):
                yield from self._sorted(self.rows(inner, env, _passed(seed, inner)), conditions, env)
            case algebra.Slice(inner=inner, start=start, length=length):
                rows: Iterable[Row] = self.rows(inner, env, {})
                found = list(rows) if _is_ordered(inner) else self._sorted(rows, (), env)
                yield from found[start : None if length is None else start + length]

    # joins

    def _pairs(self, left: Op, right: Op, env: Env, seed: Row) -> Iterator[tuple[Row, Iterable[Row]]]:
        """Each row of the left with rows of the right, looked up from it where the right lets it."""
        fixed: list[Row] | None = None
        given = _passed(seed, right)
        gifts = handed(left.facts, right.facts)
        for mine in self.rows(left, env, _passed(seed, left)):
            passed = given | {v: x for v, x in mine.items() if v in gifts}
            if passed:
                yield mine, self.rows(right, env, passed)
                continue
            if fixed is None:
                fixed = list(self.rows(right, env, {}))
            yield mine, fixed

    def _optional(self, mine: Row, others: Iterable[Row], condition: Expression | None, env: Env) -> Iterator[Row]:
        is_alone = True
        for other in others:
            both = self._merged(mine, other)
            if both is not None and (condition is None or self._holds(condition, env, both)):
                is_alone = False
                yield both
        if is_alone:
            yield mine

    def _merged(self, a: Row, b: Row) -> Row | None:
        self._lookups.spend(1)
        for variable, value in b.items():
            if variable in a and a[variable] != value:
                return None
        return a | b

    # expressions

    def _holds(self, condition: Expression, env: Env, row: Row) -> bool:
        self._lookups.spend(_PER_EXPRESSION + condition.size)
        return holds(condition, _Scope(self, env, row))

    def _evaluated(self, expression: Expression, env: Env, row: Row) -> Value | None:
        self._lookups.spend(_PER_EXPRESSION + expression.size)
        term = evaluate(expression, _Scope(self, env, row))
        if isinstance(term, Literal):
            self._lookups.spend(len(term) >> 4)
        return None if term is None else self.engine.value(term)

    def exists(self, pattern: Op, env: Env, row: Row) -> bool:
        """EXISTS: the row's values stand in the pattern as constants."""
        return any(True for _ in self.rows(pattern, {**env, **row}, {}))

    def _extended(self, op: algebra.Extend, env: Env, row: Row) -> Iterator[Row]:
        value = self._evaluated(op.expression, env, row)
        known = env.get(op.variable)
        if value is None:
            yield row
        elif known is None or known == value:
            yield {**row, op.variable: value}

    # groups and order

    def _grouped(self, op: algebra.Group, env: Env, seed: Row) -> Iterator[Row]:
        groups: dict[tuple[Value | None, ...], list[Row]] = {} if op.keys else {(): []}
        for row in self.rows(op.inner, env, _passed(seed, op)):
            key = tuple(self._lookups.known(k, env, row) for k in op.keys)
            groups.setdefault(key, []).append(row)
        for key, rows in groups.items():
            found = {name: value for name, value in zip(op.keys, key, strict=True) if value is not None}
            for aggregate in op.aggregates:
                values = self._contributions(aggregate, env, rows)
                result = aggregated(aggregate, values, len(rows))
                if result is not None:
                    found[aggregate.variable] = self.engine.value(result)
            yield found

    def _contributions(self, aggregate: algebra.Aggregate, env: Env, rows: list[Row]) -> list[Term | None]:
        over = aggregate.over
        if over is None:
            kept = {frozenset(row.items()) for row in rows} if aggregate.distinct else rows
            self._lookups.spend(len(rows))
            return [_ONE] * len(kept)
        found = (self._evaluated(over, env, row) for row in rows)
        values = [None if value is None else self.engine.term(value) for value in found]
        return list(dict.fromkeys(values)) if aggregate.distinct else values

    def _sorted(self, rows: Iterable[Row], conditions: tuple[tuple[Expression, bool], ...], env: Env) -> list[Row]:
        """The rows in order; those that the conditions leave equal in the order of their values."""
        found = list(rows)
        self._lookups.spend(len(found) * 4)
        term = self.engine.term
        found.sort(key=lambda row: [(name, order_key(term(row[name]))) for name in sorted(row)])
        for condition, descends in reversed(conditions):
            values = [self._evaluated(condition, env, row) for row in found]
            keys = [order_key(None if value is None else term(value)) for value in values]
            order = sorted(range(len(found)), key=keys.__getitem__, reverse=descends)
            found = [found[i] for i in order]
        return found


class _Scope:
    """A row as rdflib's functions see it. Implements expressions.Scope."""

    __slots__ = ("_env", "_row", "_run", "prologue")

    def __init__(self, run: Run, env: Env, row: Row) -> None:
        self._run = run
        self._env = env
        self._row = row
        self.prologue = run.engine.prologue

    def get(self, variable: Variable, default: Term | None = None) -> Term | None:
        value = self._row.get(variable)
        if value is None:
            value = self._env.get(variable)
        if value is None:
            return default
        term = self._run.engine.term(value)
        if isinstance(term, Literal) and not is_countable(str(term), term.datatype):
            if is_well_typed(str(term), term.datatype, term.language):
                raise Undecided(f"A query meets a number of {len(term)} digits.", limit=COUNTABLE_DIGITS)
            raise SPARQLError("This is no value of its datatype.")
        return term

    def __getitem__(self, variable: Variable) -> Term:
        found = self.get(variable)
        if found is None:
            raise KeyError(variable)
        return found

    def exists(self, pattern: Op) -> bool:
        return self._run.exists(pattern, self._env, self._row)


_ONE: Final = Literal(1)


def _passed(row: Row, op: Op, variables: Variables | None = None) -> Row:
    """The part of a row that may be given to an operator: what it lets pass, and what is not in it."""
    facts = op.facts
    if variables is None:
        return {v: x for v, x in row.items() if v in facts.passable}
    return {v: x for v, x in row.items() if v in facts.passable and v in variables}


def _is_ordered(op: Op) -> bool:
    while isinstance(op, algebra.Project | algebra.Distinct):
        op = op.inner
    return isinstance(op, algebra.Order)
