"""`twinwright decisions`: what was decided, newest first; works without a running twin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from api.cli import options
from api.cli.console import out, print_json, say
from api.decisions import Decision, recent
from kg.tokens import local_name

_STYLES = {"confirmed": "green", "committed": "green", "refused": "red", "unknown": "bold red", "clamped": "yellow"}


def register(app: typer.Typer) -> None:
    app.command()(decisions)


def decisions(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 20,
    data: options.Data = options.DATA,
    as_json: options.Json = False,
) -> None:
    """The newest decisions: who wanted what, and what became of it."""
    found = recent(data, limit)
    if as_json:
        print_json([decision.to_json() for decision in found])
    elif found:
        out.print(_table(found))
        say("twinwright explain ID tells the whole story of one.", "dim")
    else:
        say("Nothing has been decided yet.")


def _table(found: list[Decision]) -> Table:
    table = Table("id", "when (UTC)", "who", "what", "state", "why", box=None, header_style="bold", pad_edge=False)
    for decision in found:
        when = datetime.fromtimestamp(decision.at_us / 1e6, UTC).strftime("%H:%M:%S")
        what = f"{local_name(decision.target or '?')} = {decision.value or '?'}"
        who = local_name(decision.author)
        style = _STYLES.get(decision.state, "")
        short = decision.id.removeprefix("urn:uuid:")
        table.add_row(short, when, who, what, decision.state, decision.sentence.replace("[", r"\["), style=style)
    return table
