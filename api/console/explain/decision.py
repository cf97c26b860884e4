"""Everything that the page of one decision shows, read from journal and history."""

from __future__ import annotations

from dataclasses import dataclass

from agents.explanation import DecisionSummary, Explanation, explain
from agents.explanation.story import Step, Story, read_story
from agents.explanation.summaries import summary_of
from agents.explanation.tree import Sort
from agents.pipeline import Stage
from api.acts import label
from api.console.explain.forecast import Forecast, forecast
from api.console.explain.markup import Markup
from api.console.explain.objections import Objection, objections
from api.console.explain.proof_tree import grounds_of, tree_markup
from api.console.explain.rows import what_of
from api.console.explain.steps import Line, timeline
from api.console.explain.trends import Trend, trends_of
from api.console.explain.wording import End, end_of, moment_text
from kg.change import Kind
from kg.history import HistoryReader
from kg.journal import JournalReader
from kg.plantfolder import PlantFolder

_LONGEST_ID = 100


@dataclass(frozen=True, slots=True)
class Course:
    """What may still grow while one looks: how the decision stands, its steps, and what came of it."""

    sentence: str
    end: End
    lines: tuple[Line, ...]
    objections: tuple[Objection, ...]
    forecast: Forecast | None
    steps: int
    may_grow: bool
    """False when nothing more can come."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as its page shows it."""

    id: str
    what: str
    who: str
    role: str
    rule: str
    goal: str
    when: str
    plant_when: str
    expires: str
    release: str
    entries: str
    complete: bool
    """True where every reason ends in a sample or an asserted fact."""
    reasons: Markup
    has_proof: bool
    trends: tuple[Trend, ...]
    course: Course

    @property
    def short(self) -> str:
        """As people write it in addresses and file names."""
        return self.id.removeprefix("urn:uuid:")


def read_decision(plant: PlantFolder, journal: JournalReader, history: HistoryReader, ident: str) -> Decision:
    """The decision with an id, whole or its beginning. Blocks. Raises UnknownNode where the journal knows none."""
    story = read_story(journal, ident[:_LONGEST_ID])
    told = explain(journal, history, story.id)
    summary, proposal = told.summary, story.proposal
    reasons = tuple(branch for branch in told.tree.branches if branch.sort is Sort.NOTE and branch.branches)
    first, last = story.steps[0], story.steps[-1]
    return Decision(
        id=story.id,
        what=what_of(plant, summary, _unit(plant, summary)),
        who=label(plant, summary.author),
        role=summary.role,
        rule="" if summary.rule is None else label(plant, summary.rule),
        goal="" if proposal is None or proposal.goal is None else label(plant, proposal.goal),
        when=moment_text(summary.at_us),
        plant_when=moment_text(story.plant_us),
        expires="" if proposal is None else moment_text(proposal.expires_us),
        release=story.release,
        entries=_entries(first, last),
        complete=told.is_complete,
        reasons=tree_markup(reasons, grounds_of(story)),
        has_proof=proposal is not None,
        trends=tuple(trends_of(plant, history, story)),
        course=_course(plant, story, told),
    )


def read_course(plant: PlantFolder, journal: JournalReader, ident: str) -> Course:
    """How a decision stands now. Blocks. Raises UnknownNode."""
    return _course(plant, read_story(journal, ident), explain(journal, None, ident))


def _course(plant: PlantFolder, story: Story, told: Explanation) -> Course:
    summary = summary_of(story)
    return Course(
        sentence=told.sentence,
        end=end_of(summary.end, summary.stage),
        lines=tuple(timeline(plant, story)),
        objections=tuple(objections(plant, story)),
        forecast=forecast(story),
        steps=len(story.steps),
        may_grow=summary.end is None or _awaits_effect(story),
    )


def _entries(first: Step, last: Step) -> str:
    if first.index == last.index:
        return f"entry {first.index} with hash {first.hash}"
    return f"entries {first.index} to {last.index}, the last with hash {last.hash}"


def _awaits_effect(story: Story) -> bool:
    """True for a written proposal whose effect has not been held against the prediction yet."""
    compared = any(step.kind is Kind.PROPOSAL and step.stage == Stage.EFFECT for step in story.steps)
    return story.proposal is not None and not compared and any(step.stage == Stage.WRITTEN for step in story.steps)


def _unit(plant: PlantFolder, summary: DecisionSummary) -> str | None:
    return next((binding.unit for binding in plant.bindings if str(binding.prop) == summary.target), None)
