"""A person's request for a value: the node that the Gate judges and, if it is admitted, the gateway carries out."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from rdflib import RDF, XSD, Literal, URIRef

from api.acts.names import nearest
from api.acts.sender import change_at
from api.run_info import RunInfo
from kg.bindings import DATA_TYPES, Binding
from kg.change import Change, Kind, Quad, new_id
from kg.errors import BadValue, UnknownNode
from kg.names import GraphName
from kg.plantfolder import PlantFolder
from kg.terms import double_literal
from kg.tokens import local_name
from ontology import TW

LIFE_S: Final = 30.0
"""How long a request may wait to be carried out."""
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_LONGEST: Final = 400
"""Characters of a number; Python takes its time over longer ones."""


def target_of(info: RunInfo, plant: PlantFolder, name: str) -> Binding:
    """The binding of a property such as `Filler.SetMachSpeed`. Raises UnknownNode with the nearest name that exists."""
    iri = info.iri(name)
    for binding in plant.bindings:
        if binding.prop == iri:
            return binding
    near = nearest(local_name(iri), (local_name(binding.prop) for binding in plant.bindings if binding.feedback))
    raise UnknownNode(f"{name} is not a bound property of {plant.name}.{near}", property=str(iri))


def request_change(binding: Binding, value: str | float | bool, reason: str, at_us: int) -> Change:
    """The Change with which a person asks for a value. Raises BadValue for what is no such value."""
    ident = new_id()
    expires = datetime.fromtimestamp(at_us / 1e6, UTC) + timedelta(seconds=LIFE_S)
    moment = expires.isoformat().replace("+00:00", "Z")
    facts = (
        (RDF.type, TW.Request),
        (TW.target, binding.prop),
        (TW.desiredValue, literal_of(binding, value)),
        (TW.reason, Literal(reason)),
        (TW.expiresAt, Literal(moment, datatype=XSD.dateTime, normalize=False)),
    )
    adds = tuple(Quad(URIRef(ident), p, o, GraphName.DESIRED) for p, o in facts)
    return change_at(Kind.REQUEST, at_us, adds=adds, reason=reason, id=ident, detail={"decision": ident})


def literal_of(binding: Binding, value: str | float | bool) -> Literal:
    """The literal of a value, or of its text, in the property's data type. Raises BadValue."""
    kind = DATA_TYPES[binding.data_type]
    if kind in (float, int):
        return _number(binding, value, whole=kind is int)
    if kind is bool:
        if str(value).lower() not in ("true", "false"):
            raise BadValue(f"{value!r} is neither true nor false.", value=str(value))
        return Literal(str(value).lower() == "true")
    if not isinstance(value, str):
        raise BadValue(f"{value!r} is no text.", value=str(value))
    return Literal(value)


def require_unit(binding: Binding, unit: str | None) -> None:
    """Nothing where a unit that was given is the property's own. Raises BadValue: nothing is converted."""
    if unit is not None and unit != binding.unit:
        raise BadValue(
            f"{local_name(binding.prop)} is in {binding.unit or '1'}, not in {unit}.", unit=binding.unit or "1"
        )


def _number(binding: Binding, value: str | float | bool, *, whole: bool) -> Literal:
    number = None if isinstance(value, bool) else _read(_without_unit(value, binding.unit))
    if number is not None and not whole:
        return double_literal(float(number))
    if number is not None and float(number).is_integer():
        return Literal(str(int(number)), datatype=XSD.integer, normalize=False)
    measure = "whole number" if whole else "number"
    told = f"{value!r} is no {measure} in the unit of {local_name(binding.prop)}, which is {binding.unit or '1'}."
    raise BadValue(told, value=str(value), unit=binding.unit)


def _read(text: str) -> int | float | None:
    """The finite number that a text writes, whole ones exactly; None for any other text."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    try:
        return int(text) if text.lstrip("+-").isdigit() and math.isfinite(float(text)) else _finite(float(text))
    except OverflowError:
        return None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _without_unit(value: str | float, unit: str | None) -> str:
    """The number of `380 /min` where that is the unit; another unit stays and is no number."""
    text = str(value).strip()
    return text.removesuffix(unit).strip() if unit else text
