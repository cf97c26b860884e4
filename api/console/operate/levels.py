"""How far the agents may go, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from rdflib import URIRef

from agents.levels import Autonomy, Level
from api.console.operate.figures import name_of
from api.live import LineModel

Rules: TypeAlias = Mapping[URIRef, str]

#: Level -> what it means, to be read after the level's own word.
MEANINGS: Final[dict[str, str]] = {
    "off": "not worked on",
    "shadow": "only recorded, nothing is written",
    "advise": "shown to people, who act themselves",
    "approve": "written after a person has approved",
    "veto-window": "written unless somebody objects in time",
    "autonomous": "written at once, within the policy",
}


@dataclass(frozen=True, slots=True)
class LevelView:
    """The level of one grant. `about` is the node that the policy keeps it under."""

    about: str
    who: str
    level: str

    @property
    def sentence(self) -> str:
        return f"{self.who}: {self.level}, {MEANINGS[self.level]}"


@dataclass(frozen=True, slots=True)
class LevelChoice:
    """What a person may move in one step: all rules of an agent, or one grant."""

    about: str
    label: str
    levels: tuple[str, ...]
    """The levels that it has now, each once."""


def levels_of(model: LineModel, grants: Iterable[Autonomy], rules: Rules) -> tuple[LevelView, ...]:
    """Every grant in words. `rules` are the agents' rules with their labels."""
    return tuple(LevelView(str(grant.node), _who(model, grant, rules), grant.level.word) for grant in grants)


def choices_of(model: LineModel, grants: Sequence[Autonomy], rules: Rules) -> tuple[LevelChoice, ...]:
    """Agents with all their rules first, then the grants one by one."""
    by_agent: dict[str, list[Autonomy]] = {}
    for grant in grants:
        if grant.agent is not None:
            by_agent.setdefault(str(grant.agent), []).append(grant)
    agents = [
        LevelChoice(agent, f"{name_of(model, agent)}: everything it does", _levels(held))
        for agent, held in by_agent.items()
    ]
    single = [LevelChoice(str(grant.node), _who(model, grant, rules), (grant.level.word,)) for grant in grants]
    return (*agents, *single)


def summary(views: Sequence[LevelView]) -> tuple[str, str]:
    """(level, sentence) for all grants together; the highest level where they differ."""
    if not views:
        return "shadow", "The policy is silent, so agents only show what they would do."
    words = {view.level for view in views}
    highest = max(Level.of_word(word) for word in words).word
    if len(words) == 1:
        return highest, f"What agents propose is {MEANINGS[highest]}."
    return highest, f"Mixed: from {min(Level.of_word(word) for word in words).word} to {highest}, by rule."


def _who(model: LineModel, grant: Autonomy, rules: Rules) -> str:
    where = f" ({name_of(model, grant.scope)})" if grant.scope is not None else ""
    if grant.rule is not None:
        return f"{rules.get(grant.rule) or name_of(model, grant.rule)}{where}"
    return f"{'every agent' if grant.agent is None else name_of(model, grant.agent)}{where}"


def _levels(grants: Iterable[Autonomy]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(grant.level.word for grant in grants))
