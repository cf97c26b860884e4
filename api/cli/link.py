"""`twinwright link status`: the OPC UA sessions of the core."""

from __future__ import annotations

import typer
from rich.table import Table

from api.cli import options
from api.cli.console import out, print_json
from api.cli.exits import ExitCode
from api.cli.twin import twin
from kg.tokens import CORE

app = typer.Typer(help="The link to the controllers.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def link() -> None:
    """The link to the controllers."""


@app.command("status")
def link_status(
    data: options.Data = options.DATA, login: options.As = options.OPERATOR, as_json: options.Json = False
) -> None:
    """Sessions, subscriptions and gaps. Exits with 3 when a controller cannot be reached."""
    with twin(data, login) as running:
        servers = running.call(CORE, "status")["link"]
        if as_json:
            print_json(servers)
        else:
            table = Table("server", "connected", "items", "received", "gaps", box=None, header_style="bold")
            for iri, told in servers.items():
                cells = (told.get(name, "-") for name in ("items", "received", "gaps"))
                word = "yes" if told.get("connected") else "no"
                table.add_row(running.info.short(iri), word, *(str(_count(cell)) for cell in cells))
            out.print(table)
    up = all(told.get("connected") for told in servers.values())
    raise typer.Exit(ExitCode.OK if servers and up else ExitCode.INSTALLATION)


def _count(value: object) -> object:
    return len(value) if isinstance(value, list) else value
