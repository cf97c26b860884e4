"""How long a proposal that waits for people stays as it is: at a person's pace, not at that of the readings.

While a rule goes on wanting something for the same target, its open proposal stands, even where the wanted value moves.
It is renewed at most every thirty seconds of wall time, or when what was shown is no longer worth an approval.
"""

from __future__ import annotations

from collections.abc import Iterable

from agents.pipeline import State, Waiting
from agents.prediction import Effect
from agents.proposal import Proposal
from kg.change import ChangeId, Match

RENEW_US = 30_000_000
"""The least age, wall time, at which a proposal gives way because the rule wants another value."""
LOOK_US = 1_000_000
"""How often a waiting proposal is held against the graph again."""


def is_before_people(state: State) -> bool:
    """True while a person may still say yes or no."""
    return state.end is None and state.waiting in (Waiting.PEOPLE, Waiting.VETO)


def still_wanted(proposal: Proposal, matches: Iterable[Match]) -> bool:
    """True while its rule wants something, be it another value, for the same target."""
    return any((m.rule, m.target) == (proposal.match.rule, proposal.match.target) for m in matches)


def is_due_for_renewal(proposal: Proposal, matches: Iterable[Match], now_us: int) -> bool:
    """True where the rule wants another value and people have had their time with this one."""
    return proposal.match not in set(matches) and now_us - proposal.made_us >= RENEW_US


def no_longer_helps(predicted: Effect, now: Effect) -> bool:
    """True where a gain was predicted, and at best none would be by now."""
    gain, best = predicted.units, now.high
    return gain is not None and gain > 0 and best is not None and best <= 0


class Looks:
    """When each waiting proposal was last held against the graph."""

    def __init__(self) -> None:
        self._next_us: dict[ChangeId, int] = {}

    def is_due(self, proposal: Proposal, now_us: int) -> bool:
        """True once in LOOK_US; the first time LOOK_US after the proposal was made."""
        due = now_us >= self.due_us(proposal)
        if due:
            self._next_us[proposal.id] = now_us + LOOK_US
        return due

    def keep(self, idents: Iterable[ChangeId]) -> None:
        """Forget all others."""
        self._next_us = {ident: due for ident in idents if (due := self._next_us.get(ident)) is not None}

    def due_us(self, proposal: Proposal) -> int:
        """When the next look at this proposal is due."""
        return self._next_us.setdefault(proposal.id, proposal.made_us + LOOK_US)
