"""`twinwright set`: a person asks for a setpoint, and sees what the Gate, the gateway and the controller said."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rdflib import RDF, XSD, Literal, URIRef

from api.cli import options
from api.cli.console import print_json, remedy_of, say
from api.cli.exits import ExitCode
from api.cli.names import nearest
from api.cli.twin import Twin, change_by, twin
from kg.bindings import DATA_TYPES, Binding
from kg.change import Change, Kind, Quad, Verdict, new_id
from kg.errors import BadValue, ServiceDown, UnknownNode
from kg.names import GraphName
from kg.plantfolder import load
from kg.terms import double_literal
from kg.tokens import GATEWAY, local_name
from kg.wire import verdict_to_json
from ontology import TW

_LIFE_S = 30.0
_POLL_S = 0.2


def register(app: typer.Typer) -> None:
    app.command("set")(set_value)


def set_value(
    prop: Annotated[str, typer.Argument(metavar="PROPERTY", help="Such as Filler.SetMachSpeed.")],
    value: Annotated[str, typer.Argument(help="In the property's unit.")],
    reason: options.Reason,
    wait_s: Annotated[float, typer.Option("--wait", help="Seconds to wait for the controller's answer.")] = 15.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only ask what the Gate would say.")] = False,
    data: options.Data = options.DATA,
    login: options.As = options.OPERATOR,
    as_json: options.Json = False,
) -> None:
    """Ask for a setpoint. Exits with 0 when the controller confirmed it, with 1 when anybody refused it."""
    with twin(data, login) as running:
        change = request_change(_binding(running, prop), value, reason)
        verdict = running.submit(change, dry_run)
        outcome = None
        if verdict.admitted and not dry_run:
            outcome = wait_for_outcome(running, change.id, wait_s)
        if as_json:
            print_json({"request": change.id, "verdict": verdict_to_json(verdict), "outcome": outcome})
        else:
            _show(running, verdict, change.id, outcome)
    fine = verdict.admitted and (dry_run or (outcome or {}).get("outcome") == "confirmed")
    raise typer.Exit(ExitCode.OK if fine else ExitCode.FOUND)


def request_change(binding: Binding, value: str, reason: str) -> Change:
    """The Change with which a person asks for a value. Raises BadValue for text that is no such value."""
    ident = new_id()
    expires = datetime.now(UTC) + timedelta(seconds=_LIFE_S)
    facts = (
        (RDF.type, TW.Request),
        (TW.target, binding.prop),
        (TW.desiredValue, literal_of(binding, value)),
        (TW.reason, Literal(reason)),
        (TW.expiresAt, Literal(expires.isoformat().replace("+00:00", "Z"), datatype=XSD.dateTime, normalize=False)),
    )
    adds = tuple(Quad(URIRef(ident), p, o, GraphName.DESIRED) for p, o in facts)
    return change_by(Kind.REQUEST, adds=adds, reason=reason, id=ident, detail={"decision": ident})


def literal_of(binding: Binding, text: str) -> Literal:
    """The literal of a value in the property's data type. Raises BadValue."""
    kind = DATA_TYPES[binding.data_type]
    try:
        if kind is float:
            number = float(_without_unit(text, binding.unit))
            if math.isfinite(number):
                return double_literal(number)
        elif kind is int:
            return Literal(str(int(_without_unit(text, binding.unit))), datatype=XSD.integer, normalize=False)
    except ValueError:
        pass
    if kind in (float, int):
        measure = "whole number" if kind is int else "number"
        told = f"{text!r} is no {measure} in the unit of {local_name(binding.prop)}, which is {binding.unit or '1'}."
        raise BadValue(told, value=text, unit=binding.unit)
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise BadValue(f"{text!r} is neither true nor false.", value=text)
        return Literal(text.lower() == "true")
    return Literal(text)


def _without_unit(text: str, unit: str | None) -> str:
    """The number of `380 /min` where that is the unit; another unit stays and is no number."""
    return text.removesuffix(unit) if unit else text


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


def _binding(running: Twin, prop: str) -> Binding:
    iri = running.info.iri(prop)
    plant = load(Path(running.info.folder))
    for binding in plant.bindings:
        if binding.prop == iri:
            return binding
    near = nearest(local_name(iri), (local_name(binding.prop) for binding in plant.bindings if binding.feedback))
    raise UnknownNode(f"{prop} is not a bound property of {plant.name}.{near}", property=str(iri))


def _show(running: Twin, verdict: Verdict, request: str, outcome: dict[str, Any] | None) -> None:
    if not verdict.admitted:
        say("Refused." if not verdict.dry_run else "It would be refused.", "bold red")
        for reason in verdict.reasons:
            say(f"  {running.info.in_words(reason.sentence)} [{reason.code}]")
            if remedy := remedy_of(reason.code):
                say(f"  {remedy}", "dim")
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
