"""The incremental validator: what a transaction does to the results of all shapes.

A Change can only alter the results of the (unit, focus node) pairs that the footprints lead back to; those are checked
again as a whole on the graph as it is now, and compared with what was remembered of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final

from rdflib import RDF, RDFS

from kg.bands import Watch
from kg.change import Finding, Findings
from kg.errors import Undecided
from kg.graph import Transaction, WorkingGraph
from kg.names import ASSERTED, VISIBLE, mask
from kg.terms import Node
from reasoner.shacl.affected import Affected, Changes, Pair
from reasoner.shacl.bands import Bands
from reasoner.shacl.checks import Compiler
from reasoner.shacl.compare import Comparison, worst
from reasoner.shacl.hits import Hit, Identity, identity_of, to_finding
from reasoner.shacl.model import Evidence, Shapes
from reasoner.shacl.sight import UNLIMITED, Meter, Sight
from reasoner.shacl.triggers import Triggers
from reasoner.shacl.units import Unit, units_of

_NONE: Final[tuple[Hit, ...]] = ()
#: In the place of a focus node: all targets of a unit. NaN is the one float that is no node.
_ALL: Final[Node] = math.nan
#: Work units (look-ups and nodes they return) that a check may spend; roughly a microsecond each.
BUDGET: Final = 500_000


class Validator:
    """Shapes over a working graph. Implements kg.stages.Validation.

    `budget` is in work units for each `check`; `start` has none. Not thread-safe, as the graph is not.
    """

    def __init__(self, graph: WorkingGraph, shapes: Shapes, *, budget: int = BUDGET) -> None:
        self.shapes = shapes
        self.budget = budget
        self.meter = Meter()
        self._graph = graph
        self._sights = sights_of(graph, self.meter)
        compiler = Compiler(graph.terms)
        self._units = [unit for root in shapes.roots for unit in units_of(root, compiler)]
        self._triggers = Triggers(self._units, compiler, graph.terms)
        self._bands = Bands(self._triggers, graph)
        self._lanes = [(table, self._sights[table.evidence]) for table in self._triggers.tables]
        self._entailed = self._sights[Evidence.ENTAILED]
        self._queries = [query for unit in self._units for query in unit.targets.queries]
        self._count: dict[Identity, int] = {}
        self._owed: dict[Pair, None] = {}
        self._opened: _Opened | None = None

    # the protocol

    def start(self, transaction: Transaction) -> tuple[Finding, ...]:
        """Validate everything, without a budget. Returns the results that hold. Goes back with the transaction."""
        transaction.on_rollback(self._snapshot())
        self._opened = None
        self._owed, self._count = {}, {}
        self._forget()
        self.meter.limit = UNLIMITED
        for predicate in self._triggers.walked_back:
            self._graph.subjects(predicate, predicate)  # builds the index now and not during a Change
        for unit in self._units:
            unit.held.clear()
            for focus in unit.all_targets(self._entailed):
                hits = unit.find(self._entailed, focus)
                if hits:
                    self._hold((unit, focus), tuple(hits))
        return tuple(self.results())

    def check(self, transaction: Transaction, since: int = 0) -> Findings:
        """What the transaction did to the results since the savepoint, by default since its beginning.

        Whoever gives a savepoint has called `check` for what the transaction did before it.
        """
        opened = self._open(transaction, since)
        changes = transaction.changes(since)
        self.meter.spent, self.meter.limit = 0, self.budget
        log = _Log(self)
        try:
            self._update(opened, changes, log)
        finally:
            if log.has_entries:
                transaction.on_rollback(log.undo)
        return self._findings(opened)

    def results(self) -> Iterator[Finding]:
        """All results that hold now, each once; of several distances from a limit the largest."""
        found: dict[Identity, Hit] = {}
        for unit in self._units:
            for hits in unit.held.values():
                for hit in hits:
                    known = found.setdefault(identity_of(hit), hit)
                    if known is not hit:
                        found[identity_of(hit)] = worst((known, hit))
        return (to_finding(hit, self._graph.terms) for hit in found.values())

    def watch(self, predicate: Node) -> Watch | None:
        """Between which values of the predicate no result changes; None where that can't be told."""
        return self._bands.of(predicate)

    # one check

    def _open(self, transaction: Transaction, since: int) -> _Opened:
        opened = self._opened
        if opened is None or opened.transaction is not transaction or opened.since != since:
            opened = self._opened = _Opened(transaction, since)
        return opened

    def _update(self, opened: _Opened, changes: Changes, log: _Log) -> None:
        self._follow_classes(opened, changes, log)
        affected = Affected(self._triggers, self._graph, self._lanes, self.meter, opened.before)
        affected.walk(changes)
        self._settle_debts(affected, opened, log)
        for pair, hits in opened.before.items():
            if pair not in affected.pairs:
                self._change(pair, hits, opened, log)
        for pair in affected.pairs:
            self._recheck(pair, opened, log)

    def _follow_classes(self, opened: _Opened, changes: Changes, log: _Log) -> None:
        remembered = self._triggers.remembered
        if opened.classes_changed or None in remembered or any(triple.p in remembered for triple, _, _ in changes):
            opened.classes_changed = True
            self._forget()
            log.classes_changed = True

    def _settle_debts(self, affected: Affected, opened: _Opened, log: _Log) -> None:
        """Put what an earlier check could not decide onto the list, and what this one could not find."""
        if not (self._owed or affected.lost):
            return
        log.keep_debts()
        owed, self._owed = self._owed, {}
        affected.lost.update((unit, None) for unit, focus in owed if focus is _ALL)
        affected.pairs.update((pair, None) for pair in owed if pair[1] is not _ALL)
        for unit in affected.lost:
            affected.pairs.update(((unit, focus), None) for focus in self._named(unit))
        affected.pairs.update((pair, None) for pair in opened.before if pair[0] in affected.lost)

    def _named(self, unit: Unit) -> tuple[Node, ...]:
        """Every node on which the unit may have or have had results.

        Naming them is the price of having lost track, so it is not counted; but a query that names them is.
        """
        meter = self.meter
        limit, spent = meter.limit, meter.spent
        if unit.targets.queries:
            meter.halve()
        else:
            meter.limit = UNLIMITED
        try:
            return (*unit.all_targets(self._entailed), *unit.held)
        except Undecided:
            self._owed[unit, _ALL] = None
            return tuple(unit.held)
        finally:
            meter.limit = limit
            meter.spent = meter.spent if unit.targets.queries else spent

    def _recheck(self, pair: Pair, opened: _Opened, log: _Log) -> None:
        whole = self.meter.halve()
        try:
            hits = self._find(pair)
        except Undecided:
            log.keep_debts()
            self._owed[pair] = None
            return
        finally:
            self.meter.limit = whole
        self._change(pair, hits, opened, log)

    def _find(self, pair: Pair) -> tuple[Hit, ...]:
        unit, focus = pair
        sight = self._entailed
        if unit.is_cheap:
            hits = unit.find(sight, focus)
            return tuple(hits) if hits and unit.is_target(sight, focus) else _NONE
        return tuple(unit.find(sight, focus)) if unit.is_target(sight, focus) else _NONE

    def _change(self, pair: Pair, hits: tuple[Hit, ...], opened: _Opened, log: _Log) -> None:
        unit, focus = pair
        old = unit.held.get(focus, _NONE)
        if not old and not hits:
            return
        opened.before.setdefault(pair, old)
        if hits != old:
            log.note(pair, old)
            self._hold(pair, hits)

    def _hold(self, pair: Pair, hits: tuple[Hit, ...]) -> None:
        unit, focus = pair
        count = self._count
        for hit in unit.held.pop(focus, _NONE):
            identity = identity_of(hit)
            left = count[identity] - 1
            if left:
                count[identity] = left
            else:
                del count[identity]
        if hits:
            unit.held[focus] = hits
            for hit in hits:
                identity = identity_of(hit)
                count[identity] = count.get(identity, 0) + 1

    def _findings(self, opened: _Opened) -> Findings:
        undecided = dict.fromkeys(str(unit.root.node) for unit, _ in self._owed)
        if not opened.before:
            return Findings(undecided=tuple(undecided)) if undecided else _CALM
        comparison = Comparison(self._count)
        for (unit, focus), old in opened.before.items():
            comparison.add(old, unit.held.get(focus, _NONE))
        return comparison.findings(self._graph.terms, tuple(undecided))

    def _forget(self) -> None:
        """Drop what is remembered of the class tree and of what target queries select."""
        for sight in self._sights.values():
            sight.forget_classes()
        for query in self._queries:
            query.forget()

    def _snapshot(self) -> Callable[[], None]:
        held = [dict(unit.held) for unit in self._units]
        count, owed = self._count, self._owed

        def undo() -> None:
            for unit, old in zip(self._units, held, strict=True):
                unit.held.clear()
                unit.held.update(old)
            self._count, self._owed = count, owed
            self._opened = None
            self._forget()

        return undo


_CALM: Final = Findings()


class _Opened:
    """The transaction being checked, and what the pairs touched in it held before it."""

    __slots__ = ("before", "classes_changed", "since", "transaction")

    def __init__(self, transaction: Transaction, since: int) -> None:
        self.transaction = transaction
        self.since = since
        self.before: dict[Pair, tuple[Hit, ...]] = {}
        self.classes_changed = False


class _Log:
    """What one check changed in the validator, to be undone with the transaction."""

    def __init__(self, validator: Validator) -> None:
        self._validator = validator
        self._old: dict[Pair, tuple[Hit, ...]] = {}
        self._debts: dict[Pair, None] | None = None
        self.classes_changed = False

    @property
    def has_entries(self) -> bool:
        return bool(self._old) or self._debts is not None or self.classes_changed

    def note(self, pair: Pair, old: tuple[Hit, ...]) -> None:
        self._old.setdefault(pair, old)

    def keep_debts(self) -> None:
        if self._debts is None:
            self._debts = dict(self._validator._owed)

    def undo(self) -> None:
        for pair, old in self._old.items():
            self._validator._hold(pair, old)
        if self._debts is not None:
            self._validator._owed = dict(self._debts)
        if self.classes_changed:
            self._validator._forget()


def sights_of(graph: WorkingGraph, meter: Meter) -> dict[Evidence, Sight]:
    """What shapes see for each kind of evidence."""
    type_, sub_class_of = graph.terms.node(RDF.type), graph.terms.node(RDFS.subClassOf)
    asserted = Sight(graph, mask(ASSERTED), meter, type_, sub_class_of)
    entailed = Sight(graph, mask(VISIBLE), meter, type_, sub_class_of)
    for sight in (asserted, entailed):
        sight.asserted, sight.entailed = asserted, entailed
    return {Evidence.ASSERTED: asserted, Evidence.ENTAILED: entailed}
