"""What spoke against a decision: shapes with code, focus, value, message and remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef
from rdflib.namespace import SH

from agents.explanation.story import Step, Story
from agents.words import local, name_of, readable, value_in_words
from api.acts import label
from api.console.explain.markup import Markup, element, joined
from api.known_errors import error_class
from kg.change import Finding, Reason
from kg.names import GraphName
from kg.plantfolder import PlantFolder
from kg.wire import json_to_reason

_IRI: Final = re.compile(r"<([^<>]+)>")


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason why it was refused, or would have been."""

    code: str
    message: str
    remedy: str
    facts: tuple[tuple[str, str], ...]
    """What people may want to know besides, by name."""


def objections(plant: PlantFolder, story: Story) -> list[Objection]:
    """All of them, each code and focus once."""
    found: dict[tuple[str, str], Objection] = {}
    for step in story.steps:
        for reason in step.reasons or _recorded(step):
            focus = "" if reason.finding is None else str(reason.finding.focus)
            found.setdefault((reason.code, focus), _objection(plant, story, reason))
    return list(found.values())


def objections_markup(found: list[Objection]) -> Markup:
    """The objections, one block each."""
    return joined(_block(objection) for objection in found)


def _block(objection: Objection) -> Markup:
    facts = [piece for name, value in objection.facts for piece in (element("dt", name), element("dd", value))]
    remedy = (element("p", element("b", "What to do: "), objection.remedy),) if objection.remedy else ()
    return element(
        "div",
        element("h3", objection.code),
        element("p", objection.message, cls="xp-message"),
        *remedy,
        element("dl", *facts, cls="xp-facts"),
        cls="xp-objection",
    )


def _recorded(step: Step) -> tuple[Reason, ...]:
    """The reasons of a dry run that an agent put on record; a number stands there as text."""
    reasons = []
    for item in step.facts.get("reasons") or ():
        finding = item.get("finding")
        if finding is not None and isinstance(finding.get("distance"), str):
            finding = {**finding, "distance": float(finding["distance"])}
        reasons.append(json_to_reason({"code": item["code"], "sentence": item["sentence"], "finding": finding}))
    return tuple(reasons)


def _objection(plant: PlantFolder, story: Story, reason: Reason) -> Objection:
    known = error_class(reason.code)
    facts = () if reason.finding is None else tuple(_facts(plant, story, reason.finding))
    return Objection(reason.code, readable(reason.sentence), "" if known is None else known.remedy, facts)


def _facts(plant: PlantFolder, story: Story, finding: Finding) -> list[tuple[str, str]]:
    shape = URIRef(str(finding.shape))
    name = plant.graphs[GraphName.SHAPES].value(shape, SH.name)
    told = [("Shape", f"{name} ({local(shape)})" if name is not None else local(shape))]
    told.append(("On", _focus(plant, story, str(finding.focus))))
    seen = _IRI.findall(finding.path or "")[-1:]
    if seen:
        told.append(("Looked at", name_of(seen[0])))
    if finding.value is not None and finding.value != finding.focus:
        told.append(("Value found", value_in_words(finding.value, seen[0] if seen else None)))
    if finding.distance is not None:
        told.append(("Beyond the limit by", f"{finding.distance:g}"))
    told.append(("Severity", "blocks a request" if finding.severity.value == "Violation" else finding.severity.value))
    return told


def _focus(plant: PlantFolder, story: Story, focus: str) -> str:
    if focus.startswith("urn:uuid:"):
        return "this request"
    return label(plant, focus)
