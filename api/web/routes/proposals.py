"""`/v1/proposals`: what the agents propose, and a person's word on it."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agents.explanation.story import Story, read_story
from api.acts import approval_change, approvals_needed, approvers, wanted
from api.acts.approval import LONGEST_S, VALID_S, Meaning
from api.web.access import Action, allowed
from api.web.errors import ChangeRefused
from api.web.identity import Person
from api.web.moments import Moment, moment
from api.web.named import named
from api.web.problems import problem_responses
from api.web.proposal_view import EXAMPLE, Approvals, ProposalView, level_of, view
from api.web.proposals import State, proposals_of
from api.web.twin import Twin, the_twin
from kg.errors import ApprovalInvalid, ServiceDown, UnknownNode
from kg.tokens import CORE
from kg.wire import verdict_to_json

router = APIRouter(tags=["proposals"])

_ID = re.compile(r"(?:urn:uuid:)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_HASH = "9f2c7a4e5b1d08c36e7fa2b94c5d6e1f0a8b7c3d2e4f5061728394a5b6c7d8e9"
_Id = Annotated[str, InPath(description="`urn:uuid:...`, or without the prefix.", max_length=100)]
_Reader = Annotated[Person, Depends(allowed(Action.READ))]
_Approver = Annotated[Person, Depends(allowed(Action.APPROVE))]
_Twin = Annotated[Twin, Depends(the_twin)]
_Expect = Annotated[
    str | None,
    Field(pattern="^[0-9a-f]{64}$", description="`binds` as it was shown; if it is another one now, nothing is said."),
]


class ProposalList(BaseModel):
    """Proposals, the newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EXAMPLE], "next": "4711"}]})

    items: list[ProposalView]
    next: Annotated[str | None, Field(description="Send it as `cursor` for what was made before.", examples=["4711"])]


class Approval(BaseModel):
    """A person approves a proposal as it stands."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "Labeller is being cleared.", "valid_s": 600, "expect": _HASH}]},
    )

    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""
    valid_s: Annotated[float, Field(gt=0, le=LONGEST_S, description="How long the approval may be used.")] = VALID_S
    expect: _Expect = None


class Rejection(BaseModel):
    """A person rejects a proposal, with a reason that is kept."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "The packer is next."}]})

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    expect: _Expect = None


_SAID: dict[str, Any] = {
    "proposal": EXAMPLE["id"],
    "meaning": "approve",
    "binds": _HASH,
    "expires_at": "2026-11-22T08:25:30.250000+00:00",
    "approvals": {"needed": 1, "given": [{"iri": "https://w3id.org/twinwright/plants/bottling#sam", "label": "Sam"}]},
    "change": "urn:uuid:0b1c2d3e-4f50-4a61-8b72-9c83ad94be05",
    "seq": 4711,
}


class Said(BaseModel):
    """A person's word, on record."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SAID]})

    proposal: str
    meaning: Annotated[str, Field(examples=["approve"])]
    binds: Annotated[str, Field(examples=[_HASH])]
    expires_at: Annotated[Moment, Field(description="From here on an approval counts for nothing.")]
    approvals: Annotated[Approvals, Field(description="This word included.")]
    change: str
    seq: int


_REFUSALS = problem_responses(UnknownNode, ApprovalInvalid, ChangeRefused)
_AS_IT_STANDS = Approval()


@router.get("/proposals", summary="What the agents propose", responses=problem_responses())
async def list_proposals(
    person: _Reader,
    twin: _Twin,
    state: Annotated[State, Query(description="open: a word may still count, or it is under way.")] = State.OPEN,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(pattern="^[0-9]{1,15}$", description="`next` of the page before.")] = None,
) -> ProposalList:
    """Newest first. An open proposal says whether your word would count now, and if not, why."""
    _require_release(twin)
    before = None if cursor is None else int(cursor)
    stories, following = await asyncio.to_thread(_page, twin, state, limit, before)
    now_us = twin.now_us()
    items = [view(story, twin, person.iri, now_us) for story in stories]
    return ProposalList(items=items, next=None if following is None else str(following))


@router.get("/proposals/{id}", summary="One proposal", responses=problem_responses(UnknownNode))
async def get_proposal(id: _Id, person: _Reader, twin: _Twin) -> ProposalView:  # noqa: A002  the name in the path
    """A proposal as it stands; also a person's request, which may wait for another person's approval."""
    _require_release(twin)
    return view(await _story(twin, id), twin, person.iri, twin.now_us())


@router.post("/proposals/{id}/approve", summary="Approve a proposal as it stands", responses=_REFUSALS)
async def approve(id: _Id, person: _Approver, twin: _Twin, body: Approval = _AS_IT_STANDS) -> Said:  # noqa: A002
    """Bound to target, value, conditions and release; used once; expires. `why` of a 409 says what stands against it:
    ended, expired, sent, changed, own, off, shadow or advise."""
    return await _say(twin, person, id, "approve", body.reason, body.valid_s, body.expect)


@router.post("/proposals/{id}/reject", summary="Reject a proposal", responses=_REFUSALS)
async def reject(id: _Id, person: _Approver, twin: _Twin, body: Rejection) -> Said:  # noqa: A002
    """The proposal ends, and the reason stays on record. Takes back an approval that you have given."""
    return await _say(twin, person, id, "reject", body.reason, VALID_S, body.expect)


async def _say(
    twin: Twin, person: Person, ident: str, meaning: Meaning, reason: str, valid_s: float, expect: str | None
) -> Said:
    story = await _story(twin, ident)
    release = str((await twin.call(person, CORE, "status"))["release"])
    now_us = twin.now_us()
    change = approval_change(
        story,
        meaning,
        release,
        now_us,
        valid_s=valid_s,
        reason=reason,
        expect=expect,
        level=level_of(story, twin),
        person=str(person.iri),
    )
    verdict = await twin.submit(person, change)
    if not verdict.admitted:
        told = " ".join(given.sentence for given in verdict.reasons)
        raise ChangeRefused(f"The Gate did not accept this word: {told}", verdict_to_json(verdict))
    binds = str(change.detail["binds"])
    given = set(approvers(story, binds, now_us)) - {str(person.iri)}
    given |= {str(person.iri)} if meaning == "approve" else set()
    needed = approvals_needed(twin.hub.model, wanted(story)[0])
    return Said(
        proposal=story.id,
        meaning=meaning,
        binds=binds,
        expires_at=moment(int(change.detail["expires_us"])),
        approvals=Approvals(needed=needed, given=[named(twin.plant, iri) for iri in sorted(given)]),
        change=verdict.change,
        seq=verdict.seq,
    )


async def _story(twin: Twin, ident: str) -> Story:
    if not _ID.fullmatch(ident):
        raise UnknownNode(f"{ident} is no id of a proposal, which is a UUID.", id=ident)
    story = await asyncio.to_thread(read_story, twin.journal, ident.lower())
    if story.wish is None:
        raise UnknownNode(f"{story.id} is no proposal or request.", id=story.id)
    return story


def _page(twin: Twin, state: State, limit: int, before: int | None) -> tuple[list[Story], int | None]:
    return proposals_of(twin.journal).page(state, limit, before)


def _require_release(twin: Twin) -> None:
    """What a word is bound to follows from the release in force, which the core tells. Raises ServiceDown."""
    if not twin.hub.release:
        raise ServiceDown("The core has not been heard yet, so nobody knows which release is in force.", part=CORE)
