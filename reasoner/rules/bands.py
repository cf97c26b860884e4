"""Safe bands of rules: between which values a live value may move so that no rule notices.

As long as no comparison with the value changes its truth, every body holds for the same bindings as before, so nothing
comes and nothing goes. More points than necessary make a band narrower, never wrong (`comparisons`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from rdflib import URIRef
from rdflib.namespace import RDF

from kg.bands import Band, Narrow, Watch, narrowed
from kg.graph import WorkingGraph
from kg.terms import Node
from reasoner.rules.comparisons import SUBJECT, Hop, Place, comparisons
from reasoner.rules.evaluate import value as evaluated
from reasoner.rules.ir import Call, Const, Expr, Ref, Var, variables_of
from reasoner.rules.nodes import Nodes
from reasoner.rules.operators import ON_VALUES
from reasoner.rules.plan import Plan
from reasoner.rules.values import EvalError, of_term

_Env: TypeAlias = Any
"""What an expression is computed from: a node where it has one variable, else a mapping from variables to nodes."""
_Compute: TypeAlias = Callable[[_Env], Any]


class Bands:
    """The watches of one rule set over one graph, made when first asked for."""

    def __init__(self, plan: Plan, graph: WorkingGraph) -> None:
        self._plan = plan
        self._graph = graph
        self._value = Nodes(graph.terms).value
        self._watches: dict[Node, Watch | None] = {}

    def of(self, predicate: Node) -> Watch | None:
        """The watch of a predicate; None where some rule looks at its values in a way that has no band."""
        if predicate not in self._watches:
            self._watches[predicate] = self._made(predicate)
        return self._watches[predicate]

    def _made(self, predicate: Node) -> Watch | None:
        iri, plan = self._graph.term(predicate), self._plan
        if not isinstance(iri, URIRef) or iri == RDF.type or plan.is_wild or plan.own(predicate, predicate):
            return None
        places = comparisons(plan.rules.rules, iri)
        if len(places) != len(plan.triggers(predicate, predicate, predicate)):
            return None  # something reads the predicate that is not understood here
        if any(place.compared is None and place.subject is None for place in places):
            return None
        return self._watch(predicate, places)

    def _watch(self, predicate: Node, places: Sequence[Place]) -> Watch | None:
        node = self._graph.terms.node
        hops = {hop for place in places for compared in place.compared or () for hop in compared.hops}
        near = frozenset(node(hop.predicate) for hop in hops if hop.start == SUBJECT)
        far = frozenset(node(hop.predicate) for hop in hops if hop.start != SUBJECT)
        if predicate in near | far:
            return None
        by_subject: dict[Node | None, list[Place]] = {}
        for place in places:
            by_subject.setdefault(None if place.subject is None else node(place.subject), []).append(place)
        usual = self._steps(by_subject.get(None, []))
        special = {subject: self._steps(found) for subject, found in by_subject.items() if subject is not None}
        if not usual and not special:
            return Watch()
        if special:
            return Watch(_by_subject(usual, special), near, far)
        return Watch(usual[0] if len(usual) == 1 else _in_turn(usual), near, far)

    def _steps(self, places: Sequence[Place]) -> list[Narrow]:
        ways: dict[tuple[Hop, ...], dict[Expr, None]] = {}
        for place in places:
            if place.compared is None:
                return [_never]
            for compared in place.compared:
                ways.setdefault(compared.hops, {})[compared.expr] = None
        return [self._compiled(way, list(exprs)) for way, exprs in ways.items()]

    def _compiled(self, hops: tuple[Hop, ...], exprs: Sequence[Expr]) -> Narrow:
        if not hops and not any(map(variables_of, exprs)):
            points = (_point(self._compute(expr, None), {}) for expr in exprs)
            return _constant(tuple(sorted({point for point in points if point is not None})))
        if len(hops) == 1 and hops[0].start == SUBJECT and all(variables_of(e) == {hops[0].end} for e in exprs):
            return self._beside(self._graph.terms.node(hops[0].predicate), exprs, hops[0].end)
        return self._walked(hops, [self._compute(expr, None) for expr in exprs])

    def _beside(self, predicate: Node, exprs: Sequence[Expr], var: Var) -> Narrow:
        """For what is compared with another value of the same subject, which is by far the usual case."""
        held_of = self._graph.held
        computes = [self._compute(expr, var) for expr in exprs]

        def narrow(s: Node, value: float, low: float, high: float) -> Band | None:
            held = held_of(predicate).get(s)
            if held is None:
                return low, high
            for node in held if isinstance(held, set) else (held,):
                for compute in computes:
                    point = _point(compute, node)
                    if point is None:
                        continue
                    if low < point < value:
                        low = point
                    elif value < point < high:
                        high = point
                    elif point == value:
                        return None
            return low, high

        return narrow

    def _walked(self, hops: tuple[Hop, ...], computes: Sequence[_Compute]) -> Narrow:
        node, objects = self._graph.terms.node, self._graph.objects
        steps = [(h.start if isinstance(h.start, Var) else node(h.start), node(h.predicate), h.end) for h in hops]

        def walk(env: dict[Var, Node], at: int) -> Iterator[dict[Var, Node]]:
            if at == len(steps):
                yield env
                return
            start, predicate, end = steps[at]
            for found in objects(env[start] if isinstance(start, Var) else start, predicate):
                yield from walk({**env, end: found}, at + 1)

        def narrow(s: Node, value: float, low: float, high: float) -> Band | None:
            points = (_point(compute, env) for env in walk({SUBJECT: s}, 0) for compute in computes)
            return narrowed(value, low, high, tuple(point for point in points if point is not None))

        return narrow

    def _compute(self, expr: Expr, only: Var | None) -> _Compute:
        """A function that computes what the compiled rule computes; of a node where there is one variable."""
        value, term = self._value, self._graph.term
        match expr:
            case Ref(var):
                return value if only is not None else lambda env: value(env[var])
            case Const(constant):
                known = of_term(constant)
                return lambda env: known
            case Call(op, (Const(constant), right)) if op in ON_VALUES:
                return _with_constant(ON_VALUES[op][1], of_term(constant), self._compute(right, only))
            case Call(op, args) if op in ON_VALUES:
                function, parts = ON_VALUES[op][1], [self._compute(arg, only) for arg in args]
                return lambda env: function(*(part(env) for part in parts))
        if only is not None:
            return lambda node: evaluated(expr, {only: term(node)})
        return lambda env: evaluated(expr, {var: term(node) for var, node in env.items()})


def _in_turn(steps: Sequence[Narrow]) -> Narrow:
    def narrow(s: Node, value: float, low: float, high: float) -> Band | None:
        for step in steps:
            band = step(s, value, low, high)
            if band is None:
                return None
            low, high = band
        return low, high

    return narrow


def _by_subject(usual: Sequence[Narrow], special: Mapping[Node, Sequence[Narrow]]) -> Narrow:
    """For rules that name a subject: what they compare with matters for that subject alone."""
    of_all = _in_turn(usual)
    of_one = {subject: _in_turn((*usual, *steps)) for subject, steps in special.items()}

    def narrow(s: Node, value: float, low: float, high: float) -> Band | None:
        return of_one.get(s, of_all)(s, value, low, high)

    return narrow


def _never(s: Node, value: float, low: float, high: float) -> Band | None:
    return None


def _constant(points: tuple[float, ...]) -> Narrow:
    return lambda s, value, low, high: narrowed(value, low, high, points)


def _with_constant(function: Callable[[Any, Any], Any], constant: Any, other: _Compute) -> _Compute:
    """An operator with a constant on the left, which XPath makes a double where the other side is one."""
    as_double = _number(constant)

    def compute(env: _Env) -> Any:
        right = other(env)
        return function(as_double if right.__class__ is float and as_double is not None else constant, right)

    return compute


def _point(compute: _Compute, env: _Env) -> float | None:
    try:
        value = compute(env)
    except EvalError:
        return None
    return value if value.__class__ is float else _number(value)


def _number(value: Any) -> float | None:
    """The double around which a comparison with the value changes; None for what numbers can't be compared with."""
    if value.__class__ is bool or not isinstance(value, int | float | Decimal):
        return None
    try:
        return float(value)
    except OverflowError:  # beyond every double
        return None
