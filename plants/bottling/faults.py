"""Faults that can be injected, as text: KIND[:TARGET][@START][+DURATION], such as `jam:labeller@60s+120s`.

START counts plant time from the plant's start (or from now, when injected at run time); without it the fault begins at
once. DURATION is plant time, but wall time for `vanish` and `restart`; without it a stop lasts as long as such stops
do, a network fault ten seconds, and everything else until the end. Units are s, m and h.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from plants.bottling.parameters import CONVEYORS, MACHINES


class FaultError(ValueError):
    """A fault that cannot be understood; the message says what would be."""


class Target(Enum):
    """What a kind of fault strikes."""

    MACHINE = "a machine"
    FILLER = "the filler"
    CONVEYOR = "a conveyor"
    TAG = "a tag"
    NOTHING = "nothing"


#: Kind -> (what it strikes, what happens).
FAULTS: Final[dict[str, tuple[Target, str]]] = {
    "jam": (Target.MACHINE, "a minor stop (Held)"),
    "breakdown": (Target.MACHINE, "a breakdown (Aborted)"),
    "local": (Target.MACHINE, "the operator switches the machine to local"),
    "disable": (Target.MACHINE, "the operator turns the twin-enable selector off"),
    "maintenance": (Target.MACHINE, "the machine goes to maintenance mode and stops"),
    "ignore-writes": (Target.MACHINE, "the controller takes writes and does nothing"),
    "clamp-writes": (Target.MACHINE, "the controller keeps within 5 % of its local speed and does not tell"),
    "hot": (Target.FILLER, "the product gets too warm"),
    "misfill": (Target.FILLER, "the fill weight goes out of control"),
    "standstill": (Target.CONVEYOR, "the conveyor stands"),
    "freeze": (Target.TAG, "the tag falls silent"),
    "bad": (Target.TAG, "the tag has bad quality and no value"),
    "vanish": (Target.NOTHING, "the network drops: connections are cut, sessions survive"),
    "restart": (Target.NOTHING, "the server goes down and comes back without sessions"),
}
NETWORK_FAULTS: Final = frozenset({"vanish", "restart"})

_TEXT: Final = re.compile(
    r"(?P<kind>[a-z-]+)(?::(?P<target>[A-Za-z.]+))?(?:@(?P<at>[^+@:]+))?(?:\+(?P<duration>[^+@:]+))?"
)
_TIME: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>s|m|min|h)?")
_SECONDS: Final = {None: 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault to come. `target` is the name of a machine, conveyor or tag as the plant spells it."""

    kind: str
    target: str | None
    at_s: float | None
    duration_s: float | None


def parse_fault(text: str, tag_names: Iterable[str]) -> Fault:
    """The fault that this text describes; names are found whatever their case. Raises FaultError."""
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise FaultError(f"{text!r} is not a fault; write KIND[:TARGET][@START][+DURATION]. {_known()}")
    kind = match["kind"]
    if kind not in FAULTS:
        raise FaultError(f"There is no fault {kind!r}. {_known()}")
    return Fault(
        kind=kind,
        target=_target(text, FAULTS[kind][0], match["target"], tag_names),
        at_s=_seconds(text, match["at"]),
        duration_s=_seconds(text, match["duration"]),
    )


def _known() -> str:
    kinds = ", ".join(kind if target is Target.NOTHING else f"{kind}:TARGET" for kind, (target, _) in FAULTS.items())
    return f"Known faults: {kinds}."


def _target(text: str, wanted: Target, given: str | None, tag_names: Iterable[str]) -> str | None:
    if wanted is Target.NOTHING:
        if given is not None:
            raise FaultError(f"{text!r}: this fault takes no target.")
        return None
    names = {
        Target.MACHINE: MACHINES,
        Target.FILLER: ("Filler",),
        Target.CONVEYOR: CONVEYORS,
        Target.TAG: tuple(tag_names),
    }[wanted]
    if given is None:
        raise FaultError(f"{text!r}: this fault strikes {wanted.value}; name one of {_sample(names)}.")
    found = {name.lower(): name for name in names}.get(given.lower())
    if found is None:
        raise FaultError(f"{text!r}: {given!r} is not {wanted.value}; there are {_sample(names)}.")
    return found


def _sample(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed) if len(listed) <= 10 else f"{', '.join(listed[:3])} and {len(listed) - 3} more"


def _seconds(text: str, given: str | None) -> float | None:
    if given is None:
        return None
    match = _TIME.fullmatch(given.strip())
    if match is None:
        raise FaultError(f"{text!r}: {given!r} is not a time; write it like 60s, 2m or 1h.")
    return float(match["number"]) * _SECONDS[match["unit"]]
