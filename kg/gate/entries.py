"""What the journal keeps of a Change: plain JSON without floats, quads as N-Quads lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from kg.change import Change, Finding, Kind, Match, Quad, Role, Verdict
from kg.proof import Json
from kg.record import EntryKind, JournalEntry
from kg.wire import change_to_json, finding_to_json, quad_line, term_text, verdict_to_json

TELLING: Final = frozenset(
    {
        (Role.AGENT, Kind.PROPOSAL),
        (Role.AGENT, Kind.REQUEST),
        (Role.GATEWAY, Kind.OUTCOME),
        *((role, Kind.APPROVAL) for role in (Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER)),
    }
)
"""Who tells of a decision that has an id of its own, and with what: their Changes are steps of its story."""


def change_entry(
    change: Change,
    verdict: Verdict,
    adds: Iterable[Quad],
    removes: Iterable[Quad],
    opened: Iterable[Finding],
    closed: Iterable[Finding],
    proofs: Iterable[tuple[Match, Json]],
) -> JournalEntry:
    """The entry of a Change. `adds` and `removes` are what it really did to the asserted graphs, values excepted."""
    body = _body(change, verdict)
    body["adds"] = [quad_line(quad) for quad in adds]
    body["removes"] = [quad_line(quad) for quad in removes]
    body["opened"] = [finding_to_json(finding) for finding in opened]
    body["closed"] = [finding_to_json(finding) for finding in closed]
    body["matches"] = [
        {"rule": str(m.rule), "target": str(m.target), "value": term_text(m.value), "proof": proof}
        for m, proof in proofs
    ]
    kind = EntryKind.CHANGE if verdict.admitted else EntryKind.REFUSAL
    return JournalEntry(verdict.seq, kind, change.at_us, decision_of(change), exact(body))


def decision_of(change: Change) -> str:
    """The decision that a Change belongs to: the one it names, if its source tells of decisions; else its own id."""
    named = change.detail.get("decision")
    is_told = (change.source.role, change.kind) in TELLING and isinstance(named, str) and named
    return str(named) if is_told else str(change.id)


def told_detail(change: Change) -> Mapping[str, Any]:
    """The detail that subscribers see: without a decision to which the Change does not belong."""
    detail = change.detail
    if "decision" not in detail or detail["decision"] == decision_of(change):
        return detail
    return {key: value for key, value in detail.items() if key != "decision"}


_AS_IS: Final = frozenset((str, int, bool, type(None)))


def exact(body: Mapping[str, Any]) -> dict[str, Json]:
    """The same JSON with each float as its shortest exact text, so that every reader hashes the same bytes."""
    return {key: _exact(value) for key, value in body.items()}


def _exact(value: Any) -> Json:
    if value.__class__ in _AS_IS:
        return value  # type: ignore[no-any-return]
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return repr(value)
        case Mapping():
            return exact(value)
        case _:
            return [_exact(item) for item in value]


def _body(change: Change, verdict: Verdict) -> dict[str, Any]:
    body: dict[str, Any] = change_to_json(change)
    del body["readings"]
    body["stated"] = {"adds": body.pop("adds"), "removes": body.pop("removes")}
    body["author"] = str(change.source.author)
    body["role"] = change.source.role.value
    told = verdict_to_json(verdict)
    body["verdict"] = {key: told[key] for key in ("admitted", "reasons", "findings")}
    body["release"] = verdict.release
    return body
