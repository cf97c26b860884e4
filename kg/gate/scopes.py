"""Scopes: what a standing shape and a stop switch reach."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from rdflib import Literal, URIRef

from kg.change import Change, Finding, Findings, Reason
from kg.errors import BadChange, UnknownNode
from kg.gate.requests import Request
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.terms import Node, Term
from ontology import ISA95, TW

STOP_MODES = (TW.NoWrites, TW.ProposeOnly, TW.ReadOnly)


class Standing:
    """Open results of standing shapes. While one is open, requests in its scope are refused, remedial ones excepted.

    A result's scope is its focus node, and where that is a property the equipment it belongs to; a request is in
    scope when its target's equipment is that equipment or a part of it. A rule is remedial when the policy says
    `?rule tw:remedial true`; a sender can't claim it. A request by an agents' rule is remedial only while that rule's
    condition holds and asks for just this value: whoever names the rule may want something else.
    """

    def __init__(self, graph: WorkingGraph, shapes: frozenset[Term], rules: frozenset[URIRef] = frozenset()) -> None:
        self._graph = graph
        self._shapes = shapes
        self._rules = rules
        self._open: set[Finding] = set()

    def apply(self, findings: Findings, transaction: Transaction) -> None:
        """Follow what a transaction did to the results; goes back with the transaction."""
        for finding in findings.fixed:
            if finding in self._open:
                self._open.discard(finding)
                transaction.on_rollback(partial(self._open.add, finding))
        for finding in (*findings.introduced, *findings.worsened):
            if finding.shape in self._shapes and finding not in self._open:
                self._open.add(finding)
                transaction.on_rollback(partial(self._open.discard, finding))

    def reasons(self, change: Change, request: Request) -> list[Reason]:
        """Why a request is held back by what stands in its scope; empty where nothing does."""
        if not self._open or self._is_remedial(change, request):
            return []
        scope = set(self._upwards(request))
        return [
            Reason(finding.code or "standing", finding.message, finding)
            for finding in self._open
            if not scope.isdisjoint(self._reach(finding))
        ]

    def _upwards(self, request: Request) -> Iterable[Node]:
        """The target, its equipment, and everything that the equipment is part of."""
        part_of = self._graph.terms.node(ISA95.isPartOf)
        waiting, seen = [request.slot.prop, request.slot.equipment], set[Node]()
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting.extend(self._graph.objects(node, part_of))
        return seen

    def _reach(self, finding: Finding) -> set[Node]:
        node = self._graph.terms.node
        focus = node(finding.focus)
        return {focus, *self._graph.objects(focus, node(ISA95.isPropertyOf))}

    def _is_remedial(self, change: Change, request: Request) -> bool:
        node, rule = self._graph.terms.node, TW.rule
        named = [quad.o for quad in change.adds if quad.p == rule]
        return any(
            self._graph.has(node(r), node(TW.remedial), node(Literal(True)))
            and (r not in self._rules or self._asks_for(node(r), request))
            for r in named
        )

    def _asks_for(self, rule: Node, request: Request) -> bool:
        graph, prop = self._graph, request.slot.prop
        value = graph.terms.number(graph.terms.node(request.value))
        return any(
            graph.terms.number(wanted) == value and bool(graph.marks(prop, rule, wanted) & GraphName.INFERRED.bit)
            for wanted in graph.objects(prop, rule)
        )


class StopModes:
    """Checks what a stop switch may say; what it does is the work of shapes and of the write gateway."""

    def __init__(self, graph: WorkingGraph) -> None:
        self._graph = graph

    def check(self, change: Change) -> None:
        """Nothing for a well-formed switch. Raises BadChange or UnknownNode."""
        until_us = change.detail.get("until_us")
        if until_us is not None and (type(until_us) is not int or until_us <= change.at_us):
            raise BadChange(f"A stop ends at a wall time in microseconds that is still to come, not {until_us!r}.")
        for quad in (*change.adds, *change.removes):
            if quad.o not in STOP_MODES:
                raise BadChange(f"A stop has one of the modes {', '.join(STOP_MODES)}; not {quad.o}.")
            if quad.s != TW.Plant and not self._is_known(quad.s):
                raise UnknownNode(f"{quad.s} is no equipment, agent or rule of this plant.", scope=str(quad.s))

    def _is_known(self, scope: object) -> bool:
        node = self._graph.terms.find(scope)  # type: ignore[arg-type]
        return node is not None and any(True for _ in self._graph.predicates(node))
