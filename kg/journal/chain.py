"""How an entry is hashed: the one rule that writer and verifier share."""

from __future__ import annotations

import hashlib

from kg.journal.canonical import canonical
from kg.record import JournalEntry


def entry_hash(previous: bytes, index: int, entry: JournalEntry, body: str) -> bytes:
    """SHA-256 over the previous hash (32 bytes) and the canonical JSON of the entry.

    `body` is the canonical text of the entry's body, as stored; it stands in the text as it is, so that any other
    spelling of the same JSON gives another hash.
    """
    text = (
        f'{{"at_us":{entry.at_us:d},"body":{body},"index":{index:d},"kind":{canonical(entry.kind.value)},'
        f'"seq":{entry.seq:d},"subject":{canonical(entry.subject)}}}'
    )
    return hashlib.sha256(previous + text.encode("utf-8")).digest()
