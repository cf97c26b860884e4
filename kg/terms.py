"""RDF terms as small Python numbers, so that look-ups cost nanoseconds and live values cost no dictionary entry.

A *node* is one of three kinds, and no two kinds ever compare equal:

- a canonical ``xsd:double`` is the Python float itself (finite or infinite; not NaN, not negative zero);
- a canonical ``xsd:integer`` below 2**57 in size is an odd number ``2**60 + 4*value + 3``;
- every other term is interned as an odd number ``2**53 + 4*k + 1``.

All floats above 2**53 are even integers, so an odd integer above 2**53 equals no float. Terms keep their
lexical form: ``"01"^^xsd:integer`` and ``"1"^^xsd:integer`` are different nodes, as RDF 1.1 demands.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TypeAlias

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node as RdfNode

from kg.errors import BadTerm

Node: TypeAlias = int | float
Term: TypeAlias = URIRef | BNode | Literal

_INTERNED = 2**53 + 1
_INTEGER = 2**60 + 3
_INTEGER_LIMIT = 2**57
_FORBIDDEN_IN_IRI = frozenset('<>"{}|^`\\') | {chr(c) for c in range(0x21)}


class Terms:
    """The dictionary between RDF terms and nodes. Grows only; live numbers never enter it."""

    __slots__ = ("_iris", "_others", "_terms")

    def __init__(self) -> None:
        # texts as keys and numbers as values: nothing in these dicts is for the collector, which would have to walk
        # millions of entries each time it has looked at them and a new one came
        self._iris: dict[str, int] = {}
        self._others: dict[str, int] = {}
        self._terms: list[Term] = []

    def __len__(self) -> int:
        return len(self._terms)

    def node(self, term: RdfNode) -> Node:
        """The node of a term; interned if it was not known. Raises BadTerm for IRIs that could not be written down."""
        if isinstance(term, URIRef):
            known, key = self._iris, str(term)
        else:
            inline = _inline(term)
            if inline is not None:
                return inline
            known, key = self._others, _key(term)
        found = known.get(key)
        if found is not None:
            return found
        if isinstance(term, URIRef) and not _FORBIDDEN_IN_IRI.isdisjoint(term):
            raise BadTerm(f"This IRI holds characters that an IRI may not hold: {term!r}.", iri=str(term))
        fresh = _INTERNED + 4 * len(self._terms)
        self._terms.append(term)  # type: ignore[arg-type]  # _key has refused everything else
        known[key] = fresh
        return fresh

    def find(self, term: RdfNode) -> Node | None:
        """The node of a term, or None where the term has never been seen."""
        if isinstance(term, URIRef):
            return self._iris.get(str(term))
        inline = _inline(term)
        return inline if inline is not None else self._others.get(_key(term))

    def term(self, node: Node) -> Term:
        """The RDF term of a node."""
        if isinstance(node, float):
            return _double_term(node)
        if node & 3 == 3:
            return Literal(str((node - _INTEGER) >> 2), datatype=XSD.integer, normalize=False)
        return self._terms[(node - _INTERNED) >> 2]

    def number(self, node: Node) -> float | int | None:
        """The numeric value of a node, or None where it is not a number."""
        if isinstance(node, float):
            return node
        if node & 3 == 3:
            return (node - _INTEGER) >> 2
        term = self._terms[(node - _INTERNED) >> 2]
        if isinstance(term, Literal) and term.datatype in NUMERIC:
            value = term.value
            return value if isinstance(value, int | float) else (float(value) if value is not None else None)
        return None

    def of_value(self, value: float | int | bool | str) -> Node:
        """The node of a Python value as the link reports it: bool, int, float or text."""
        if isinstance(value, bool):
            return self.node(Literal(value))
        if isinstance(value, float) and math.isfinite(value) and not _negative_zero(value):
            return value
        if isinstance(value, int) and -_INTEGER_LIMIT < value < _INTEGER_LIMIT:
            return _INTEGER + 4 * value
        return self.node(double_literal(value) if isinstance(value, float) else Literal(value))


_WHOLE = (XSD.integer, XSD.byte, XSD.short, XSD.int, XSD.long, XSD.unsignedByte, XSD.unsignedShort, XSD.unsignedInt)
_SIGNED = (XSD.unsignedLong, XSD.nonNegativeInteger, XSD.positiveInteger, XSD.nonPositiveInteger, XSD.negativeInteger)
NUMERIC = frozenset((*_WHOLE, *_SIGNED, XSD.decimal, XSD.float, XSD.double))
"""The XSD data types whose values are numbers."""


def double_lexical(value: float) -> str:
    """The canonical lexical form of an xsd:double, such as 4.125E2. Source: XSD 1.1 part 2, 3.3.5.2."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    if value == 0:
        return "-0.0E0" if _negative_zero(value) else "0.0E0"
    digits, exponent = _shortest(abs(value))
    mantissa = digits[0] + "." + (digits[1:] or "0")
    return f"{'-' if value < 0 else ''}{mantissa}E{exponent}"


def double_literal(value: float) -> Literal:
    """An xsd:double literal in canonical form."""
    return Literal(double_lexical(value), datatype=XSD.double, normalize=False)


@lru_cache(maxsize=4096)
def _double_term(value: float) -> Literal:
    return double_literal(value)


def term_text(term: Term) -> str:
    """A term in N-Triples form."""
    if isinstance(term, Literal):
        quoted = f'"{str(term).translate(_ESCAPES)}"'
        if term.language:
            return f"{quoted}@{term.language}"
        return f"{quoted}^^<{term.datatype}>" if term.datatype else quoted
    return f"<{term}>" if isinstance(term, URIRef) else f"_:{term}"


_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


def _shortest(value: float) -> tuple[str, int]:
    mantissa, _, exponent = f"{value!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    scale = int(exponent or 0) + len(whole) - 1 - leading
    return digits.rstrip("0") or "0", scale


def _inline(term: RdfNode) -> Node | None:
    if not isinstance(term, Literal):
        return None
    datatype = term.datatype
    if datatype == XSD.double:
        value = _float(str(term))
        if value is None or math.isnan(value) or _negative_zero(value) or double_lexical(value) != str(term):
            return None
        return value
    if datatype == XSD.integer:
        text = str(term)
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            return None
        integer = int(text)
        return _INTEGER + 4 * integer if str(integer) == text and abs(integer) < _INTEGER_LIMIT else None
    return None


def _float(text: str) -> float | None:
    if text in ("INF", "-INF"):
        return math.inf if text == "INF" else -math.inf
    try:
        return float(text)
    except ValueError:
        return None


def _negative_zero(value: float) -> bool:
    return value == 0 and math.copysign(1.0, value) < 0


def _key(term: RdfNode) -> str:
    """A text for each blank node and literal; lengths keep datatype, language and lexical form apart."""
    if isinstance(term, BNode):
        return f"_{term}"
    if isinstance(term, Literal):
        datatype, language = term.datatype, term.language
        if language is not None:
            kind = "" if datatype is None else str(datatype)
            return f"@{len(language)}@{len(kind)}@{language}{kind}{term}"
        return f'"{term}' if datatype is None else f"^{len(datatype)}^{datatype}{term}"
    raise BadTerm(f"This is not an RDF term that the graph can hold: {term!r}.", term=repr(term))
