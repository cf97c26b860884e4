"""Which queries may run: decided on rdflib's parse tree, before Oxigraph sees the text.

SERVICE reaches out to the network and FROM to foreign graphs, so neither may run; updates and LOAD are no queries.
What rdflib cannot parse is refused, even where Oxigraph could. A text that the two parsers could read differently is
refused too: escaped ASCII characters can end a string for one of them, and a lone carriage return ends a comment for
Oxigraph but not for rdflib, which would hide a SERVICE behind it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from pyparsing import ParseException, ParseResults
from rdflib import URIRef
from rdflib.plugins.sparql.parser import parseQuery, parseUpdate
from rdflib.plugins.sparql.parserutils import CompValue

from kg.errors import QueryRefused

MAX_BYTES: Final = 64 * 1024
"""The longest query, in bytes of UTF-8."""
MAX_DEPTH: Final = 64
"""The deepest nesting of brackets; the parse tree is walked and built recursively."""

_REFUSED: Final = {
    "ServiceGraphPattern": "SERVICE would send a request to another server",
    "DatasetClause": "FROM and FROM NAMED are not allowed; all graphs are there, one is chosen with GRAPH",
    "Load": "LOAD would fetch a document",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PARSER = threading.Lock()
"""pyparsing is broken for good by threads that use a grammar for the first time together."""
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


@lru_cache(maxsize=256)
def check_query(text: str) -> str:
    """The text to run, line ends made equal. Raises QueryRefused naming the reason, with line and column if known."""
    text = sound_text(text, "query")
    try:
        tree = parsed(text, parseQuery, "query")
    except QueryRefused as refusal:
        if parses(text, parseUpdate):
            raise QueryRefused("This is an update; the graph changes through the Gate alone.") from refusal
        raise
    for node in grammar_nodes(tree):
        if node.name in _REFUSED:
            raise QueryRefused(f"This query may not run: {_REFUSED[node.name]}.", construct=node.name)
    return text


def sound_text(text: str, what: str) -> str:
    """The text of a query or update with line ends made equal. Raises QueryRefused, naming `what` it was to be.

    Refused are texts that are too long, nested too deeply, or that two parsers could read differently.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise QueryRefused(f"The {what} is longer than {MAX_BYTES} bytes.", limit="bytes", max_bytes=MAX_BYTES)
    text = text.replace("\r\n", "\n")
    _refuse_ambiguous(text, what)
    _refuse_deep(text, what)
    return text


def parsed(text: str, parse: Callable[[str], object], what: str) -> object:
    """rdflib's parse tree of a sound text. Raises QueryRefused with line and column."""
    try:
        with _PARSER:
            return parse(text)
    except ParseException as error:
        at = f"line {error.lineno}, column {error.col}"
        rest = text[error.loc : error.loc + 30].split("\n")[0]
        near = f"near {rest!r}" if rest else "at its end"
        raise QueryRefused(
            f"This is not a SPARQL 1.1 {what} ({at}, {near}).", line=error.lineno, column=error.col
        ) from error
    except RecursionError as error:
        raise QueryRefused(f"The {what} is nested too deeply.", limit="depth") from error
    except (ValueError, TypeError, ArithmeticError) as error:
        # rdflib's parse actions raise what Python raises, for instance for a number out of range
        raise QueryRefused(f"This is not a SPARQL 1.1 {what}: {error}.") from error


def grammar_nodes(tree: object) -> Iterator[CompValue]:
    """All grammar nodes of a parse tree, also in lists, tuples and pyparsing's results."""
    return (item for item in _items(tree) if isinstance(item, CompValue))


def iris(tree: object) -> set[str]:
    """The IRIs that are written out in a parse tree, as they are written."""
    return {str(item) for item in _items(tree) if isinstance(item, URIRef)}


def parses(text: str, parse: Callable[[str], object]) -> bool:
    """True where one of rdflib's parsers takes a text that is not empty."""
    try:
        return bool(text.strip()) and bool(parsed(text, parse, ""))
    except QueryRefused:
        return False


def _refuse_ambiguous(text: str, what: str) -> None:
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise QueryRefused(f"The {what} holds the control character {control[0]!r} in line {line}.", line=line)
    for escape in _ESCAPE.finditer(text):
        if not 0x80 <= int(escape[1] or escape[2], 16) <= 0x10FFFF:
            raise QueryRefused(f"Write the character itself in place of {escape[0]}.", escape=escape[0])
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise QueryRefused(f"The {what} holds half a character (a lone surrogate).")


def _refuse_deep(text: str, what: str) -> None:
    depth = 0
    for character in text:
        if character in "({[":
            depth += 1
            if depth > MAX_DEPTH:
                raise QueryRefused(f"The {what} nests brackets deeper than {MAX_DEPTH}.", limit="depth")
        elif character in ")}]":
            depth = max(0, depth - 1)


def _items(node: object) -> Iterator[object]:
    """Everything in a parse tree, outermost first."""
    pending = [node]
    while pending:
        item = pending.pop()
        yield item
        if isinstance(item, CompValue):
            pending.extend(item.values())
        elif isinstance(item, ParseResults):
            pending.extend(item)
            pending.extend(item.as_dict().values())
        elif isinstance(item, list | tuple | set):
            pending.extend(item)
        elif isinstance(item, dict):
            pending.extend(item.values())
