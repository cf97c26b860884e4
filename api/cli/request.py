"""`twinwright set`: a person asks for a setpoint, and sees what the Gate, the gateway and the controller said."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from api.acts.request import request_change, target_of
from api.cli import options
from api.cli.console import print_json, remedy_of, say
from api.cli.exits import ExitCode
from api.cli.twin import Twin, now_us, twin
from kg.change import Verdict
from kg.errors import ServiceDown
from kg.plantfolder import load
from kg.tokens import CORE, GATEWAY
from kg.wire import change_to_json, verdict_to_json

_POLL_S = 0.2


def register(app: typer.Typer) -> None:
    app.command("set")(set_value)


def set_value(
    prop: Annotated[str, typer.Argument(metavar="PROPERTY", help="Such as Filler.SetMachSpeed.")],
    value: Annotated[str, typer.Argument(help="In the property's unit.")],
    reason: options.Reason,
    wait_s: Annotated[float, typer.Option("--wait", help="Seconds to wait for the controller's answer.")] = 15.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only ask what the Gate would say.")] = False,
    why_not: Annotated[bool, typer.Option("--why-not", help="Where it is refused: what would pass instead.")] = False,
    data: options.Data = options.DATA,
    login: options.As = options.OPERATOR,
    as_json: options.Json = False,
) -> None:
    """Ask for a setpoint. Exits with 0 when the controller confirmed it, with 1 when anybody refused it."""
    with twin(data, login) as running:
        target = target_of(running.info, load(Path(running.info.folder)), prop)
        change = request_change(target, value, reason, now_us())
        verdict = running.submit(change, dry_run)
        outcome = found = None
        if verdict.admitted and not dry_run:
            outcome = wait_for_outcome(running, change.id, wait_s)
        if why_not and not verdict.admitted:
            found = running.call(CORE, "why_not", {"change": change_to_json(change)})
        if as_json:
            asked = {"why_not": found} if why_not else {}
            print_json({"request": change.id, "verdict": verdict_to_json(verdict), "outcome": outcome} | asked)
        else:
            _show(running, verdict, change.id, outcome, found)
    fine = verdict.admitted and (dry_run or (outcome or {}).get("outcome") == "confirmed")
    raise typer.Exit(ExitCode.OK if fine else ExitCode.FOUND)


def wait_for_outcome(running: Twin, request: str, wait_s: float) -> dict[str, Any] | None:
    """What the gateway says of a request, or None where it says nothing in time."""
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        try:
            told = running.call(GATEWAY, "outcomes", {"requests": [request]})
        except ServiceDown:
            told = {}
        found = (told.get("outcomes") or {}).get(request)
        if found and found.get("outcome"):
            return dict(found)
        time.sleep(_POLL_S)
    return None


def _show(
    running: Twin, verdict: Verdict, request: str, outcome: dict[str, Any] | None, found: dict[str, Any] | None
) -> None:
    if not verdict.admitted:
        say("Refused." if not verdict.dry_run else "It would be refused.", "bold red")
        for reason in verdict.reasons:
            say(f"  {running.info.in_words(reason.sentence)} [{reason.code}]")
            if remedy := remedy_of(reason.code):
                say(f"  {remedy}", "dim")
        if found is not None:
            _show_repairs(running, found)
    elif verdict.dry_run:
        say("It would be admitted.", "bold green")
        return
    elif outcome is None:
        say("Admitted; the controller's answer is not known yet.", "bold yellow")
    else:
        fine = outcome["outcome"] == "confirmed"
        say(
            f"{outcome['outcome'].capitalize()}: {outcome.get('sentence', '')}", "bold green" if fine else "bold yellow"
        )
    say(f"twinwright explain {request.removeprefix('urn:uuid:')}", "dim")


def _show_repairs(running: Twin, found: dict[str, Any]) -> None:
    """What could be asked instead and what would have to be so, best first; or that nothing was found."""
    for repair in found["repairs"]:
        say(running.info.in_words(repair["sentence"]), "green")
    if not found["repairs"]:
        say(found["sentence"], "yellow")
