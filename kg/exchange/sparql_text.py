"""The text of a SPARQL update cut into operations: tokens with their places, and the groups between braces.

The cut serves two readers. A WHERE goes to the replica as it was written; a template becomes TriG, which is the same
language but for variables, so that its terms keep the lexical forms in which they were written. (rdflib's parse tree
does not: it makes "01" a 1 and 1e2 a 100.0.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"""(?P<gap>\s+|\#[^\n]*)
    |(?P<string>\"{3}(?:[^"\\]|\\.|"(?!""))*\"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}
        |"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*')
    |(?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>)
    |(?P<var>[?$]\w+)
    |(?P<word>(?:[\w:%-]|\\.|\.(?=[\w:%\\-]))+)
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_DEEPER: Final = {"{": 1, "}": -1}


class Token(NamedTuple):
    """A terminal of the grammar: its sort (string, iri, var, word, mark), text, place and what lies before it."""

    sort: str
    text: str
    at: int
    line: int
    gap: str
    """White space before it, comments left out."""


@dataclass(slots=True)
class Operation:
    """One operation of an update as it is written: groups by the word before them, and what WITH names."""

    groups: dict[str, Sequence[Token]] = field(default_factory=dict)
    """INSERT, DELETE, WHERE and DATA, each with its braces."""
    form: str = ""
    """All keywords in their order, such as `DELETE INSERT WHERE`."""
    graph: str = ""
    """The IRI or prefixed name behind WITH."""
    prologue: str = ""
    """BASE and PREFIX in force, on one line."""


def tokens(text: str) -> Iterator[Token]:
    """All tokens of a text in which every character belongs to one."""
    gap, line = "", 1
    for found in _TOKEN.finditer(text):
        sort = found.lastgroup or ""
        if sort == "gap":
            gap += "" if found[0].startswith("#") else found[0]
        else:
            yield Token(sort, found[0], found.start(), line, gap)
            gap = ""
        line += found[0].count("\n")


def operations(read: Sequence[Token]) -> Iterator[Operation]:
    """The operations of an update that the grammar has accepted, in their order; empty ones are left out."""
    prologue = ""
    for part in _parts(read):
        begin = _end_of_prologue(part)
        prologue += "".join(f"{token.text} " for token in part[:begin])
        if begin < len(part):
            yield _operation(part[begin:], prologue)


def _parts(read: Sequence[Token]) -> Iterator[Sequence[Token]]:
    depth = begin = 0
    for place, token in enumerate(read):
        if token.sort == "mark":
            depth += _DEEPER.get(token.text, 0)
            if token.text == ";" and depth == 0:
                yield read[begin:place]
                begin = place + 1
    yield read[begin:]


def _end_of_prologue(part: Sequence[Token]) -> int:
    place = 0
    while place < len(part):
        lengths = {"BASE": 2, "PREFIX": 3}
        length = lengths.get(part[place].text.upper(), 0)
        if not length:
            break
        place += length
    return place


def _operation(part: Sequence[Token], prologue: str) -> Operation:
    operation = Operation(prologue=prologue)
    words: list[str] = []
    place = 0
    while place < len(part):
        token = part[place]
        if token.text == "{":
            end = _closing(part, place)
            operation.groups[words[-1] if words else ""] = part[place:end]
            place = end
            continue
        if words and words[-1] == "WITH" and not operation.graph:
            operation.graph = token.text
        else:
            words.append(token.text.upper())
        place += 1
    operation.form = " ".join(word for word in words if word != "WITH")
    return operation


def _closing(part: Sequence[Token], place: int) -> int:
    """The place behind the brace that closes the one at `place`."""
    depth = 0
    for end in range(place, len(part)):
        if part[end].sort == "mark":
            depth += _DEEPER.get(part[end].text, 0)
            if depth == 0:
                return end + 1
    return len(part)
