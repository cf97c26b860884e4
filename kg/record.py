"""What is kept for ever: the entries of the journal, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kg.proof import Json


class EntryKind(StrEnum):
    """What a journal entry tells."""

    OPENED = "opened"
    """A core began to work on this data directory; names software and release."""
    RELEASE = "release"
    """Ontology, shapes, rules, policy and model in force from here on, whole."""
    CHANGE = "change"
    """An admitted Change other than readings."""
    REFUSAL = "refusal"
    """A Change that was refused, with its reasons."""
    READINGS = "readings"
    """Seals samples in history: span of seq, count, digest."""
    UNSEALED = "unsealed"
    """A span in which nothing could be recorded."""
    RECOVERED = "recovered"
    """What a restart found and did."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One record. `body` holds plain JSON: quads as N-Quads lines, times as integers in microseconds, no floats."""

    seq: int
    """Of the Change it records; for a seal the last seq sealed. Never falls."""
    kind: EntryKind
    at_us: int
    """Wall time."""
    subject: str | None = None
    """The decision (request, proposal) it belongs to; all entries of a decision are found by it."""
    body: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as the journal holds it."""

    index: int
    """1 for the first entry, without holes."""
    entry: JournalEntry
    hash: bytes
    """SHA-256 over the previous entry's hash and this entry."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a journal: how many entries (the index of the newest), and the hash that stands for all of them."""

    index: int
    hash: bytes


#: The head of a journal without entries.
EMPTY_HEAD = Head(0, bytes(32))

__all__ = ["EMPTY_HEAD", "EntryKind", "Head", "JournalEntry", "Recorded"]
