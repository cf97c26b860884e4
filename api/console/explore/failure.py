"""A query that failed, in words: what is wrong, where, and what to do."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from kg.errors import QueryOverLimit, ServiceDown, TwinError, UnknownNode

_PREFIX: Final = re.compile(r"prefix not found", re.IGNORECASE)
_DECLARED: Final = re.compile(r"\bPREFIX\s+([\w.-]*):", re.IGNORECASE)
_USED: Final = re.compile(r"(?<![\w?$:-])([A-Za-z][\w.-]*):(?!//)")
_NOT_NAMES: Final = re.compile(r"<[^<>\s]*>|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|#[^\n]*")
_LIST: Final = re.compile(r"\bexpected one of .*", re.DOTALL)
_POSITION: Final = re.compile(r"error at (\d+):(\d+)|line (\d+), column (\d+)")


@dataclass(frozen=True, slots=True)
class Failure:
    """What the page shows of an error. `line` and `column` count from 1; None where the error has no place."""

    title: str
    message: str
    remedy: str
    line: int | None = None
    column: int | None = None

    @property
    def place(self) -> str:
        """The place in words; empty where there is none."""
        if self.line is None:
            return ""
        return f"Line {self.line}" if self.column is None else f"Line {self.line}, column {self.column}"


def failure(error: TwinError, query: str = "", prefixes: Collection[str] = ()) -> Failure:
    """The failure that an error is. `prefixes` are those that a query may use without declaring them."""
    line, column = _place(error)
    message, remedy = error.message, error.remedy
    if _PREFIX.search(message):
        unknown = ", ".join(f"{prefix}:" for prefix in _unknown(query, prefixes)) or "A prefix"
        known = ", ".join(f"{prefix}:" for prefix in sorted(prefixes))
        message = f"{unknown} is not known."
        remedy = f"Declare it with PREFIX name: <iri>, or use one that is known: {known}."
    elif isinstance(error, QueryOverLimit) and error.facts.get("limit") == "time":
        remedy = "Narrow the query: name a graph with GRAPH, begin with the rarest pattern, or add LIMIT."
    elif isinstance(error, UnknownNode):
        remedy = "Find it by its label, or give its full IRI."
    elif isinstance(error, ServiceDown):
        remedy = "It is started anew within seconds. Your query is kept; run it again then."
    return Failure(_title(error), _LIST.sub("something else was expected here.", message), remedy, line, column)


def _unknown(query: str, prefixes: Collection[str]) -> list[str]:
    """The prefixes that a query uses and nobody declares."""
    names = _NOT_NAMES.sub(" ", query)
    declared = {*prefixes, *_DECLARED.findall(names)}
    return list(dict.fromkeys(prefix for prefix in _USED.findall(names) if prefix not in declared and prefix != "_"))


def _title(error: TwinError) -> str:
    match error:
        case QueryOverLimit():
            return "Over the limit"
        case ServiceDown():
            return "No answer"
        case UnknownNode():
            return "No such node"
        case _:
            return "This query does not run"


def _place(error: TwinError) -> tuple[int | None, int | None]:
    line, column = _whole(error.facts.get("line")), _whole(error.facts.get("column"))
    found = None if line is not None else _POSITION.search(error.message)
    if found is not None:
        numbers = [int(number) for number in found.groups() if number is not None]
        return numbers[0], numbers[1]
    return line, column


def _whole(value: object) -> int | None:
    try:
        return int(str(value)) if value is not None and int(str(value)) > 0 else None
    except ValueError:
        return None
