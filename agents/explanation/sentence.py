"""A decision in one sentence or two, for people."""

from __future__ import annotations

from rdflib import URIRef

from agents.explanation.model import Model
from agents.explanation.story import Step, Story
from agents.explanation.tree import found_value
from agents.pipeline import End, Stage
from agents.words import local, readable, value_in_words
from kg.change import Kind
from ontology import TW

_ENDS = {
    End.SHADOW: "It was only recorded: the agent is in shadow",
    End.ADVISED: "It was shown to people as advice",
    End.OUTRANKED: "Another rule for the same property went first",
    End.SUPERSEDED: "It was superseded: the rule wanted another value",
    End.WITHDRAWN: "It was withdrawn",
    End.EXPIRED: "Nobody approved it in time, so it expired",
    End.REJECTED: "A person rejected it",
    End.REFUSED: "It was refused",
    End.COMMITTED: "It was written and the controller confirmed it",
    End.COMPENSATED: "The controller took another value, and the value before was restored",
    End.CLAMPED: "The controller took another value, which stands",
    End.UNKNOWN: "What the controller did with it is unknown; the property is frozen",
}
_OUTCOMES = {
    "confirmed": _ENDS[End.COMMITTED],
    "clamped": _ENDS[End.CLAMPED],
    "refused": "The controller refused it; nothing was changed",
    "blocked": "The gateway blocked it; nothing was written",
    "expired": "It came too late; nothing was written",
    "unknown": _ENDS[End.UNKNOWN],
}


def sentence_of(story: Story, model: Model) -> str:
    """Who wanted what, and what became of it."""
    return f"{_wanted(story, model)} {_became(story, model)}{_came_of_it(story)}"


def _wanted(story: Story, model: Model) -> str:
    who, wish = model.label(story.steps[0].author), story.wish
    if story.proposal is not None:
        return f"{who} proposed: {_stopped(story.proposal.sentence)}"
    if wish is not None:
        value = value_in_words(wish.desired, unit=model.text(wish.target, TW.unit))
        why = story.steps[0].reason
        return _stopped(f"{who} asked to set {local(wish.target)} to {value}" + (f" ({why})" if why else ""))
    return _stopped(f"{who} made a change of kind {story.steps[0].kind}")


def _became(story: Story, model: Model) -> str:
    last = next((step for step in reversed(story.steps) if _tells_end(step)), None)
    if last is None:
        return f"It has come as far as: {story.steps[-1].stage}."
    if not last.admitted:
        return f"It was refused: {_why(story, model)}"
    if last.kind is Kind.OUTCOME:
        word = str(last.detail["outcome"])
        return _stopped(_OUTCOMES.get(word, word)) + _told(last)
    if last.kind is not Kind.PROPOSAL:
        return "It is on record."
    end = End(last.stage)
    if end is End.REFUSED and story.refusals:
        return f"It was refused: {_why(story, model)}"
    why = last.facts.get("why") or last.facts.get("sentence")
    told = f" ({readable(str(why), model.label).rstrip('.')})" if why else ""
    return _stopped(_ENDS[end] + told) + _people(story, model)


def _came_of_it(story: Story) -> str:
    """The effect against its prediction, once that has been compared."""
    told = effect_of(story)
    return "" if told is None else f" {told}"


def effect_of(story: Story) -> str | None:
    """What came of a confirmed write against what was predicted; None before the prediction's time is over."""
    steps = (step for step in story.steps if step.kind is Kind.PROPOSAL and step.stage == Stage.EFFECT)
    step = next(steps, None)
    return None if step is None else str(step.facts.get("sentence") or "") or None


def _tells_end(step: Step) -> bool:
    if step.kind is Kind.PROPOSAL:
        return step.stage in set(End)
    return not step.admitted or "outcome" in step.detail or step.kind not in (Kind.REQUEST, Kind.OUTCOME, Kind.APPROVAL)


def _why(story: Story, model: Model) -> str:
    """The first reason in full: the sentence, and the shape with its focus node and value."""
    if not story.refusals:
        return "no reason was recorded."
    reason, more = story.refusals[0], len(story.refusals) - 1
    text = _stopped(readable(reason.sentence, model.label))
    finding = reason.finding
    if finding is not None:
        focus = "this request" if _is_request(str(finding.focus), story) else local(str(finding.focus))
        found = found_value(finding)
        value = "" if found is None else f", value {found}"
        text += f" (Shape {local(str(finding.shape))} on {focus}{value}.)"
    return text + (f" There are {more} more reasons." if more > 1 else " There is one more reason." if more else "")


def _is_request(focus: str, story: Story) -> bool:
    own = () if story.proposal is None else (story.proposal.request_id, story.proposal.compensation_id)
    return focus in (story.id, *own) or any(step.change == focus for step in story.steps)


def _people(story: Story, model: Model) -> str:
    approved = next((step for step in story.steps if step.stage == Stage.APPROVED), None)
    if approved is None:
        return ""
    persons = approved.facts.get("persons")
    if persons:
        return f" Approved by {', '.join(model.label(URIRef(person)) for person in persons)}."
    return f" Approved by policy at level {approved.facts.get('level')}."


def _told(step: Step) -> str:
    told = step.detail.get("sentence")
    return f" {_stopped(str(told))}" if told else ""


def _stopped(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
