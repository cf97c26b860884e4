"""The inference stage of the Gate: derived facts kept complete through every transaction."""

from __future__ import annotations

import sys
from functools import partial

from kg.bands import Watch
from kg.graph import Transaction, WorkingGraph
from kg.names import VISIBLE, GraphName, mask
from kg.proof import Proof, Proofs
from kg.stages import Inference
from kg.terms import Node, Term
from reasoner.rules.bands import Bands
from reasoner.rules.explain import Explainer
from reasoner.rules.maintenance import Delta, Ranks, Round, is_calm
from reasoner.rules.plan import Plan
from reasoner.rules.strata import RuleSet
from reasoner.rules.views import Meter, Now

DEFAULT_BUDGET = 200_000
"""Steps per call of `infer`; a step is one match looked at, a few tenths of a microsecond."""


class RuleEngine:
    """Keeps the mark `inferred` on exactly the facts that some rule gives. Implements kg.stages.Inference.

    A fact that is both asserted and derived has both marks. Two engines of one Gate must not share what they derive
    (`strata.check_layers`). All changes to the graph must go through transactions on which `infer` is called, after
    one `start`.
    """

    def __init__(
        self,
        graph: WorkingGraph,
        rules: RuleSet,
        *,
        visible: int = mask(VISIBLE),
        budget: int = DEFAULT_BUDGET,
        below: Inference | None = None,
    ) -> None:
        """`visible` are the marks that bodies read; `below` explains facts that another engine has derived."""
        self.rules = rules
        self.steps = 0
        """Steps of the last call."""
        self._graph = graph
        self._plan = Plan(rules, graph.terms)
        self._visible = visible | GraphName.INFERRED.bit
        self._budget = budget
        self._ranks: Ranks = [{} for _ in self._plan.components]
        reads = None if self._plan.is_wild else frozenset(self._plan.reads)
        self._now = Now(graph, self._visible, self._plan.own, reads)
        self._transaction: Transaction | None = None
        self._seen = 0
        self._bands = Bands(self._plan, graph)
        self._explainer = Explainer(graph, rules, self._plan, lambda: self._ranks, self._visible, below)

    def start(self, transaction: Transaction) -> None:
        """Compute the closure of the graph as it is. Facts derived by an earlier release's rules are withdrawn."""
        self._now.survey()
        for s, p, o in list(self._derived_before()):
            transaction.remove(s, p, o, GraphName.INFERRED)
        ranks = self._ranks
        transaction.on_rollback(lambda: setattr(self, "_ranks", ranks))
        self._ranks = [{} for _ in self._plan.components]
        meter = Meter(sys.maxsize)
        Round(self._plan, self._ranks, transaction, self._now, self._visible, meter).close()
        self.steps = meter.spent
        self._remember(transaction)

    def infer(self, transaction: Transaction) -> None:
        """Bring the derived facts up to date with what changed since the last call in this transaction.

        Raises Undecided over the budget; the transaction must then be rolled back to before the call.
        """
        if transaction is not self._transaction:
            # what others wrote after the last call of the transaction before can only be what these rules don't see
            if self._transaction is not None and self._transaction.savepoint() > self._seen:
                self._now.hide(*Delta(self._transaction.changes(self._seen), self._visible).hidden)
            since = 0
        else:
            since = self._seen
        delta = Delta(transaction.changes(since), self._visible)
        if delta.hidden:
            self._now.hide(*delta.hidden)
        meter = Meter(self._budget)
        try:
            if not is_calm(self._plan, delta, self._now, meter):
                work = Round(self._plan, self._ranks, transaction, self._now, self._visible, meter)
                work.take(delta)
                work.run()
        finally:
            self.steps = meter.spent
        self._remember(transaction)

    def explain(self, s: Term, p: Term, o: Term) -> Proof | None:
        """The shortest proof (least height, then fewest steps) of a fact that holds now, or None."""
        return self._explainer.explain(s, p, o)

    def explain_all(self, s: Term, p: Term, o: Term, most: int) -> Proofs:
        """Up to so many different proofs of a fact that holds now, the shortest first. Raises BadValue."""
        return self._explainer.explain_all(s, p, o, most)

    def watch(self, predicate: Node) -> Watch | None:
        """Between which values of the predicate nothing follows or ceases to; None where that can't be told."""
        return self._bands.of(predicate)

    def _remember(self, transaction: Transaction) -> None:
        """Note up to where the transaction has been dealt with; goes back with it."""
        # the transaction before is not kept, or each would keep alive all that went before it; and what a transaction
        # keeps must not lead back to it, or only the collector could take it away
        transaction.on_rollback(partial(self._recall, self._seen if transaction is self._transaction else None))
        self._transaction, self._seen = transaction, transaction.savepoint()

    def _recall(self, seen: int | None) -> None:
        """Called while the transaction goes back: what is remembered is of it, or of none."""
        if seen is None:
            self._transaction = None
        self._seen = 0 if seen is None else seen

    def _derived_before(self) -> list[tuple[Node, Node, Node]]:
        found = []
        for p, cls in self._plan.heads():
            pairs = self._graph.pairs(p) if cls is None else ((s, cls) for s in self._graph.subjects(p, cls))
            found += [(s, p, o) for s, o in pairs if self._graph.marks(s, p, o) & GraphName.INFERRED.bit]
        return found
