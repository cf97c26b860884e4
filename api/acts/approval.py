"""A person's word on one exact change, bound to its target, value and conditions; and whether a word counts now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from typing import Literal as OneOf

from rdflib import Literal, URIRef

from agents.explanation.story import Step, Story
from agents.explanation.summaries import summary_of
from agents.levels import Level
from api.acts.sender import change_at
from api.live.words import ENDS
from kg.change import Change, Expected, Kind
from kg.errors import ApprovalInvalid, BadValue, UnknownNode
from kg.gate import binding_hash
from kg.wire import term_text

VALID_S: Final = 600.0
LONGEST_S: Final = 3600.0
"""Nobody approves for longer than an hour: by then the line is another one."""

_END_CODES: Final = {"expired": "expired", "shadow": "shadow", "advised": "advise"}
Meaning = OneOf["approve", "reject"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a person's word would count now."""

    counts: bool
    code: str
    """`open`, or why not: ended, expired, sent, own, off, shadow, advise."""
    sentence: str


def standing(story: Story, now_us: int, *, level: Level | None = None, person: str | None = None) -> Standing:
    """Whether a word on a decision would count now: at the level that the policy grants the agent, of this person.

    A person's request that was refused for want of an approval is open: it is sent again. `level` and `person` (an
    IRI) are left out of account where they are not known.
    """
    end, proposal = summary_of(story).end, story.proposal
    if proposal is None:
        return _standing_of_request(story, person)
    if end is not None:
        word, _ = ENDS.get(end, (end, ""))
        return Standing(False, _END_CODES.get(end, "ended"), f"This proposal has ended: {word}.")
    if any(step.kind is Kind.REQUEST for step in story.steps):
        return Standing(False, "sent", "This proposal has been approved and sent.")
    if now_us >= proposal.expires_us:
        return Standing(False, "expired", "This proposal has expired.")
    if level is not None and not level.may_act:
        return Standing(False, level.word, f"The agent's level is {level.word}: whatever is said, nothing is written.")
    return Standing(True, "open", "A person may approve or reject it.")


def require_open(story: Story, now_us: int, *, level: Level | None = None, person: str | None = None) -> None:
    """Raises ApprovalInvalid for what has ended, expired or been sent: a word on it would change nothing."""
    found = standing(story, now_us, level=level, person=person)
    if not found.counts:
        facts = {"why": found.code, "end": summary_of(story).end}
        raise ApprovalInvalid(f"{found.sentence} There is nothing left to approve or reject.", **facts)


def wanted(story: Story) -> tuple[URIRef, Literal, tuple[Expected, ...]]:
    """Target, desired value and read set of a decision. Raises UnknownNode for one that wants nothing.

    A person's request is sent without a read set, so that the conditions are those of the moment it is sent again.
    """
    if story.proposal is not None:
        return story.proposal.target, story.proposal.desired, story.proposal.read_set
    if story.wish is not None:
        return story.wish.target, story.wish.desired, ()
    raise UnknownNode(f"{story.id} is no proposal or request, so there is nothing to approve.", id=story.id)


def binds_of(story: Story, release: str) -> str:
    """The hash to which a word on a decision is bound under a release. Raises UnknownNode."""
    target, value, read_set = wanted(story)
    return binding_hash(str(target), term_text(value), read_set, release)


def approval_change(
    story: Story,
    meaning: Meaning,
    release: str,
    at_us: int,
    *,
    valid_s: float = VALID_S,
    reason: str = "",
    expect: str | None = None,
    level: Level | None = None,
    person: str | None = None,
) -> Change:
    """The Change with which a person approves or rejects a decision as it stands under a release.

    `expect` is the hash of what the person saw; `level` and `person` as for `standing`. Raises ApprovalInvalid where
    it is another one or where nothing is left to say, BadValue for a time out of bounds, UnknownNode for a decision
    that wants nothing.
    """
    binds = binds_of(story, release)
    require_open(story, at_us, level=level, person=person)
    if not 0 < valid_s <= LONGEST_S:
        raise BadValue(f"An approval is valid for up to {LONGEST_S:g} seconds, not {valid_s:g}.", valid_s=valid_s)
    if expect is not None and expect != binds:
        told = "What was shown is not what stands now, so nothing has been said about it."
        raise ApprovalInvalid(told, why="changed", binds=binds)
    detail = {
        "decision": story.id,
        "meaning": meaning,
        "binds": binds,
        "expires_us": at_us + round(valid_s * 1e6),
    }
    return change_at(Kind.APPROVAL, at_us, cause=story.id, reason=reason or None, detail=detail)


def approvers(story: Story, binds: str, now_us: int) -> tuple[str, ...]:
    """The persons other than the author whose last word approves a decision, bound to this hash and not expired."""
    words: dict[str, Step] = {}
    for step in story.steps:
        if step.kind is Kind.APPROVAL and step.admitted and step.detail.get("binds") == binds:
            words[str(step.author)] = step
    words.pop(str(story.steps[0].author), None)
    return tuple(sorted(person for person, step in words.items() if _approves(step, now_us)))


def _approves(step: Step, now_us: int) -> bool:
    return step.detail.get("meaning") == "approve" and int(step.detail.get("expires_us", 0)) > now_us


def _standing_of_request(story: Story, person: str | None) -> Standing:
    requests = [step for step in story.steps if step.kind is Kind.REQUEST]
    if not requests:
        return Standing(False, "ended", "This is no request.")
    if requests[-1].admitted:
        return Standing(False, "sent", "This request was admitted.")
    if person == str(requests[-1].author):
        return Standing(False, "own", "Nobody approves a request of their own.")
    return Standing(True, "open", "It was refused; with an approval it may be sent again.")
