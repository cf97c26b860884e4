"""`twinwright demo`: plant and twin together, with the line in the terminal; or headless, with an account as JSON."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live

from api.cli import options
from api.cli.console import out, print_json, say
from api.cli.durations import seconds
from api.cli.exits import ExitCode
from api.cli.plant import Inject, Seed, Speed
from api.cli.run_plant import Autonomy, NoAgents
from api.demo import DemoOptions, Summary, demonstrate
from api.live import LineModel, picture
from api.session import Session
from kg.channel import AsyncClient
from kg.errors import ServiceDown
from kg.plantfolder import read_manifest
from kg.tokens import CORE, REPLICA, socket_path

_FRAME_S = 0.5
_RETRY_S = 1.0


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="No picture; print the account at the end.")] = False,
    duration: Annotated[str | None, typer.Option("--for", help="Wall time, such as 120s; else until Ctrl-C.")] = None,
    speed: Speed = 20.0,
    seed: Seed = 7,
    inject: Inject = None,
    autonomy: Autonomy = None,
    no_agents: NoAgents = False,
    port: Annotated[int, typer.Option("--port", help="Port of the simulated plant; 0 takes a free one.")] = 0,
    data: options.OptionalData = None,
    as_json: options.Json = False,
) -> None:
    """Start a simulated bottling line and its twin. Exits with 0 when every write is on record and explained."""
    chosen = DemoOptions(
        seed=seed,
        speed=speed,
        inject=tuple(inject or ()),
        agents=not no_agents,
        autonomy=autonomy,
        data=data,
        port=port,
        for_s=None if duration is None else seconds(duration),
    )
    show = None if headless or as_json else Screen(autonomy or "shadow")
    if show is not None:
        say("Starting a simulated bottling line and its twin. This takes a few seconds.")
    summary = asyncio.run(demonstrate(chosen, None if show is None else show.watch))
    if headless or as_json:
        print_json(summary.to_json())
    else:
        _tell(summary)
    raise typer.Exit(ExitCode.OK if summary.ok else ExitCode.FOUND)


class Screen:
    """The live line view; follows the core and draws twice a second."""

    def __init__(self, autonomy: str) -> None:
        self._autonomy = autonomy
        self._model = LineModel()

    async def watch(self, twin: Session) -> None:
        """Draw until cancelled."""
        prepared = twin.prepared
        title = str(read_manifest(prepared.plant.folder).get("title", prepared.plant.name))
        _hints(prepared.data)
        with Live(console=out, refresh_per_second=4, transient=False) as live:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(prepared.data, prepared.tokens[REPLICA]))
                group.create_task(self._draw(live, title))

    async def _follow(self, data: Path, token: str) -> None:
        while True:
            client = AsyncClient(socket_path(data, CORE), token)
            try:
                async for item in client.stream("subscribe", {"from_seq": None}):
                    if "snapshot" in item:
                        self._model.start(item["snapshot"])
                    else:
                        self._model.apply(item["event"])
            except ServiceDown:
                await asyncio.sleep(_RETRY_S)
            finally:
                await client.close()

    async def _draw(self, live: Live, title: str) -> None:
        while True:
            live.update(picture(self._model, title, self._autonomy))
            await asyncio.sleep(_FRAME_S)


def _hints(data: Path) -> None:
    say("What to look at: the order, states and buffers of the line, its top losses, and what the agent proposes.")
    say("Try in another terminal:", "bold")
    say(f"  export TWINWRIGHT_DATA_DIR={data} PATH={Path(sys.executable).parent}:$PATH", "dim")
    for command in (
        "decisions",
        "explain ID",
        'query "SELECT ?m ?v { ?m pack:curMachSpeed ?v }"',
        'set Filler.SetMachSpeed 380 --reason "trial"',
        'set Filler.SetMachSpeed 900 --reason "too fast"   # refused, with reasons',
        "stop plant --reason lunch",
    ):
        say(f"  twinwright {command}", "dim")


def _tell(summary: Summary) -> None:
    say(f"{summary.proposals} proposals; {summary.writes} writes reached a controller, {summary.confirmed} confirmed.")
    say(f"{summary.explained} of {len(summary.decisions)} written decisions are explained down to samples.")
    if summary.matched_write_log:
        say("The controllers' own log agrees with the record.", "bold green")
    for sentence in summary.mismatches:
        say(sentence, "red")
    for ident in summary.unexplained:
        say(f"{ident} is not explained.", "red")
    say(f"The record is in {summary.data}; twinwright audit verify {summary.data}", "dim")
