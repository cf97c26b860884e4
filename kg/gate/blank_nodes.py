"""Blank nodes in Changes: each document's own, so that two senders who both write `_:b0` mean two things."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from rdflib import BNode

from kg.change import Change, Quad
from kg.errors import BadChange
from kg.terms import Term


def skolemised(change: Change) -> Change:
    """The Change with labels in its additions that no other Change uses."""
    if not change.adds or not any(isinstance(term, BNode) for quad in change.adds for term in (quad.s, quad.o)):
        return change
    scope = hashlib.sha256(change.id.encode()).hexdigest()[:16]

    def own(term: Term) -> Term:
        return BNode(f"{scope}x{hashlib.sha256(term.encode()).hexdigest()[:12]}") if isinstance(term, BNode) else term

    return replace(change, adds=tuple(Quad(own(q.s), q.p, own(q.o), q.g) for q in change.adds))


def refuse_blank_removals(change: Change) -> None:
    """Raises BadChange where a removal names a blank node: its label says nothing about which node is meant."""
    if any(isinstance(term, BNode) for quad in change.removes for term in (quad.s, quad.o)):
        raise BadChange("A removal can't name a blank node; name it by an IRI, or remove the triples around it.")
