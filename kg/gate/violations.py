"""Violations as facts: `?focus tw:violates ?shape` in the graph `violations`, for agents' conditions and people."""

from __future__ import annotations

from kg.change import Finding, Findings
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.terms import Node
from ontology import TW

_Place = tuple[Node, Node]


class ViolationFacts:
    """Keeps one fact per (focus, shape) for as long as at least one result of the pair is open."""

    def __init__(self, graph: WorkingGraph) -> None:
        self._node = graph.terms.node
        self._violates = graph.terms.node(TW.violates)
        self._open: dict[_Place, set[Finding]] = {}

    def apply(self, findings: Findings, transaction: Transaction) -> None:
        """Follow what a transaction did to the results; goes back with the transaction."""
        for finding in findings.fixed:
            self._close(finding, transaction)
        for finding in (*findings.introduced, *findings.worsened):
            self._add(finding, transaction)

    def _add(self, finding: Finding, transaction: Transaction) -> None:
        place = self._place(finding)
        held = self._open.setdefault(place, set())
        if finding in held:
            return
        held.add(finding)
        transaction.on_rollback(lambda: held.discard(finding))
        transaction.add(place[0], self._violates, place[1], GraphName.VIOLATIONS)

    def _close(self, finding: Finding, transaction: Transaction) -> None:
        place = self._place(finding)
        held = self._open.get(place)
        if held is None or finding not in held:
            return
        held.discard(finding)
        transaction.on_rollback(lambda: held.add(finding))
        if not held:
            transaction.remove(place[0], self._violates, place[1], GraphName.VIOLATIONS)

    def _place(self, finding: Finding) -> _Place:
        return self._node(finding.focus), self._node(finding.shape)
