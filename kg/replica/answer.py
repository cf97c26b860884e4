"""One query over a store: run within limits, answered in the formats of the standards."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples, Store

from kg.errors import QueryOverLimit, QueryRefused
from kg.replica.formats import TABLES, Wanted, graph_text, table_text
from kg.replica.gather import Meter, graph_lines, table_lines

_POSITION = re.compile(r"error at (\d+):(\d+)")
_DEFAULT = Wanted()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may cost."""

    seconds: float = 10.0
    rows: int = 10_000
    characters: int = 32 * 1024 * 1024
    """Of the answer as tab-separated values or N-Triples."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found, as text."""

    form: str
    """select, ask or graph."""
    format: str | None
    text: str | None
    """None, both, where the caller takes no format for this form; then nothing was evaluated."""
    rows: int
    truncated: bool
    """True where there was more than the row limit allows."""
    limits: Limits

    @property
    def results(self) -> Mapping[str, Any] | None:
        """SPARQL 1.1 Query Results JSON as values; None for a graph and other formats."""
        return msgspec.json.decode(self.text) if self.format == "json" and self.text is not None else None

    @property
    def graph(self) -> str | None:
        """The text of a graph; None for tables and yes-or-no."""
        return self.text if self.form == "graph" else None

    def to_json(self) -> dict[str, Any]:
        """With `results` as values, or `graph`."""
        return {"form": self.form, "results": self.results, "graph": self.graph, **self._figures()}

    def to_text_json(self) -> dict[str, Any]:
        """With `text` in `format`, for callers who pass it on."""
        return {"form": self.form, "format": self.format, "text": self.text, **self._figures()}

    def _figures(self) -> dict[str, Any]:
        return {
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
    wanted: Wanted = _DEFAULT,
    now_s: Callable[[], float] = time.monotonic,
) -> Answer:
    """The answer to a checked query; the default graph is the union of all. Blocks; run it on a thread.

    The time limit is looked at between rows only: Oxigraph cannot be interrupted inside one.
    Raises QueryRefused for what Oxigraph does not accept, QueryOverLimit for answers over the limits of time and size.
    """
    wanted.check()
    try:
        return _run(store, text, prefixes, limits, wanted, now_s)
    except (QueryRefused, QueryOverLimit) as refusal:
        told = type(refusal)(refusal.message, **refusal.facts)
    # without the traceback: its frames hold Oxigraph's iterator, which must die on the thread that made it
    raise told


def _run(
    store: Store,
    text: str,
    prefixes: Mapping[str, str],
    limits: Limits,
    wanted: Wanted,
    now_s: Callable[[], float],
) -> Answer:
    meter = Meter(limits.seconds, limits.characters, now_s)
    try:
        found = store.query(text, prefixes=dict(prefixes), use_default_graph_as_union=True)
        if isinstance(found, QueryTriples):
            return _graph(found, prefixes, limits, wanted.graph, meter)
        return _table(found, limits, wanted.table, meter)
    except SyntaxError as error:
        place = _POSITION.search(str(error))
        facts = {"line": int(place[1]), "column": int(place[2])} if place else {}
        raise QueryRefused(f"This is not a SPARQL 1.1 query: {_first_line(error)}.", **facts) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise QueryRefused(f"This query cannot be evaluated: {_first_line(error)}.") from error


def _table(found: QuerySolutions | QueryBoolean, limits: Limits, name: str | None, meter: Meter) -> Answer:
    form = "ask" if isinstance(found, QueryBoolean) else "select"
    if name is None:
        return Answer(form, None, None, 0, False, limits)
    if isinstance(found, QueryBoolean):
        return Answer(form, name, (found.serialize(format=TABLES[name]) or b"").decode(), 1, False, limits)
    head = "\t".join(map(str, found.variables)).encode()
    lines, truncated = table_lines(found, limits.rows, meter)
    return Answer(form, name, table_text([head, *lines], name), len(lines), truncated, limits)


def _graph(found: QueryTriples, prefixes: Mapping[str, str], limits: Limits, name: str | None, meter: Meter) -> Answer:
    if name is None:
        return Answer("graph", None, None, 0, False, limits)
    lines, truncated = graph_lines(found, limits.rows, meter)
    distinct = dict.fromkeys(lines)
    return Answer("graph", name, graph_text(distinct, name, prefixes), len(distinct), truncated, limits)


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
