"""Why a fact holds: a finite, acyclic tree from the fact down to what was asserted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from kg.terms import Term, term_text

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Proof:
    """A fact with the rule and premises that gave it, or with no rule where the fact was asserted.

    `absent` are patterns that matched nothing (negation), valid at `seq` only.
    """

    fact: tuple[Term, Term, Term]
    graph: str | None
    """The named graph that asserts it; None for an inferred fact."""
    rule: str | None = None
    """IRI of the rule, or the W3C name of an OWL 2 RL rule such as `owl2rl:cax-sco`."""
    bindings: tuple[tuple[str, Term], ...] = ()
    premises: tuple[Proof, ...] = ()
    absent: tuple[str, ...] = ()
    seq: int | None = None

    def leaves(self) -> Iterator[Proof]:
        """The asserted facts the proof ends in."""
        if not self.premises:
            yield self
        for premise in self.premises:
            yield from premise.leaves()

    def to_json(self) -> dict[str, Json]:
        """A plain JSON tree; terms in N-Triples form."""
        tree: dict[str, Json] = {"fact": [term_text(term) for term in self.fact]}
        if self.graph is not None:
            tree["graph"] = self.graph
        if self.rule is not None:
            tree["rule"] = self.rule
            tree["bindings"] = {name: term_text(term) for name, term in self.bindings}
            tree["premises"] = [premise.to_json() for premise in self.premises]
        if self.absent:
            tree["absent"] = list(self.absent)
            tree["seq"] = self.seq
        return tree


__all__ = ["Json", "Proof"]
