"""`twinwright query`: SPARQL over the replica."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.cli import options
from api.cli.console import err, out, print_json, say
from api.cli.twin import Twin, twin
from kg.errors import BadValue
from kg.tokens import REPLICA


def register(app: typer.Typer) -> None:
    app.command()(query)


def query(
    sparql: Annotated[str | None, typer.Argument(help="SPARQL 1.1 text, or - for standard input.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="File with the query.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="Most rows in the answer.")] = 1000,
    timeout_s: Annotated[float, typer.Option("--timeout", help="Seconds that the query may take.")] = 10.0,
    min_seq: Annotated[int, typer.Option("--min-seq", help="Wait until the replica has come to this Change.")] = 0,
    form: Annotated[str, typer.Option("--format", help="Of graphs: turtle, ntriples or nquads.")] = "turtle",
    data: options.Data = options.DATA,
    login: options.As = options.OPERATOR,
    as_json: options.Json = False,
) -> None:
    """Ask the graph in SPARQL. Prefixes of the project and the plant are declared; all graphs are read as one."""
    body = {"query": _text(sparql, file), "limit": limit, "timeout_s": timeout_s, "min_seq": min_seq, "format": form}
    with twin(data, login) as running:
        answer = running.call(REPLICA, "query", body, timeout_s=2 * timeout_s + 5)
        if as_json:
            print_json(answer)
        else:
            _show(answer, running)


def _text(sparql: str | None, file: Path | None) -> str:
    if (sparql is None) == (file is None):
        raise BadValue("Give the query as an argument, as - for standard input, or with --file.")
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadValue(f"{file} cannot be read: {error}.", file=str(file)) from error
    return sys.stdin.read() if sparql == "-" else str(sparql)


def _show(answer: dict[str, Any], running: Twin) -> None:
    if answer["form"] == "ask":
        say("yes" if answer["results"]["boolean"] else "no")
    elif answer["form"] == "graph":
        out.print(answer["graph"], markup=False, soft_wrap=True, end="")
    else:
        out.print(_table(answer["results"], running))
    more = f", cut at the row limit of {answer['row_limit']}" if answer["truncated"] else ""
    err.print(f"{answer['rows']} rows in {answer['seconds']:.3f} s at seq {answer['seq']}{more}", style="dim")


def _table(results: dict[str, Any], running: Twin) -> Table:
    names = results["head"]["vars"]
    table = Table(*names, box=None, header_style="bold", pad_edge=False)
    for row in results["results"]["bindings"]:
        table.add_row(*(_cell(row.get(name), running) for name in names))
    return table


def _cell(term: dict[str, str] | None, running: Twin) -> str:
    if term is None:
        return ""
    text = running.info.short(term["value"]) if term["type"] == "uri" else term["value"]
    return text.replace("[", r"\[")
