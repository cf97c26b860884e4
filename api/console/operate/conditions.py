"""What is wrong or in force now, in words, the worst first: violated shapes, freezes, old values, matching rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef

from api.console.operate.figures import name_of
from api.console.operate.machines import Severity, stale_nodes
from api.live import LineModel
from kg.change import Finding
from kg.change import Severity as Weight
from ontology import ISA95, TW

MOST: Final = 12
"""More than this nobody reads; the rest is counted."""
_RANKS: Final = {Severity.ALARM: 0, Severity.CAUTION: 1, Severity.NORMAL: 2}
_OF_WEIGHT: Final = {
    Weight.VIOLATION: Severity.ALARM,
    Weight.WARNING: Severity.CAUTION,
    Weight.INFO: Severity.NORMAL,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds now. `place` is the equipment or property it is about."""

    severity: Severity
    kind: str
    sentence: str
    place: str


def conditions_of(model: LineModel, findings: Iterable[Finding], rules: Mapping[URIRef, str]) -> tuple[Condition, ...]:
    """Everything that holds, the worst first. `rules` are the agents' rules with their labels."""
    found = [_of_finding(model, finding) for finding in findings]
    found += [
        Condition(Severity.ALARM, "frozen", f"{_property(model, prop)}: the outcome of a write is unknown", prop)
        for prop in model.frozen
    ]
    found += _of_link(model)
    found += _of_stale(model)
    found += _of_rules(model, rules)
    return tuple(sorted(found, key=lambda held: (_RANKS[held.severity], held.kind, held.sentence)))


def about(model: LineModel, held: Iterable[Condition], equipment: URIRef) -> tuple[Condition, ...]:
    """Those that concern an equipment or a property of it."""
    return tuple(
        one for one in held if one.place == str(equipment) or model.get(one.place, ISA95.isPropertyOf) == str(equipment)
    )


def more_words(number: int) -> str:
    """What stands under a list that has been cut."""
    return "" if number <= MOST else f"and {number - MOST} more"


def _of_finding(model: LineModel, finding: Finding) -> Condition:
    place = str(finding.focus)
    code = f" ({finding.code})" if finding.code else ""
    sentence = f"{_property(model, place)}: {finding.message}{code}"
    return Condition(_OF_WEIGHT[finding.severity], "limit", sentence, place)


def _of_link(model: LineModel) -> list[Condition]:
    line = model.layout.line if model.layout else URIRef("")
    found = []
    if model.connected is False:
        found.append(Condition(Severity.ALARM, "link", "The controllers do not answer", str(model.server)))
    if model.get(line, TW.heartbeatOk) is False:
        told = "The controllers miss the twin's heartbeat and keep to their own setpoints"
        found.append(Condition(Severity.CAUTION, "link", told, str(line)))
    return found


def _of_stale(model: LineModel) -> list[Condition]:
    by_owner: dict[str, list[str]] = {}
    for node in stale_nodes(model):
        owner = model.get(node, ISA95.isPropertyOf)
        if owner is not None:
            by_owner.setdefault(str(owner), []).append(node)
    return [
        Condition(Severity.CAUTION, "old values", _old_words(model, owner, props), owner)
        for owner, props in by_owner.items()
    ]


def _of_rules(model: LineModel, rules: Mapping[URIRef, str]) -> list[Condition]:
    """A rule's match is a derived fact whose predicate is the rule; its value is what the rule wants."""
    return [
        Condition(Severity.NORMAL, "rule", _rule_words(label, _property(model, target), value), target)
        for rule, label in rules.items()
        for target, value in model.facts.of(rule).items()
    ]


def _old_words(model: LineModel, owner: str, props: list[str]) -> str:
    if len(props) > 3:
        return f"{name_of(model, owner)}: {len(props)} values are old"
    named = ", ".join(sorted(_property(model, prop) for prop in props))
    return f"{named} {'is' if len(props) == 1 else 'are'} old"


def _property(model: LineModel, node: str) -> str:
    """The label of a node; with its equipment's name where the label does not have it."""
    name, owner = name_of(model, node), model.get(node, ISA95.isPropertyOf)
    place = "" if owner is None else name_of(model, owner)
    return name if not place or place.lower() in name.lower() else f"{place}: {name}"


def _rule_words(label: str, target: str, value: object) -> str:
    told = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    return f"A rule of the agents holds: {label} ({target} {told})"
