"""The protocols by which other rooms and parts take part in the Gate. `reasoner` implements the first two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from kg.change import Finding, Findings, Published, Reading
from kg.graph import Transaction
from kg.proof import Proof, Proofs
from kg.record import JournalEntry
from kg.repair import Suggestion
from kg.terms import Term


class Inference(Protocol):
    """Rules that keep the `inferred` graph complete. Two run in a Gate: domain rules, then agents' conditions."""

    def start(self, transaction: Transaction) -> None:
        """Compute the closure of the graph as it is, through the transaction. Called once per release."""

    def infer(self, transaction: Transaction) -> None:
        """Bring `inferred` up to date with what changed since the last call, through the same transaction.

        Called once or more per transaction, each time with further changes. State kept beside the graph goes back
        with the transaction (`on_rollback`). Raises Undecided when the work budget is spent; the Gate rolls back.
        """

    def explain(self, s: Term, p: Term, o: Term) -> Proof | None:
        """The shortest proof of a fact that holds now, or None."""

    def explain_all(self, s: Term, p: Term, o: Term, most: int) -> Proofs:
        """Up to so many different proofs of a fact that holds now, the shortest first."""


class Validation(Protocol):
    """Shapes over the working graph."""

    def start(self, transaction: Transaction) -> tuple[Finding, ...]:
        """Validate everything; called once per release. Returns the results that hold."""

    def check(self, transaction: Transaction) -> Findings:
        """What the transaction's net delta does to the results; the new results are remembered.

        What is remembered goes back with the transaction (`on_rollback`). Nothing is written into the graph. May be
        called again in a transaction after further changes; the answer is relative to the state before it began.
        """

    def results(self) -> Iterable[Finding]:
        """All results that hold now."""


class Recorder(Protocol):
    """Makes a batch durable before anyone acts on it. Blocking; called on a thread."""

    def record(self, entries: Sequence[JournalEntry], samples: Sequence[tuple[int, Reading]]) -> None:
        """Samples (each with its seq) durable in history, then the entries and the samples' seal in the journal.

        Raises RecordFailed; then nothing of the batch is acknowledged and nothing of it will be found after a restart.
        """

    def resume_unsealed(self, entries: Sequence[JournalEntry], samples: Sequence[tuple[int, Reading]]) -> None:
        """Take note of observations with which the Gate goes on although they could not be recorded."""


class Subscriber(Protocol):
    """Sees every recorded Change once its batch is durable. Must not block and must not raise."""

    def published(self, event: Published) -> None: ...


class Advice(Protocol):
    """Knows what would mend a result of a shape. `reasoner.shacl` implements it for the search of `kg.gate.why_not`."""

    def suggest(self, finding: Finding) -> Sequence[Suggestion]:
        """Single steps that mend a result which holds on the graph as it is now, or that bring it nearer.

        Best first, bounded in number and work, and never complete: whoever asks has each of them judged. Reads the
        graph and changes nothing.
        """
