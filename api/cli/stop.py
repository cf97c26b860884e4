"""`twinwright stop` and `unfreeze`: the switches outside the agents. The gateway hears first, then the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from api.acts import Stop, Told, require_mode, stop_body, stop_change, stop_sentence, unfreeze_body, unfreeze_change
from api.cli import options
from api.cli.console import print_json, say
from api.cli.durations import seconds
from api.cli.exits import ExitCode
from api.cli.names import bound, stoppable
from api.cli.twin import Twin, now_us, twin
from kg.change import Change
from kg.errors import TwinError
from kg.tokens import CORE, GATEWAY


def register(app: typer.Typer) -> None:
    app.command()(stop)
    app.command()(unfreeze)


def stop(
    scope: Annotated[str, typer.Argument(help="plant, or a machine, area, agent or rule, such as Filler.")] = "plant",
    mode: Annotated[str, typer.Option("--mode", help="no-writes, propose-only or read-only.")] = "no-writes",
    duration: Annotated[str | None, typer.Option("--for", help="Ends by itself after this time, such as 10m.")] = None,
    release: Annotated[bool, typer.Option("--release", help="Release the stop on this scope.")] = False,
    reason: options.Reason = "",
    data: options.Data = options.DATA,
    login: options.As = options.OPERATOR,
    as_json: options.Json = False,
) -> None:
    """Stop what the twin may do, at once; or release a stop. The line itself runs on."""
    require_mode(mode)
    until_us = None if duration is None else now_us() + round(seconds(duration) * 1e6)
    with twin(data, login) as running:
        asked = Stop(stoppable(running, scope), None if release else mode, until_us, reason)
        change = stop_change(asked, now_us())
        done = f"{scope}: {stop_sentence(asked.mode, duration)}"
        code = _both(running, "stop", stop_body(asked), change, as_json, done)
    raise typer.Exit(code)


def unfreeze(
    prop: Annotated[str, typer.Argument(metavar="PROPERTY", help="Such as Filler.SetMachSpeed.")],
    reason: options.Reason,
    data: options.Data = options.DATA,
    login: options.As = options.OPERATOR,
    as_json: options.Json = False,
) -> None:
    """Release a property whose last write has an unknown outcome, after somebody has looked at the machine."""
    with twin(data, login) as running:
        iri = bound(running, prop)
        change = unfreeze_change(iri, reason, now_us())
        body = unfreeze_body(iri, reason)
        code = _both(running, "unfreeze", body, change, as_json, f"{prop} may be written again.")
    raise typer.Exit(code)


def _both(running: Twin, method: str, body: Mapping[str, object], change: Change, as_json: bool, done: str) -> ExitCode:
    """Tell the gateway, then the core, each whether or not the other answers."""
    told = Told()
    try:
        running.call(GATEWAY, method, body)
    except TwinError as error:
        told.failed(GATEWAY, error)
    try:
        told.verdict = running.submit(change)
    except TwinError as error:
        told.failed(CORE, error)
    if as_json:
        print_json({"change": change.id, "told": told.heard, "seq": told.seq, "reasons": told.refusals})
    else:
        if told.heard[GATEWAY]:
            say(done, "bold")
        for problem in told.problems.values():
            say(f"{problem.message} {problem.remedy}", "yellow")
        for reason in told.refusals:
            say(f"Not recorded: {running.info.in_words(reason)}", "yellow")
    if told.problems:
        return ExitCode.INSTALLATION
    return ExitCode.FOUND if told.refusals else ExitCode.OK
