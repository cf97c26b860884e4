"""What really came of a confirmed write, held against what was predicted, from counts alone.

Seen is what the machine made from the proposal to the horizon, less what the speed before would have made in that time
by the closed form of `agents.prediction`; the moment at which the neighbour ran again is the one that was seen. A
machine that stands at the horizon is charged the restart that it still owes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from rdflib import URIRef

from agents.awaited import Awaited
from agents.prediction import Effect, Situation, minutes_text, nothing_done, restart_cost, signed
from agents.reasons import RUNNING_STATES
from kg.proof import Json
from ontology import PACK

_MINUTE_US = 60_000_000


class Counts(Protocol):
    """What the history knows, in plant time. May block."""

    def increase(self, prop: URIRef, from_us: int, to_us: int) -> int | None:
        """By how much a counter rose; None where it was not seen at both ends."""

    def code_at(self, prop: URIRef, at_us: int) -> int | None:
        """The state number in force at a moment; None where none is known."""

    def first(self, prop: URIRef, codes: frozenset[int], from_us: int, to_us: int) -> int | None:
        """When one of these state numbers was first in force in a span; None where none was."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the counts of a plant stand."""

    properties: Mapping[tuple[URIRef, URIRef], URIRef]
    """The property that (equipment, predicate) is bound to."""
    ends: Mapping[URIRef, URIRef]
    """The machine at the end of the line to which a machine belongs."""


@dataclass(frozen=True, slots=True)
class Outturn:
    """What was counted, in units of product."""

    made: int
    """Good units of the machine from proposal to horizon."""
    since_write: int
    line_end: int | None
    """Units at the line's end from write to horizon."""
    back_min: float | None
    """When the neighbour that stood ran again, in minutes after the proposal; None where it did not."""
    stands: bool
    """True where the machine itself stands at the horizon."""


def read_outturn(awaited: Awaited, places: Places, counts: Counts) -> Outturn | str:
    """What was counted, or why nobody can say."""
    proposal, horizon_us = awaited.proposal, awaited.horizon_us
    begun_us, written_us = proposal.plant_us, awaited.requested_us or proposal.plant_us
    if written_us >= horizon_us:
        return "it was written when the time of the prediction was over"
    machine = proposal.equipment
    made = _good(machine, begun_us, horizon_us, places, counts)
    since = _good(machine, written_us, horizon_us, places, counts)
    if made is None or since is None:
        return f"the machine's counter was not seen from {_clock(begun_us)} to {_clock(horizon_us)}"
    end = places.ends.get(machine)
    state = places.properties.get((machine, PACK.stateCurrent))
    now = None if state is None else counts.code_at(state, horizon_us)
    return Outturn(
        made=made,
        since_write=since,
        line_end=None if end is None else _good(end, written_us, horizon_us, places, counts),
        back_min=_back_min(proposal.effect.situation, begun_us, horizon_us, places, counts),
        stands=now is not None and now not in RUNNING_STATES,
    )


def compare(awaited: Awaited, seen: Outturn) -> dict[str, Json]:
    """Prediction and outturn as facts of the step `effect`; times are plant time."""
    effect, situation = awaited.proposal.effect, awaited.proposal.effect.situation
    if situation is None or effect.horizon_min is None or effect.low is None or effect.high is None:
        return not_compared("nothing was predicted")
    nothing = nothing_done(situation, effect.horizon_min, seen.back_min)
    charged = restart_cost(situation.desired) if seen.stands and seen.back_min is None else 0.0
    gain = round(seen.made - charged - nothing)
    return {
        "evaluated": True,
        "sentence": _sentence(awaited, effect, situation, seen, gain),
        "predicted_units": effect.units,
        "low": effect.low,
        "high": effect.high,
        "seen_units": gain,
        "within_band": effect.low <= gain <= effect.high,
        "horizon": _instant(awaited.horizon_us),
        "written": _instant(awaited.requested_us or awaited.proposal.plant_us),
        "made_since_write": seen.since_write,
        "made_since_proposal": seen.made,
        "nothing_done_units": round(nothing),
        "restart_charged_units": round(charged),
        "line_end_units": seen.line_end,
    }


def not_compared(why: str) -> dict[str, Json]:
    """The facts of a step `effect` where nothing can be said."""
    return {"evaluated": False, "sentence": f"The effect was not compared with its prediction: {why}.", "why": why}


def _sentence(awaited: Awaited, effect: Effect, situation: Situation, seen: Outturn, gain: int) -> str:
    minutes, low, high = minutes_text(effect.horizon_min or 0.0), effect.low or 0, effect.high or 0
    band = ", less than foreseen" if gain < low else ", more than foreseen" if gain > high else ""
    told = (
        f"Predicted about {signed(effect.units or 0)} units in {minutes}"
        f" (between {signed(low)} and {signed(high)}); seen {signed(gain)}{band},"
        f" against what {situation.prior:g} per minute would have made, by the same formula."
    )
    if situation.back_in_min is not None:
        back = "was not back by then" if seen.back_min is None else f"was back after {minutes_text(seen.back_min)}"
        told += f" The machine {situation.side} {back}."
    if awaited.followed_us is not None and awaited.followed_us < awaited.horizon_us:
        after = minutes_text((awaited.followed_us - awaited.proposal.plant_us) / _MINUTE_US)
        told += f" Another write followed after {after}."
    return told


def _good(machine: URIRef, from_us: int, to_us: int, places: Places, counts: Counts) -> int | None:
    """Processed less defective; a machine without a counter of defects has none."""
    processed = places.properties.get((machine, PACK.prodProcessedCount))
    defective = places.properties.get((machine, PACK.prodDefectiveCount))
    more = None if processed is None else counts.increase(processed, from_us, to_us)
    if more is None:
        return None
    return more - ((counts.increase(defective, from_us, to_us) or 0) if defective is not None else 0)


def _back_min(situation: Situation | None, from_us: int, to_us: int, places: Places, counts: Counts) -> float | None:
    if situation is None or situation.back_in_min is None or situation.neighbour is None:
        return None
    state = places.properties.get((URIRef(situation.neighbour), PACK.stateCurrent))
    back_us = None if state is None else counts.first(state, RUNNING_STATES, from_us, to_us)
    return None if back_us is None else (back_us - from_us) / _MINUTE_US


def _instant(plant_us: int) -> str:
    return datetime.fromtimestamp(plant_us / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clock(plant_us: int) -> str:
    return datetime.fromtimestamp(plant_us / 1e6, UTC).strftime("%H:%M:%S")
