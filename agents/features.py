"""Features and KPIs: what follows from the stream of values over plant time, as facts of the graph `kpi`.

For each standing machine tw:stoppedForS in steps of ten seconds, tw:expectedRemainingS in steps of five, tw:firstOut
and tw:firstOutReason; tw:outOfControlAgoS for half an hour after a chart was out of control; for the line and its
constraint machine the indicators of `agents.kpi`; and one tw:Loss for each machine and reason that it stood for. Pure:
values in, facts out, no clock.

A loss counts what the machine itself stood (tw:lossMinutes), from the first second on, and beside it what the line lost
by it: how long the constraint machine stood because of it (tw:constraintMinutes), which is less where conveyors helped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

from rdflib import RDF, Literal, URIRef

from agents.kpi import Quantities, indicators
from agents.layout import Layout
from agents.reasons import StopReason
from agents.repair import Repairs
from agents.stops import Machine
from kg.terms import Term, double_literal
from ontology import PACK, TW

_Key: TypeAlias = tuple[URIRef, URIRef]
_Loss: TypeAlias = tuple[URIRef, StopReason]
Facts: TypeAlias = dict[_Key, Term]

STEP_S = 10
REMAINING_STEP_S = 5
AGO_STEP_S = 300
RECENT_S = 1800
_LONGEST_STEP_US = 120_000_000
"""A longer hole in plant time is a gap: what happened in it is not known and counts nowhere."""


class Features:
    """The state of all machines, brought up to date value by value."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.now_us = 0
        self._machines = {machine: Machine() for machine in layout.machines}
        self._repairs = Repairs()
        self._busy = True
        self._pbt_us = 0
        self._rated: dict[URIRef, float] = {}
        self._planned_s: dict[URIRef, float] = {}
        self._planned_rejects_s: dict[URIRef, float] = {}
        self._stood: dict[_Loss, int] = {}
        self._cost: dict[_Loss, int] = {}
        self._out_of_control: set[URIRef] = set()
        self._out_of_control_us: dict[URIRef, int] = {}

    def pass_to(self, plant_us: int) -> None:
        """Plant time has moved on: what lasted since the last call is accounted for."""
        step_us = plant_us - self.now_us
        if step_us <= 0:
            return
        if self.now_us and step_us <= _LONGEST_STEP_US and self._busy:
            self._account(step_us)
        self.now_us = plant_us
        self._out_of_control_us.update(dict.fromkeys(self._out_of_control, plant_us))

    def take(self, s: URIRef, p: URIRef, value: object) -> None:
        """A live value, at the plant time reached."""
        machine = self._machines.get(s)
        if s == self.layout.line and p == TW.plannedBusy:
            self._busy = bool(value)
        elif p == TW.skuRatedSpeed and isinstance(value, int | float):
            self._rated[s] = float(value)
        elif machine is not None and isinstance(value, int | float):
            self._take_of_machine(s, machine, p, value)

    def _take_of_machine(self, s: URIRef, machine: Machine, p: URIRef, value: float) -> None:
        if p == TW.fillWeightInControl:
            (self._out_of_control.discard if value else self._out_of_control.add)(s)
        elif p == PACK.stateCurrent:
            stop = machine.enter(int(value), self.now_us)
            if stop is not None:
                self._repairs.learn(str(s), stop.reason, stop.lasted_s)
        elif p == PACK.stopReason:
            machine.give_reason(value)
        elif p == PACK.prodProcessedCount:
            more = machine.count("processed", int(value))
            machine.processed += more
            self._planned_s[s] = self._planned_s.get(s, 0.0) + more * self._pri_s()
        elif p == PACK.prodDefectiveCount:
            more = machine.count("defective", int(value))
            machine.defective += more
            self._planned_rejects_s[s] = self._planned_rejects_s.get(s, 0.0) + more * self._pri_s()

    def _account(self, step_us: int) -> None:
        self._pbt_us += step_us
        for machine in self._machines.values():
            if machine.is_producing:
                machine.apt_us += step_us
        constraint = self.layout.constraint
        causes = {cause for node in self._machines if (cause := self._own_stop(node)) is not None}
        if constraint is not None and self._machines[constraint].is_stopped:
            origin = self._first_out(constraint)
            self._cost[origin] = self._cost.get(origin, 0) + step_us
            causes.add(origin)
        for cause in causes:
            self._stood[cause] = self._stood.get(cause, 0) + step_us

    def _own_stop(self, node: URIRef) -> _Loss | None:
        """Why a machine stands, where that is its own affair and not the whole line's."""
        machine = self._machines[node]
        if not machine.is_stopped or not machine.reason.is_own or machine.reason.is_of_line:
            return None
        return node, machine.reason

    def _first_out(self, machine: URIRef) -> _Loss:
        """Where the standstill of a machine began: at itself, or at the nearest that stands of its own accord."""
        reason = self._machines[machine].reason
        if reason.is_own:
            return machine, reason
        way = self.layout.before(machine) if reason is StopReason.STARVED else self.layout.behind(machine)
        for other in way:
            found = self._machines[other]
            if found.is_stopped and found.reason.is_own:
                return other, found.reason
        return machine, reason

    # facts

    def facts(self) -> Facts:
        """Everything that holds now. Changes in coarse steps only."""
        facts: Facts = {}
        facts.update(self.urgent_facts())
        facts.update(self._of_indicators())
        facts.update(self._of_losses())
        return facts

    def urgent_facts(self) -> Facts:
        """The part of `facts` on which agents' conditions stand: stops, what is expected of them, recent trouble."""
        facts: Facts = {}
        for node, machine in self._machines.items():
            if machine.is_stopped:
                facts.update(self._of_stop(node, machine))
        for node, seen_us in self._out_of_control_us.items():
            ago_s = (self.now_us - seen_us) // 1_000_000
            if ago_s < RECENT_S:
                facts[node, TW.outOfControlAgoS] = double_literal(float(ago_s // AGO_STEP_S * AGO_STEP_S))
        return facts

    def _of_stop(self, node: URIRef, machine: Machine) -> Facts:
        stopped_s = machine.stopped_s(self.now_us) // STEP_S * STEP_S
        facts: Facts = {(node, TW.stoppedForS): double_literal(stopped_s)}
        remaining_s = self._repairs.remaining_s(str(node), machine.reason, stopped_s)
        if remaining_s is not None:
            steps = max(round(remaining_s / REMAINING_STEP_S), 1)
            facts[node, TW.expectedRemainingS] = double_literal(float(steps * REMAINING_STEP_S))
        origin, reason = self._first_out(node)
        facts[node, TW.firstOut] = origin
        facts[node, TW.firstOutReason] = Literal(int(reason))
        return facts

    def _of_indicators(self) -> Facts:
        facts: Facts = {}
        constraint, end = self.layout.constraint, self.layout.end
        if constraint is None or end is None:
            return facts
        own = self._quantities(constraint, constraint, {constraint})
        facts.update(_indicator_facts(constraint, own, self._machines[constraint].minor_stops))
        line = self._quantities(constraint, end, self._machines)
        minor = sum(machine.minor_stops for machine in self._machines.values())
        facts.update(_indicator_facts(self.layout.line, line, minor))
        facts[self.layout.line, TW.goodCount] = Literal(line.good)
        return facts

    def _quantities(self, timed: URIRef, counted: URIRef, rejecting: Collection[URIRef]) -> Quantities:
        """Time of one machine with the counts of another. What was made is what came out good and what was rejected."""
        rejected = sum(self._machines[node].defective for node in rejecting)
        planned_rejects_s = sum(self._planned_rejects_s.get(node, 0.0) for node in rejecting)
        machine = self._machines[counted]
        good = machine.processed - machine.defective
        planned_good_s = self._planned_s.get(counted, 0.0) - self._planned_rejects_s.get(counted, 0.0)
        return Quantities(
            pbt_s=self._pbt_us / 1e6,
            apt_s=self._machines[timed].apt_us / 1e6,
            planned_s=planned_good_s + planned_rejects_s,
            produced=good + rejected,
            good=good,
            planned_good_s=planned_good_s,
        )

    def _of_losses(self) -> Facts:
        facts: Facts = {}
        for (machine, reason), stood_us in self._stood.items():
            local = str(machine).replace("#", "/").rpartition("/")[2]
            node = URIRef(f"{self.layout.line}.Loss.{local}.{reason.name.title().replace('_', '')}")
            facts[node, RDF.type] = TW.Loss
            facts[node, TW.ofEquipment] = machine
            facts[node, TW.lossReason] = Literal(reason.word)
            facts[node, TW.lossMinutes] = _rounded(stood_us / 60e6, 1)
            facts[node, TW.constraintMinutes] = _rounded(self._cost.get((machine, reason), 0) / 60e6, 1)
        return facts

    def _pri_s(self) -> float:
        """Planned run time per item, s: at the rated speed of the product on the constraint machine."""
        constraint = self.layout.constraint
        rated = None if constraint is None else self._rated.get(constraint) or self.layout.rated.get(constraint)
        return 60.0 / rated if rated else 0.0


def difference(before: Mapping[_Key, Term], after: Facts) -> tuple[Facts, Facts]:
    """What is to be added and what removed to come from one set of facts to the other."""
    added = {key: value for key, value in after.items() if before.get(key) != value}
    removed = {key: value for key, value in before.items() if after.get(key) != value}
    return added, removed


def _indicator_facts(node: URIRef, quantities: Quantities, minor_stops: int) -> Iterable[tuple[_Key, Term]]:
    found = indicators(quantities)
    values = (
        (TW.availability, found.availability, 3),
        (TW.effectiveness, found.effectiveness, 3),
        (TW.qualityRatio, found.quality_ratio, 4),
        (TW.oee, found.oee, 3),
        (TW.throughputPerH, found.throughput_per_h, 0),
    )
    for predicate, value, digits in values:
        if value is not None:
            yield (node, predicate), _rounded(value, digits)
    yield (node, TW.minorStops), Literal(minor_stops)


def _rounded(value: float, digits: int) -> Literal:
    return double_literal(round(value, digits) + 0.0)
