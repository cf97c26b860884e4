"""The formats of answers: tables and yes-or-no as SPARQL results, graphs as RDF, each under a short name.

An answer is gathered in the one line-based format of its kind (tab-separated values, N-Triples) and turned into the
wanted one by Oxigraph, which lets other threads work meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results, serialize

from kg.errors import QueryRefused

TABLES: Final = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
GRAPHS: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "rdfxml": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
}
_WITH_PREFIXES = frozenset({"turtle", "trig", "rdfxml"})
_XML_NAME_AT_END = re.compile(r"[^\W\d][-\w.]*>$")
_NO_TRIPLE_TERMS = "The answer holds a triple term, which SPARQL 1.1 results cannot."
_TRIPLE_TERM = re.compile(rb"(?:^|[\t\n])<<\(")
_NOT_IN_XML = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_NO_CHARACTERS = "\ufffe".encode(), "\uffff".encode()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The formats that the caller takes. None: no format for this kind of answer will do."""

    table: str | None = "json"
    graph: str | None = "turtle"

    def check(self) -> None:
        """Raises QueryRefused for a format that does not exist."""
        for name, known in ((self.table, TABLES), (self.graph, GRAPHS)):
            if name is not None and name not in known:
                raise QueryRefused(f"The format {name} is not known; there are {', '.join(known)}.", format=name)


def table_text(lines: Iterable[bytes], name: str) -> str:
    """A table, given as lines of tab-separated values. Raises QueryRefused for what the format cannot hold."""
    tsv = b"\n".join((*lines, b""))
    if b"<<(" in tsv and _TRIPLE_TERM.search(tsv):
        raise QueryRefused(_NO_TRIPLE_TERMS)
    try:
        return _text(parse_query_results(tsv, format=QueryResultsFormat.TSV).serialize(format=TABLES[name]), name)
    except SyntaxError as error:
        # the text of a single triple term is no tab-separated value
        raise QueryRefused(_NO_TRIPLE_TERMS) from error


def graph_text(lines: Iterable[bytes], name: str, prefixes: Mapping[str, str]) -> str:
    """A graph, given as lines of N-Triples. Raises QueryRefused for what the format cannot hold."""
    triples = b"\n".join((*lines, b""))
    if name == "rdfxml":
        _check_predicates(lines)
    used = dict(prefixes) if name in _WITH_PREFIXES else None
    found = parse(triples, format=RdfFormat.N_TRIPLES)
    return _text(serialize(found, format=GRAPHS[name], prefixes=used), name)


def _check_predicates(lines: Iterable[bytes]) -> None:
    """RDF/XML makes an element's name of the end of each predicate."""
    for predicate in {line.split(b" ", 2)[1].decode() for line in lines}:
        if not _XML_NAME_AT_END.search(predicate):
            raise _refused("rdfxml", f"the predicate {predicate} does not end in an XML name")


def _text(written: bytes | None, name: str) -> str:
    text = written or b""
    if name in ("xml", "rdfxml") and (
        len(text.translate(None, _NOT_IN_XML)) < len(text) or any(odd in text for odd in _NO_CHARACTERS)
    ):
        raise _refused(name, "it holds a character that XML cannot")
    return text.decode()


def _refused(name: str, why: str) -> QueryRefused:
    return QueryRefused(f"The answer cannot be written as {name}: {why}. Ask for another format.", format=name)
