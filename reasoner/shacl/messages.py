"""Sentences for people about what violates a constraint."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from rdflib import BNode, Literal
from rdflib.term import Node as RdfNode

from kg.terms import Term
from reasoner.shacl import model
from reasoner.shacl.model import Constraint, Order

_HOLE: Final = re.compile(r"\{[$?](this|value)\}")
_ANY_HOLE: Final = re.compile(r"\{[$?](\w+)\}")
_IRI: Final = re.compile(r"<([^<>]*)>")
_WORDS: Final = {
    Order.MIN_EXCLUSIVE: "must be above",
    Order.MIN_INCLUSIVE: "must not be below",
    Order.MAX_EXCLUSIVE: "must be below",
    Order.MAX_INCLUSIVE: "must not be above",
}


def fill(message: str, focus: Term, value: Term | None) -> str:
    """A shape's own message with {$this} and {?value} replaced by short names."""
    known = {"this": focus, "value": value}

    def replaced(hole: re.Match[str]) -> str:
        term = known[hole[1]]
        return hole[0] if term is None else name(term)

    return _HOLE.sub(replaced, message) if "{" in message else message


def fill_holes(message: str, value_of: Callable[[str], Term | None], path: str | None) -> str:
    """A query's message with {?name} and {$name} replaced by short names; {?path} and {$PATH} by the shape's path."""

    def replaced(hole: re.Match[str]) -> str:
        term = value_of(hole[1])
        if term is not None:
            return name(term)
        return _shortened(path) if path is not None and hole[1] in ("path", "PATH") else hole[0]

    return _ANY_HOLE.sub(replaced, message) if "{" in message else message


def sentence(constraint: Constraint, focus: Term, value: Term | None, path: str | None, distance: float | None) -> str:
    """What is wrong, from constraint and values, such as `Filler: curMachSpeed 520 must not be above 500.`"""
    way = "" if path is None else _shortened(path)
    subject = " ".join(filter(None, (way, "" if value is None else name(value)))) or "this node"
    return f"{name(focus)}: {_claim(constraint, subject, way or 'it', distance)}."


def _claim(constraint: Constraint, subject: str, way: str, distance: float | None) -> str:
    match constraint:
        case model.Count(limit=limit, least=least):
            return _count(way, limit, least, distance)
        case model.Bound(order=order, limit=limit):
            return f"{subject} {_WORDS[order]} {name(limit)}"
        case model.Length(limit=limit, least=least):
            return f"{subject} must have {'at least' if least else 'at most'} {limit} characters"
        case model.OfClass(cls=cls):
            return f"{subject} is not an instance of {name(cls)}"
        case model.OfDatatype(datatype=datatype):
            return f"{subject} is not a well-formed {name(datatype)}"
        case model.OfKind(kind=kind):
            return f"{subject} is not of node kind {name(kind)}"
        case model.Pattern(pattern=pattern):
            return f"{subject} does not match the pattern {pattern}"
        case model.LanguageIn(ranges=ranges):
            return f"{subject} is in none of the languages {', '.join(ranges)}"
        case model.UniqueLang():
            return f"{way} has more than one value in the same language"
        case model.In(values=values):
            return f"{subject} is none of {_some(values)}"
        case model.HasValue(value=wanted):
            return f"{way} lacks the value {name(wanted)}"
        case model.Closed():
            return f"{subject} is not allowed, because the shape is closed"
        case model.Sparql(component=component, source=source):
            found = component if source is None or isinstance(source, BNode) else source
            return f"{subject} does not satisfy {name(found)}"
        case model.Equals() | model.Disjoint() | model.LessThan():
            return _pair(constraint, subject)
        case _:
            return _logical(constraint, subject, way, distance)


def _count(way: str, limit: int, least: bool, distance: float | None) -> str:
    found = limit + int(distance or 0) * (-1 if least else 1)
    return f"{way} has {found} values, but must have {'at least' if least else 'at most'} {limit}"


def _pair(constraint: model.Equals | model.Disjoint | model.LessThan, subject: str) -> str:
    other = name(constraint.predicate)
    match constraint:
        case model.Equals():
            return f"{subject} and {other} must have the same values"
        case model.Disjoint():
            return f"{subject} must not also be a value of {other}"
        case model.LessThan(or_equal=or_equal):
            return f"{subject} must be below {'or equal to ' if or_equal else ''}each value of {other}"


def _logical(constraint: Constraint, subject: str, way: str, distance: float | None) -> str:
    match constraint:
        case model.Not(shape=shape):
            return f"{subject} must not conform to {name(shape.node)}"
        case model.And(shapes=shapes):
            return f"{subject} must conform to all of {_some(tuple(s.node for s in shapes))}"
        case model.Or(shapes=shapes):
            return f"{subject} must conform to one or more of {_some(tuple(s.node for s in shapes))}"
        case model.Xone(shapes=shapes):
            return f"{subject} must conform to exactly one of {_some(tuple(s.node for s in shapes))}"
        case model.HasShape(shape=shape):
            return f"{subject} does not conform to {name(shape.node)}"
        case model.Qualified(shape=shape, limit=limit, least=least):
            return _count(way, limit, least, distance) + f" that conform to {name(shape.node)}"
        case _:
            return f"{subject} is not valid"


def _some(terms: tuple[Term, ...]) -> str:
    shown = ", ".join(name(term) for term in terms[:5])
    return shown if len(terms) <= 5 else f"{shown} and {len(terms) - 5} more"


def name(term: RdfNode) -> str:
    """A short name: the local part of an IRI, the text of a literal, a double as people write it."""
    if isinstance(term, BNode):
        return "an unnamed node"
    if not isinstance(term, Literal):
        return _local(str(term))
    return f"{term.value:.12g}" if isinstance(term.value, float) else str(term)


def _shortened(path: str) -> str:
    return _IRI.sub(lambda found: _local(found[1]), path)


def _local(iri: str) -> str:
    return re.split(r"[#/:]", iri.rstrip("#/"))[-1] or iri
