"""One round of bringing the derived facts up to date with what has changed, component by component.

A change only *nominates* facts that may have lost a derivation (looked for in the state before) and *fires* rules
that may have gained one (in the state now). Nominated facts are proved again from head to body. In a recursive
component a fact must be proved from facts of lower rank; what can't is withdrawn, which nominates further facts; the
withdrawn are then proved from what is left. Ranks are compared within one component only, and facts that go and come
back within a round are no change to the components above. Groups have members instead of facts, which are not stored: a
member that was nominated or fired is judged in the state before and in the state now, and counted where the two differ.
Sources: Hu, Motik, Horrocks, AAAI 2018 (backward/forward);
Zhao et al., ranks of Souffle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import TypeAlias

from kg.graph import Transaction, Triple
from kg.names import GraphName
from kg.terms import Node
from reasoner.rules.groups import Notes
from reasoner.rules.past import Past
from reasoner.rules.plan import CompiledGroups, Fact, Given, Member, Plan, Trigger
from reasoner.rules.views import Before, Gone, Meter, Now

_DERIVED = GraphName.INFERRED.bit
Ranks: TypeAlias = list[dict[Fact, int]]
"""For each component the rank of its derived facts; empty for components without recursion."""
_Proven: TypeAlias = "list[tuple[Fact, tuple[Fact, ...]]]"


class Delta:
    """What a transaction has changed in the eyes of rules."""

    __slots__ = ("came", "hidden", "unasserted", "went")

    def __init__(self, changes: Iterable[tuple[Triple, int, int]], visible: int) -> None:
        self.came: list[Fact] = []
        self.went: list[Fact] = []
        self.unasserted: list[Fact] = []
        """Derived facts that are no longer asserted as well."""
        self.hidden: set[Node] = set()
        """Predicates of triples that are now in no visible graph."""
        asserted = visible & ~_DERIVED
        for triple, then, now in changes:
            if now & visible:
                if not then & visible:
                    self.came.append(triple)
                elif then & asserted and not now & asserted:
                    self.unasserted.append(triple)
                continue
            if then & visible:
                self.went.append(triple)
            if now:
                self.hidden.add(triple.p)


def is_calm(plan: Plan, delta: Delta, now: Now, meter: Meter) -> bool:
    """True if nothing follows from a delta and nothing may have ceased to: no rule fires, no fact is nominated."""
    if delta.unasserted:
        return False
    gone = Gone()
    for fact in delta.went:
        gone.add(*fact)
    before = Before(now, gone)
    out: _Proven = []
    for facts, present in ((delta.went, False), (delta.came, True)):
        for fact in facts:
            s, p, o = fact
            for trigger in plan.triggers(s, p, o):
                if trigger.positive is present:
                    trigger.fire(s, p, o, now, out, meter)
                else:
                    trigger.nominate(s, p, o, before, out, meter)
                if out:
                    return False
    return True


class Round:
    """The work of one call of `infer`, or of `start`."""

    def __init__(
        self, plan: Plan, ranks: Ranks, transaction: Transaction, now: Now, visible: int, meter: Meter
    ) -> None:
        self._plan = plan
        self._ranks = ranks
        self._transaction = transaction
        self._graph = transaction.graph
        self._now = now
        self._visible = visible
        self._asserted = visible & ~_DERIVED
        self._meter = meter
        self._gone = Gone()
        self._before = Before(now, self._gone)
        self._came: set[Fact] = set()
        self._past = Past(now, self._gone, self._came)
        self._notes_came = bool(plan.tables)
        self._events: dict[int, list[tuple[Trigger, Fact, bool]]] = {}
        self._unasserted: dict[int, list[Fact]] = {}
        self._waiting: list[int] = []
        self._ranks_before: list[tuple[dict[Fact, int], Fact, int | None]] = []
        for table in plan.tables.values():
            table.begin()

    # what a round is made of

    def take(self, delta: Delta) -> None:
        """Note what came, what went, and what is no longer asserted but still derived."""
        for fact in delta.went:
            self._gone.add(*fact)
            self._schedule(fact, False)
        for fact in delta.came:
            self._schedule(fact, True)
        for fact in delta.unasserted:
            self._doubt(fact)

    def run(self) -> None:
        """Bring all components up to date, lowest first."""
        while self._waiting:
            index = heappop(self._waiting)
            events = self._events.pop(index, [])
            component = self._plan.components[index]
            if component.groups is not None:
                self._count(component.groups, events)
            elif component.recursive:
                self._maintain_recursive(index, events, self._unasserted.pop(index, []))
            else:
                self._maintain(events)

    def close(self) -> None:
        """Derive everything from nothing: all components in order."""
        for index, component in enumerate(self._plan.components):
            proven: _Proven = []
            for seed in component.seeds:
                seed(self._now, proven, self._meter)
            if component.groups is not None:
                self._fill(component.groups)
            elif component.recursive:
                self._insert(index, proven)
            else:
                for fact, _ in proven:
                    self._transaction.add(*fact, GraphName.INFERRED)

    # scheduling

    def _schedule(self, fact: Fact, present: bool, above: int = -1) -> None:
        if present and self._notes_came:
            self._came.add(fact)
        self._set_off(self._plan.triggers(*fact), fact, present, above)

    def _set_off(self, triggers: Iterable[Trigger], fact: Fact, present: bool, above: int = -1) -> None:
        for trigger in triggers:
            index = trigger.component
            if index > above:
                events = self._events.get(index)
                if events is None:
                    events = self._events[index] = []
                    if index not in self._unasserted:
                        heappush(self._waiting, index)
                events.append((trigger, fact, present))

    def _doubt(self, fact: Fact) -> None:
        index = self._plan.owner(fact[1], fact[2])
        if index is None or not self._plan.components[index].recursive:
            return
        if index not in self._events and index not in self._unasserted:
            heappush(self._waiting, index)
        self._unasserted.setdefault(index, []).append(fact)

    # groups

    def _count(self, groups: CompiledGroups, events: list[tuple[Trigger, Fact, bool]]) -> None:
        """Count the members that came or went, and tell whoever looks at the rows that changed."""
        candidates: list[tuple[Member, tuple[()]]] = []
        for trigger, (s, p, o), present in events:
            if trigger.positive is present:
                trigger.fire(s, p, o, self._now, candidates, self._meter)
            else:
                trigger.nominate(s, p, o, self._before, candidates, self._meter)
        if not candidates:
            return
        table, notes = groups.table, Notes()
        self._transaction.on_rollback(lambda: table.undo(notes))
        for member in dict.fromkeys(member for member, _ in candidates):
            self._meter.step(groups.rule)
            check = groups.branches[member[0]].check  # type: ignore[index]  # the number of the branch
            held = check(member, self._past, self._meter)
            holds = check(member, self._now, self._meter)
            if holds is not None and held is None:
                table.count(*holds, True, notes)
            elif held is not None and holds is None:
                table.count(*held, False, notes)
        for before, now in table.settle(notes):
            if before is not None:
                self._set_off(groups.triggers, (before, None, None), False)  # type: ignore[arg-type]  # a row
            if now is not None:
                self._set_off(groups.triggers, (now, None, None), True)  # type: ignore[arg-type]  # a row

    def _fill(self, groups: CompiledGroups) -> None:
        """Count all members there are, from nothing."""
        table = groups.table
        self._transaction.on_rollback(table.clear())
        for branch in groups.branches:
            found: list[tuple[Member, Given]] = []
            branch.seed(self._now, found, self._meter)
            for given in dict(found).values():
                table.count(*given, True)
        for _ in table.settle():
            self._meter.step(groups.rule)

    # components without recursion

    def _maintain(self, events: list[tuple[Trigger, Fact, bool]]) -> None:
        proven: _Proven = []
        doubted: _Proven = []
        for trigger, (s, p, o), present in events:
            if trigger.positive is present:
                trigger.fire(s, p, o, self._now, proven, self._meter)
            else:
                trigger.nominate(s, p, o, self._before, doubted, self._meter)
        if proven:
            for fact, _ in proven:
                if self._transaction.add(*fact, GraphName.INFERRED) and not self._is_asserted(fact):
                    self._schedule(fact, True)
        if doubted:
            known = {fact for fact, _ in proven}
            for fact in dict.fromkeys(fact for fact, _ in doubted):
                if fact not in known and self._is_derived(fact) and not self._provable(fact) and self._withdraw(fact):
                    self._schedule(fact, False)

    def _provable(self, fact: Fact) -> bool:
        return self._plan.prove(fact, self._now, self._meter, None) is not None

    def _withdraw(self, fact: Fact) -> bool:
        """True if the fact is no longer visible."""
        self._transaction.remove(*fact, GraphName.INFERRED)
        marks = self._graph.marks(*fact)
        if marks & self._visible:
            return False
        if marks:
            self._now.hide(fact[1])
        self._gone.add(*fact)
        return True

    # recursive components

    def _maintain_recursive(self, index: int, events: list[tuple[Trigger, Fact, bool]], unasserted: list[Fact]) -> None:
        doubted: _Proven = []
        enabling: list[tuple[Trigger, Fact]] = []
        for trigger, fact, present in events:
            if trigger.positive is present:
                enabling.append((trigger, fact))
            else:
                trigger.nominate(*fact, self._before, doubted, self._meter)
        for fact in unasserted:
            self._nominate(index, fact, doubted)
        suspects = self._suspects(index, doubted)
        proven: _Proven = []
        back = deque(self._readmitted(index, suspects))
        for trigger, fact in enabling:
            trigger.fire(*fact, self._now, proven, self._meter)
        fresh = self._insert(index, proven, back)
        for fact in suspects:
            if not self._graph.marks(*fact) & self._visible:
                self._schedule(fact, False, above=index)
        for fact in fresh:
            if fact not in suspects:
                self._schedule(fact, True, above=index)

    def _nominate(self, index: int, fact: Fact, doubted: _Proven) -> None:
        for trigger in self._inner(index, fact):
            trigger.nominate(*fact, self._before, doubted, self._meter)

    def _inner(self, index: int, fact: Fact) -> list[Trigger]:
        return [trigger for trigger in self._plan.triggers(*fact) if trigger.component == index and trigger.positive]

    def _suspects(self, index: int, doubted: _Proven) -> dict[Fact, None]:
        """Withdraw every fact that has no proof from facts of lower rank."""
        ranks = self._ranks[index]
        suspects: dict[Fact, None] = {}
        while doubted:
            fact, _ = doubted.pop()
            if fact in suspects or not self._is_derived(fact):
                continue
            if self._plan.prove(fact, self._now, self._meter, self._older(ranks, ranks[fact])) is not None:
                continue
            suspects[fact] = None
            self._rank(ranks, fact, None)
            if self._withdraw(fact):
                self._nominate(index, fact, doubted)
        return suspects

    def _older(self, ranks: dict[Fact, int], limit: int) -> Callable[[Fact], bool]:
        def older(fact: Fact) -> bool:
            rank = ranks.get(fact)
            return rank is None or rank < limit or self._is_asserted(fact)

        return older

    def _readmitted(self, index: int, suspects: dict[Fact, None]) -> Iterable[Fact]:
        """Suspects that follow from what is left, in the order found."""
        back: list[Fact] = []
        for fact in suspects:
            premises = self._plan.prove(fact, self._now, self._meter, _always)
            if premises is not None and self._derive(index, fact, premises):
                back.append(fact)
        return back

    def _insert(self, index: int, proven: _Proven, agenda: deque[Fact] | None = None) -> list[Fact]:
        """Add what has been proven and what follows from it and the agenda in this component; returns what is new."""
        agenda = deque() if agenda is None else agenda
        fresh: list[Fact] = []
        while True:
            for fact, premises in proven:
                if self._derive(index, fact, premises):
                    agenda.append(fact)
                    fresh.append(fact)
            proven.clear()
            if not agenda:
                return fresh
            fact = agenda.popleft()
            for trigger in self._inner(index, fact):
                trigger.fire(*fact, self._now, proven, self._meter)

    def _derive(self, index: int, fact: Fact, premises: tuple[Fact, ...]) -> bool:
        """True if the fact was not visible before."""
        if not self._transaction.add(*fact, GraphName.INFERRED):
            return False
        ranks = self._ranks[index]
        self._rank(ranks, fact, 1 + max((ranks.get(premise, 0) for premise in premises), default=0))
        return not self._is_asserted(fact)

    def _rank(self, ranks: dict[Fact, int], fact: Fact, rank: int | None) -> None:
        if not self._ranks_before:
            self._transaction.on_rollback(self._restore_ranks)
        self._ranks_before.append((ranks, fact, ranks.get(fact)))
        if rank is None:
            del ranks[fact]
        else:
            ranks[fact] = rank

    def _restore_ranks(self) -> None:
        while self._ranks_before:
            ranks, fact, rank = self._ranks_before.pop()
            if rank is None:
                ranks.pop(fact, None)
            else:
                ranks[fact] = rank

    def _is_derived(self, fact: Fact) -> bool:
        return bool(self._graph.marks(*fact) & _DERIVED)

    def _is_asserted(self, fact: Fact) -> bool:
        return bool(self._graph.marks(*fact) & self._asserted)


def _always(fact: Fact) -> bool:
    return True
