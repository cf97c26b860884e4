"""From the net changes of a transaction to the (unit, focus node) pairs whose results they may change."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Final, TypeAlias

from kg.errors import Undecided
from kg.graph import OldAndNew, Triple, WorkingGraph
from kg.terms import Node
from reasoner.shacl.sight import UNLIMITED, Meter, Sight, Trace
from reasoner.shacl.triggers import Table, Trigger, Triggers, passing
from reasoner.shacl.units import Unit

Pair: TypeAlias = tuple[Unit, Node]
Lane: TypeAlias = tuple[Table, Sight]
"""The triggers for one kind of evidence, and what shapes see for it."""
Changes: TypeAlias = Sequence[tuple[Triple, int, int]]

_FEW: Final = 8
"""So few triggers of a predicate are all looked at."""


class Group:
    """The objects that one subject and predicate lost and won, as a shape sees it."""

    __slots__ = ("added", "p", "removed", "s")

    def __init__(self, s: Node, p: Node) -> None:
        self.s = s
        self.p = p
        self.removed: list[Node] = []
        self.added: list[Node] = []

    def keeps_form(self, triggers: Triggers) -> bool:
        """Whether one value took the place of another of the same form."""
        if len(self.removed) != 1 or len(self.added) != 1:
            return False
        form = triggers.form(self.removed[0])
        return form != 0 and form == triggers.form(self.added[0])


def grouped(changes: Changes, visible: int) -> Iterable[Group]:
    """The changes that are changes to those who see the graphs with these marks."""
    groups: dict[tuple[Node, Node], Group] = {}
    for (s, p, o), then, now in changes:
        shown = bool(now & visible)
        if shown is bool(then & visible):
            continue
        group = groups.get((s, p))
        if group is None:
            group = groups[s, p] = Group(s, p)
        (group.added if shown else group.removed).append(o)
    return groups.values()


class Affected:
    """Walks back from the changes of one transaction. `pairs` and `lost` hold what was found."""

    def __init__(
        self,
        triggers: Triggers,
        graph: WorkingGraph,
        lanes: Sequence[Lane],
        meter: Meter,
        known: Container[Pair],
    ) -> None:
        self._triggers = triggers
        self._graph = graph
        self._lanes = lanes
        self._meter = meter
        self._known = known
        self._trace: Trace | None = None
        self.pairs: dict[Pair, None] = {}
        self.lost: dict[Unit, None] = {}
        """Units whose affected focus nodes could not be found within the budget."""

    def walk(self, changes: Changes) -> None:
        """Find the pairs. Spends at most half of what is left of the budget on each trigger."""
        for table, sight in self._lanes:
            for group in grouped(changes, sight.visible):
                triggers = self._set_off(table, group, sight)
                if not triggers:
                    continue
                keeps_form = group.keeps_form(self._triggers)
                for trigger in triggers:
                    self._follow(trigger, group, keeps_form, sight, changes)

    def _set_off(self, table: Table, group: Group, sight: Sight) -> Sequence[Trigger]:
        triggers = table.of(group.p)
        if len(triggers) < _FEW:
            return triggers
        whole, self._meter.limit = self._meter.limit, UNLIMITED  # what is above a class is remembered
        try:
            return table.led_by(group.p, (*group.removed, *group.added), sight)
        finally:
            self._meter.limit = whole

    def _follow(self, trigger: Trigger, group: Group, keeps_form: bool, sight: Sight, changes: Changes) -> None:
        unit = trigger.unit
        if trigger.opaque:
            self.lost[unit] = None
            return
        if trigger.blind and keeps_form and group.s not in unit.held and (unit, group.s) not in self._known:
            return
        if trigger.by_presence and group.removed and group.added:
            return
        whole = self._meter.halve()
        try:
            starts = _starts(trigger, group, sight)
            if trigger.back is None:
                for start in starts:
                    self.pairs[unit, start] = None
            elif starts:
                trace = self._traced(changes)
                for start in starts:
                    for focus in trigger.back(trace, start):
                        self.pairs[unit, focus] = None
        except Undecided:
            self.lost[unit] = None
        finally:
            self._meter.limit = whole

    def _traced(self, changes: Changes) -> Trace:
        if self._trace is None:
            removed = (triple for triple, _, now in changes if not now)
            self._trace = Trace(OldAndNew(self._graph, removed), self._meter)
        return self._trace


def _starts(trigger: Trigger, group: Group, sight: Sight) -> Sequence[Node]:
    """Where the way back begins: the subject, or each object that was lost or won."""
    objects = [*group.removed, *group.added]
    if trigger.guard is not None:
        objects = passing(trigger.guard, objects, sight)
        if not objects:
            return ()
    return (group.s,) if trigger.forward else objects
