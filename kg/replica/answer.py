"""One query over a store: run within limits, answered in the formats of the standards."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QuerySolution,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    Variable,
    serialize,
)

from kg.errors import QueryRefused

Term: TypeAlias = NamedNode | BlankNode | Literal | Triple
_STRING = "http://www.w3.org/2001/XMLSchema#string"
_POSITION = re.compile(r"error at (\d+):(\d+)")
FORMATS = {"turtle": RdfFormat.TURTLE, "ntriples": RdfFormat.N_TRIPLES, "nquads": RdfFormat.N_QUADS}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may cost."""

    seconds: float = 10.0
    rows: int = 10_000
    characters: int = 32 * 1024 * 1024
    """Of all terms in the answer together."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found. SELECT and ASK give `results` (SPARQL 1.1 Query Results JSON), the others `graph`."""

    form: str
    """select, ask or graph."""
    results: Mapping[str, Any] | None
    graph: str | None
    rows: int
    truncated: bool
    """True where there was more than the row limit allows."""
    limits: Limits

    def to_json(self) -> dict[str, Any]:
        return {
            "form": self.form,
            "results": self.results,
            "graph": self.graph,
            "rows": self.rows,
            "truncated": self.truncated,
            "row_limit": self.limits.rows,
            "time_limit_s": self.limits.seconds,
        }


def run_query(
    store: Store,
    text: str,
    prefixes: Mapping[str, str],
    limits: Limits,
    format_name: str = "turtle",
    now_s: Callable[[], float] = time.monotonic,
) -> Answer:
    """The answer to a checked query; the default graph is the union of all. Blocks; run it on a thread.

    The time limit is looked at between rows only: Oxigraph cannot be interrupted inside one.
    Raises QueryRefused for what Oxigraph does not accept and for answers over the limits of time and size.
    """
    if format_name not in FORMATS:
        raise QueryRefused(f"The format {format_name} is not known; there are {', '.join(FORMATS)}.")
    try:
        return _run(store, text, prefixes, _Meter(limits, now_s), FORMATS[format_name])
    except QueryRefused as refusal:
        told = QueryRefused(refusal.message, **refusal.facts)
    # without the traceback: its frames hold Oxigraph's iterator, which must die on the thread that made it
    raise told


def _run(store: Store, text: str, prefixes: Mapping[str, str], meter: _Meter, format_: RdfFormat) -> Answer:
    try:
        found = store.query(text, prefixes=dict(prefixes), use_default_graph_as_union=True)
        if isinstance(found, QueryBoolean):
            return Answer("ask", {"head": {}, "boolean": bool(found)}, None, 1, False, meter.limits)
        if isinstance(found, QuerySolutions):
            return _table(found, meter)
        return _graph(found, meter, prefixes, format_)
    except SyntaxError as error:
        place = _POSITION.search(str(error))
        facts = {"line": int(place[1]), "column": int(place[2])} if place else {}
        raise QueryRefused(f"This is not a SPARQL 1.1 query: {_first_line(error)}.", **facts) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise QueryRefused(f"This query cannot be evaluated: {_first_line(error)}.") from error


def _table(found: QuerySolutions, meter: _Meter) -> Answer:
    names = [variable.value for variable in found.variables]
    rows = []
    for solution in islice(found, meter.limits.rows):
        rows.append(_row(names, solution))
        meter.count(rows[-1].values())
    truncated = len(rows) == meter.limits.rows and next(iter(found), None) is not None
    results = {"head": {"vars": names}, "results": {"bindings": rows}}
    return Answer("select", results, None, len(rows), truncated, meter.limits)


def _graph(found: Iterable[Triple], meter: _Meter, prefixes: Mapping[str, str], format_: RdfFormat) -> Answer:
    source = iter(found)
    triples = []
    for triple in islice(source, meter.limits.rows):
        triples.append(triple)
        meter.count([{"value": str(triple)}])
    truncated = len(triples) == meter.limits.rows and next(source, None) is not None
    distinct = dict.fromkeys(triples)
    used = None if format_ is not RdfFormat.TURTLE else dict(prefixes)
    text = serialize(distinct, format=format_, prefixes=used) or b""
    return Answer("graph", None, text.decode(), len(distinct), truncated, meter.limits)


def _row(names: list[str], solution: QuerySolution) -> dict[str, Any]:
    return {name: term_json(term) for name in names if (term := solution[Variable(name)]) is not None}


def term_json(term: Term) -> dict[str, Any]:
    """A term as SPARQL 1.1 Query Results JSON has it."""
    match term:
        case NamedNode():
            return {"type": "uri", "value": term.value}
        case BlankNode():
            return {"type": "bnode", "value": term.value}
        case Literal():
            body = {"type": "literal", "value": term.value}
            if term.language:
                body["xml:lang"] = term.language
            elif term.datatype.value != _STRING:
                body["datatype"] = term.datatype.value
            return body
        case _:
            raise QueryRefused("The answer holds a triple term, which SPARQL 1.1 results cannot.")


class _Meter:
    """Counts what an answer costs. Raises QueryRefused, naming the limit, when it costs too much."""

    def __init__(self, limits: Limits, now_s: Callable[[], float]) -> None:
        self.limits = limits
        self._now_s = now_s
        self._until = now_s() + limits.seconds
        self._characters = 0

    def count(self, cells: Iterable[Mapping[str, Any]]) -> None:
        self._characters += sum(len(cell["value"]) for cell in cells)
        if self._characters > self.limits.characters:
            raise QueryRefused(
                f"The answer is longer than {self.limits.characters} characters.",
                limit="size",
                max_characters=self.limits.characters,
            )
        if self._now_s() > self._until:
            raise out_of_time(self.limits.seconds)


def out_of_time(seconds: float) -> QueryRefused:
    """The error for a query that took longer than its limit."""
    return QueryRefused(
        f"The query took longer than its time limit of {seconds:g} s. Narrow it, or ask for more time.",
        limit="time",
        time_limit_s=seconds,
    )


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
