"""`twinwright plant`: a simulated plant with a real OPC UA server, in the foreground."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Annotated

import typer

from api.cli.console import say
from api.cli.exits import ExitCode
from api.parts import PlantChoice
from api.plantfolder import find
from api.ports import require_free
from kg.errors import PlantIncomplete
from kg.plantfolder import read_manifest

DEFAULT_PORT = 4840
Seed = Annotated[int, typer.Option("--seed", help="Of the plant's hidden parameters and all chance.")]
Speed = Annotated[float, typer.Option("--speed", min=0.1, max=100, help="Plant seconds in a second, 0.1 to 100.")]
Inject = Annotated[
    list[str] | None, typer.Option("--inject", help="A fault, such as jam:labeller@60s; may be repeated.")
]


def register(app: typer.Typer) -> None:
    app.command()(plant)


def plant(
    name: Annotated[str, typer.Argument(help="A plant that is shipped, such as bottling, or a plant folder.")],
    seed: Seed = 7,
    speed: Speed = 1.0,
    inject: Inject = None,
    port: Annotated[int, typer.Option("--port", help="Port of the OPC UA server on this machine.")] = DEFAULT_PORT,
    write_log: Annotated[Path | None, typer.Option("--write-log", help="File for the controllers' own log.")] = None,
    panel: Annotated[
        Path | None, typer.Option("--panel", help="Unix socket for what a person at the machines does.")
    ] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Run a simulated plant until Ctrl-C. Who writes signs on as `gateway` with TWINWRIGHT_GATEWAY_PASSWORD."""
    module = simulator(find(name))
    require_free(port)
    choice = PlantChoice(module, port, speed, seed, tuple(inject or ()), write_log, panel)
    if not json_lines and not os.environ.get("TWINWRIGHT_GATEWAY_PASSWORD"):
        say("TWINWRIGHT_GATEWAY_PASSWORD is not set, so nobody may write to this plant.", "yellow")
    output = subprocess.PIPE if json_lines else None
    with subprocess.Popen([sys.executable, "-m", module, *choice.arguments()], stdout=output, text=True) as process:
        try:
            if process.stdout is not None:
                _echo_json(process.stdout)
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            code = 0
    raise typer.Exit(ExitCode.BAD_INPUT if code else ExitCode.OK)


def simulator(folder: Path) -> str:
    """The module that simulates the plant in a folder. Raises PlantIncomplete where there is none."""
    module = read_manifest(folder).get("simulator")
    if not isinstance(module, str) or not module.startswith("plants."):
        raise PlantIncomplete(f"The plant in {folder} has no simulator.", folder=str(folder))
    return module


def _echo_json(lines: IO[str]) -> None:
    """Each sentence of the simulator as a JSON line."""
    for line in lines:
        sys.stdout.write(json.dumps({"says": line.rstrip("\n")}) + "\n")
        sys.stdout.flush()
