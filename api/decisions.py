"""Decisions as the journal tells them: one line each, from the entries that carry the decision's id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rdflib import Literal

from kg.change import Kind
from kg.errors import BadTerm, JournalBroken, UnknownNode
from kg.journal import JournalReader
from kg.record import EntryKind, Recorded
from kg.store import DataPaths
from kg.wire import text_to_quads
from ontology import TW

_KINDS = frozenset({Kind.PROPOSAL, Kind.REQUEST, Kind.APPROVAL, Kind.OUTCOME})
_FIRST_WINDOW = 2_000


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision, as far as it has come."""

    id: str
    at_us: int
    """Wall time of its first entry."""
    author: str
    target: str | None
    value: str | None
    """The desired value's lexical form."""
    state: str
    """The last step taken, or how it ended."""
    sentence: str
    admitted: bool
    """True where a request of it was admitted."""
    outcome: str | None
    """What the gateway reported at the end: confirmed, refused, clamped, blocked, expired, unknown."""
    entries: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def open_journal(data: Path) -> JournalReader:
    """The journal of a data directory, read-only, whether or not a twin runs. Raises JournalBroken without one."""
    path = DataPaths(data).journal
    if not path.exists():
        raise JournalBroken(f"There is no journal in {data}.", data=str(data))
    return JournalReader.open(path)


def recent(data: Path, limit: int) -> list[Decision]:
    """The newest decisions, newest first. Reads back from the journal's end until there are enough."""
    with open_journal(data) as journal:
        head, window = journal.head().index, _FIRST_WINDOW
        while True:
            after = max(0, head - window)
            ids = _ids(journal.of_kind(EntryKind.CHANGE, EntryKind.REFUSAL, after=after))
            if len(ids) >= limit or after == 0:
                break
            window *= 8
        newest = ids[-limit:] if limit else ids
        return [decision_of(list(journal.of_subject(ident))) for ident in reversed(newest)]


def every(data: Path) -> list[Decision]:
    """All decisions, oldest first."""
    with open_journal(data) as journal:
        return [
            decision_of(list(journal.of_subject(ident)))
            for ident in _ids(journal.of_kind(EntryKind.CHANGE, EntryKind.REFUSAL))
        ]


def entries_of(data: Path, ident: str) -> list[Recorded]:
    """The entries of a decision, oldest first; the id may be given without `urn:uuid:`. Raises UnknownNode."""
    full = ident if ident.startswith("urn:") else f"urn:uuid:{ident}"
    with open_journal(data) as journal:
        found = list(journal.of_subject(full))
    if not found:
        raise UnknownNode(f"The journal knows no decision {ident}.", id=ident)
    return found


def decision_of(entries: list[Recorded]) -> Decision:
    """What the entries of one decision, at least one, say together."""
    first = entries[0].entry
    state, sentence, outcome, admitted = "recorded", "", None, False
    target = value = None
    for recorded in entries:
        body = recorded.entry.body
        stated = stated_facts(body)
        target = target or stated.get(str(TW.target))
        value = value or stated.get(str(TW.desiredValue))
        sentence = sentence or stated.get(str(TW.sentence)) or str(body.get("reason") or "")
        kind, detail = body.get("kind"), _mapping(body.get("detail"))
        if recorded.entry.kind is EntryKind.REFUSAL:
            state, sentence = "refused", _first_reason(body) or sentence
        elif kind == Kind.REQUEST:
            state, admitted = "requested", True
        elif kind == Kind.OUTCOME and detail.get("outcome"):
            outcome = state = str(detail["outcome"])
        elif kind == Kind.APPROVAL:
            state = "approved" if detail.get("meaning") == "approve" else "rejected"
        elif kind == Kind.PROPOSAL:
            state = str(detail.get("step") or detail.get("stage") or "proposed")
    return Decision(
        id=str(first.subject),
        at_us=first.at_us,
        author=str(first.body.get("author", "")),
        target=target,
        value=value,
        state=state,
        sentence=sentence,
        admitted=admitted,
        outcome=outcome,
        entries=len(entries),
    )


def stated_facts(body: Mapping[str, Any]) -> dict[str, str]:
    """Predicate -> object, as text, of what the sender of a recorded Change stated; one object a predicate."""
    stated = _mapping(body.get("stated"))
    try:
        quads = text_to_quads(str(stated.get("adds", "")))
    except BadTerm:
        return {}
    return {str(quad.p): str(quad.o) for quad in quads if isinstance(quad.o, Literal) or quad.o}


def _ids(entries: Iterable[Recorded]) -> list[str]:
    """The decisions among entries, in the order of their newest entry."""
    ids: dict[str, None] = {}
    for recorded in entries:
        if recorded.entry.subject and recorded.entry.body.get("kind") in _KINDS:
            ids.pop(recorded.entry.subject, None)
            ids[recorded.entry.subject] = None
    return list(ids)


def _first_reason(body: Mapping[str, Any]) -> str:
    reasons = _mapping(body.get("verdict")).get("reasons") or []
    return str(reasons[0].get("sentence", "")) if reasons else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
