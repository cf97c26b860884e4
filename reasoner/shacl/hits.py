"""What a check finds, in nodes; and how it becomes a Finding in terms.

A hit is light: most are compared and dropped, and only those that a Change introduces, worsens, fixes or leaves on a
touched node are ever written out with a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from rdflib import URIRef

from kg.change import Finding, Severity
from kg.terms import Node, Term, Terms
from reasoner.shacl.messages import fill, sentence
from reasoner.shacl.model import Constraint, Sparql


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A constraint of a shape: what all its hits have in common."""

    key: int
    """The same for constraints of equal shape, component and path."""
    shape: Term
    component: URIRef
    path: str | None
    constraint: Constraint
    severity: Severity
    message: str | None
    code: str | None


class Hit(NamedTuple):
    """One validation result. The first four fields are its identity."""

    key: int
    focus: Node
    value: Node | None
    step: Node | None
    """The predicate that a closed shape does not allow; it takes the place of the path."""
    distance: float | None
    place: Place
    said: str | None = None
    """The sentence that a query makes of it."""


Identity: TypeAlias = tuple[int, Node, Node | None, Node | None]


def identity_of(hit: Hit) -> Identity:
    """What makes two hits the same result: shape, component, path, focus and value."""
    return hit[:4]


def to_finding(hit: Hit, terms: Terms) -> Finding:
    """The hit in RDF terms, with its sentence."""
    place = hit.place
    focus = terms.term(hit.focus)
    value = None if hit.value is None else terms.term(hit.value)
    path = place.path if hit.step is None else f"<{terms.term(hit.step)}>"
    if hit.said is not None:
        message = hit.said
    elif place.message is not None:
        message = fill(place.message, focus, value)
    else:
        message = sentence(place.constraint, focus, value, path, hit.distance)
    source = place.constraint.source if isinstance(place.constraint, Sparql) else None
    return Finding(
        focus, place.shape, place.component, path, value, place.severity, message, place.code, hit.distance, source
    )
