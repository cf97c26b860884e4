"""A visitor's way through the steps: which marks were reached, and what was seen then. Immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from api.tour.facts import Deed, Facts
from api.tour.memory import Memory
from api.tour.steps import STEPS, Step, StepId


@dataclass(frozen=True, slots=True)
class Tour:
    """How far a visitor has come. Steps may be taken in any order; nothing that was reached is lost."""

    reached: Mapping[str, str] = field(default_factory=dict)
    """Mark -> what was seen when it was reached."""
    memory: Memory = field(default_factory=Memory)

    def after(self, deed: Deed, facts: Facts) -> Tour:
        """The visitor did something; how things stood just then is remembered."""
        return replace(self, memory=self.memory.after(deed, facts)).looking(facts)

    def looking(self, facts: Facts) -> Tour:
        """One look at twin and plant. Marks of a step are reached in order, so one is never reached by chance."""
        memory, reached = self.memory.looking(facts), dict(self.reached)
        for step in STEPS:
            for mark in step.marks:
                if mark.id in reached:
                    continue
                seen = mark.look(memory, facts)
                if seen is None:
                    break
                reached[mark.id] = seen
        return Tour(reached, memory)

    def again(self, step: StepId) -> Tour:
        """The step from its beginning; what the visitor did in it is forgotten."""
        marks = {mark.id for mark in step_of(step).marks}
        reached = {mark: seen for mark, seen in self.reached.items() if mark not in marks}
        return Tour(reached, self.memory.without(step))

    def progress(self, step: Step) -> tuple[int, int]:
        """(marks reached, marks in all)."""
        return sum(mark.id in self.reached for mark in step.marks), len(step.marks)

    def is_done(self, step: Step) -> bool:
        return step.marks[-1].id in self.reached

    @property
    def current(self) -> Step | None:
        """The first step that is not done; None at the end."""
        return next((step for step in STEPS if not self.is_done(step)), None)


def step_of(ident: StepId) -> Step:
    """A step by its id."""
    return next(step for step in STEPS if step.id is ident)
