"""Numbers, units and moments as operators read them."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

from rdflib import RDFS, URIRef

from api.live import LineModel
from kg.tokens import local_name
from ontology import TW

NONE: Final = "–"
"""Stands where nothing is known."""
_UNITS: Final = {"/min": "per min", "/h": "per hour", "kW": "kW", "Cel": "°C", "%": "%", "s": "s", "min": "min"}


def count(value: float | None) -> str:
    """A whole number with separators, such as 16,440."""
    return NONE if value is None else f"{value:,.0f}"


def percent(ratio: float | None) -> str:
    """A ratio as whole per cent."""
    return NONE if ratio is None else f"{ratio * 100:.0f} %"


def unit_words(ucum: str | None) -> str:
    """A UCUM unit in words; empty where there is none."""
    return "" if ucum in (None, "", "1") else _UNITS.get(str(ucum), str(ucum))


def quantity(value: float | bool | str | None, ucum: str | None) -> str:
    """A value with its unit in words."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    number = f"{value:,.6g}" if isinstance(value, int | float) else value
    return f"{number} {unit_words(ucum)}".rstrip()


def duration(seconds: float) -> str:
    """A span in the coarsest words that still help: 45 s, 12 min, 3 h 20 min, 2 days."""
    whole = max(round(seconds), 0)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{round(whole / 60)} min"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{round(whole / 86_400)} days"


def countdown(seconds: float) -> str:
    """The time left as m:ss."""
    whole = max(int(seconds), 0)
    return f"{whole // 60}:{whole % 60:02d}"


def day_and_time(at_us: int) -> str:
    """A moment such as Mon 5 Jan, 08:14, in UTC."""
    return f"{_moment(at_us):%a} {_moment(at_us).day} {_moment(at_us):%b, %H:%M}"


def time_of_day(at_us: int) -> str:
    """Hours, minutes and seconds in UTC."""
    return f"{_moment(at_us):%H:%M:%S}"


def number(model: LineModel, node: object, predicate: URIRef) -> float | None:
    """A value as a finite number, or None: a controller may well say NaN."""
    value = model.number(node, predicate)
    return value if value is not None and math.isfinite(value) else None


def name_of(model: LineModel, node: object) -> str:
    """What people call a node: its label in the model, or the last part of its IRI."""
    if str(node) == str(TW.Plant):
        return "whole plant"
    found = model.get(node, RDFS.label)
    return str(found) if found else local_name(str(node))


def _moment(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us / 1e6, UTC)
