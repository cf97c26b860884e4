"""The heartbeat: counted up at the controller every wall second while the core is known to be alive.

When it stops, the controller's own watchdog goes back to local setpoints. So it must stop whenever the core does:
the gateway being alive proves nothing about who decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from rdflib import URIRef

from kg.bindings import Binding
from kg.errors import LinkDown
from kg.opcua.gateway.device import Device
from kg.opcua.values import is_good, variant_of

_WRAP = 2**31
_WRITE_S = 0.8


class Heartbeat:
    """Counts up the heartbeat variables of a site while `is_wanted`."""

    def __init__(
        self,
        bindings: tuple[Binding, ...],
        devices: Mapping[URIRef, Device],
        is_wanted: Callable[[], bool],
        period_s: float = 1.0,
    ) -> None:
        self._bindings = bindings
        self._devices = devices
        self._is_wanted = is_wanted
        self._period_s = period_s
        self._counts: dict[URIRef, int] = {}
        self._closing = asyncio.Event()
        self.beats = 0
        self.missed = 0

    async def run(self) -> None:
        """Beat until `close`."""
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while not self._closing.is_set():
            if self._is_wanted():
                for binding in self._bindings:
                    await self._beat(binding)
            due_s = max(due_s + self._period_s, loop.time())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), due_s - loop.time())

    def close(self) -> None:
        """Ask `run` to end. Idempotent."""
        self._closing.set()

    async def _beat(self, binding: Binding) -> None:
        device = self._devices[binding.server]
        if not device.is_connected:
            return
        try:
            count = (await self._count(binding, device) + 1) % _WRAP
            status = await device.write(binding, variant_of(count, binding.data_type), _WRITE_S, self._is_wanted)
        except LinkDown:
            status = None
        if status is not None and is_good(status):
            self._counts[binding.prop] = count
            self.beats += 1
        else:
            self._counts.pop(binding.prop, None)
            self.missed += 1

    async def _count(self, binding: Binding, device: Device) -> int:
        """The last count; asked of the controller at first and after a miss, so that it always changes."""
        if binding.prop not in self._counts:
            (sample,) = await device.read([binding], _WRITE_S)
            return int(sample.value) if isinstance(sample.value, int | float) else 0
        return self._counts[binding.prop]
