"""The entries of one decision, read from the journal into values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rdflib import Literal, URIRef

from agents.pipeline import Stage
from agents.proposal import Proposal, json_to_proposal
from kg.change import Kind, Reason
from kg.errors import BadTerm, UnknownNode
from kg.gate.entries import TELLING
from kg.journal import JournalReader
from kg.record import EntryKind, Recorded
from kg.terms import Term
from kg.wire import json_to_reason, text_to_quads
from ontology import TW


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded step of a decision."""

    index: int
    """Of the journal's entry."""
    hash: str
    """The entry's hash, hex."""
    seq: int
    kind: Kind
    change: str
    """The Change's id."""
    author: URIRef
    role: str
    at_us: int
    """Wall time."""
    plant_us: int
    admitted: bool
    reasons: tuple[Reason, ...]
    release: str
    reason: str | None
    detail: Mapping[str, Any]
    stated: tuple[tuple[URIRef, URIRef, Term], ...]
    """What the sender stated."""
    prior: Literal | None = None
    """The value that was reported when a request was admitted, as the Gate noted it."""

    @property
    def stage(self) -> str:
        """The step's name: a stage of the pipeline, or what kind of Change it was."""
        told = self.detail.get("stage") or self.detail.get("outcome")
        if self.kind is Kind.APPROVAL:
            return "rejection" if self.detail.get("meaning") == "reject" else "approval"
        return str(told) if told else self.kind.value

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was told beside the stage."""
        facts = self.detail.get("facts")
        return facts if isinstance(facts, Mapping) else {k: v for k, v in self.detail.items() if k not in _FRAME}

    @property
    def is_ok(self) -> bool:
        if "outcome" in self.detail:
            return bool(self.detail["outcome"] == "confirmed")
        return self.admitted and bool(self.detail.get("ok", True))


_NEAR = 200
_WHOLE = len("urn:uuid:") + 36
_SHORTEST = 4
_FIRST_WINDOW = 2_000
_FRAME = frozenset({"decision", "request", "stage", "ok", "outcome", "at_us", "target"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What was wanted, by an agent's proposal or a person's request."""

    target: URIRef
    desired: Literal
    prior: Literal | None
    inputs: tuple[URIRef, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A decision from its first entry to its last."""

    id: str
    steps: tuple[Step, ...]
    plant_us: int
    """Plant time at which the decision was made; 0 where the journal tells none."""
    proposal: Proposal | None = None
    wish: Wish | None = None
    refusals: tuple[Reason, ...] = field(default=())
    """The reasons of the request's or the check's refusal, as the Gate gave them."""

    @property
    def release(self) -> str:
        return self.steps[0].release

    def step_of(self, *kinds: Kind) -> Step | None:
        """The first step of one of these kinds."""
        return next((step for step in self.steps if step.kind in kinds), None)


def read_story(journal: JournalReader, ident: str) -> Story:
    """The story of a decision; the id may be given without `urn:uuid:`, by its first characters, or with a fragment.

    Raises UnknownNode where the journal knows none.
    """
    full = _full(journal, ident.partition("#")[0])
    kinds = (EntryKind.CHANGE, EntryKind.REFUSAL)
    steps = _own([_step(recorded) for recorded in journal.of_subject(full) if recorded.entry.kind in kinds])
    if not steps:
        raise UnknownNode(f"The journal knows no decision {ident}; `twinwright decisions` shows ids.", id=ident)
    proposal = next((found for step in steps if (found := _proposal(step)) is not None), None)
    plant_us = proposal.plant_us if proposal is not None else steps[0].plant_us or _plant_us(journal, steps[0].index)
    return Story(full, steps, plant_us, proposal, _wish(steps, proposal), _refusals(steps))


def _own(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Those that tell of the decision: clients choose the ids of their Changes, and one may choose a decision's."""
    begun = {(step.author, step.kind) for step in steps[:1]}
    return tuple(step for step in steps if (step.role, step.kind) in TELLING or (step.author, step.kind) in begun)


def _full(journal: JournalReader, ident: str) -> str:
    """The whole id: short ones stand for the one decision that begins so. Reads back from the journal's end."""
    full = ident if ident.startswith("urn:") else f"urn:uuid:{ident}"
    if len(full) >= _WHOLE or len(ident) < _SHORTEST or next(journal.of_subject(full), None) is not None:
        return full
    head, window, found = journal.head().index, _FIRST_WINDOW, set[str]()
    while not found:
        kinds = (EntryKind.CHANGE, EntryKind.REFUSAL)
        recent = journal.of_kind(*kinds, after=max(0, head - window))
        found = {str(item.entry.subject) for item in recent if str(item.entry.subject).startswith(full)}
        if window >= head:
            break
        window *= 8
    if len(found) > 1:
        raise UnknownNode(f"{len(found)} decisions begin with {ident}; give more of the id.", id=ident)
    return found.pop() if found else full


def _plant_us(journal: JournalReader, index: int) -> int:
    """Plant time at an entry that tells none: that of the nearest entry before it that tells one."""
    for nearest in range(index - 1, max(index - _NEAR, 0), -1):
        recorded = journal.entry(nearest)
        told = 0 if recorded is None else int(str(recorded.entry.body.get("plant_us") or 0))
        if told:
            return told
    return 0


def _step(recorded: Recorded) -> Step:
    entry, body = recorded.entry, recorded.entry.body
    verdict: Any = body.get("verdict") or {}
    stated: Any = body.get("stated") or {}
    return Step(
        index=recorded.index,
        hash=recorded.hash.hex(),
        seq=entry.seq,
        kind=Kind(str(body["kind"])),
        change=str(body["id"]),
        author=URIRef(str(body["author"])),
        role=str(body["role"]),
        at_us=entry.at_us,
        plant_us=int(str(body.get("plant_us") or 0)),
        admitted=entry.kind is EntryKind.CHANGE,
        reasons=tuple(_reason(item) for item in verdict.get("reasons", ())),
        release=str(body["release"]),
        reason=None if body.get("reason") is None else str(body["reason"]),
        detail=body.get("detail") or {},  # type: ignore[arg-type]  # the Gate records an object here
        stated=tuple((URIRef(q.s), q.p, q.o) for q in text_to_quads(str(stated.get("adds", "")))),
        prior=_prior(body.get("adds")),
    )


def _prior(lines: Any) -> Literal | None:
    found = text_to_quads("\n".join(line for line in lines or () if f"<{TW.priorValue}>" in line))
    return next((quad.o for quad in found if isinstance(quad.o, Literal)), None)


def _proposal(step: Step) -> Proposal | None:
    if step.kind is not Kind.PROPOSAL or step.detail.get("stage") != Stage.REASONED:
        return None
    try:
        return json_to_proposal(step.facts["proposal"])
    except (KeyError, TypeError, ValueError, BadTerm):
        return None  # written by another version: the steps still tell the story


def _wish(steps: Sequence[Step], proposal: Proposal | None) -> Wish | None:
    if proposal is not None:
        props = tuple(given.prop for given in proposal.inputs)
        return Wish(proposal.target, proposal.desired, proposal.prior, props)
    request = next((step for step in steps if step.kind is Kind.REQUEST), None)
    if request is None:
        return None
    facts: dict[URIRef, list[Term]] = {}
    for _, predicate, value in request.stated:
        facts.setdefault(predicate, []).append(value)
    target, desired = facts.get(TW.target, [None])[0], facts.get(TW.desiredValue, [None])[0]
    if not isinstance(target, URIRef) or not isinstance(desired, Literal):
        return None
    inputs = tuple(node for node in facts.get(TW.input, ()) if isinstance(node, URIRef))
    return Wish(target, desired, request.prior, inputs)


def _refusals(steps: Sequence[Step]) -> tuple[Reason, ...]:
    refused = [step for step in steps if not step.admitted]
    if refused:
        return refused[-1].reasons
    checked = [step for step in steps if step.stage == Stage.CHECKED and not step.is_ok]
    return tuple(_reason(item) for step in checked for item in step.facts.get("reasons", ()))


def _reason(body: Mapping[str, Any]) -> Reason:
    """A reason as recorded: a number stands as text there."""
    finding = body.get("finding")
    if finding is not None and isinstance(finding.get("distance"), str):
        finding = {**finding, "distance": float(finding["distance"])}
    return json_to_reason({"code": body["code"], "sentence": body["sentence"], "finding": finding})
