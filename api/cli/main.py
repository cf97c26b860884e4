"""The Typer app with all commands, and the one place where errors become exit codes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from api.cli import (
    approvals,
    audit,
    decisions,
    demo,
    explain,
    infer,
    link,
    people,
    plant,
    query,
    request,
    rules,
    run_plant,
    status,
    stop,
    validate,
)
from api.cli.console import print_error
from api.cli.exits import ExitCode, exit_code
from kg.errors import InternalError, TwinError

app = typer.Typer(
    name="twinwright",
    help="A live knowledge graph of a plant in which a proved update is the actuation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (
    plant,
    run_plant,
    demo,
    query,
    explain,
    decisions,
    approvals,
    request,
    stop,
    status,
    people,
    validate,
    infer,
):
    group.register(app)
app.add_typer(audit.app, name="audit")
app.add_typer(link.app, name="link")
app.add_typer(rules.app, name="rules")


@app.callback()
def options(debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and log lines.")] = False) -> None:
    """A live knowledge graph of a plant in which a proved update is the actuation."""
    logging.basicConfig(level=logging.DEBUG if debug else logging.ERROR)


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command line; everything has been printed."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(args=given)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.OK
    except TwinError as error:
        if "--debug" in given:
            raise
        print_error(error, "--json" in given)
        return exit_code(error)
    except KeyboardInterrupt:
        return ExitCode.OK
    except Exception as error:  # the top of the program: people get a sentence, not a traceback
        if "--debug" in given:
            raise
        logging.getLogger(__name__).debug("a bug", exc_info=True)
        told = InternalError(f"Something unexpected happened: {type(error).__name__}: {error}.")
        print_error(told, "--json" in given)
        return ExitCode.OUR_BUG
    return ExitCode.OK


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run())
