"""RDF files as streams of triples, and triples as text: the formats are told by the names of the files.

Lexical forms are kept as they are written. Named graphs are read as one. Blank nodes keep their labels; a label that an
earlier file has used already is another node and gets another one. Knows nothing of what the triples are for.
"""

from __future__ import annotations

import io
import warnings
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias
from xml.sax import SAXException

import pyoxigraph
from pyoxigraph import RdfFormat
from rdflib import RDF, BNode, Dataset, Graph, Literal, URIRef
from rdflib.exceptions import ParserError

from kg.errors import BadFile, BadTerm
from kg.exchange.effect import what_parser_said
from kg.terms import Term

Fact: TypeAlias = tuple[Term, Term, Term]
"""Subject, predicate and object."""

_STREAMED: Final = {
    ".ttl": RdfFormat.TURTLE,
    ".n3": RdfFormat.N3,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
    ".json": RdfFormat.JSON_LD,
}
_LOADED: Final = {".trix": "trix", ".hext": "hext"}
"""Formats that only rdflib reads, whole."""
EXTENSIONS: Final = tuple(sorted({*_STREAMED, *_LOADED}))
_WRITTEN: Final = {"turtle": RdfFormat.TURTLE, "ntriples": RdfFormat.N_TRIPLES, "json-ld": RdfFormat.JSON_LD}
_WRITTEN_TOO: Final = {
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "n3": RdfFormat.N3,
    "xml": RdfFormat.RDF_XML,
}
FORMATS: Final = (*_WRITTEN, *_WRITTEN_TOO)
"""What `to_text` writes."""
_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"
_CACHED: Final = 1 << 16


class RdfReader:
    """Reads files one after the other, so that their blank nodes stay apart and their prefixes come together."""

    def __init__(self, *, renames: bool = False) -> None:
        """With `renames` all blank nodes get fresh labels, for a graph that meets another one in a report."""
        self._renames = renames
        self.prefixes: dict[str, str] = {}
        """The prefixes declared so far; the first file that declares one decides."""
        self._labels: set[str] = set()

    def triples(self, path: Path) -> Iterator[Fact]:
        """The triples of a file, one by one. Raises BadFile, and BadTerm with the line of a mistake."""
        form = path.suffix.lower()
        if form in _STREAMED:
            return self._streamed(path, _STREAMED[form])
        if form in _LOADED:
            return self._loaded(path, _LOADED[form])
        known = ", ".join(EXTENSIONS)
        raise BadFile(f"The format of {path} cannot be told from its name; known are {known}.", file=str(path))

    def graph(self, path: Path) -> Graph:
        """A file as an rdflib graph with the prefixes known by then."""
        graph = Graph(bind_namespaces="none")
        for triple in self.triples(path):
            graph.add(triple)
        for prefix, namespace in self.prefixes.items():
            graph.bind(prefix, namespace, replace=True)
        return graph

    def fact(self, text: str, standard: Mapping[str, str]) -> Fact:
        """The one triple in a text in Turtle syntax, with the prefixes read so far and `standard` ones.

        Raises BadTerm.
        """
        prefixes = {**standard, **self.prefixes}
        prologue = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in prefixes.items())
        statement = text.strip().removesuffix(".").rstrip()
        try:
            found = list(pyoxigraph.parse(f"{prologue}{statement} .", format=RdfFormat.TURTLE))
        except SyntaxError as error:
            raise BadTerm(f"This is no triple in Turtle: {text!r}: {what_parser_said(error)}.", text=text) from error
        if len(found) != 1:
            raise BadTerm(f"This is not one triple but {len(found)}: {text!r}.", text=text)
        (quad,) = found
        return _term(quad.subject, BNode), _term(quad.predicate, BNode), _term(quad.object, BNode)

    def _streamed(self, path: Path, form: RdfFormat) -> Iterator[Fact]:
        node = self._blank_nodes()
        try:
            parser = _parser(path, form, self._renames)
            for quad in parser:
                if form is RdfFormat.N3 and not isinstance(quad.graph_name, pyoxigraph.DefaultGraph):
                    raise BadTerm(f"{path} holds a formula in braces, which is no data.", file=str(path))
                yield _term(quad.subject, node), _term(quad.predicate, node), _term(quad.object, node)
        except SyntaxError as error:
            raise _bad_syntax(path, error) from error
        except OSError as error:
            raise _unreadable(path, error) from error
        for prefix, namespace in parser.prefixes.items():
            self.prefixes.setdefault(prefix, namespace)

    def _loaded(self, path: Path, form: str) -> Iterator[Fact]:
        dataset = Dataset()
        try:
            with path.open("rb") as file, warnings.catch_warnings():
                _skip_mark(file)
                warnings.simplefilter("ignore", DeprecationWarning)  # rdflib 7.6 warns of what it does itself
                dataset.parse(file, format=form, publicID=path.absolute().as_uri())
        except OSError as error:
            raise _unreadable(path, error) from error
        except (ParserError, SAXException, SyntaxError, ValueError, TypeError, KeyError) as error:
            raise BadTerm(f"{path} does not parse as {form}: {error}.", file=str(path)) from error
        except Exception as error:  # rdflib's parsers stumble over what they do not expect
            raise BadTerm(f"{path} does not parse as {form}.", file=str(path)) from error
        node = self._blank_nodes()
        for s, p, o, _ in dataset.quads():
            yield tuple(node(str(term)) if isinstance(term, BNode) else term for term in (s, p, o))  # type: ignore[misc]

    def _blank_nodes(self) -> Callable[[str], BNode]:
        """A file's way from labels to blank nodes."""
        own: dict[str, BNode] = {}

        def node(label: str) -> BNode:
            found = own.get(label)
            if found is None:
                name = self._unused(label)
                self._labels.add(name)
                found = own[label] = BNode(name)
            return found

        return node

    def _unused(self, label: str) -> str:
        candidate, number = label, 1
        while candidate in self._labels:
            number += 1
            candidate = f"{label}-{number}"
        return candidate


def to_text(facts: Sequence[Fact], form: str, prefixes: Mapping[str, str]) -> str:
    """Triples as text in one of FORMATS, in the order given, with the prefixes that occur. Blank nodes keep labels."""
    chosen = {**_WRITTEN, **_WRITTEN_TOO}[form]
    named: dict[str, str] = {}
    if chosen in (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.N3):
        used = {_namespace(iri) for fact in facts for term in fact if term != RDF.type for iri in _iris(term)}
        first = {namespace: prefix for prefix, namespace in reversed([*prefixes.items()]) if namespace in used}
        named = {prefix: namespace for prefix, namespace in prefixes.items() if first.get(namespace) == prefix}
        named = dict(sorted(named.items()))
    triples = (pyoxigraph.Triple(*map(_oxigraph, fact)) for fact in facts)  # type: ignore[arg-type]
    return (pyoxigraph.serialize(triples, format=chosen, prefixes=named) or b"").decode()


def _iris(term: Term) -> Iterator[str]:
    if isinstance(term, URIRef):
        yield term
    elif isinstance(term, Literal) and term.datatype is not None:
        yield term.datatype


def _namespace(iri: str) -> str:
    return iri[: max(iri.rfind("#"), iri.rfind("/"), iri.rfind(":")) + 1]


def _parser(path: Path, form: RdfFormat, renames: bool) -> Any:
    """A parser that begins behind a byte order mark; a pipe, which cannot be read twice, is taken as it is."""
    base = path.absolute().as_uri()
    if path.is_file():
        with path.open("rb") as file:
            if _skip_mark(file):
                text = io.BytesIO(file.read())
                return pyoxigraph.parse(text, format=form, base_iri=base, rename_blank_nodes=renames)
    return pyoxigraph.parse(path=path, format=form, base_iri=base, rename_blank_nodes=renames)


def _skip_mark(file: BinaryIO) -> bool:
    """Whether there was a byte order mark of UTF-8 at the head of the file, which is passed over."""
    if not file.seekable():
        return False
    found = file.read(len(BOM_UTF8)) == BOM_UTF8
    if not found:
        file.seek(0)
    return found


def _bad_syntax(path: Path, error: SyntaxError) -> BadTerm:
    """The parser's complaint with the place."""
    line, column = error.lineno or 0, error.offset or 0
    where = f", line {line}, column {column}" if line else ""
    said = what_parser_said(error)
    if "LoadDocumentCallback" in said:
        said = "its context lies elsewhere and is not fetched; write it into the file"
    return BadTerm(f"{path}{where}: {said}.", file=str(path), line=line, column=column)


def _unreadable(path: Path, error: OSError) -> BadFile:
    said = "there is no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error))
    return BadFile(f"{path} cannot be read: {said}.", file=str(path))


def _term(found: Any, node: Callable[[str], BNode]) -> Term:
    match found:
        case pyoxigraph.NamedNode():
            return _iri(found.value)
        case pyoxigraph.BlankNode():
            return node(found.value)
        case pyoxigraph.Literal():
            return _literal(found.value, found.language, found.datatype.value)
        case _:
            raise BadTerm(f"Triples about triples cannot be held: {found}.", term=str(found))


@lru_cache(_CACHED)
def _iri(text: str) -> URIRef:
    return URIRef(text)


@lru_cache(_CACHED)
def _literal(text: str, language: str | None, datatype: str) -> Literal:
    if language:
        return Literal(text, lang=language)
    return Literal(text) if datatype == _STRING else Literal(text, datatype=_iri(datatype), normalize=False)


def _oxigraph(term: Term) -> pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal:
    if isinstance(term, URIRef):
        return pyoxigraph.NamedNode(term)
    if isinstance(term, BNode):
        return pyoxigraph.BlankNode(term)
    if term.language:
        return pyoxigraph.Literal(term, language=term.language)
    return pyoxigraph.Literal(term, datatype=pyoxigraph.NamedNode(term.datatype or _STRING))


__all__ = ["EXTENSIONS", "FORMATS", "Fact", "RdfReader", "to_text"]
