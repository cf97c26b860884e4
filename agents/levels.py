"""How far an agent may go with a rule in a scope: six levels, looked up by the most specific grant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from rdflib import URIRef

from ontology import TW


class Level(IntEnum):
    """What becomes of a proposal. Ordered: a higher level may do all that a lower one may."""

    OFF = 0
    """The rule is not worked on."""
    SHADOW = 1
    """Proposals are made and judged for the record only."""
    ADVISE = 2
    """Proposals are shown to people, who act themselves."""
    APPROVE = 3
    """A proposal waits for a person's approval until it expires."""
    VETO_WINDOW = 4
    """A proposal is requested when nobody has objected within the window."""
    AUTONOMOUS = 5
    """A proposal is requested at once; the policy approves."""

    @property
    def word(self) -> str:
        """As written in tw:level."""
        return self.name.lower().replace("_", "-")

    @property
    def may_act(self) -> bool:
        """True where a proposal can end in a write."""
        return self >= Level.APPROVE

    @classmethod
    def of_word(cls, word: str) -> Level:
        """The level of a word. What is not understood is OFF: a typing error must not set an agent free."""
        return next((level for level in cls if level.word == word), Level.OFF)


@dataclass(frozen=True, slots=True)
class Autonomy:
    """One node of class tw:Autonomy: a level for an agent, a rule and a scope.

    None stands for any rule and any scope. Without an agent it grants nothing.
    """

    node: URIRef
    level: Level
    agent: URIRef | None = None
    rule: URIRef | None = None
    scope: URIRef | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """The level in force, and the node that says so; None where the policy is silent."""

    level: Level
    by: URIRef | None


#: Where the policy is silent, an agent only shows what it would have done.
SILENT = Granted(Level.SHADOW, None)


def granted(grants: Iterable[Autonomy], agent: URIRef, rule: URIRef, scopes: Sequence[URIRef]) -> Granted:
    """The level for a rule of an agent at an equipment.

    `scopes` is the equipment and what it is part of, from the inside out. The most specific grant wins: first by
    rule, then by the innermost scope. Of two alike the lower level wins, then the smaller IRI. A grant that names no
    agent is left aside: a level written to some node must not set every agent free.
    """
    ranks = {scope: len(scopes) - depth for depth, scope in enumerate(scopes)} | {TW.Plant: 0}
    fitting = [
        grant
        for grant in grants
        if grant.agent == agent and grant.rule in (None, rule) and (grant.scope is None or grant.scope in ranks)
    ]
    if not fitting:
        return SILENT
    best = min(
        fitting,
        key=lambda grant: (
            grant.rule is None,
            -(ranks[grant.scope] if grant.scope is not None else -1),
            grant.level,
            str(grant.node),
        ),
    )
    return Granted(best.level, best.node)
