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
from api.cli.people import people_table
from api.cli.plant import Inject, Seed
from api.cli.run_plant import Autonomy, NoAgents
from api.demo import UNWATCHED_SPEED, WATCHED_SPEED, DemoOptions, Summary, demonstrate
from api.live import LineModel, picture
from api.prepare import Prepared
from api.session import Session
from api.web.identity import People
from kg.channel import AsyncClient
from kg.errors import ServiceDown
from kg.names import GraphName
from kg.plantfolder import read_manifest
from kg.tokens import CORE, REPLICA, socket_path

_FRAME_S = 0.5
_RETRY_S = 1.0


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="No picture; print the account at the end.")] = False,
    duration: Annotated[str | None, typer.Option("--for", help="Wall time, such as 120s; else until Ctrl-C.")] = None,
    speed: Annotated[
        float | None,
        typer.Option("--speed", min=0.1, max=100, help="Plant seconds in a second; without it 5, headless 20."),
    ] = None,
    seed: Seed = 7,
    inject: Inject = None,
    autonomy: Autonomy = None,
    no_agents: NoAgents = False,
    port: Annotated[int, typer.Option("--port", help="Port of the simulated plant; 0 takes a free one.")] = 0,
    data: options.OptionalData = None,
    as_json: options.Json = False,
) -> None:
    """Start a simulated bottling line and its twin. Exits with 0 when every write is on record and explained."""
    unwatched = headless or as_json
    chosen = DemoOptions(
        seed=seed,
        speed=speed or (UNWATCHED_SPEED if unwatched else WATCHED_SPEED),
        inject=tuple(inject or ()),
        agents=not no_agents,
        autonomy=autonomy,
        data=data,
        port=port,
        for_s=None if duration is None else seconds(duration),
    )
    show = None if unwatched else Screen(autonomy or "shadow")
    if show is not None:
        say("Starting a simulated bottling line and its twin. This takes a few seconds.")
    summary = asyncio.run(demonstrate(chosen, None if show is None else show.watch))
    if unwatched:
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
        _hints(prepared)
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


def _hints(prepared: Prepared) -> None:
    """What to look at, who can sign in, what to try."""
    info, plant = prepared.info, prepared.plant
    say("What to look at: the order, states and buffers of the line, its top losses, and what the agent proposes.")
    say(f"In a browser: {info.web}/tour, the first five minutes; sign in by name.", "bold")
    say(f"By program: {info.web}/v1 with Authorization: Bearer TOKEN, in the name of", "bold")
    known = People(plant.persons, plant.graphs[GraphName.POLICY], prepared.tokens).by_login.values()
    out.print(people_table(known, tokens=True))
    say("Or try in another terminal:", "bold")
    say(f"  export TWINWRIGHT_DATA_DIR={prepared.data} PATH={Path(sys.executable).parent}:$PATH", "dim")
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
