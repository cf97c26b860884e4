"""Approvals and outcomes as the core publishes them, as events of the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.pipeline import Event, Reported, Said, Stage
from agents.proposal import Proposal
from kg.change import Kind, Published
from kg.proof import Json

_NOT_FACTS = frozenset({"decision", "request", "stage", "outcome", "ok"})


def read_note(event: Published, proposal: Proposal, compensating: bool) -> Event | None:
    """What an event says to a decision; None where it says nothing, or speaks of an earlier request."""
    if not event.admitted:
        return None
    if event.kind is Kind.APPROVAL:
        return word(event.author, event.detail, event.at_us)
    if event.kind is not Kind.OUTCOME:
        return None
    request = event.detail.get("request") or event.cause
    current = proposal.compensation_id if compensating else proposal.request_id
    if request not in (current, proposal.id, None):
        return None
    return report(dict(event.detail))


def word(author: str, detail: Mapping[str, Any], at_us: int) -> Said:
    """A person's word on a proposal."""
    return Said(author, detail.get("meaning") == "approve", int(detail.get("expires_us", 0)), at_us)


def report(detail: dict[str, Json]) -> Reported | None:
    """A report of the gateway: a stage, or the outcome."""
    facts = {name: value for name, value in detail.items() if name not in _NOT_FACTS}
    outcome = detail.get("outcome")
    if outcome is not None:
        return Reported(None, outcome == "confirmed", facts, str(outcome))
    word = str(detail.get("stage"))
    if word not in set(Stage):
        return None
    return Reported(Stage(word), bool(detail.get("ok", True)), facts)
