"""Confirmed writes whose prediction has not been held against the counts yet, gathered from recorded steps."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.pipeline import End, Stage
from agents.proposal import Proposal, json_to_proposal
from kg.errors import BadTerm

_KEPT = 500
_MINUTE_US = 60_000_000
_OTHER_ENDS = frozenset(str(end) for end in End) - {str(End.COMMITTED)}


@dataclass(slots=True)
class Awaited:
    """A decision on its way. Times are plant time."""

    proposal: Proposal
    steps: int
    requested_us: int = 0
    committed: bool = False
    followed_us: int | None = None
    """When the next write to the same target was confirmed; None where none has been."""

    @property
    def is_predicted(self) -> bool:
        effect = self.proposal.effect
        return effect.units is not None and effect.horizon_min is not None and effect.situation is not None

    @property
    def horizon_us(self) -> int:
        """Until when the effect was predicted."""
        return self.proposal.plant_us + round((self.proposal.effect.horizon_min or 0.0) * _MINUTE_US)


class Ledger:
    """Takes the steps of all decisions in their order. Keeps the newest, and of them only what may still matter."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Awaited] = OrderedDict()

    def take(self, detail: Mapping[str, Any], plant_us: int) -> None:
        """One step, as it stands in the detail of a Change of kind proposal."""
        decision, stage, facts = str(detail.get("decision")), detail.get("stage"), detail.get("facts") or {}
        if stage == Stage.REASONED:
            self._begin(decision, facts)
            return
        held = self._held.get(decision)
        if held is None:
            return
        held.steps += 1
        if stage == Stage.REQUESTED:
            held.requested_us = plant_us
        elif stage == End.COMMITTED:
            held.committed = True
            self._follow(held, plant_us)
        elif stage == Stage.EFFECT or stage in _OTHER_ENDS:
            del self._held[decision]

    def due(self, plant_us: int) -> list[Awaited]:
        """Those whose horizon has passed."""
        return [held for held in self.awaited() if held.horizon_us <= plant_us]

    def awaited(self) -> list[Awaited]:
        """The confirmed writes that are still to be looked at, oldest first."""
        return [held for held in self._held.values() if held.committed and held.is_predicted]

    def add(self, awaited: Awaited) -> None:
        """What an earlier run has left; what is known already stays as it is."""
        self._held.setdefault(str(awaited.proposal.id), awaited)

    def drop(self, awaited: Awaited) -> None:
        """Nothing more is to be done about this one."""
        self._held.pop(str(awaited.proposal.id), None)

    def _begin(self, decision: str, facts: Mapping[str, Any]) -> None:
        try:
            self._held[decision] = Awaited(json_to_proposal(facts["proposal"]), steps=1)
        except (KeyError, TypeError, ValueError, BadTerm):
            return  # written by another version
        while len(self._held) > _KEPT:
            self._held.popitem(last=False)

    def _follow(self, newest: Awaited, plant_us: int) -> None:
        for held in self._held.values():
            same = held.proposal.target == newest.proposal.target
            if held is not newest and held.committed and same and held.followed_us is None:
                held.followed_us = newest.requested_us or plant_us
