"""The samples on which a decision stood, from the proposal's own record and from history."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rdflib import Literal, URIRef

from agents.explanation.story import Story
from agents.proposal import Input
from kg.history import HistoryReader
from kg.terms import double_literal

_QUALITY = ("good", "uncertain", "bad", "bad")


@dataclass(frozen=True, slots=True)
class Sampled:
    """One value as the controller gave it. `source_us` is plant time, `received_us` wall time."""

    value: Literal
    status: int | None
    source_us: int | None
    received_us: int | None
    seq: int | None

    @property
    def quality(self) -> str | None:
        """The severity of the OPC UA status code, in a word."""
        return None if self.status is None else _QUALITY[self.status >> 30]


class Samples:
    """Looks samples up for one story."""

    def __init__(self, story: Story, history: HistoryReader | None) -> None:
        self._history = history
        self._plant_us = story.plant_us
        self._inputs = {given.prop: given for given in (story.proposal.inputs if story.proposal else ())}

    def of(self, prop: URIRef, value: Literal | None) -> Sampled | None:
        """The sample behind a value of a property; None where neither record nor history knows one.

        `value` is what the graph held; None asks for whatever held at the decision's plant time.
        """
        given = self._inputs.get(prop)
        found = self._from_history(prop, given)
        if given is not None:
            received_us = None if found is None or found.seq != given.seq else found.received_us
            if given.source_us is not None:
                return Sampled(given.value, given.status, given.source_us, received_us, given.seq)
            return found or Sampled(given.value, given.status, None, None, None)
        if found is None or (value is not None and not _same(found.value, value)):
            return None
        return found

    def _from_history(self, prop: URIRef, given: Input | None) -> Sampled | None:
        tag = None if self._history is None else self._history.tag(str(prop))
        if tag is None or self._history is None:
            return None
        if given is not None and given.seq is not None:
            sample = self._history.sample(tag, given.seq)
        elif self._plant_us:
            sample = self._history.last_at(tag, self._plant_us)
        else:
            sample = self._history.last(tag)
        if sample is None or sample.reading.value is None:
            return None
        reading = sample.reading
        return Sampled(_literal(reading.value), reading.status, reading.source_us, reading.received_us, sample.seq)


def _literal(value: float | int | bool | str | None) -> Literal:
    return double_literal(value) if isinstance(value, float) else Literal(value)


def _same(one: Literal, other: Literal) -> bool:
    if one == other:
        return True
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-9)
    except ValueError:
        return False
