"""Safe bands: between which values a live number may move without anything following from it.

A stage of the Gate that can tell says, for a predicate, at which values the truth of its conditions may change. Around
the value that a subject has now this leaves an open interval; a new value inside it changes no derived fact and no
result, so the stages need not look at it. A `Watch` also names what the interval was computed from, so that whoever
keeps bands knows when to forget them. A stage that cannot tell says None, and every value goes the long way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from kg.terms import Node, Term

Band: TypeAlias = tuple[float, float]
"""An open interval of values."""
Narrow: TypeAlias = Callable[[Node, float, float, float], Band | None]
"""(subject, its value, low, high) -> the part of (low, high) around the value in which nothing changes, or None."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What one stage knows of the live values of one predicate."""

    narrow: Narrow | None = None
    """None where no value matters to the stage."""
    near: frozenset[Node] = frozenset()
    """Predicates of the same subject from which its band is computed."""
    far: frozenset[Node] = frozenset()
    """Predicates of other subjects from which bands are computed."""
    shapes: frozenset[Term] = frozenset()
    """Shapes that are led to other focus nodes by the predicate; none of them has a result while a band holds."""


@runtime_checkable
class Banded(Protocol):
    """A stage that can say where values may move."""

    def watch(self, predicate: Node) -> Watch | None:
        """What is to be known of the predicate's values; None where the stage cannot tell. Results stay the same."""


def narrowed(value: float, low: float, high: float, points: tuple[float, ...]) -> Band | None:
    """The part of (low, high) around the value that holds none of the points; None where the value is one of them."""
    for point in points:
        if point < value:
            if point > low:
                low = point
        elif point > value:
            if point < high:
                high = point
        elif point == value:
            return None
    return low, high
