"""Proofs as pictures: DOT text for Graphviz, and an SVG document that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from kg.proof import Proof
from reasoner.proofs import Labels, absence_words, fact_text, group_text, rule_text
from reasoner.tree_picture import MOST_BOXES, picture

_WHAT: Final = "Why a fact holds, from left to right: each fact with what it rests on."
_WORDS: Final[Mapping[str, str]] = {"inferred": "follows", "fact": "known", "absence": "not found", "group": "counted"}


def dot(proof: Proof, labels: Labels | None = None) -> str:
    """The proof as a directed graph in DOT: an arrow from each premise to what follows; each proof drawn once."""
    names = labels or {}
    steps = list(proof.steps())
    ids = {id(step): f"s{number}" for number, step in enumerate(steps)}
    lines = ["digraph proof {", "  rankdir=RL;", "  node [shape=box];"]
    notes = count()
    for step in steps:
        own = ids[id(step)]
        dashed = "" if step.rule is None else " style=rounded"
        lines.append(f"  {own} [label={_quoted(_told(step, names))}{dashed}];")
        lines += [f"  {ids[id(below)]} -> {own};" for below in step.below()]
        for _, text in _notes(step, names):
            note = f"n{next(notes)}"
            lines += [f"  {note} [label={_quoted(text)} style=dashed];", f"  {note} -> {own};"]
    return "\n".join([*lines, "}"]) + "\n"


def svg(proof: Proof, labels: Labels | None = None, most: int = MOST_BOXES) -> str:
    """The proof as an SVG document of at most so many boxes, those nearest to the fact first."""
    names = labels or {}
    return picture(_tree(proof, names), fact_text(proof.fact, names), _WHAT, _WORDS, most)


@dataclass(slots=True)
class _Drawn:
    """A step of a proof as tree_picture wants it."""

    text: str
    sort: str
    branches: list[_Drawn] = field(default_factory=list)

    def walk(self) -> Iterator[_Drawn]:
        waiting = [self]
        while waiting:
            yield (drawn := waiting.pop())
            waiting += reversed(drawn.branches)


def _tree(proof: Proof, labels: Labels) -> _Drawn:
    """A proof that stands in several places hangs from the one that is nearest to the fact."""
    root = _Drawn(_told(proof, labels), _sort(proof))
    met: set[int] = set()
    layer = [(proof, root)]
    while layer:
        following: list[tuple[Proof, _Drawn]] = []
        for step, drawn in layer:
            if id(step) in met:
                drawn.text += " (told elsewhere)" if step.below() else ""
                continue
            met.add(id(step))
            drawn.branches = [_Drawn(_told(below, labels), _sort(below)) for below in step.below()]
            following += zip(step.below(), drawn.branches, strict=True)
            drawn.branches += [_Drawn(text, sort) for sort, text in _notes(step, labels)]
        layer = following
    return root


def _told(step: Proof, labels: Labels) -> str:
    origin = f"in {step.graph}" if step.rule is None else f"by {rule_text(step.rule, labels)}"
    return f"{fact_text(step.fact, labels)}, {origin}"


def _notes(step: Proof, labels: Labels) -> Iterator[tuple[str, str]]:
    """What a step looked for and did not find, and what it counted."""
    yield from (("absence", absence_words(text, step.seq)) for text in step.absent)
    yield from (("group", absence_words(group_text(group, labels), step.seq)) for group in step.groups)


def _sort(step: Proof) -> str:
    return "fact" if step.rule is None else "inferred"


def _quoted(text: str) -> str:
    """A DOT string. A backslash stands for itself only where it is doubled."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", "\\n")
    return f'"{escaped}"'


__all__ = ["dot", "svg"]
