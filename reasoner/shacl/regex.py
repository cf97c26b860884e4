"""sh:pattern in time that is linear in the text.

Patterns are evaluated as SPARQL's REGEX by Oxigraph, whose engine has no backtracking, so no pattern and no text can
stall the Gate. What XPath's regular expressions have and this engine has not, or reads differently, is refused: back
references (no engine in linear time has them), class subtraction, `\\i`, `\\c` and Unicode blocks; and so is what this
engine has and XPath has not. Source: XPath functions 5.6.1.
"""

from __future__ import annotations

import re
from typing import Final

import pyoxigraph

from kg.errors import ShapeRefused
from kg.terms import Term

_FLAGS: Final = frozenset("smixq")
_ESCAPES: Final = frozenset("nrtdDsSwWpP\\|.?*+(){}-[]^$")
_REMEMBERED: Final = 20_000
_CLASS_SIGNS: Final = ("&&", "--", "~~", "-[", "[")
_ESCAPED: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


class Regex:
    """A pattern to match texts against. Raises ShapeRefused where it cannot be run safely or means nothing."""

    __slots__ = ("_flags", "_known", "_pattern", "_store")

    def __init__(self, pattern: str, flags: str, shape: Term) -> None:
        complaint = _complaint(pattern, flags)
        self._store = pyoxigraph.Store()
        self._pattern, self._flags = _quoted(pattern), _quoted(flags)
        self._known: dict[str, bool] = {}
        if complaint is None and self._ask("") is None:
            complaint = "it is no regular expression, or too large a one"
        if complaint is not None:
            raise ShapeRefused(
                f"Shape {shape.n3()}: sh:pattern {pattern!r} with flags {flags!r} cannot be used: {complaint}.",
                shape=str(shape),
                reason=complaint,
            )

    def matches(self, text: str) -> bool:
        """Whether the pattern matches somewhere in the text; answers are remembered."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[text] = bool(self._ask(text))
        return found

    def replaced(self, text: str, replacement: str) -> str | None:
        """The text with each match replaced, as SPARQL's REPLACE does it; None where that is an error."""
        return self._value(f"REPLACE({_quoted(text)}, {self._pattern}, {_quoted(replacement)}, {self._flags})")

    def _ask(self, text: str) -> bool | None:
        """None where Oxigraph cannot evaluate the expression."""
        found = self._value(f"REGEX({_quoted(text)}, {self._pattern}, {self._flags})")
        return None if found is None else found == "true"

    def _value(self, expression: str) -> str | None:
        solutions = self._store.query(f"SELECT ({expression} AS ?found) WHERE {{}}")
        if not isinstance(solutions, pyoxigraph.QuerySolutions):
            return None
        found = next(solutions)["found"]
        return found.value if isinstance(found, pyoxigraph.Literal) else None


def _quoted(text: str) -> str:
    """The text as a SPARQL string; lone surrogates, which UTF-8 cannot hold, become question marks."""
    escaped = "".join(_ESCAPED.get(c, c) for c in text)
    return '"' + escaped.encode("utf-8", "replace").decode() + '"'


def _complaint(pattern: str, flags: str) -> str | None:
    unknown = set(flags) - _FLAGS
    if unknown:
        return f"the flag {min(unknown)!r} is unknown"
    if "q" in flags:
        return None
    return _escape_complaint(pattern) or _group_complaint(pattern)


def _escape_complaint(pattern: str) -> str | None:
    for escaped in re.findall(r"\\(.?)", pattern, re.DOTALL):
        if escaped.isdigit():
            return "back references cannot be matched in linear time"
        if escaped not in _ESCAPES or not escaped:
            return f"the escape \\{escaped} is not understood"
    if re.search(r"\\[pP]\{Is", pattern):
        return "Unicode blocks are not understood"
    return None


def _group_complaint(pattern: str) -> str | None:
    plain = re.sub(r"\\.", "_", pattern, flags=re.DOTALL)
    in_class = False
    at = 0
    while at < len(plain):
        if in_class:
            if plain[at] == "]":
                in_class = False
            elif plain.startswith(_CLASS_SIGNS, at):
                return "subtraction and other arithmetic of character classes is not understood"
        elif plain[at] == "[":
            in_class = True
            at += plain.startswith("[^", at)
        elif plain.startswith("(?", at) and not plain.startswith("(?:", at):
            return "of the groups that begin with (? only (?:...) is understood"
        at += 1
    return None
