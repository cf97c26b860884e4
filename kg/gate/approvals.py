"""People's approvals: bound to one exact change, single use, expiring to *blocked*.

An approval is bound to the hash of target, value, read set and release, never to a seq: ten thousand readings a
second move that on, and most do not matter to the person who approves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kg.change import Change, Expected
from kg.errors import ApprovalInvalid, BadChange
from kg.terms import term_text


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


class Approvals:
    """The approvals that can still be used."""

    def __init__(self) -> None:
        self._held: list[Approval] = []

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
            self._held.append(Approval(str(change.source.author), binds, expires_us))

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
