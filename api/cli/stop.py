"""`twinwright stop` and `unfreeze`: the switches outside the agents. The gateway hears first, then the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from rdflib import Literal, URIRef

from api.cli import options
from api.cli.console import print_json, say
from api.cli.durations import seconds
from api.cli.exits import ExitCode
from api.cli.names import bound, stoppable
from api.cli.twin import Twin, change_by, now_us, twin
from kg.change import Change, Kind, Quad
from kg.errors import BadValue, ServiceDown, TwinError
from kg.names import GraphName
from kg.tokens import CORE, GATEWAY
from ontology import TW

_MODES = {"no-writes": TW.NoWrites, "propose-only": TW.ProposeOnly, "read-only": TW.ReadOnly}


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
    if mode not in _MODES:
        raise BadValue(f"There is no mode {mode}; there are {', '.join(_MODES)}.", mode=mode)
    until_us = None if duration is None else now_us() + round(seconds(duration) * 1e6)
    with twin(data, login) as running:
        iri = stoppable(running, scope)
        word = "release" if release else mode
        body = {"scope": str(iri), "mode": word, "until_us": until_us, "reason": reason}
        change = _stop_change(iri, None if release else mode, until_us, reason)
        code = _both(running, "stop", body, change, as_json, f"{scope}: {_sentence(word, duration)}")
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
        quad = Quad(iri, TW.frozen, Literal(True), GraphName.DESIRED)
        change = change_by(Kind.MANUAL, removes=(quad,), reason=reason)
        body = {"property": str(iri), "reason": reason}
        code = _both(running, "unfreeze", body, change, as_json, f"{prop} may be written again.")
    raise typer.Exit(code)


def _both(running: Twin, method: str, body: Mapping[str, object], change: Change, as_json: bool, done: str) -> ExitCode:
    """Tell the gateway, then the core, each whether or not the other answers."""
    problems: dict[str, TwinError] = {}
    try:
        running.call(GATEWAY, method, body)
    except ServiceDown as error:
        problems[GATEWAY] = error
    try:
        verdict = running.submit(change)
    except ServiceDown as error:
        problems[CORE] = error
        verdict = None
    told = {part: part not in problems for part in (GATEWAY, CORE)}
    reasons = [reason.sentence for reason in verdict.reasons] if verdict is not None else []
    if as_json:
        seq = None if verdict is None else verdict.seq
        print_json({"change": change.id, "told": told, "seq": seq, "reasons": reasons})
    else:
        if told[GATEWAY]:
            say(done, "bold")
        for problem in problems.values():
            say(f"{problem.message} {problem.remedy}", "yellow")
        for reason in reasons:
            say(f"Not recorded: {running.info.in_words(reason)}", "yellow")
    if problems:
        return ExitCode.INSTALLATION
    return ExitCode.FOUND if reasons else ExitCode.OK


def _stop_change(scope: URIRef, mode: str | None, until_us: int | None, reason: str) -> Change:
    """A switch sets one mode and takes the others away; a release takes all away."""
    quads = {word: Quad(scope, TW.stopped, iri, GraphName.POLICY) for word, iri in _MODES.items()}
    adds = () if mode is None else (quads[mode],)
    removes = tuple(quad for word, quad in quads.items() if word != mode)
    detail = {} if until_us is None else {"until_us": until_us}
    return change_by(Kind.STOP, adds=adds, removes=removes, reason=reason or None, detail=detail)


def _sentence(word: str, duration: str | None) -> str:
    until = "" if duration is None else f" for {duration}"
    return {
        "release": "the stop is released.",
        "no-writes": f"nothing is written{until}.",
        "propose-only": f"agents may only propose{until}.",
        "read-only": f"the twin only reads{until}.",
    }[word]
