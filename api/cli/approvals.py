"""`twinwright approve` and `reject`: a person's word on one exact change, bound to its target, value and conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rdflib import Literal, URIRef

from agents.explanation.story import Story, read_story
from agents.explanation.summaries import summary_of
from agents.reasoning import plain
from api.cli import options
from api.cli.console import print_json, remedy_of, say
from api.cli.durations import seconds
from api.cli.exits import ExitCode
from api.cli.twin import change_by, now_us, twin
from api.decisions import journal_of
from api.live.words import ENDS
from kg.change import Expected, Kind
from kg.errors import ApprovalInvalid, UnknownNode
from kg.gate import binding_hash
from kg.tokens import CORE, local_name
from kg.wire import term_text, verdict_to_json


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
    with journal_of(data) as journal:
        story = read_story(journal, ident)
    _require_open(story)
    with twin(data, login) as running:
        release = running.call(CORE, "status")["release"]
        target, value, read_set = wanted(story)
        detail = {
            "decision": story.id,
            "meaning": meaning,
            "binds": binding_hash(str(target), term_text(value), read_set, release),
            "expires_us": now_us() + round(seconds(valid) * 1e6),
        }
        change = change_by(Kind.APPROVAL, cause=story.id, reason=reason or None, detail=detail)
        verdict = running.submit(change)
    if as_json:
        print_json({"decision": story.id, "verdict": verdict_to_json(verdict), "binds": detail["binds"]})
    elif verdict.admitted:
        word = "Approved" if meaning == "approve" else "Rejected"
        say(f"{word}: {local_name(str(target))} = {plain(value)}. It is on record as change {verdict.seq}.", "bold")
    else:
        for given in verdict.reasons:
            say(f"Not accepted: {given.sentence} [{given.code}]", "yellow")
            if remedy := remedy_of(given.code):
                say(remedy, "dim")
    raise typer.Exit(ExitCode.OK if verdict.admitted else ExitCode.FOUND)


def _require_open(story: Story) -> None:
    """Raises ApprovalInvalid for a proposal that has ended: a word on it would change nothing.

    A person's request that was refused for want of an approval is open: it is sent again.
    """
    end = summary_of(story).end
    if story.proposal is not None and end is not None:
        word, _ = ENDS.get(end, (end, ""))
        raise ApprovalInvalid(f"This proposal has ended: {word}. There is nothing left to approve or reject.", end=end)


def wanted(story: Story) -> tuple[URIRef, Literal, tuple[Expected, ...]]:
    """Target, desired value and read set of a decision. Raises UnknownNode for one that wants nothing.

    A person's request is sent without a read set, so that the conditions are those of the moment it is sent again.
    """
    if story.proposal is not None:
        return story.proposal.target, story.proposal.desired, story.proposal.read_set
    if story.wish is not None:
        return story.wish.target, story.wish.desired, ()
    raise UnknownNode(f"{story.id} is no proposal or request, so there is nothing to approve.", id=story.id)
