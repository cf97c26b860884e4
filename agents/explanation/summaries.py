"""The newest decisions, one line each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agents.explanation.sentence import effect_of
from agents.explanation.story import Story, read_story
from agents.pipeline import End
from kg.change import Kind
from kg.journal import JournalReader
from kg.record import EntryKind, Recorded
from kg.wire import term_text

_FIRST_WINDOW = 2_000
_KINDS = frozenset({Kind.PROPOSAL, Kind.REQUEST})


@dataclass(frozen=True, slots=True)
class DecisionSummary:
    """One decision as far as it has come. Times are wall time."""

    id: str
    at_us: int
    author: str
    role: str
    target: str | None
    desired: str | None
    """In N-Triples form."""
    prior: str | None
    rule: str | None
    sentence: str
    stage: str
    """The last step on record."""
    end: str | None
    """How it ended; None while it is open."""
    requested: bool
    """True where a request was admitted."""
    steps: int
    effect: str | None = None
    """The effect against its prediction, in a sentence; None before the prediction's time is over."""


def decisions(journal: JournalReader, limit: int = 20, since_us: int = 0) -> list[DecisionSummary]:
    """The newest decisions, newest first, that began at or after a moment. Reads back from the end until enough."""
    head, window = journal.head().index, _FIRST_WINDOW
    while True:
        after = max(0, head - window)
        idents = _idents(journal.of_kind(EntryKind.CHANGE, EntryKind.REFUSAL, after=after))
        if len(idents) >= limit or after == 0:
            break
        window *= 8
    newest = (summary_of(read_story(journal, ident)) for ident in reversed(idents[-limit:] if limit else idents))
    return [summary for summary in newest if summary.at_us >= since_us]


def summary_of(story: Story) -> DecisionSummary:
    """A story in one line."""
    first, wish, proposal = story.steps[0], story.wish, story.proposal
    return DecisionSummary(
        id=story.id,
        at_us=first.at_us,
        author=str(first.author),
        role=first.role,
        target=None if wish is None else str(wish.target),
        desired=None if wish is None else term_text(wish.desired),
        prior=None if wish is None or wish.prior is None else term_text(wish.prior),
        rule=None if proposal is None else str(proposal.rule),
        sentence=proposal.sentence if proposal is not None else (first.reason or ""),
        stage=story.steps[-1].stage,
        end=_end(story),
        requested=any(step.kind is Kind.REQUEST and step.admitted for step in story.steps),
        steps=len(story.steps),
        effect=effect_of(story),
    )


def _end(story: Story) -> str | None:
    for step in reversed(story.steps):
        if step.kind is Kind.PROPOSAL and step.stage in set(End):
            return step.stage
        if step.kind is Kind.REQUEST and not step.admitted:
            return str(End.REFUSED)
        if step.kind is Kind.OUTCOME and "outcome" in step.detail:
            outcome = str(step.detail["outcome"])
            return str(End.COMMITTED) if outcome == "confirmed" else outcome
    return None


def _idents(entries: Iterable[Recorded]) -> list[str]:
    """The decisions among entries, each once, in the order of their newest entry."""
    idents: dict[str, None] = {}
    for recorded in entries:
        subject = recorded.entry.subject
        if subject and recorded.entry.body.get("kind") in _KINDS:
            idents.pop(subject, None)
            idents[subject] = None
    return list(idents)
