"""`twinwright explain`: why a decision was taken, down to the samples; works without a running twin."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from api.cli import options
from api.cli.console import print_json
from api.decisions import explanation_of
from kg.errors import BadValue


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    ident: Annotated[str, typer.Argument(metavar="ID", help="Of the decision, as `twinwright decisions` shows it.")],
    form: Annotated[str, typer.Option("--format", help="text, json, turtle or jsonld.")] = "text",
    full: Annotated[bool, typer.Option("--full", help="Text with ids, nodes and status codes too.")] = False,
    data: options.Data = options.DATA,
    as_json: options.Json = False,
) -> None:
    """Why a decision was taken and what became of it: a sentence, a tree down to samples, or PROV-O."""
    found = explanation_of(data, ident)
    if as_json or form == "json":
        print_json(found.to_json())
        return
    forms = {"text": lambda: found.text(full), "turtle": found.turtle, "jsonld": found.json_ld}
    if form not in forms:
        raise BadValue(f"There is no format {form}; there are json, {', '.join(forms)}.", format=form)
    sys.stdout.write(forms[form]().rstrip("\n") + "\n")
