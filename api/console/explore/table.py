"""A table of results as it is shown: cells with short texts, numbers known as such, in pages, sorted by a column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from rdflib import XSD

from api.console.explore.iris import is_iri
from api.console.explore.names import short
from api.run_info import RunInfo

PAGE: Final = 100
"""Rows on a page."""
_LONGEST: Final = 400
_NUMBERS: Final = frozenset(
    map(
        str,
        (
            *(XSD.integer, XSD.decimal, XSD.double, XSD.float, XSD.long, XSD.int, XSD.short, XSD.byte),
            *(XSD.nonNegativeInteger, XSD.positiveInteger, XSD.nonPositiveInteger, XSD.negativeInteger),
            *(XSD.unsignedLong, XSD.unsignedInt, XSD.unsignedShort, XSD.unsignedByte),
        ),
    )
)
_MOMENTS: Final = frozenset({str(XSD.dateTime), str(XSD.date), str(XSD.dateTimeStamp)})


@dataclass(frozen=True, slots=True)
class Cell:
    """One value. `text` is what is shown, `full` all of it; `node` the IRI to open, `number` the value to draw."""

    text: str = ""
    full: str = ""
    node: str | None = None
    number: float | None = None
    moment: bool = False

    @property
    def key(self) -> tuple[int, float, str]:
        """Sorts numbers by value, then texts, then what is missing."""
        if self.number is not None:
            return 0, self.number, ""
        return (1, 0.0, self.full.casefold()) if self.full else (2, 0.0, "")


@dataclass(frozen=True)
class Table:
    """Columns, and rows of as many cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @cached_property
    def numeric(self) -> tuple[bool, ...]:
        """For each column whether everything in it is a number and something is."""
        return tuple(_all(column, lambda cell: cell.number is not None) for column in self._columns())

    @cached_property
    def moments(self) -> tuple[bool, ...]:
        """For each column whether everything in it is a moment and something is."""
        return tuple(_all(column, lambda cell: cell.moment) for column in self._columns())

    @property
    def pages(self) -> int:
        return max(1, math.ceil(len(self.rows) / PAGE))

    def page(self, number: int) -> tuple[tuple[Cell, ...], ...]:
        """The rows of a page; pages count from 0."""
        return self.rows[number * PAGE : (number + 1) * PAGE]

    def sorted_by(self, column: int, descending: bool) -> Table:
        """The same rows in the order of a column; what is missing comes last."""
        given = [row for row in self.rows if row[column].full]
        missing = tuple(row for row in self.rows if not row[column].full)
        ordered = sorted(given, key=lambda row: row[column].key, reverse=descending)
        return Table(self.columns, (*ordered, *missing))

    def _columns(self) -> list[list[Cell]]:
        return [[row[index] for row in self.rows] for index in range(len(self.columns))]


def table_of(results: Mapping[str, Any], info: RunInfo) -> Table:
    """The table of SPARQL 1.1 Query Results JSON."""
    names = tuple(results["head"].get("vars", ()))
    rows = results["results"]["bindings"]
    return Table(names, tuple(tuple(cell_of(row.get(name), info) for name in names) for row in rows))


def cell_of(term: Mapping[str, str] | None, info: RunInfo) -> Cell:
    """The cell of a term; an empty one for a variable without a value."""
    if term is None:
        return Cell()
    value, datatype = term["value"], term.get("datatype", "")
    if term["type"] == "uri":
        return Cell(short(info, value), value, value if is_iri(value) else None)
    if term["type"] == "bnode":
        return Cell("(unnamed)", f"_:{value}")
    if datatype in _NUMBERS and (number := _number(value)) is not None:
        return Cell(number_text(value, number), value, number=number)
    language = term.get("xml:lang")
    full = f"{value} ({language})" if language else value
    return Cell(value if len(value) <= _LONGEST else value[:_LONGEST] + "…", full, moment=datatype in _MOMENTS)


def number_text(lexical: str, number: float) -> str:
    """A number as people read it: whole ones as they are, others with six significant digits."""
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.6g}" if len(lexical) > 7 else lexical


def _number(lexical: str) -> float | None:
    try:
        number = float(lexical)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _all(cells: Sequence[Cell], true: Any) -> bool:
    present = [cell for cell in cells if cell.full]
    return bool(present) and all(true(cell) for cell in present)
