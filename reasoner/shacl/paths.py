"""Property paths: as values, as text in SPARQL syntax, reversed, and the places in them where a triple can matter.

Source: SHACL 2.3.1 (property paths), SPARQL 1.1 9.1 (their syntax).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from rdflib import URIRef

from kg.errors import BadTerm


@dataclass(frozen=True, slots=True)
class Predicate:
    """One triple, from subject to object."""

    iri: URIRef


@dataclass(frozen=True, slots=True)
class Inverse:
    """A path walked against its direction."""

    path: Path


@dataclass(frozen=True, slots=True)
class Sequence:
    """Paths one after the other; two or more."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Either of several paths; two or more."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A path walked again and again: `*` (zero or more), `+` (one or more) or `?` (zero or one)."""

    path: Path
    sign: str


Path: TypeAlias = Predicate | Inverse | Sequence | Alternative | Repeat


class Occurrence(NamedTuple):
    """A place of a path where a predicate is used: the way to it, the predicate, and whether it is walked forwards."""

    prefix: Path | None
    """None where the place is the start itself."""
    predicate: URIRef
    forward: bool


def join(*paths: Path | None) -> Path | None:
    """The paths one after the other; None stands for the empty path."""
    parts = [part for path in paths if path is not None for part in _parts(path)]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def _parts(path: Path) -> tuple[Path, ...]:
    return path.paths if isinstance(path, Sequence) else (path,)


def reverse(path: Path) -> Path:
    """The path from the end to the start, with `Inverse` only around single predicates."""
    match path:
        case Predicate():
            return Inverse(path)
        case Inverse(path=inner):
            return settle(inner)
        case Sequence(paths=paths):
            return Sequence(tuple(reverse(part) for part in reversed(paths)))
        case Alternative(paths=paths):
            return Alternative(tuple(reverse(part) for part in paths))
        case Repeat(path=inner, sign=sign):
            return Repeat(reverse(inner), sign)


def settle(path: Path) -> Path:
    """The same path with `Inverse` only around single predicates."""
    match path:
        case Predicate():
            return path
        case Inverse(path=inner):
            return reverse(inner)
        case Sequence(paths=paths):
            return Sequence(tuple(settle(part) for part in paths))
        case Alternative(paths=paths):
            return Alternative(tuple(settle(part) for part in paths))
        case Repeat(path=inner, sign=sign):
            return Repeat(settle(inner), sign)


def occurrences(path: Path, prefix: Path | None = None) -> Iterator[Occurrence]:
    """Every place of a path that follows `prefix` at which a changed triple changes what the path reaches."""
    match path:
        case Predicate(iri=iri):
            yield Occurrence(prefix, iri, True)
        case Inverse(path=Predicate(iri=iri)):
            yield Occurrence(prefix, iri, False)
        case Inverse():
            yield from occurrences(settle(path), prefix)
        case Sequence(paths=paths):
            for index, part in enumerate(paths):
                yield from occurrences(part, join(prefix, *paths[:index]))
        case Alternative(paths=paths):
            for part in paths:
                yield from occurrences(part, prefix)
        case Repeat(path=inner, sign="?"):
            yield from occurrences(inner, prefix)
        case Repeat(path=inner):
            yield from occurrences(inner, join(prefix, Repeat(inner, "*")))


# as text


def text_of(path: Path) -> str:
    """The path in SPARQL syntax with full IRIs, such as `<http://a>/^<http://b>*`."""
    match path:
        case Predicate(iri=iri):
            return f"<{iri}>"
        case Inverse(path=inner):
            return "^" + _tight(inner, inverse=True)
        case Sequence(paths=paths):
            return "/".join(f"({text_of(p)})" if isinstance(p, Sequence | Alternative) else text_of(p) for p in paths)
        case Alternative(paths=paths):
            return "|".join(f"({text_of(p)})" if isinstance(p, Alternative) else text_of(p) for p in paths)
        case Repeat(path=inner, sign=sign):
            return _tight(inner, inverse=False) + sign


def _tight(path: Path, *, inverse: bool) -> str:
    bare = isinstance(path, Predicate) or (inverse and isinstance(path, Repeat))
    return text_of(path) if bare else f"({text_of(path)})"


_TOKEN = re.compile(r"<([^<>\"{}|^`\\\x00-\x20]*)>|([/|^()*+?])")


def of_text(text: str) -> Path:
    """The path that `text_of` wrote. Raises BadTerm."""
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise BadTerm(f"This is no property path in SPARQL syntax with full IRIs: {text}", path=text)
        tokens.append(found.group())
        at = found.end()
    reader = _Reader(text, tokens)
    path = reader.alternative()
    if reader.tokens:
        raise reader.error()
    return path


class _Reader:
    """Recursive descent over the tokens of one path."""

    def __init__(self, text: str, tokens: list[str]) -> None:
        self.text = text
        self.tokens = tokens[::-1]

    def error(self) -> BadTerm:
        return BadTerm(f"This property path is malformed: {self.text}", path=self.text)

    def take(self, *expected: str) -> bool:
        if self.tokens and self.tokens[-1] in expected:
            self.tokens.pop()
            return True
        return False

    def alternative(self) -> Path:
        paths = [self.sequence()]
        while self.take("|"):
            paths.append(self.sequence())
        return paths[0] if len(paths) == 1 else Alternative(tuple(paths))

    def sequence(self) -> Path:
        paths = [self.element()]
        while self.take("/"):
            paths.append(self.element())
        return paths[0] if len(paths) == 1 else Sequence(tuple(paths))

    def element(self) -> Path:
        return Inverse(self.element()) if self.take("^") else self.repeated()

    def repeated(self) -> Path:
        path = self.primary()
        if self.tokens and self.tokens[-1] in "*+?":
            return Repeat(path, self.tokens.pop())
        return path

    def primary(self) -> Path:
        if self.take("("):
            path = self.alternative()
            if not self.take(")"):
                raise self.error()
            return path
        if not self.tokens or not self.tokens[-1].startswith("<"):
            raise self.error()
        return Predicate(URIRef(self.tokens.pop()[1:-1]))
