"""IRIs, terms and property paths as people write them: with prefixes, in Turtle syntax."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from rdflib import RDF, RDFS, Graph, Literal, URIRef
from rdflib.namespace import OWL, SH, XSD

from kg.terms import Term, term_text
from ontology import TW

_LOCAL: Final = re.compile(r"[^\W_](?:[\w.-]*[\w-])?", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_IRI: Final = re.compile(r"<([^>]*)>")
_BARE: Final = {
    XSD.integer: re.compile(r"[+-]?[0-9]+"),
    XSD.decimal: re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD.double: re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+"),
    XSD.boolean: re.compile(r"true|false"),
}
"""Literals that Turtle writes without quotes."""
STANDARD: Final = {
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "owl": str(OWL),
    "xsd": str(XSD),
    "sh": str(SH),
    "tw": str(TW._NS),
}
"""Prefixes that are known without declaration."""


class Prefixes:
    """Shortens by the prefixes given, and by the standard ones."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        """`prefixes` lead from a prefix to its namespace; of two for one namespace the first counts."""
        standard = {prefix: namespace for prefix, namespace in STANDARD.items() if prefix not in prefixes}
        self.namespaces: dict[str, str] = {**prefixes, **standard}
        self._prefix: dict[str, str] = {}
        for prefix, namespace in self.namespaces.items():
            self._prefix.setdefault(namespace, prefix)

    @classmethod
    def of(cls, *graphs: Graph) -> Prefixes:
        """Those that the graphs have bound; of two namespaces for one prefix the first counts."""
        found: dict[str, str] = {}
        for graph in graphs:
            for prefix, namespace in graph.namespaces():
                found.setdefault(prefix, str(namespace))
        return cls(found)

    def iri(self, iri: str) -> str:
        """`ex:Filler`, or `<http://example.org/Filler>` where no prefix fits."""
        cut = max(iri.rfind("#"), iri.rfind("/"), iri.rfind(":")) + 1
        prefix = self._prefix.get(iri[:cut])
        return f"<{iri}>" if prefix is None or not _LOCAL.fullmatch(iri[cut:]) else f"{prefix}:{iri[cut:]}"

    def term(self, term: Term) -> str:
        """A term in Turtle syntax, control characters escaped."""
        return shown(self._written(term))

    def _written(self, term: Term) -> str:
        if isinstance(term, URIRef):
            return self.iri(term)
        if not isinstance(term, Literal) or term.datatype in (None, XSD.string):
            return term_text(term).removesuffix(f"^^<{XSD.string}>")
        bare = _BARE.get(term.datatype)
        if bare is not None and bare.fullmatch(term):
            return str(term)
        return f"{term_text(Literal(str(term)))}^^{self.iri(term.datatype)}"

    def path(self, text: str) -> str:
        """A text in which IRIs stand in angle brackets, such as a property path, with short IRIs."""
        return _IRI.sub(lambda found: self.iri(found[1]), text)


def shown(text: str) -> str:
    """The text in one line, with control characters escaped as in Turtle, so that no terminal obeys them."""
    return _CONTROL.sub(lambda found: _SHORT.get(found[0], f"\\u{ord(found[0]):04X}"), text)


__all__ = ["STANDARD", "Prefixes", "shown"]
