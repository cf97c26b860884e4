"""`twinwright decisions`: what was decided, newest first; works without a running twin."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from agents.explanation import DecisionSummary
from api.cli import options
from api.cli.console import out, print_json, say
from api.decisions import newest
from api.live.words import ENDS
from kg.tokens import local_name
from kg.wire import text_to_term


def register(app: typer.Typer) -> None:
    app.command()(decisions)


def decisions(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 20,
    data: options.Data = options.DATA,
    as_json: options.Json = False,
) -> None:
    """The newest decisions: who wanted what, and what became of it."""
    found = newest(data, limit)
    if as_json:
        print_json([asdict(decision) for decision in found])
    elif found:
        out.print(_table(found))
        say("twinwright explain ID tells the whole story of one.", "dim")
    else:
        say("Nothing has been decided yet.")


def _table(found: list[DecisionSummary]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("id", "when (UTC)", "who", "what", "state"):
        table.add_column(name, no_wrap=True)
    table.add_column("why")
    for decision in found:
        when = datetime.fromtimestamp(decision.at_us / 1e6, UTC).strftime("%H:%M:%S")
        word, style = ENDS.get(decision.end or "", (decision.stage, ""))
        cells = (decision.id.removeprefix("urn:uuid:"), when, local_name(decision.author), _what(decision), word)
        table.add_row(*cells, decision.sentence.replace("[", r"\["), style=style)
    return table


def _what(decision: DecisionSummary) -> str:
    value = "?" if decision.desired is None else str(text_to_term(decision.desired).toPython())
    return f"{local_name(decision.target or '?')} = {value}"
