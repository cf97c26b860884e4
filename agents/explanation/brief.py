"""A tree for people: values with unit, quality and plant time, in few words; no IRIs, hashes or status codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from agents.explanation.tree import Branch, Sort
from agents.pipeline import Stage

_HOMES = {
    "plant": "plant model",
    "policy": "site policy",
    "kpi": "computed",
    "desired": "asked for before",
    "state": "reported",
    "ontology": "definition",
}
_STEPS: Mapping[str, str] = {
    Stage.REASONED: "proposed",
    Stage.CHECKED: "checked against the shapes",
    Stage.REQUESTED: "sent as a request",
    Stage.LEASED: "taken over by the write gateway",
    Stage.PRECHECKED: "machine looked at once more",
    Stage.INTENT: "intent made durable",
    Stage.WRITTEN: "written to the controller",
    Stage.FEEDBACK: "controller's feedback",
    Stage.EFFECT: "effect",
}
_SAID = ("sentence", "why", "level")
_SAME = "on the same grounds as above"


def brief_lines(tree: Branch) -> Iterator[str]:
    """The decision's sentence, and below it one short line for each reason and step, indented."""
    yield tree.text
    seen: set[tuple[str, ...]] = set()
    for branch in tree.branches:
        yield from _below(branch, 1, seen)


def _below(branch: Branch, depth: int, seen: set[tuple[str, ...]]) -> Iterator[str]:
    indent = "  " * depth
    yield indent + _line(branch)
    children = [line for child in branch.branches for line in _below(child, 0, set())]
    if branch.sort is Sort.INFERRED and tuple(children) in seen:
        yield f"{indent}  {_SAME}"
        return
    seen.add(tuple(children))
    for child in branch.branches:
        yield from _below(child, depth + 1, seen)


def _line(branch: Branch) -> str:
    match branch.sort:
        case Sort.SAMPLE:
            return _sample(branch)
        case Sort.FACT:
            home = branch.facts.get("graph")
            return branch.text + (f"  ({_HOMES.get(str(home), home)})" if home else "")
        case Sort.FINDING:
            return _finding(branch)
        case Sort.STEP:
            return _step(branch)
        case _:
            return branch.text


def _sample(branch: Branch) -> str:
    facts = branch.facts
    quality = str(facts["quality"]) if facts.get("quality") else "quality unknown"
    when = facts.get("source_time")
    told = [quality, *([f"plant time {_clock(str(when))}"] if when else [])]
    return f"{branch.text}  ({', '.join(told)})"


def _finding(branch: Branch) -> str:
    facts = branch.facts
    told = [str(facts["code"])]
    if facts.get("distance") is not None:
        told += [f"value {facts['value_in_words']}", f"{float(str(facts['distance'])):g} beyond the limit"]
    return f"{branch.text}  ({', '.join(told)})"


def _step(branch: Branch) -> str:
    facts = branch.facts
    title = branch.text
    for stage, words in _STEPS.items():
        if title == stage or title.startswith(f"{stage},"):
            title = words + title.removeprefix(stage)
            break
    told = list(dict.fromkeys(str(facts[name]) for name in _SAID if facts.get(name)))
    if facts.get("evaluated") is False:
        told.insert(0, "not evaluated")
    if facts.get("how") and facts.get("level"):
        told = [f"by policy, level {facts['level']}"] if facts["how"] == "policy" else [f"at level {facts['level']}"]
    if "seen" in facts:
        told.append("seen" if facts["seen"] else "not seen yet")
    about = f": {', '.join(told)}" if told else ""
    return f"{_clock(str(facts['at']))[:8]}  {title}{about}  ({facts['by']})"


def _clock(instant: str) -> str:
    """The time of day of an ISO 8601 moment."""
    return datetime.fromisoformat(instant).strftime("%H:%M:%S")
