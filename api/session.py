"""A twin from start to end, as `run` and `demo` need it: lock, preparation, processes, autonomy, an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.autonomy import set_autonomy
from api.parts import END_ORDER, PlantChoice, plant_part, twin_parts
from api.ports import free_port, require_free
from api.prepare import Prepared, prepare
from api.settings import Settings
from api.supervisor import Supervisor, SupervisorLock
from kg.channel import AsyncClient
from kg.errors import ServiceDown, TwinError
from kg.tokens import GATEWAY, socket_path

_LOG = logging.getLogger(__name__)
_CALM_WITHIN_S = 12.0
_POLL_S = 0.2
_RECORDED_S = 0.5
"""What the gateway has ended is on record after this."""


@dataclass(frozen=True, slots=True)
class Session:
    """A running twin."""

    prepared: Prepared
    supervisor: Supervisor
    running: asyncio.Task[None]

    async def wait(self, seconds: float | None = None) -> None:
        """Until the time is over, somebody asks for the end (SIGINT, SIGTERM), or the supervisor fails and raises."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.shield(self.running)

    async def calm(self) -> None:
        """Back to shadow, and wait until no write is under way, so that the end leaves nothing half known."""
        await set_autonomy(self.prepared, "shadow", _now_us(), "The demo ends.")
        gateway = AsyncClient(socket_path(self.prepared.data, GATEWAY), self.prepared.tokens["core"])
        try:
            for _ in range(round(_CALM_WITHIN_S / _POLL_S)):
                if not (await gateway.call("status", {}))["running"]:
                    break
                await asyncio.sleep(_POLL_S)
            await asyncio.sleep(_RECORDED_S)
        except TwinError as error:
            _LOG.warning("nobody says whether a write is still under way: %s", error)
        finally:
            await gateway.close()


@contextlib.asynccontextmanager
async def session(
    folder: Path, settings: Settings, *, agents: bool = True, plant: PlantChoice | None = None
) -> AsyncIterator[Session]:
    """Start a twin (and with `plant` its simulated plant); yields when every part answers and autonomy is set.

    Raises DataDirectoryLocked, PlantIncomplete, PortInUse, or ServiceDown naming the part that did not start.
    """
    data = settings.data_dir.absolute()
    lock = SupervisorLock(data)
    try:
        settings = settings.model_copy(update={"web_port": settings.web_port or free_port()})
        require_free(settings.web_port)
        prepared = prepare(data, folder, settings.endpoint, settings.web_url)
        parts = twin_parts(prepared, settings, agents=agents, panel=None if plant is None else plant.panel)
        if plant is not None:
            parts.insert(0, plant_part(plant, settings))
        supervisor = Supervisor(data, parts, END_ORDER, settings.stop_within_s)
        with _signals(supervisor):
            running = asyncio.create_task(supervisor.run())
            try:
                await _first(running, supervisor.ready)
                await set_autonomy(prepared, settings.autonomy, _now_us(), "Chosen at the start.")
                yield Session(prepared, supervisor, running)
            finally:
                supervisor.stop()
                await running
    finally:
        lock.close()


async def _first(running: asyncio.Task[None], ready: asyncio.Event) -> None:
    """Until ready; or until the supervisor ended, whose error is raised."""
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if running.done():
        running.result()
        raise ServiceDown("The twin was told to end before it was ready.", part="supervisor")


@contextlib.contextmanager
def _signals(supervisor: Supervisor) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    numbers: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, supervisor.stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _now_us() -> int:
    return time.time_ns() // 1000
