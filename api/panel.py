"""The operator's panel of a simulated plant, asked as a person at the machines would: past the twin, dead or alive.

A connection for each command: one line of JSON out, one in. What the plant says is its own truth, not what the twin
believes of it.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from kg.errors import BadValue, ServiceDown

_LONGEST_ANSWER = 1 << 20
_LONGEST_PATH = 100
"""The kernel takes 107 characters."""


@dataclass(frozen=True, slots=True)
class MachineTruth:
    """A machine as it stands. Speeds in units per minute; state and reason are the plant's codes."""

    name: str
    state: int
    reason: int
    speed: float
    accepted: float
    nominal: float
    local: bool
    twin_enabled: bool
    maintenance: bool
    made: int
    rejects: int


@dataclass(frozen=True, slots=True)
class ConveyorTruth:
    """A conveyor with what lies on it; `fill` from 0 to 1."""

    name: str
    count: int
    fill: float


@dataclass(frozen=True, slots=True)
class PlantTruth:
    """The plant as it is."""

    plant_time: datetime
    speed: float
    """Plant seconds in a wall second."""
    lag_s: float
    made: int
    """Saleable units at the end of the line since it was brought up."""
    rejects: int
    wip: int
    order: str
    sku: str
    order_target: int
    order_actual: int
    supervised: bool
    """False where the controllers miss the twin's heartbeat and keep to their own setpoints."""
    machines: tuple[MachineTruth, ...]
    conveyors: tuple[ConveyorTruth, ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Raises KeyError or TypeError for what no plant says."""
        order = told["order"]
        return cls(
            plant_time=datetime.fromisoformat(told["plant_time"]),
            speed=told["speed"],
            lag_s=told["lag_s"],
            made=told["made"],
            rejects=told["rejects"],
            wip=told["wip"],
            order=order["id"],
            sku=order["sku"],
            order_target=order["target"],
            order_actual=order["actual"],
            supervised=told["supervised"],
            machines=tuple(MachineTruth(**machine) for machine in told["machines"]),
            conveyors=tuple(ConveyorTruth(**conveyor) for conveyor in told["conveyors"]),
        )

    def machine(self, name: str) -> MachineTruth | None:
        """By name, whatever its case."""
        return next((machine for machine in self.machines if machine.name.lower() == name.lower()), None)


class PlantPanel:
    """The panel behind a socket. Every method returns the plant's state after it.

    Raises ServiceDown where no plant answers, BadValue with the plant's own sentence where it refuses a command.
    """

    def __init__(self, socket: Path, timeout_s: float = 3.0) -> None:
        self._socket = socket
        self._timeout_s = timeout_s

    async def state(self) -> PlantTruth:
        return await self._ask({"command": "state"})

    async def inject(self, fault: str) -> PlantTruth:
        """A fault as the plant's own text, such as `jam:Labeller+120s`."""
        return await self._ask({"command": "inject", "fault": fault})

    async def clear(self, machine: str) -> PlantTruth:
        """A person puts a machine or conveyor right."""
        return await self._ask({"command": "clear", "machine": machine})

    async def local(self, machine: str, *, on: bool) -> PlantTruth:
        """The key switch at the machine: local refuses what the twin writes."""
        return await self._ask({"command": "local", "machine": machine, "on": on})

    async def twin_enable(self, machine: str, *, on: bool) -> PlantTruth:
        """The selector at the machine: off ignores what the twin writes."""
        return await self._ask({"command": "twin-enable", "machine": machine, "on": on})

    async def pace(self, speed: float) -> PlantTruth:
        """Plant seconds in a second from now on."""
        return await self._ask({"command": "pace", "speed": speed})

    async def _ask(self, command: Mapping[str, Any]) -> PlantTruth:
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = json.loads(await self._exchange(json.dumps(command).encode() + b"\n"))
            if not answer["ok"]:
                raise BadValue(str(answer["error"]))
            return PlantTruth.of(answer["state"])
        except (OSError, asyncio.LimitOverrunError) as error:
            raise ServiceDown(f"The simulated plant does not answer at its panel ({error}).", part="plant") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ServiceDown(f"The simulated plant's panel says nothing sensible ({error!r}).", part="plant") from None

    async def _exchange(self, line: bytes) -> bytes:
        with _short(self._socket) as address:
            reader, writer = await asyncio.open_unix_connection(address, limit=_LONGEST_ANSWER)
        try:
            writer.write(line)
            return await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("it hung up") from error
        finally:
            writer.close()


def panel_path(data: Path) -> Path:
    """Where the simulated plant of a demonstration serves its panel."""
    return data / "run" / "panel.sock"


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """An address of the socket that the kernel takes, however long the path is.

    The plant has the same at its end: it stands for reality and imports nothing of the twin.
    """
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
