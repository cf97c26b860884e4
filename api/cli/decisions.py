"""`twinwright decisions`: what was decided, newest first; works without a running twin."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from agents.explanation import DecisionSummary
from agents.words import plain
from api.cli import options
from api.cli.console import out, print_json, say
from api.decisions import newest
from api.live.words import ENDS
from kg.tokens import local_name
from kg.wire import text_to_term

_SHORT = 8
"""Characters of an id that people see and may type."""


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
    for name in ("id", "UTC", "who", "state"):
        table.add_column(name, no_wrap=True)
    table.add_column("what, and why")
    for decision in found:
        when = datetime.fromtimestamp(decision.at_us / 1e6, UTC).strftime("%H:%M:%S")
        word, style = ENDS.get(decision.end or "", (decision.stage, ""))
        who = local_name(decision.author)
        # the column gives way to the others, and its lines are cut, not folded
        lines = (_what(decision), decision.sentence, decision.effect or "")
        what = Text("\n".join(line for line in lines if line), no_wrap=True, overflow="ellipsis")
        table.add_row(decision.id.removeprefix("urn:uuid:")[:_SHORT], when, who, word, what, style=style)
    return table


def _what(decision: DecisionSummary) -> str:
    value = "?" if decision.desired is None else plain(text_to_term(decision.desired))
    return f"{local_name(decision.target or '?')} = {value}"
