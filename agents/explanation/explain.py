"""The explanation of one decision, in all its forms."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import Graph

from agents.explanation.brief import brief_lines
from agents.explanation.model import model_of
from agents.explanation.prov import provenance
from agents.explanation.samples import Samples
from agents.explanation.sentence import sentence_of
from agents.explanation.story import read_story
from agents.explanation.summaries import DecisionSummary, summary_of
from agents.explanation.svg import picture
from agents.explanation.tree import Branch, Sort, grow
from kg.history import HistoryReader
from kg.journal import JournalReader
from kg.proof import Json


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a decision was taken and what became of it."""

    id: str
    sentence: str
    tree: Branch
    provenance: Graph
    """PROV-O; a document that describes every IRI it points to."""
    summary: DecisionSummary

    def leaves(self) -> tuple[Branch, ...]:
        """What the reasons end in: samples, asserted facts, and absences."""
        why = (branch for branch in self.tree.branches if branch.sort is Sort.NOTE)
        return tuple(leaf for branch in why for leaf in branch.walk() if not leaf.branches and leaf is not branch)

    @property
    def is_complete(self) -> bool:
        """True where every reason ends in a sample or an asserted fact, and there is a sample among them."""
        leaves = self.leaves()
        ends = {Sort.SAMPLE, Sort.FACT, Sort.ABSENCE}
        return all(leaf.sort in ends for leaf in leaves) and any(leaf.sort is Sort.SAMPLE for leaf in leaves)

    def text(self, full: bool = False) -> str:
        """The tree as indented text for people; `full` adds ids, nodes, status codes and entries."""
        return "\n".join(self.tree.lines() if full else brief_lines(self.tree)) + "\n"

    def to_json(self) -> dict[str, Json]:
        """Sentence and tree as plain JSON."""
        return {"id": self.id, "sentence": self.sentence, "complete": self.is_complete, "tree": self.tree.to_json()}

    def svg(self) -> str:
        """The tree as a picture: an SVG document that needs nothing else."""
        return picture(self.tree, self.sentence)

    def turtle(self) -> str:
        """The provenance as Turtle."""
        return self.provenance.serialize(format="turtle")

    def json_ld(self) -> str:
        """The provenance as JSON-LD."""
        return self.provenance.serialize(format="json-ld", auto_compact=True)


def explain(journal: JournalReader, history: HistoryReader | None, decision_id: str) -> Explanation:
    """The explanation of a decision, by its id. Raises UnknownNode where the journal knows none.

    Without history the samples are those that the decision itself recorded.
    """
    story = read_story(journal, decision_id)
    model = model_of(journal, story.release)
    sentence = sentence_of(story, model)
    tree = grow(story, model, Samples(story, history), sentence)
    return Explanation(story.id, sentence, tree, provenance(story, tree, model), summary_of(story))
