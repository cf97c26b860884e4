"""A validation report in RDF, written for people and programs: Turtle and JSON-LD with each result inside the report.

Blank nodes of which the report says nothing are those of data and shapes and keep their labels; literals keep their
lexical forms. Equal reports give equal texts, but for the labels that a parser gave to nameless shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.namespace import SH, XSD

from kg.proof import Json
from kg.terms import Term
from reasoner.prefixes import Prefixes

_About: TypeAlias = dict[Term, list[tuple[URIRef, Term]]]
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[\w.-]*[\w-])?", re.ASCII)
_SHORT: Final = {"sh": str(SH), "xsd": str(XSD)}
_REFERENCES: Final = ("focusNode", "resultSeverity", "sourceConstraintComponent", "sourceShape")
_CONTEXT: Final[dict[str, Json]] = {**_SHORT, **{f"sh:{name}": {"@type": "@id"} for name in _REFERENCES}}


def turtle(report: Graph, prefixes: Prefixes) -> str:
    """The report in Turtle, with the prefixes that occur."""
    return _Turtle(report, prefixes).text()


def json_ld(report: Graph) -> dict[str, Json]:
    """The report as a JSON-LD document."""
    about = _about(report)
    return {"@context": _CONTEXT, **_JsonLd(about).node(_root(about))}


def _about(report: Graph) -> _About:
    """What the report says of each node, `a` first, then by predicate and object."""
    about: _About = {}
    for s, p, o in report:
        about.setdefault(s, []).append((p, o))  # type: ignore[arg-type]  # a report holds terms
    for said in about.values():
        said.sort(key=lambda pair: (pair[0] != RDF.type, str(pair[0]), _key(pair[1])))
    for said in about.values():
        if any(p == SH.result for p, _ in said):
            said.sort(key=lambda pair: (pair[0] != RDF.type, str(pair[0]), _rank(about, pair[1])))
    return about


def _rank(about: _About, node: Term) -> list[str]:
    """Results by what they say."""
    return [f"{p} {_key(o)}" for p, o in about.get(node, ()) if o not in about]


def _key(term: Term) -> str:
    return f"{type(term).__name__} {term}"


def _root(about: _About) -> Term:
    return next(node for node, said in about.items() if (RDF.type, SH.ValidationReport) in said)


def _members(about: _About, node: Term) -> list[Term]:
    """The members of a list."""
    found: list[Term] = []
    while node != RDF.nil:
        said = dict(about[node])
        found.append(said[RDF.first])
        node = said[RDF.rest]
    return found


def _is_list(about: _About, node: Term) -> bool:
    return node == RDF.nil or any(p == RDF.first for p, _ in about.get(node, ()))


def _grouped(said: list[tuple[URIRef, Term]]) -> dict[URIRef, list[Term]]:
    grouped: dict[URIRef, list[Term]] = {}
    for p, o in said:
        grouped.setdefault(p, []).append(o)
    return grouped


def _label(node: BNode) -> str:
    return str(node) if _LABEL.fullmatch(node) else "x" + node.encode().hex()


class _Turtle:
    """Writes one report and notes which prefixes it used."""

    def __init__(self, report: Graph, prefixes: Prefixes) -> None:
        self._about = _about(report)
        self._prefixes = prefixes
        self._used: set[str] = set()

    def text(self) -> str:
        body = " ;\n    ".join(self._rows(_root(self._about), 1))
        namespaces = self._prefixes.namespaces
        declared = [f"@prefix {prefix}: <{namespaces[prefix]}> .\n" for prefix in sorted(self._used)]
        return "".join([*declared, "\n[] ", body, " .\n"])

    def _rows(self, node: Term, depth: int) -> Iterator[str]:
        for p, objects in _grouped(self._about[node]).items():
            yield f"{'a' if p == RDF.type else self._iri(p)} {', '.join(self._term(o, depth) for o in objects)}"

    def _term(self, term: Term, depth: int) -> str:
        if _is_list(self._about, term):
            return "".join(["( ", *(f"{self._term(member, 0)} " for member in _members(self._about, term)), ")"])
        if term in self._about:
            return self._nested(term, depth)
        if isinstance(term, BNode):
            return f"_:{_label(term)}"
        if isinstance(term, URIRef):
            return self._iri(term)
        text = self._prefixes.term(term)
        if term.datatype is not None and text.endswith(f"^^{self._prefixes.iri(term.datatype)}"):
            self._iri(term.datatype)
        return text

    def _nested(self, node: Term, depth: int) -> str:
        """A result in lines of its own, a path in one line."""
        if not depth:
            return f"[ {' ; '.join(self._rows(node, 0))} ]"
        pad = "\n" + "    " * depth
        rows = f" ;{pad}    ".join(self._rows(node, 0))
        return f"[{pad}    {rows}{pad}]"

    def _iri(self, iri: URIRef) -> str:
        text = self._prefixes.iri(iri)
        if not text.startswith("<"):
            self._used.add(text.partition(":")[0])
        return text


class _JsonLd:
    """Writes the nodes of one report."""

    def __init__(self, about: _About) -> None:
        self._about = about

    def node(self, node: Term) -> dict[str, Json]:
        """What is said of a node, with the nodes it consists of inside it."""
        written: dict[str, Json] = {}
        for p, objects in _grouped(self._about[node]).items():
            name = _compact(p)
            if p == RDF.type:
                written["@type"] = _one([_compact(o) for o in objects])
            elif isinstance(_CONTEXT.get(name), dict):
                written[name] = _one([_coerced(o) for o in objects])
            else:
                written[name] = _one([self._value(o) for o in objects])
        return written

    def _value(self, value: Term) -> Json:
        if isinstance(value, Literal):
            return _literal(value)
        if _is_list(self._about, value):
            return {"@list": [self._value(member) for member in _members(self._about, value)]}
        return self.node(value) if value in self._about else {"@id": _reference(value)}


def _coerced(value: Term) -> Json:
    """A value of a property whose strings are read as IRIs."""
    if not isinstance(value, Literal):
        return _reference(value)
    literal = _literal(value)
    return literal if isinstance(literal, dict) else {"@value": literal}


def _literal(literal: Literal) -> Json:
    if literal.language:
        return {"@value": str(literal), "@language": literal.language}
    if literal.datatype in (None, XSD.string):
        return str(literal)
    if literal.datatype == XSD.boolean and str(literal) in ("true", "false"):
        return str(literal) == "true"
    return {"@value": str(literal), "@type": _compact(literal.datatype)}


def _reference(term: Term) -> str:
    return f"_:{_label(term)}" if isinstance(term, BNode) else _compact(term)


def _compact(iri: object) -> str:
    text = str(iri)
    for prefix, namespace in _SHORT.items():
        if text.startswith(namespace):
            return f"{prefix}:{text.removeprefix(namespace)}"
    return text


def _one(values: list[Json]) -> Json:
    return values[0] if len(values) == 1 else values


__all__ = ["json_ld", "turtle"]
