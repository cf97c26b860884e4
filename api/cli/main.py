"""The Typer app with all commands, and the one place where errors become exit codes."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Final

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
from kg.errors import InternalError, OperatorError, TwinError

_FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO))

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
    _speak_utf8()
    try:
        code = _ended(given)
        sys.stdout.flush()
        return code
    except TwinError as error:
        if "--debug" in given:
            raise
        print_error(error, "--json" in given)
        return exit_code(error)
    except KeyboardInterrupt:
        return ExitCode.OK
    except BrokenPipeError:  # whoever read the output has seen enough
        _give_up_output()
        return ExitCode.OK
    except OSError as error:
        if error.errno not in _FULL:
            return _told_as_bug(error, given)
        _give_up_output()
        told = OperatorError(f"The output cannot be written: {error.strerror}.")
        told.remedy = "Free space, or send the output elsewhere."
        print_error(told, as_json=False)
        return ExitCode.INSTALLATION
    except Exception as error:  # noqa: BLE001  # the top of the program: people get a sentence, not a traceback
        return _told_as_bug(error, given)


def _ended(given: list[str]) -> int:
    """Run the command; its exit code."""
    try:
        app(args=given)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.OK
    return ExitCode.OK


def _told_as_bug(error: Exception, given: list[str]) -> int:
    if "--debug" in given:
        raise error
    logging.getLogger(__name__).debug("a bug", exc_info=True)
    told = InternalError(f"Something unexpected happened: {type(error).__name__}: {error}.")
    print_error(told, "--json" in given)
    return ExitCode.OUR_BUG


def _speak_utf8() -> None:
    """RDF and JSON are UTF-8, whatever the terminal's locale."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _give_up_output() -> None:
    """What waits in the buffer of standard output goes nowhere, so that the program's end doesn't trip over it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run())
