"""Giving a property free whose last write has an unknown outcome, after somebody has looked at the machine."""

from __future__ import annotations

from rdflib import Literal, URIRef

from api.acts.sender import change_at
from kg.change import Change, Kind, Quad
from kg.names import GraphName
from kg.proof import Json
from ontology import TW


def unfreeze_body(prop: URIRef, reason: str) -> dict[str, Json]:
    """What the gateway's method `unfreeze` is called with."""
    return {"property": str(prop), "reason": reason}


def unfreeze_change(prop: URIRef, reason: str, at_us: int) -> Change:
    """The Change for the record: the mark goes, with a person's reason."""
    quad = Quad(prop, TW.frozen, Literal(True), GraphName.DESIRED)
    return change_at(Kind.MANUAL, at_us, removes=(quad,), reason=reason)
