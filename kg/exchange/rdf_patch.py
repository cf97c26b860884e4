"""RDF Patch as text: rows of headers, transactions, prefixes, additions and deletions, each ended by a dot.

    H id <urn:uuid:0686c69d-8f89-4496-acb5-744f0157a8db> .
    TX .
    PA "bot" "https://w3id.org/twinwright/plants/bottling#" .
    D bot:Line <https://w3id.org/twinwright/core#powerLimitKw> "2.2E2"^^<...#double> <.../graph/plant> .
    A bot:Line <https://w3id.org/twinwright/core#powerLimitKw> "2.3E2"^^<...#double> <.../graph/plant> .
    TC .

Every addition and deletion names a named graph, except where a patch is read for plain triples (`read_steps`). A block
that is aborted (TA) counts for nothing. The twin's prefixes are fixed, so PA and PD hold inside the patch alone.
Source: https://afs.github.io/rdf-delta/rdf-patch.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kg.change import Change, Quad
from kg.errors import BadChange, BadTerm
from kg.exchange.effect import GRAPHS, Effect, net_effect, what_parser_said
from kg.names import GraphName
from kg.wire import quad_line, text_to_quads

_IRI: Final = r'<(?:[^\x00-\x20<>"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>'
_WORD: Final = r'[^\s<>"#]+'
_TOKEN: Final = re.compile(
    rf"""(?P<gap>\s+|\#[^\n]*)
    |(?P<iri>{_IRI})
    |(?P<literal>"[^"\\\n\r]*(?:\\.[^"\\\n\r]*)*"(?:@[A-Za-z0-9-]+|\^\^(?:{_IRI}|[^\s<>"\#.^]+))?)
    |(?P<word>{_WORD})""",
    re.VERBOSE,
)
_ITEMS: Final = {"H": 2, "TX": 0, "TC": 0, "TA": 0, "PA": 2, "PD": 1, "A": 4, "D": 4}
_SHOWN: Final = 60


class _Row(NamedTuple):
    line: int
    code: str
    items: list[str]


@dataclass(frozen=True, slots=True)
class Patch:
    """What a patch says of itself, and what it does."""

    header: Mapping[str, str]
    """Such as `id` and `prev`; IRIs as plain text, other terms in N-Triples form."""
    effect: Effect


class Step(NamedTuple):
    """One row that changes something."""

    line: int
    adds: bool
    quad: Quad


def read_patch(text: str) -> Patch:
    """The patch in a text. Raises BadTerm or BadChange with the line."""
    header, steps = _read(text, None)
    return Patch(header, net_effect((step.adds, step.quad) for step in steps))


def read_steps(text: str, graph: GraphName) -> tuple[Step, ...]:
    """What a patch for plain triples does, in order: all of it in `graph`, whatever graph a row names, or none.

    A deletion may name a blank node by its label. Raises BadTerm or BadChange with the line.
    """
    return _read(text, graph)[1]


def _read(text: str, graph: GraphName | None) -> tuple[Mapping[str, str], tuple[Step, ...]]:
    reader = _Reader(graph)
    for row in _rows(text, graph is not None):
        reader.take(row)
    return reader.header, reader.end()


def to_patch(change: Change) -> str:
    """A Change as a patch of one transaction, removals first. Readings and read set have no place in a patch."""
    rows = [f"H id <{change.id}> .", "TX ."]
    rows += [f"D {quad_line(quad)}" for quad in change.removes]
    rows += [f"A {quad_line(quad)}" for quad in change.adds]
    return "".join(f"{row}\n" for row in (*rows, "TC ."))


@dataclass(slots=True)
class _Reader:
    """Follows the rows; gathers them as N-Quads, so that one strict parser judges all terms at once."""

    graph: GraphName | None
    """Where all rows belong; None where each names its graph."""
    header: dict[str, str] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[int, bool, str]] = field(default_factory=list)
    """(line, whether it adds, N-Quads line)."""
    begun_at: int | None = None
    """Line of the TX whose block is open."""
    kept: int = 0
    """Rows that were there before the open block."""

    def take(self, row: _Row) -> None:
        line, code, items = row
        match code:
            case "H" if self.begun_at is None and not self.rows:
                value = self._term(items[1], line)
                self.header[_unquoted(items[0])] = value[1:-1] if value.startswith("<") else value
            case "H":
                raise BadChange(f"Line {line}: a header stands before the first change.", line=line)
            case "TX" if self.begun_at is None:
                self.begun_at, self.kept = line, len(self.rows)
            case "TX":
                raise BadChange(
                    f"Line {line}: TX inside the transaction that began in line {self.begun_at}.", line=line
                )
            case "TC" | "TA":
                if self.begun_at is None:
                    raise BadChange(f"Line {line}: {code} without a TX before it.", line=line)
                if code == "TA":
                    del self.rows[self.kept :]
                self.begun_at = None
            case "PA":
                self.prefixes[_unquoted(items[0]).removesuffix(":")] = _unquoted(items[1])
            case "PD":
                self.prefixes.pop(_unquoted(items[0]).removesuffix(":"), None)
            case _:
                self.rows.append((line, code == "A", self._quad_line(items, line, code == "A")))

    def end(self) -> tuple[Step, ...]:
        """What was read. Raises BadChange for a patch that was cut off, BadTerm for terms that are none."""
        if self.begun_at is not None:
            raise BadChange(
                f"The transaction that began in line {self.begun_at} has no end; the patch was cut off.",
                line=self.begun_at,
            )
        try:
            quads: tuple[Quad, ...] = text_to_quads("\n".join(line for _, _, line in self.rows))
        except BadTerm as error:
            cause = error.__cause__
            if not isinstance(cause, SyntaxError) or not cause.lineno:
                raise
            line = self.rows[cause.lineno - 1][0]
            raise BadTerm(f"Line {line}: {what_parser_said(cause)}.", line=line) from error
        if len(quads) != len(self.rows):
            raise BadTerm("The patch holds a row that no parser takes for one quad.")
        return tuple(Step(line, adds, quad) for (line, adds, _), quad in zip(self.rows, quads, strict=True))

    def _quad_line(self, items: list[str], line: int, adds: bool) -> str:
        terms = [self._term(item, line) for item in items]
        if self.graph is not None:
            return f"{' '.join(terms[:3])} <{self.graph.iri}> ."
        *triple, graph = terms
        if GraphName.of_iri(graph[1:-1]) is None:
            raise BadChange(f"Line {line}: there is no named graph {graph}; there are {GRAPHS}.", line=line)
        if not adds and any(term.startswith("_:") for term in triple):
            raise BadChange(f"Line {line}: a deletion can't name a blank node; name it by an IRI.", line=line)
        return f"{' '.join(triple)} {graph} ."

    def _term(self, item: str, line: int) -> str:
        """The N-Triples form of a term; blank nodes may be written `<_:label>`."""
        if item.startswith("<_:"):
            return item[1:-1]
        if item.startswith(("<", "_:")):
            return item
        if not item.startswith('"'):
            return self._expanded(item, line)
        quoted, mark, datatype = item.rpartition('"^^')
        if mark and not datatype.startswith("<"):
            return f'{quoted}"^^{self._expanded(datatype, line)}'
        return item

    def _expanded(self, name: str, line: int) -> str:
        prefix, colon, local = name.partition(":")
        if not colon:
            raise BadTerm(
                f"Line {line}: {name[:_SHOWN]!r} is no term; IRIs stand in <>, literals in quotes.", line=line
            )
        if prefix not in self.prefixes:
            raise BadTerm(f"Line {line}: the prefix {prefix[:_SHOWN]}: is not declared; add `PA` before it.", line=line)
        return f"<{self.prefixes[prefix]}{local}>"


def _rows(text: str, plain: bool) -> Iterator[_Row]:
    """`plain` where rows may name no graph."""
    items: list[str] = []
    line = begun = 1
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise BadTerm(f"Line {line}: this is no term: {text[at : at + _SHOWN].splitlines()[0]!r}.", line=line)
        at = found.end()
        token = found[0]
        if found.lastgroup == "gap":
            line += token.count("\n")
            continue
        if not items:
            begun = line
        closed = found.lastgroup == "word" and token.endswith(".")
        item = token.removesuffix(".") if closed else token
        if item:
            items.append(item)
        if closed:
            yield _row(items, begun, plain)
            items = []
    if items:
        raise BadChange(f"The row in line {begun} does not end with a dot; the patch was cut off.", line=begun)


def _row(items: list[str], line: int, plain: bool) -> _Row:
    if not items:
        raise BadChange(f"Line {line}: a dot without a row.", line=line)
    code, *rest = items
    if code not in _ITEMS:
        raise BadChange(f"Line {line}: there is no row {code[:_SHOWN]!r}; there are {', '.join(_ITEMS)}.", line=line)
    if code in ("A", "D") and len(rest) == 3:
        if plain:
            return _Row(line, code, rest)
        raise BadChange(f"Line {line}: the row names no graph; there are {GRAPHS}.", line=line)
    wanted = _ITEMS[code]
    if len(rest) != wanted:
        items_told = "3 or 4" if plain and code in ("A", "D") else wanted
        told = f"{code} has {items_told} items and a dot at its end; this row has {len(rest)}"
        raise BadChange(f"Line {line}: {told}.", line=line)
    return _Row(line, code, rest)


def _unquoted(item: str) -> str:
    return item[1:-1] if item[0] in '<"' else item
