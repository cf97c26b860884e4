"""People's approvals: bound to one exact change, single use, expiring to *blocked*.

An approval is bound to the hash of target, value, read set and release, never to a seq: ten thousand readings a
second move that on, and most do not matter to the person who approves.

They live in memory; a restart takes up from the journal what is unused and unexpired, and where that is in doubt it is
dropped: people can say it again, but nothing is written on a word that was used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rdflib import URIRef

from kg.change import Change, Expected, Kind
from kg.errors import ApprovalInvalid, BadChange, BadTerm
from kg.record import Recorded
from kg.terms import term_text
from kg.wire import text_to_quads, text_to_term
from ontology import TW


def binding_hash(target: str, value: str, read_set: Iterable[Expected], release: str) -> str:
    """SHA-256, hex, of what an approval is bound to. `value` is the desired value in N-Triples form."""
    lines = sorted([str(e.s), str(e.p), term_text(e.o), e.present, repr(e.tolerance)] for e in read_set)
    bound = json.dumps([target, value, lines, release], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(bound.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's word on one exact change."""

    person: str
    binds: str
    expires_us: int
    """Wall time; at and after it the approval counts for nothing."""
    decision: str | None = None
    """What it was given for, as the sender named it."""


class Approvals:
    """The approvals that can still be used."""

    def __init__(self, held: Iterable[Approval] = ()) -> None:
        self._held = list(held)

    @classmethod
    def left(cls, entries: Iterable[Recorded], release: str, now_us: int) -> Approvals:
        """What an earlier run left unused and unexpired. `entries` are the CHANGE entries under this release, in order.

        A request that was admitted has used up what was bound to it, and also what was given for the same decision.
        """
        held: list[Approval] = []
        for recorded in entries:
            body = recorded.entry.body
            if body.get("kind") == Kind.APPROVAL:
                held = _after_word(held, body)
            elif body.get("kind") == Kind.REQUEST:
                held = _after_request(held, body, recorded.entry.subject, release)
        return cls(approval for approval in held if approval.expires_us > now_us)

    def give(self, change: Change) -> Callable[[], None]:
        """Hold the approval in a Change of kind APPROVAL; returns how to undo it. Raises BadChange, ApprovalInvalid."""
        detail = change.detail
        try:
            meaning, binds, expires_us = detail["meaning"], str(detail["binds"]), int(detail["expires_us"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadChange("An approval carries `meaning`, `binds` and `expires_us`.") from error
        if meaning not in ("approve", "reject"):
            raise BadChange(f"An approval means approve or reject, not {meaning!r}.", meaning=str(meaning))
        if expires_us <= change.at_us:
            raise ApprovalInvalid("This approval has expired before it was given.", expires_us=expires_us)
        before = list(self._held)
        self._held = [a for a in before if not (a.person == str(change.source.author) and a.binds == binds)]
        if meaning == "approve":
            self._held.append(Approval(str(change.source.author), binds, expires_us, _decision(detail)))

        def undo() -> None:
            self._held = before

        return undo

    def valid(self, binds: str, author: str, now_us: int) -> tuple[str, ...]:
        """The persons, other than the author, whose unexpired approvals are bound to this hash; in order of name."""
        people = {a.person for a in self._held if a.binds == binds and a.expires_us > now_us and a.person != author}
        return tuple(sorted(people))

    def use(self, binds: str, now_us: int) -> Callable[[], None]:
        """Use up all approvals bound to this hash; forget the expired ones. Returns how to undo it."""
        before = list(self._held)
        self._held = [a for a in before if a.binds != binds and a.expires_us > now_us]

        def undo() -> None:
            self._held = before

        return undo


def _decision(detail: Mapping[str, Any]) -> str | None:
    named = detail.get("decision")
    return None if named is None else str(named)


def _after_word(held: list[Approval], body: Mapping[str, Any]) -> list[Approval]:
    """What is held after a person's word on record: the newest word of a person on a change replaces the one before."""
    detail, person = body["detail"], str(body["author"])
    binds = str(detail["binds"])
    others = [a for a in held if not (a.person == person and a.binds == binds)]
    try:
        expires_us = int(detail["expires_us"])
    except ValueError:  # a number with a fraction, which the journal holds as text
        return others
    if detail["meaning"] != "approve":
        return others
    return [*others, Approval(person, binds, expires_us, _decision(detail))]


def _after_request(held: list[Approval], body: Mapping[str, Any], decision: str | None, release: str) -> list[Approval]:
    """What is held after an admitted request on record. One that can't be read may have used any of them."""
    try:
        binds = _binds(body, release)
    except (BadTerm, KeyError, TypeError, ValueError):
        return []
    return [a for a in held if a.binds != binds and (a.decision is None or a.decision != decision)]


def _binds(body: Mapping[str, Any], release: str) -> str:
    """The hash of an admitted request, from the node that the Gate wrote. Raises BadTerm, KeyError or ValueError."""
    node = URIRef(str(body["id"]))
    stated = {q.p: q.o for q in text_to_quads("\n".join(body["adds"])) if q.s == node}
    read_set = [
        Expected(URIRef(s), URIRef(p), text_to_term(o), bool(present), _tolerance(tolerance))
        for s, p, o, present, tolerance in body["read_set"]
    ]
    return binding_hash(str(stated[TW.target]), term_text(stated[TW.desiredValue]), read_set, release)


def _tolerance(recorded: object) -> float | None:
    """The journal holds no floats: they stand there as their shortest exact text."""
    return float(recorded) if isinstance(recorded, str) else recorded  # type: ignore[return-value]
