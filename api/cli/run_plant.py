"""`twinwright run`: a twin of the plant in a folder, until it is told to end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from api.cli import options
from api.cli.console import print_json, say
from api.plantfolder import find
from api.session import Session, session
from api.settings import Settings
from kg.channel import AsyncClient
from kg.errors import TwinError
from kg.plantfolder import read_manifest
from kg.tokens import CORE, socket_path

Autonomy = Annotated[str | None, typer.Option("--autonomy", help="Level of the agents after the start.")]
NoAgents = Annotated[bool, typer.Option("--no-agents", help="Observe and measure only.")]

_TRIES = 20
_TRY_AGAIN_S = 0.25


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A plant folder, or a shipped plant such as bottling.")],
    data: options.OptionalData = None,
    endpoint: Annotated[str | None, typer.Option("--endpoint", help="OPC UA address of the plant.")] = None,
    autonomy: Autonomy = None,
    no_agents: NoAgents = False,
    as_json: options.Json = False,
) -> None:
    """Run core, gateway, replica and agents, and start again what falls. Ends in order on Ctrl-C or SIGTERM."""
    place = find(folder)
    settings = Settings.of(read_manifest(place), data_dir=data, endpoint=endpoint, autonomy=autonomy)
    asyncio.run(_run(place, settings, not no_agents, as_json))


async def _run(place: Path, settings: Settings, agents: bool, as_json: bool) -> None:
    async with session(place, settings, agents=agents) as twin:
        info = twin.prepared.info
        if as_json:
            told = {"plant": info.name, "data": str(settings.data_dir), "endpoint": info.endpoint, "ready": True}
            print_json(told | {"warnings": list(twin.prepared.plant.warnings)})
        else:
            say(f"The twin of {info.name} runs on {info.endpoint}; its data lie in {settings.data_dir}.", "bold")
            say(f"Console and API: {info.web} (twinwright people --tokens shows who signs in with what)", "bold")
            say(f"In another terminal: export TWINWRIGHT_DATA_DIR={settings.data_dir}", "dim")
            say("then twinwright status | decisions | query | stop plant. Ctrl-C ends it.", "dim")
            for warning in twin.prepared.plant.warnings:
                say(warning, "yellow")
            await _caution(twin, settings)
        await twin.wait()


async def _caution(twin: Session, settings: Settings) -> None:
    """Say what a twin that runs cannot do: write without a password, observe controllers that do not answer."""
    if settings.gateway_password is None:
        say("TWINWRIGHT_GATEWAY_PASSWORD is not set, so this twin observes and writes nothing.", "yellow")
    core = AsyncClient(socket_path(twin.prepared.data, CORE), twin.prepared.tokens[CORE])
    try:
        for _ in range(_TRIES):
            servers = (await core.call("status", {}))["link"].values()
            silent = [str(told["url"]) for told in servers if not told["connected"]]
            if not silent:
                return
            await asyncio.sleep(_TRY_AGAIN_S)
    except TwinError as error:
        say(f"{error.message} {error.remedy}", "yellow")
        return
    finally:
        await core.close()
    say(f"{', '.join(silent)} does not answer; the twin keeps trying. See `twinwright link status`.", "yellow")
