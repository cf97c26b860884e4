"""The proof as nested lists that fold: from the rule down to samples, asserted facts, and what was looked for in vain.

Real lists and `details`, so that screen readers, keyboards and printers understand them without any script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from agents.explanation import Branch
from agents.explanation.story import Story
from agents.explanation.tree import Sort
from api.console.explain.markup import Markup, element
from api.console.explain.wording import moment_text
from kg.proof import Json

_OPEN_TO: Final = 3
"""Levels of the tree that stand open at first."""
_GRAPHS: Final[Mapping[str, str]] = {
    "plant": "stated in the plant model",
    "policy": "stated in the site policy",
    "kpi": "computed by the twin",
    "desired": "asked for before",
    "state": "reported",
    "ontology": "stated in the ontology",
}
_KINDS: Final[Mapping[Sort, str]] = {
    Sort.INFERRED: "by rule",
    Sort.SAMPLE: "sample",
    Sort.FACT: "fact",
    Sort.ABSENCE: "absent",
}


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the branches do not say of themselves."""

    release: str
    seq: int
    """Of the first step on record."""
    absent_at: Mapping[str, int]
    """What was looked for in vain -> the seq of the graph that did not hold it, where the proof says so."""


def grounds_of(story: Story) -> Grounds:
    """The release of a decision, and when its absences were looked for."""
    proof = {} if story.proposal is None else story.proposal.proof
    return Grounds(story.release, story.steps[0].seq, dict(_absences(proof)))


def tree_markup(reasons: tuple[Branch, ...], grounds: Grounds) -> Markup:
    """The reasons of a decision, each with what it stands on."""
    return element("ul", *(_item(branch, grounds, 1) for branch in reasons), cls="xp-tree")


def _item(branch: Branch, grounds: Grounds, depth: int) -> Markup:
    line = _line(branch, grounds)
    if not branch.branches:
        return element("li", element("div", *line, cls="xp-leaf"))
    below = element("ul", *(_item(child, grounds, depth + 1) for child in branch.branches))
    return element("li", element("details", element("summary", *line), below, open=depth <= _OPEN_TO))


def _line(branch: Branch, grounds: Grounds) -> tuple[Markup, ...]:
    kind = _KINDS.get(branch.sort)
    sign = (element("span", kind, cls=f"xp-kind xp-kind-{branch.sort.value}"),) if kind else ()
    told = " · ".join(_TOLD[branch.sort](branch, grounds)) if branch.sort in _TOLD else ""
    origin = (element("span", told, cls="xp-under"),) if told else ()
    return (*sign, element("span", branch.text, cls="xp-said"), *origin)


def _sample(branch: Branch, grounds: Grounds) -> Iterator[str]:
    facts = branch.facts
    status = "" if facts.get("quality") == "good" else f" ({facts.get('status')})"
    yield f"quality {facts.get('quality') or 'unknown'}{status}"
    if facts.get("source_time"):
        yield f"plant time {_at(facts['source_time'])}"
    if facts.get("received"):
        yield f"received {_at(facts['received'])}"
    if facts.get("node_id"):
        yield f"node {facts['node_id']}"
    if facts.get("seq") is not None:
        yield f"change {facts['seq']}"


def _fact(branch: Branch, grounds: Grounds) -> Iterator[str]:
    graph = str(branch.facts.get("graph") or "")
    yield _GRAPHS.get(graph, f"graph {graph}" if graph else "of an unnamed graph")
    yield f"release {grounds.release[:12]}"


def _missing(branch: Branch, grounds: Grounds) -> Iterator[str]:
    seq = grounds.absent_at.get(str(branch.facts.get("pattern")), grounds.seq)
    yield f"nothing in the graph said so at change {seq}"


_TOLD: Final[Mapping[Sort, Callable[[Branch, Grounds], Iterator[str]]]] = {
    Sort.SAMPLE: _sample,
    Sort.FACT: _fact,
    Sort.ABSENCE: _missing,
}


def _absences(proof: Mapping[str, Json]) -> Iterator[tuple[str, int]]:
    seq, premises = proof.get("seq"), proof.get("premises")
    absent = proof.get("absent")
    if isinstance(seq, int) and isinstance(absent, list):
        yield from ((str(text), seq) for text in absent)
    for premise in premises if isinstance(premises, list) else ():
        if isinstance(premise, dict):
            yield from _absences(premise)


def _at(moment: Json) -> str:
    at_us = round(datetime.fromisoformat(str(moment)).timestamp() * 1e6)
    return moment_text(at_us)
