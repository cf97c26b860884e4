"""Lets faults begin and end at their plant time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from itertools import count

from plants.bottling.faults import NETWORK_FAULTS, Fault
from plants.bottling.line import Line
from plants.bottling.packml import StopReason
from plants.bottling.tags import Tag

_NETWORK_DEFAULT_S = 10.0

NetworkFault = Callable[[float, bool], None]
"""Called with the wall seconds of absence and whether sessions are lost."""

Step = Callable[[], None]


class Injector:
    """Holds faults until they are due. `frozen` and `bad` are the publisher's sets of tag paths."""

    def __init__(
        self,
        line: Line,
        tags_by_name: Mapping[str, Tag],
        frozen: set[str],
        bad: set[str],
        on_network_fault: NetworkFault,
    ) -> None:
        self._line = line
        self._tags = tags_by_name
        self._frozen = frozen
        self._bad = bad
        self._on_network_fault = on_network_fault
        self._due: list[tuple[float, int, Fault, Step]] = []
        self._lasting: dict[Fault, Step] = {}
        """Faults that have begun and not ended, with what ends each."""
        self._order = count()

    def add(self, fault: Fault, from_s: float) -> None:
        """Schedules a fault; its start counts from plant time `from_s`."""
        begins_s = from_s + (fault.at_s or 0.0)
        begin, end = self._steps(fault)
        self._schedule(begins_s, fault, begin)
        if end is not None and fault.duration_s is not None:
            self._schedule(begins_s + fault.duration_s, fault, end)

    def step(self) -> None:
        """Lets everything happen that is due at the line's time."""
        while self._due and self._due[0][0] <= self._line.time:
            heapq.heappop(self._due)[3]()

    @property
    def waiting(self) -> int:
        """Beginnings and ends that are still to come."""
        return len(self._due)

    def clear(self, name: str) -> bool:
        """Ends every fault of a machine or conveyor, begun or to come. False where there was none.

        A tag, such as `Filler.CurMachSpeed`, belongs to the machine before the point.
        """
        ends = [(fault, end) for fault, end in self._lasting.items() if _owner(fault) == name]
        waiting = [item for item in self._due if _owner(item[2]) != name]
        found = bool(ends) or len(waiting) < len(self._due)
        self._due = waiting
        heapq.heapify(self._due)
        for _, end in ends:
            end()
        machine = self._line.machines.get(name)
        was_down = machine is not None and machine.clear(self._line.time)
        return found or was_down

    def _schedule(self, at_s: float, fault: Fault, step: Step) -> None:
        heapq.heappush(self._due, (at_s, next(self._order), fault, step))

    def _steps(self, fault: Fault) -> tuple[Step, Step | None]:
        """What happens at the start and at the end of a fault."""
        if fault.kind in NETWORK_FAULTS:
            away_s = _NETWORK_DEFAULT_S if fault.duration_s is None else fault.duration_s
            return (lambda: self._on_network_fault(away_s, fault.kind == "restart")), None
        target = fault.target or ""
        if fault.kind in ("jam", "breakdown"):
            reason = StopReason.JAM if fault.kind == "jam" else StopReason.BREAKDOWN
            return (lambda: self._line.machines[target].strike(reason, fault.duration_s)), None
        switch = self._switch(fault.kind, target)

        def end() -> None:
            self._lasting.pop(fault, None)
            switch(False)

        def begin() -> None:
            self._lasting[fault] = end
            switch(True)

        return begin, end

    def _switch(self, kind: str, target: str) -> Callable[[bool], None]:
        """Turns a lasting fault on and off."""
        if kind in ("freeze", "bad"):
            return _membership(self._frozen if kind == "freeze" else self._bad, self._tags[target].path)
        if kind == "standstill":
            return _attribute(self._line.conveyors[target], "is_standing")
        if kind in ("hot", "misfill"):
            return _attribute(self._line.filler, "is_hot" if kind == "hot" else "is_mis_filling")
        controller = self._line.machines[target].controller
        switches: dict[str, Callable[[bool], None]] = {
            "local": lambda on: controller.set_remote(not on),
            "disable": lambda on: controller.set_twin_enabled(not on),
            "maintenance": controller.set_maintenance,
            "ignore-writes": _attribute(controller, "ignores_writes"),
            "clamp-writes": _attribute(controller, "clamps_writes"),
        }
        return switches[kind]


def _owner(fault: Fault) -> str:
    return (fault.target or "").partition(".")[0]


def _attribute(owner: object, name: str) -> Callable[[bool], None]:
    return lambda on: setattr(owner, name, on)


def _membership(paths: set[str], path: str) -> Callable[[bool], None]:
    return lambda on: paths.add(path) if on else paths.discard(path)
