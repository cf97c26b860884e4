"""Operators' words for what stands in the graph: states, reasons, ends, units and the names of predicates.

One place, so that explanations, the terminal and the console say the same. Knows words only: no colours, no layout.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from rdflib import Literal, URIRef

from agents.reasons import reason_of
from kg.terms import Term
from ontology import PACK, TW

#: PackML state number -> word.
STATES: Final[dict[int, str]] = {
    1: "clearing",
    2: "stopped",
    3: "starting",
    4: "ready",
    5: "waiting",
    6: "running",
    7: "stopping",
    8: "fault",
    9: "fault",
    10: "held",
    11: "held",
    12: "restarting",
    13: "waiting",
    14: "restarting",
    15: "resetting",
    16: "finishing",
    17: "finished",
}

REASONS: Final[dict[int, str]] = {
    0: "",
    1: "jam",
    2: "breakdown",
    3: "no bottles",
    4: "backed up",
    5: "changeover",
    6: "break",
    7: "by operator",
    8: "no order",
}

STOP_MODES: Final[dict[str, str]] = {"NoWrites": "no writes", "ProposeOnly": "propose only", "ReadOnly": "read only"}

ENDS: Final[dict[str, str]] = {
    "confirmed": "written and confirmed",
    "committed": "written and confirmed",
    "compensated": "taken back",
    "clamped": "controller took another value",
    "refused": "refused",
    "blocked": "blocked",
    "expired": "expired",
    "rejected": "rejected by a person",
    "shadow": "shadow only",
    "advised": "shown as advice",
    "withdrawn": "withdrawn",
    "superseded": "superseded",
    "outranked": "another rule went first",
    "unknown": "UNKNOWN, frozen",
}
"""How a decision ended; what is not here is still open."""

#: UCUM code -> the sign that people write.
_SIGNS: Final[dict[str, str]] = {
    "1": "",
    "Cel": "°C",
    "kW": "kW",
    "kW.h": "kWh",
    "/min": "/min",
    "/h": "/h",
    "s": "s",
    "min": "min",
    "h": "h",
    "%": "%",
}
#: Units that stand at the end of a predicate's name: powerLimitKw is a power limit in kW.
_SUFFIXES: Final[dict[str, str]] = {"kw": "kW", "c": "Cel", "s": "s", "min": "min"}
_NAMES: Final[dict[URIRef, str]] = {
    PACK.machSpeed: "accepted speed",
    PACK.curMachSpeed: "actual speed",
    PACK.setMachSpeed: "speed asked for",
    PACK.stateCurrent: "state",
    PACK.stopReason: "stop reason",
    PACK.equipmentBlocked: "backed up",
    PACK.equipmentStarved: "without bottles",
    TW.skuRatedSpeed: "rated speed for the product",
    TW.skuMaxSpeed: "highest speed for the product",
    TW.firstOut: "standstill began at",
    TW.expectedRemainingS: "expected to stand for another",
    TW.stoppedForS: "standing for",
    TW.outOfControlAgoS: "fill weights last out of control, ago",
    TW.fillWeightInControl: "fill weights in control",
    TW.fillRatio: "fill",
    TW.ofEquipment: "belongs to",
    TW.fromSpeed: "serves speeds from",
    TW.toSpeed: "serves speeds below",
    TW.stepSpeed: "speed of this step",
}
_UNITS: Final[dict[URIRef, str]] = dict.fromkeys(
    (
        *(PACK.machSpeed, PACK.curMachSpeed, PACK.setMachSpeed, TW.skuRatedSpeed, TW.skuMaxSpeed, TW.ratedSpeed),
        *(TW.maxSpeed, TW.minSpeed, TW.fromSpeed, TW.toSpeed, TW.stepSpeed),
    ),
    "/min",
) | {TW.capacity: "bottles"}
_SHARES: Final = frozenset({TW.fillRatio})
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IRI = re.compile(r"<?\b(?:https?://|urn:)[^\s<>\"]*[^\s<>\".,;:)]>?")
_BRACKETED = re.compile(r"<([^<>\s]+)>")
_ABSENT = re.compile(r"^(?:NOT EXISTS )?\{?(.*?)[.\s]*\}?$", re.DOTALL)
_VARIABLE = re.compile(r"\s*\?\w+")
_TYPED = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\^\^<[^<>]*>|@[A-Za-z-]+)?')


def name_of(predicate: str) -> str:
    """A predicate in words, without its unit: powerLimitKw as power limit."""
    found = _NAMES.get(URIRef(predicate))
    if found is not None:
        return found
    words = _CAPITAL.sub(" ", local(predicate)).lower().split(" ")
    return " ".join(words[:-1] if len(words) > 1 and words[-1] in _SUFFIXES else words)


def unit_of(predicate: str) -> str:
    """The sign of the unit that a predicate's values have; empty where they have none."""
    found = _UNITS.get(URIRef(predicate))
    if found is None:
        words = _CAPITAL.sub(" ", local(predicate)).lower().split(" ")
        found = _SUFFIXES.get(words[-1], "") if len(words) > 1 else ""
    return sign_of(found)


def sign_of(unit: str | None) -> str:
    """The sign of a UCUM code; an unknown code stands for itself."""
    return "" if unit is None else _SIGNS.get(unit, unit)


def value_in_words(value: Term, predicate: str | None = None, unit: str | None = None) -> str:
    """A value as people write it: states and reasons as words, shares in per cent, numbers with the unit's sign.

    `unit` is a UCUM code and wins over what the predicate's name says.
    """
    number = value.value if isinstance(value, Literal) else None
    if isinstance(number, bool) or not isinstance(number, int | float):
        return plain(value)
    about = None if predicate is None else URIRef(predicate)
    if about == PACK.stateCurrent:
        return STATES.get(int(number), plain(value))
    if about in (PACK.stopReason, TW.firstOutReason):
        return REASONS.get(int(number)) or reason_of(number).word
    if about in _SHARES:
        return f"{number * 100:.0f} %"
    sign = sign_of(unit) if unit not in (None, "1") else "" if predicate is None else unit_of(predicate)
    if not sign:
        return plain(value)
    if sign == "°C":
        return f"{number:.1f} {sign}"
    return plain(value) + (sign if sign.startswith("/") else f" {sign}")


def readable(text: str, label: Callable[[URIRef], str] | None = None) -> str:
    """A sentence with its IRIs as labels and its literals as people write them."""

    def named(found: re.Match[str]) -> str:
        iri = found[0].strip("<>")
        return (label or local)(URIRef(iri))

    def written(found: re.Match[str]) -> str:
        try:
            return plain(Literal(float(found[1])))
        except ValueError:
            return found[1]

    return _IRI.sub(named, _TYPED.sub(written, text))


def absence_in_words(pattern: str, label: Callable[[URIRef], str] | None = None) -> str:
    """What a rule looked for in vain: `{ <m#Labeller> <p#held> true . }` as `Not so: Labeller held`."""
    found = _ABSENT.match(pattern)
    inner = _TYPED.sub(r"\1", found[1].strip() if found else pattern)

    def named(iri: re.Match[str]) -> str:
        is_term = local(iri[1])[:1].islower()
        return name_of(iri[1]) if is_term else (label or local)(URIRef(iri[1]))

    told = _VARIABLE.sub("", _BRACKETED.sub(named, inner)).strip()
    return "Not so: " + told.removesuffix(" true")


def plain(term: object) -> str:
    """A term as people write it: 4.125E2 as 412.5, an IRI by its last part."""
    if isinstance(term, URIRef):
        return local(term)
    value = term.value if isinstance(term, Literal) else None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{round(value, 1 if abs(value) >= 10 else 3):.15g}"
    return str(term)


def local(iri: str) -> str:
    """What stands behind the last # or / of an IRI."""
    return iri.replace("#", "/").rpartition("/")[2] or iri
