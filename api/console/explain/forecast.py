"""What was expected of a decision, what would have come of doing nothing, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass

from agents.explanation.story import Story
from agents.pipeline import Stage
from api.console.explain.wording import moment_text
from kg.change import Kind


@dataclass(frozen=True, slots=True)
class Forecast:
    """Sentences, and three numbers where there are some: least, likely and most units; and the units seen."""

    expected: str
    if_nothing: str
    seen: str
    low: int | None = None
    likely: int | None = None
    high: int | None = None
    gained: int | None = None

    @property
    def hit(self) -> bool | None:
        """Whether what was seen lies in the band; None while one of them is missing."""
        if self.gained is None or self.low is None or self.high is None:
            return None
        return self.low <= self.gained <= self.high


def forecast(story: Story) -> Forecast | None:
    """None where nobody foretold anything: a person's own request."""
    proposal = story.proposal
    if proposal is None:
        return None
    effect, gained, seen = proposal.effect, None, _not_yet(story)
    for step in story.steps:
        if step.kind is Kind.PROPOSAL and step.stage == Stage.EFFECT:
            seen = str(step.facts.get("sentence") or seen)
            units = step.facts.get("seen_units")
            gained = int(units) if isinstance(units, int) else None
    return Forecast(effect.sentence, proposal.if_nothing, seen, effect.low, effect.units, effect.high, gained)


def _not_yet(story: Story) -> str:
    proposal = story.proposal
    written = any(step.kind is Kind.OUTCOME and step.stage == Stage.WRITTEN for step in story.steps)
    if proposal is None or not written:
        return "Nothing was written, so there is no effect to compare."
    horizon_min = proposal.effect.horizon_min
    if horizon_min is None:
        return "Nothing was predicted, so there is nothing to compare."
    due = moment_text(proposal.plant_us + round(horizon_min * 60e6))
    return f"Counted and compared when the prediction's time is over, at plant time {due}."
