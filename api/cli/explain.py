"""`twinwright explain`: why a decision was taken, from the record alone; or why a fact holds in the running twin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from api import proofs
from api.cli import options
from api.cli.console import print_json, say
from api.cli.exits import ExitCode
from api.cli.twin import twin
from api.decisions import explanation_of
from kg.errors import BadValue
from kg.exchange.rdf_files import RdfReader
from kg.terms import term_text
from kg.tokens import CORE
from reasoner.prefixes import STANDARD, Prefixes

_WAIT_S: Final = 60.0


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    ident: Annotated[
        str | None, typer.Argument(metavar="ID", help="Of the decision, as `twinwright decisions` shows it.")
    ] = None,
    fact: Annotated[
        str | None,
        typer.Option("--fact", metavar='"S P O"', help="Prove this triple instead, written as in Turtle."),
    ] = None,
    alternatives: Annotated[
        int, typer.Option("--alternatives", min=1, max=100, help="With --fact: proofs to show, the shortest first.")
    ] = 1,
    form: Annotated[
        str, typer.Option("--format", help="text, json, turtle or jsonld; of a fact also dot and svg.")
    ] = "text",
    full: Annotated[bool, typer.Option("--full", help="Text with ids, nodes and status codes too.")] = False,
    data: options.Data = options.DATA,
    login: options.As = options.OPERATOR,
    as_json: options.Json = False,
) -> None:
    """Why a decision was taken and what became of it: a sentence, a tree down to samples, or PROV-O.

    With --fact why a triple holds now, asked of the running twin; exits with 1 when it does not hold.
    """
    if (ident is None) == (fact is None):
        raise BadValue("Give the ID of a decision, or a triple with --fact.")
    chosen = "json" if as_json else form
    if fact is not None:
        raise typer.Exit(_prove(fact, alternatives, chosen, data, login))
    found = explanation_of(data, str(ident))
    if chosen == "json":
        print_json(found.to_json())
        return
    forms = {"text": lambda: found.text(full), "turtle": found.turtle, "jsonld": found.json_ld}
    if chosen not in forms:
        raise BadValue(f"There is no format {chosen}; there are json, {', '.join(forms)}.", format=chosen)
    sys.stdout.write(forms[chosen]().rstrip("\n") + "\n")


def _prove(text: str, alternatives: int, form: str, data: Path, login: str) -> ExitCode:
    if form not in (*proofs.FORMS, "json"):
        raise BadValue(f"There is no format {form}; there are json, {', '.join(proofs.FORMS)}.", format=form)
    with twin(data, login) as running:
        prefixes = Prefixes(running.info.prefixes)
        triple = RdfReader().fact(text, {**STANDARD, **prefixes.namespaces})
        body = dict(zip("spo", map(term_text, triple), strict=True))
        answer = running.call(CORE, "proof", {**body, "alternatives": alternatives}, timeout_s=_WAIT_S)
    if form == "json":
        print_json(answer)
    elif answer["proofs"]:
        sys.stdout.write(proofs.written(proofs.from_json(answer), form, prefixes))
        if alternatives > 1 and answer["more"]:
            say("There may be more.", "dim")
    else:
        say(f"It does not hold: {' '.join(map(prefixes.term, triple))}")
    return ExitCode.OK if answer["proofs"] else ExitCode.FOUND
