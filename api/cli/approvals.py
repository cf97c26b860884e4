"""`twinwright approve` and `reject`: a person's word on one exact change, bound to its target, value and conditions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rdflib import Literal, URIRef

from agents.proposal import json_to_proposal
from api.cli import options
from api.cli.console import print_json, say
from api.cli.durations import seconds
from api.cli.exits import ExitCode
from api.cli.twin import change_by, now_us, twin
from api.decisions import entries_of
from kg.change import Expected, Kind
from kg.errors import BadTerm, UnknownNode
from kg.gate import binding_hash
from kg.tokens import CORE, local_name
from kg.wire import term_text, text_to_quads, text_to_term, verdict_to_json
from ontology import TW


def register(app: typer.Typer) -> None:
    app.command()(approve)
    app.command()(reject)


_Id = Annotated[str, typer.Argument(metavar="ID", help="Of the decision, as `twinwright decisions` shows it.")]


def approve(
    ident: _Id,
    reason: options.Reason = "",
    valid: Annotated[str, typer.Option("--for", help="How long the approval may be used.")] = "10m",
    data: options.Data = options.DATA,
    login: options.As = options.OPERATOR,
    as_json: options.Json = False,
) -> None:
    """Approve one proposal as it stands. It counts once, for this target, value and conditions, and it expires."""
    _say_word(ident, "approve", reason, valid, data, login, as_json)


def reject(
    ident: _Id,
    reason: options.Reason,
    data: options.Data = options.DATA,
    login: options.As = options.OPERATOR,
    as_json: options.Json = False,
) -> None:
    """Reject a proposal, with a reason that is kept."""
    _say_word(ident, "reject", reason, "10m", data, login, as_json)


def _say_word(ident: str, meaning: str, reason: str, valid: str, data: Path, login: str, as_json: bool) -> None:
    entries = entries_of(data, ident)
    decision = str(entries[0].entry.subject)
    with twin(data, login) as running:
        release = running.call(CORE, "status")["release"]
        target, value, read_set = wanted([recorded.entry.body for recorded in entries], decision)
        detail = {
            "decision": decision,
            "meaning": meaning,
            "binds": binding_hash(str(target), term_text(value), read_set, release),
            "expires_us": now_us() + round(seconds(valid) * 1e6),
        }
        change = change_by(Kind.APPROVAL, cause=decision, reason=reason or None, detail=detail)
        verdict = running.submit(change)
    if as_json:
        print_json({"decision": decision, "verdict": verdict_to_json(verdict), "binds": detail["binds"]})
    elif verdict.admitted:
        word = "Approved" if meaning == "approve" else "Rejected"
        say(f"{word}: {local_name(str(target))} = {value}. It is on record as change {verdict.seq}.", "bold")
    else:
        for given in verdict.reasons:
            say(f"Not accepted: {given.sentence} [{given.code}]", "yellow")
    raise typer.Exit(ExitCode.OK if verdict.admitted else ExitCode.FOUND)


def wanted(bodies: list[Mapping[str, Any]], decision: str) -> tuple[URIRef, Literal, tuple[Expected, ...]]:
    """Target, desired value and read set of a decision, from its journal entries. Raises UnknownNode without a wish."""
    for body in bodies:
        facts = (body.get("detail") or {}).get("facts") or {}
        if body.get("kind") == Kind.PROPOSAL and "proposal" in facts:
            proposal = json_to_proposal(facts["proposal"])
            return proposal.target, proposal.desired, proposal.read_set
    for body in bodies:
        if body.get("kind") == Kind.REQUEST:
            return _of_request(body)
    raise UnknownNode(f"{decision} is no proposal or request, so there is nothing to approve.", id=decision)


def _of_request(body: Mapping[str, Any]) -> tuple[URIRef, Literal, tuple[Expected, ...]]:
    stated = {quad.p: quad.o for quad in text_to_quads(body["stated"]["adds"])}
    target, value = stated.get(TW.target), stated.get(TW.desiredValue)
    if not isinstance(target, URIRef) or not isinstance(value, Literal):
        raise BadTerm("This request names no target and value.")
    return target, value, tuple(_expected(item) for item in body.get("read_set") or ())


def _expected(item: list[Any]) -> Expected:
    s, p, o, present, tolerance = item
    return Expected(
        URIRef(s), URIRef(p), text_to_term(o), bool(present), None if tolerance is None else float(tolerance)
    )
