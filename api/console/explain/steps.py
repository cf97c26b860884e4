"""The life of a decision as lines of a timeline: what was said at each step, when, by whom, and what never came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agents.explanation.story import Step, Story
from agents.pipeline import End, Stage
from api.acts import label
from api.console.explain.said import said
from api.console.explain.wording import duration, end_of, fine_clock, moment_text
from kg.change import Kind
from kg.plantfolder import PlantFolder

TITLES: Final[Mapping[str, str]] = {
    Stage.REASONED: "Proposed",
    Stage.CHECKED: "Checked against the shapes",
    Stage.SIMULATED: "Simulated",
    Stage.NEGOTIATED: "Settled among agents",
    Stage.APPROVED: "Approved",
    Stage.REQUESTED: "Request judged by the Gate",
    Stage.LEASED: "Taken over by the write gateway",
    Stage.PRECHECKED: "Machine looked at once more",
    Stage.INTENT: "Intent made durable",
    Stage.WRITTEN: "Written to the controller",
    Stage.FEEDBACK: "Feedback of the controller",
    Stage.EFFECT: "Effect at the machine",
}
_BY_PEOPLE: Final = (Stage.REQUESTED, *(stage for stage in Stage if stage.order > Stage.REQUESTED.order))
_COMPARED: Final = "Effect held against the prediction"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline."""

    title: str
    said: tuple[str, ...]
    by: str
    clock: str
    moment: str
    after: str
    """Time since the line before; empty for the first."""
    tone: str
    """done, failed, held (the agent may not by itself), skipped (not evaluated), end or unreached."""
    record: str
    """Where it stands in the journal."""


def timeline(plant: PlantFolder, story: Story) -> list[Line]:
    """What happened, in the order of its moments, and then the steps that were never reached."""
    before: int | None = None
    lines = []
    for step in _shown(story.steps):
        lines.append(_line(plant, story, step, before))
        before = step.at_us
    return [*lines, *(_unreached(stage) for stage in _missing(story))]


def _shown(steps: Sequence[Step]) -> list[Step]:
    """All steps but the agent's notes of what Gate and gateway have said themselves."""
    has_request = any(step.kind is Kind.REQUEST for step in steps)
    shown = [step for step in steps if not (has_request and step.stage == Stage.REQUESTED)]
    ends = {index for index, step in enumerate(shown) if "outcome" in step.detail}
    own = [s for i, s in enumerate(shown) if i not in ends or not _is_repeated(shown[i + 1 :])]
    return sorted(own, key=lambda step: step.at_us)


def _is_repeated(later: Sequence[Step]) -> bool:
    """True where the agent notes the end that the gateway has told."""
    return any(step.kind is Kind.PROPOSAL and step.stage in {End.COMMITTED, End.CLAMPED} for step in later)


def _line(plant: PlantFolder, story: Story, step: Step, before_us: int | None) -> Line:
    return Line(
        title=_title(step),
        said=tuple(said(plant, story, step)),
        by=label(plant, str(step.author)) if step.kind is not Kind.OUTCOME else "Write gateway",
        clock=fine_clock(step.at_us),
        moment=moment_text(step.at_us),
        after="" if before_us is None else duration(step.at_us - before_us),
        tone=_tone(step),
        record=f"entry {step.index}, change {step.seq}, hash {step.hash[:12]}",
    )


def _title(step: Step) -> str:
    if step.kind is Kind.REQUEST:
        return TITLES[Stage.REQUESTED]
    if step.kind is Kind.APPROVAL:
        return "Rejected by a person" if step.stage == "rejection" else "Approved by a person"
    if step.kind is Kind.PROPOSAL and step.stage == Stage.EFFECT:
        return _COMPARED
    if step.stage in TITLES:
        return TITLES[step.stage]
    return f"End: {end_of(step.stage, step.stage).word}"


def _tone(step: Step) -> str:
    if step.facts.get("evaluated") is False:
        return "skipped"
    if step.stage in {End.SHADOW, End.ADVISED, End.WITHDRAWN, End.SUPERSEDED, End.OUTRANKED, End.EXPIRED}:
        return "end"
    if not step.is_ok or not step.admitted or step.stage == "rejection":
        return "held" if _lacks_leave_only(step) else "failed"
    return "end" if step.stage in set(End) or "outcome" in step.detail else "done"


def _lacks_leave_only(step: Step) -> bool:
    """True where nothing is wrong but that the agent may not do it by itself."""
    codes = [str(item.get("code")) for item in step.facts.get("reasons") or ()]
    return bool(codes) and all(code.startswith("PERM-AUTONOMY") for code in codes)


def _missing(story: Story) -> Iterator[Stage]:
    """The stages after the last one that was reached, in their order."""
    path = tuple(Stage) if story.proposal is not None else _BY_PEOPLE
    reached = {step.stage for step in story.steps}
    if any(step.kind is Kind.REQUEST for step in story.steps):
        reached.add(Stage.REQUESTED)
    if "approval" in reached:
        reached.add(Stage.APPROVED)
    last = max((stage.order for stage in path if stage in reached), default=-1)
    return (stage for stage in path if stage.order > last)


def _unreached(stage: Stage) -> Line:
    return Line(TITLES[stage], (), "", "", "", "", "unreached", "")
