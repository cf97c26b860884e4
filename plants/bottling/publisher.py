"""Brings the values of all tags to the server: cyclic ones every plant second, the others when they change.

Source timestamps are plant time, server timestamps wall time. A frozen tag is not written at all; a bad one is written
without a value and with a bad status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from asyncua import ua
from asyncua.server.address_space import AddressSpace
from asyncua.ua.attribute_ids import AttributeIds

from plants.bottling.line import Transition
from plants.bottling.tags import Tag, Value, state_path, stop_reason_path
from plants.bottling.ua_values import BAD_SENSOR, GOOD, data_value


class Publisher:
    """Remembers what it wrote last, so that only changes are written."""

    def __init__(self, aspace: AddressSpace, tags: Sequence[Tag], nodes: Mapping[str, ua.NodeId]) -> None:
        self.frozen: set[str] = set()
        self.bad: set[str] = set()
        """Paths under a fault."""
        self._aspace = aspace
        self._nodes = nodes
        self._types = {tag.path: ua.VariantType[tag.data_type] for tag in tags}
        self._tags = list(tags)
        self._last: dict[str, Value | None] = {}
        self.transitions: list[Transition] = []

    async def publish(self, start: datetime, time_s: float, *, is_cyclic_due: bool) -> None:
        """Writes what is due at this plant time, after the transitions noted since the last time."""
        wall, moment = datetime.now(UTC), start + timedelta(seconds=time_s)
        transitions, self.transitions = self.transitions, []
        for transition in transitions:
            await self._write_transition(transition, start, wall)
        for tag in self._tags:
            path = tag.path
            if tag.is_writable and path in self._last:
                # the supervisor's writes are stored when they are answered
                continue
            value = None if path in self.bad else tag.read()
            is_due = is_cyclic_due and tag.is_cyclic
            if is_due or path not in self._last or value != self._last[path]:
                await self._write(path, value, moment, wall)

    async def _write_transition(self, transition: Transition, start: datetime, wall: datetime) -> None:
        moment = start + timedelta(seconds=transition.time_s)
        state, reason = state_path(transition.machine), stop_reason_path(transition.machine)
        for path, value in ((state, int(transition.state)), (reason, int(transition.stop_reason))):
            if self._last.get(path) != value and path not in self.bad:
                await self._write(path, value, moment, wall)

    async def _write(self, path: str, value: Value | None, moment: datetime, wall: datetime) -> None:
        if path in self.frozen:
            return
        self._last[path] = value
        if value is None:
            data = data_value(ua.Variant(), moment, wall, BAD_SENSOR)
        else:
            data = data_value(ua.Variant(value, self._types[path]), moment, wall, GOOD)
        await self._aspace.write_attribute_value(self._nodes[path], AttributeIds.Value, data)
