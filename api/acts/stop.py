"""Stop switches: what the gateway is told, and what goes on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef

from api.acts.sender import change_at
from kg.change import Change, Kind, Quad
from kg.errors import BadValue
from kg.names import GraphName
from kg.proof import Json
from ontology import TW

MODES: Final[Mapping[str, URIRef]] = {
    "no-writes": TW.NoWrites,
    "propose-only": TW.ProposeOnly,
    "read-only": TW.ReadOnly,
}
RELEASE: Final = "release"


@dataclass(frozen=True, slots=True)
class Stop:
    """A switch to be set, or with `mode` None to be released."""

    scope: URIRef
    mode: str | None
    until_us: int | None = None
    """Wall time at which it ends by itself; None for never."""
    reason: str = ""


def require_mode(mode: str) -> str:
    """The mode itself. Raises BadValue where there is none of that name."""
    if mode not in MODES:
        raise BadValue(f"There is no mode {mode}; there are {', '.join(MODES)}.", mode=mode)
    return mode


def stop_body(stop: Stop) -> dict[str, Json]:
    """What the gateway's method `stop` is called with."""
    word = RELEASE if stop.mode is None else stop.mode
    return {"scope": str(stop.scope), "mode": word, "until_us": stop.until_us, "reason": stop.reason}


def stop_change(stop: Stop, at_us: int) -> Change:
    """The Change for the record: a switch sets one mode and takes the others away; a release takes all away."""
    quads = {word: Quad(stop.scope, TW.stopped, iri, GraphName.POLICY) for word, iri in MODES.items()}
    adds = () if stop.mode is None else (quads[stop.mode],)
    removes = tuple(quad for word, quad in quads.items() if word != stop.mode)
    detail = {} if stop.until_us is None else {"until_us": stop.until_us}
    return change_at(Kind.STOP, at_us, adds=adds, removes=removes, reason=stop.reason or None, detail=detail)


def stop_sentence(mode: str | None, duration: str | None = None) -> str:
    """What now holds in a scope, in words."""
    until = "" if duration is None else f" for {duration}"
    return {
        None: "the stop is released.",
        "no-writes": f"nothing is written{until}.",
        "propose-only": f"agents may only propose{until}.",
        "read-only": f"the twin only reads{until}.",
    }[mode]
