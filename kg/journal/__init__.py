"""The journal: an append-only, hash-chained record of every decision, durable before anyone acts on it.

Speaks of entries (`kg.record`): an index without holes, a `seq` that never falls, plain JSON bodies. One process
writes; any number read beside it or after it, and anybody can verify a copy offline. SQLite by default, another
database by URL.

Must not know what the bodies mean: no graph, no Change, no history, no clock. Retention, Merkle trees and signatures
are built on what is here.
"""

from kg.journal.head import head_path
from kg.journal.journal import Journal
from kg.journal.reader import JournalReader
from kg.journal.verify import Damage, Problem, VerifyReport, verify

__all__ = ["Damage", "Journal", "JournalReader", "Problem", "VerifyReport", "head_path", "verify"]
