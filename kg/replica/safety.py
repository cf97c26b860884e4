"""Which queries may run: decided on rdflib's parse tree, before Oxigraph sees the text.

SERVICE reaches out to the network and FROM to foreign graphs, so neither may run; updates and LOAD are no queries.
What rdflib cannot parse is refused, even where Oxigraph could. A text that the two parsers could read differently is
refused too: escaped ASCII characters can end a string for one of them, and a lone carriage return ends a comment for
Oxigraph but not for rdflib, which would hide a SERVICE behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from pyparsing import ParseException, ParseResults
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
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


@lru_cache(maxsize=256)
def check_query(text: str) -> str:
    """The text to run, line ends made equal. Raises QueryRefused naming the reason, with line and column if known."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise QueryRefused(f"The query is longer than {MAX_BYTES} bytes.", limit="bytes", max_bytes=MAX_BYTES)
    text = text.replace("\r\n", "\n")
    _refuse_ambiguous(text)
    _refuse_deep(text)
    tree = _parse(text)
    for name in _names(tree):
        if name in _REFUSED:
            raise QueryRefused(f"This query may not run: {_REFUSED[name]}.", construct=name)
    return text


def _parse(text: str) -> ParseResults:
    try:
        return parseQuery(text)
    except ParseException as error:
        if _is_update(text):
            raise QueryRefused("This is an update; the graph changes through the Gate alone.") from error
        at = f"line {error.lineno}, column {error.col}"
        rest = text[error.loc : error.loc + 30].split("\n")[0]
        near = f"near {rest!r}" if rest else "at its end"
        raise QueryRefused(
            f"This is not a SPARQL 1.1 query ({at}, {near}).", line=error.lineno, column=error.col
        ) from error
    except RecursionError as error:
        raise QueryRefused("The query is nested too deeply.", limit="depth") from error
    except (ValueError, TypeError, ArithmeticError) as error:
        # rdflib's parse actions raise what Python raises, for instance for a number out of range
        raise QueryRefused(f"This is not a SPARQL 1.1 query: {error}.") from error


def _is_update(text: str) -> bool:
    try:
        return bool(text.strip()) and bool(parseUpdate(text))
    except (ParseException, RecursionError, ValueError, TypeError, ArithmeticError):
        return False


def _refuse_ambiguous(text: str) -> None:
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise QueryRefused(f"The query holds the control character {control[0]!r} in line {line}.", line=line)
    for escape in _ESCAPE.finditer(text):
        if not 0x80 <= int(escape[1] or escape[2], 16) <= 0x10FFFF:
            raise QueryRefused(f"Write the character itself in place of {escape[0]}.", escape=escape[0])
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise QueryRefused("The query holds half a character (a lone surrogate).")


def _refuse_deep(text: str) -> None:
    depth = 0
    for character in text:
        if character in "({[":
            depth += 1
            if depth > MAX_DEPTH:
                raise QueryRefused(f"The query nests brackets deeper than {MAX_DEPTH}.", limit="depth")
        elif character in ")}]":
            depth = max(0, depth - 1)


def _names(node: object) -> Iterator[str]:
    """The names of all grammar nodes, also in lists, tuples and pyparsing's results."""
    pending = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, CompValue):
            yield item.name
            pending.extend(item.values())
        elif isinstance(item, ParseResults):
            pending.extend(item)
            pending.extend(item.as_dict().values())
        elif isinstance(item, list | tuple | set):
            pending.extend(item)
        elif isinstance(item, dict):
            pending.extend(item.values())
