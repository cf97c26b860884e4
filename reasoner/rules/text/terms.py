"""Terms as the text form of rules and SPARQL write them, with a note of which prefixes were used."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from kg.terms import double_literal
from reasoner.rules.ir import Slot, Var

_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_BARE = {
    XSD.integer: re.compile(r"-?[0-9]+"),
    XSD.decimal: re.compile(r"-?[0-9]+\.[0-9]+"),
    XSD.boolean: re.compile(r"true|false"),
}
_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


class TermWriter:
    """Writes IRIs, literals and variables."""

    def __init__(self, prefixes: Mapping[str, str], *, signed: bool) -> None:
        """`signed` where a number may have its sign without quotes."""
        self._prefix = {namespace: prefix for prefix, namespace in sorted(prefixes.items(), reverse=True)}
        self._signed = signed
        self.used: dict[str, str] = {}
        """Namespaces by the prefixes that were used."""

    def iri(self, iri: URIRef) -> str:
        cut = max(iri.rfind("#"), iri.rfind("/"), iri.rfind(":")) + 1
        namespace, local = str(iri[:cut]), str(iri[cut:])
        prefix = self._prefix.get(namespace)
        if prefix is None or not _LOCAL.fullmatch(local):
            return f"<{iri}>"
        self.used[prefix] = namespace
        return f"{prefix}:{local}"

    def slot(self, slot: Slot) -> str:
        return str(slot) if isinstance(slot, Var) else self.term(slot)

    def term(self, term: URIRef | Literal) -> str:
        """A term that stands for itself, numbers without quotes where they may."""
        if isinstance(term, URIRef):
            return self.iri(term)
        bare = _BARE.get(term.datatype) if term.datatype else None
        text = str(term) if bare is not None and bare.fullmatch(term) else _double(term)
        if text is None or (text.startswith("-") and not self._signed):
            return self._quoted(term)
        return text

    def _quoted(self, term: Literal) -> str:
        text = f'"{str(term).translate(_ESCAPES)}"'
        if term.language:
            return f"{text}@{term.language}"
        return f"{text}^^{self.iri(term.datatype)}" if term.datatype else text


def _double(term: Literal) -> str | None:
    """A double as people write it, such as 0.7e0, where reading it again gives the same term."""
    if term.datatype != XSD.double or not isinstance(term.value, float) or not math.isfinite(term.value):
        return None
    if term not in (double_literal(term.value), Literal(str(term.value), datatype=XSD.double)):
        return None
    text = repr(term.value)
    return f"{text}e0" if "e" not in text else text
