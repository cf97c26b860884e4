"""Which of several rules is heard where they want to set the same property; the order of events plays no part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rdflib import URIRef

from agents.levels import Level
from agents.rules import AgentRule
from kg.change import Match


@dataclass(frozen=True, slots=True)
class Contest:
    """Who goes first, and who stands back behind whom."""

    winners: tuple[Match, ...]
    outranked: Mapping[Match, Match]
    """Each loser with the match that went first."""


def settle(matches: Iterable[Match], rules: Mapping[URIRef, AgentRule], level_of: Callable[[Match], Level]) -> Contest:
    """One winner for each target, among rules that may act and, apart from them, among rules that only watch.

    The higher tw:priority goes first, then the smaller rule IRI. Of two values of the same rule the smaller one is
    taken. A rule that only watches never stands in the way of one that may act. Matches at level OFF take no part.
    """
    winners: dict[tuple[URIRef, bool], Match] = {}
    outranked: dict[Match, Match] = {}
    ordered = sorted(matches, key=lambda m: (m.target, -rules[m.rule].priority, m.rule, _size(m), str(m.value)))
    for match in ordered:
        level = level_of(match)
        if level is Level.OFF:
            continue
        first = winners.setdefault((match.target, level.may_act), match)
        if first is not match and first.rule != match.rule:
            outranked[match] = first
    return Contest(tuple(winners.values()), outranked)


def _size(match: Match) -> float:
    value = match.value.value
    return float(value) if isinstance(value, int | float) else 0.0
