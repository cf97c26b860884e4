"""`twinwright approve` and `reject`: a person's word on one exact change, bound to its target, value and conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents.explanation.story import read_story
from agents.words import plain
from api.acts import approval_change, require_open, wanted
from api.acts.approval import Meaning
from api.cli import options
from api.cli.console import print_json, remedy_of, say
from api.cli.durations import seconds
from api.cli.exits import ExitCode
from api.cli.twin import now_us, twin
from api.decisions import journal_of
from kg.tokens import CORE, local_name
from kg.wire import verdict_to_json


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


def _say_word(ident: str, meaning: Meaning, reason: str, valid: str, data: Path, login: str, as_json: bool) -> None:
    with journal_of(data) as journal:
        story = read_story(journal, ident)
    target, value, _ = wanted(story)
    require_open(story, now_us())
    with twin(data, login) as running:
        release = running.call(CORE, "status")["release"]
        change = approval_change(story, meaning, release, now_us(), valid_s=seconds(valid), reason=reason)
        verdict = running.submit(change)
    if as_json:
        print_json({"decision": story.id, "verdict": verdict_to_json(verdict), "binds": change.detail["binds"]})
    elif verdict.admitted:
        word = "Approved" if meaning == "approve" else "Rejected"
        say(f"{word}: {local_name(str(target))} = {plain(value)}. It is on record as change {verdict.seq}.", "bold")
    else:
        for given in verdict.reasons:
            say(f"Not accepted: {given.sentence} [{given.code}]", "yellow")
            if remedy := remedy_of(given.code):
                say(remedy, "dim")
    raise typer.Exit(ExitCode.OK if verdict.admitted else ExitCode.FOUND)
