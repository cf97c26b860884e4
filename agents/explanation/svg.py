"""An explanation's tree as one self-contained SVG picture."""

from __future__ import annotations

from collections.abc import Mapping

from agents.explanation.tree import Branch, Sort
from reasoner import tree_picture
from reasoner.tree_picture import MOST_BOXES

_WHAT = "Why the decision was taken, from left to right: reasons down to measured values, then its steps."
_WORDS: Mapping[str, str] = {
    Sort.DECISION: "decision",
    Sort.INFERRED: "follows",
    Sort.SAMPLE: "measured",
    Sort.FACT: "known",
    Sort.ABSENCE: "not found",
    Sort.STEP: "step",
    Sort.FINDING: "objection",
}


def picture(tree: Branch, title: str, most: int = MOST_BOXES) -> str:
    """The tree as an SVG document of at most so many boxes, those nearest to the decision first."""
    return tree_picture.picture(tree, title, _WHAT, _WORDS, most)


__all__ = ["MOST_BOXES", "picture"]
