"""`twinwright people`: who may sign in to the running twin, and with which token."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table

from api.cli import options
from api.cli.console import out, print_json, say
from api.run_info import RunInfo
from api.web.identity import People, Person
from kg.names import GraphName
from kg.plantfolder import load
from kg.tokens import read_tokens


def register(app: typer.Typer) -> None:
    app.command()(people)


def people(
    tokens: Annotated[bool, typer.Option("--tokens", help="Show the tokens too; keep them to yourself.")] = False,
    data: options.Data = options.DATA,
    as_json: options.Json = False,
) -> None:
    """The people of the policy with their roles; the tokens are drawn anew at each start of the twin."""
    info = RunInfo.read(data)
    folder = load(data / "plant")
    known = People(folder.persons, folder.graphs[GraphName.POLICY], read_tokens(data)).by_login.values()
    if as_json:
        shown = [{"login": p.login, "name": p.label, "role": str(p.role)} for p in known]
        for row, person in zip(shown, known, strict=True):
            row |= {"token": person.token} if tokens else {}
        print_json({"web": info.web, "people": shown})
        return
    out.print(people_table(known, tokens))
    say(f"Console: {info.web}   API: {info.web}/v1   with the header Authorization: Bearer TOKEN", "dim")


def people_table(people: Iterable[Person], tokens: bool) -> Table:
    """Login, name and role, and the token where that is asked for."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("login", "name", "role", *(("token",) if tokens else ())):
        table.add_column(column, no_wrap=True)
    for person in people:
        table.add_row(person.login, person.label, str(person.role), *((person.token,) if tokens else ()))
    return table
