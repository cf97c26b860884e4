"""The processes of a twin: how each is started, and how one knows that it is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.prepare import Prepared
from api.settings import Settings
from api.supervisor import Part, python
from kg.channel import AsyncClient
from kg.errors import TwinError
from kg.plantfolder import ENDPOINT_VARIABLE
from kg.tokens import AGENTS, CORE, GATEWAY, REPLICA, WEB, socket_path

PLANT = "plant"
END_ORDER = (WEB, AGENTS, REPLICA, GATEWAY, CORE, PLANT)
"""Whoever acts ends first, whoever records ends last; the plant outlives its twin."""

_STATUS_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class PlantChoice:
    """How to run the simulated plant."""

    module: str
    port: int
    speed: float = 1.0
    seed: int = 7
    inject: Sequence[str] = ()
    write_log: Path | None = None
    panel: Path | None = None

    def arguments(self) -> list[str]:
        """The simulator's command line."""
        given = ["--seed", str(self.seed), "--speed", f"{self.speed:g}", "--port", str(self.port)]
        for fault in self.inject:
            given += ["--inject", fault]
        for flag, path in (("--write-log", self.write_log), ("--panel", self.panel)):
            given += [] if path is None else [flag, str(path)]
        return given


def twin_parts(prepared: Prepared, settings: Settings, *, agents: bool = True, panel: Path | None = None) -> list[Part]:
    """Core, gateway, replica, agents and web, in the order of their start. Without agents, theirs only measures.

    `panel` is the operator panel of a simulated plant: with it the web process plays the person at the machine.
    """
    where = ("--data", str(prepared.data), "--plant", str(prepared.plant.folder))
    address = {ENDPOINT_VARIABLE: prepared.info.endpoint}
    return [
        _serving(prepared, CORE, python("api.core", *where), address),
        _serving(prepared, GATEWAY, _gateway(settings, *where), address | gateway_environment(settings)),
        _serving(prepared, REPLICA, python("kg.replica", *_replica_arguments(prepared, settings)), {}),
        Part(AGENTS, python("agents", *where, *(() if agents else ("--disabled",))), address),
        web_part(settings, *where, *(() if panel is None else ("--panel", str(panel)))),
    ]


def plant_part(choice: PlantChoice, settings: Settings) -> Part:
    """The simulated plant; ready when its port answers."""

    async def ready() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", choice.port)
        except OSError:
            return False
        writer.close()
        return True

    return Part(PLANT, python(choice.module, *choice.arguments()), gateway_environment(settings), ready)


def web_part(settings: Settings, *arguments: str) -> Part:
    """API and console; ready when the port answers. What is not a plant's own setting goes by variables."""

    async def ready() -> bool:
        try:
            _, writer = await asyncio.open_connection(settings.web_host, settings.web_port)
        except OSError:
            return False
        writer.close()
        return True

    return Part(WEB, python("api.web", *arguments), settings.web_environment(), ready)


def gateway_environment(settings: Settings) -> dict[str, str]:
    """What the gateway signs on with; only its process and the simulated controller are given it."""
    password = settings.gateway_password
    return {} if password is None else {"TWINWRIGHT_GATEWAY_PASSWORD": password.get_secret_value()}


def _gateway(settings: Settings, *where: str) -> list[str]:
    return python("kg.opcua.gateway", *where, "--user", settings.gateway_user)


def _replica_arguments(prepared: Prepared, settings: Settings) -> list[str]:
    arguments = ["--data", str(prepared.data)]
    arguments += ["--timeout-s", str(settings.query_timeout_s), "--rows", str(settings.query_rows)]
    arguments += ["--memory-mb", str(settings.replica_memory_mb)]
    for prefix, iri in prepared.info.prefixes.items():
        arguments += ["--prefix", f"{prefix}={iri}"]
    return arguments


def _serving(prepared: Prepared, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Part:
    return Part(name, command, environment, ready=_asks(prepared, name, prepared.tokens[CORE]))


def _asks(prepared: Prepared, name: str, token: str) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        client = AsyncClient(socket_path(prepared.data, name), token)
        try:
            await client.call("status", {}, timeout_s=_STATUS_WITHIN_S)
        except TwinError:
            return False
        finally:
            await client.close()
        return True

    return ready
