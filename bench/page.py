"""The page docs/reference/speed.md."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.harness import Row, span
from bench.peers import version_of

_PEERS = ("rdflib", "pyoxigraph", "pyshacl", "reasonable", "asyncua", "sqlalchemy", "grpcio")
_HEADS = ("what", "required", "aim", "measured", "met?", "note")


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [_line(_HEADS), _line(["---"] * len(_HEADS))]
    for row in rows:
        cells = (row.what, row.required, row.aim, row.measured, row.met.value, row.note)
        lines.append(_line([cell.replace("|", "\\|") or "-" for cell in cells]))
    return "\n".join(lines) + "\n"


def page(groups: Mapping[str, Sequence[Row]], command: str, kernels: Sequence[float], loads: Sequence[float]) -> str:
    """The whole page: how it was measured, on what, and a table for each group of rows."""
    parts = [
        "# Speed\n",
        f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d}; do not edit. The rows and their targets come from the"
        " design; a row whose part does not exist yet says so.\n",
        _method(),
        "## The machine\n",
        machine(kernels, loads),
    ]
    for name, rows in groups.items():
        parts += [f"## {name.capitalize()}\n", table(rows)]
    return "\n".join(parts)


def machine(kernels: Sequence[float], loads: Sequence[float]) -> str:
    """Processor, memory, software and how busy it was; no names and no paths."""
    versions = ", ".join(f"{name} {version_of(name)}" for name in _PEERS)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB; {platform.system()} {platform.machine()}; "
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{versions}.\n\nThe kernel took {span(min(kernels))} to {span(max(kernels))} between groups. Load average of"
        f" the last minute during the run: {min(loads):.1f} to {max(loads):.1f} ({_busy(max(loads))}).\n"
    )


def _method() -> str:
    return (
        "- Times are p50 and p99 of single calls on the clock, and multiples of a *kernel*: one look-up of a scattered"
        " key in a dict of 10^6 entries, timed in the same run. Readings, requests, edits and what is made durable are"
        " the quietest of three rounds; p99 of processor time leaves out what other programs took.\n"
        "- Collector and loaded graph are as in a running core (`gc.freeze`). The Gate rows record nothing; durability"
        " has rows of its own.\n"
        "- The plant is `bench/plant.py` (seeded; lines of 10 machines with 80 sensors), its 47 rules"
        " `bench/plant_rules.py` (recursion, negation, joins, filters; no aggregate, which rules lack yet), its 63"
        " shapes `bench/plant_shapes.py` (class targets, closed, inverse, star and sequence paths, a qualified count)."
        " Readings hit sensors uniformly.\n"
        "- `python -m bench --quick` gives a first look, `--rows NAME ...` some groups, `--sizes N ...` other sizes.\n"
    )


def _busy(load: float) -> str:
    cores = os.cpu_count() or 1
    return "the machine was shared: figures are upper bounds" if load > cores else "the machine was otherwise idle"


def _processor() -> str:
    found = Path("/proc/cpuinfo")
    if found.exists():
        for line in found.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
