"""The long runs: many more power cuts and random transactions than CI tries. Writes docs/reference/soak.md.

    python scripts/soak.py                              # all of it: about half an hour on two cores
    python scripts/soak.py --share 0.05 --out soak.md   # a twentieth, to see that it works
    python scripts/soak.py --only cuts

The seeds are fixed, so a failure comes again: the page names the test, and the environment variable of the run gives
it as many seeds as it had. Ends with 1 where something failed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "soak.md"


@dataclass(frozen=True, slots=True)
class Run:
    """Tests that can be made longer by one environment variable."""

    name: str
    tests: str
    variable: str
    amount: int
    """What the variable is set to for the whole run."""
    each: int
    """How many of `unit` one more of `amount` brings."""
    unit: str
    shows: str


RUNS = (
    Run(
        "cuts",
        "tests/durability",
        "TWINWRIGHT_CUTS",
        1000,
        1,
        "power cuts",
        "After each cut the journal verifies, no acknowledged decision is missing, the graph equals the one rebuilt "
        "from scratch, and the controller saw at most one write per intent and none without one. Ten kills besides, "
        "and the tests that show that the harness can fail.",
    ),
    Run(
        "rules",
        "tests/reasoner_rules/test_random_transactions.py",
        "TWINWRIGHT_RULE_SEEDS",
        1250,
        40,
        "transactions",
        "What rules derive incrementally equals naive recomputation, through rollbacks too.",
    ),
    Run(
        "shapes",
        "tests/reasoner_shacl/test_random_transactions.py",
        "TWINWRIGHT_SHAPE_SEEDS",
        6250,
        8,
        "transactions",
        "Incremental validation equals full validation after each transaction, and pySHACL at both ends.",
    ),
    Run(
        "live",
        "tests/reasoner_plain/test_live_is_exact.py",
        "TWINWRIGHT_LIVE_SEEDS",
        1000,
        5,
        "changes",
        "A live graph with random rules, ontology and shapes equals what is computed from scratch after each change, "
        "of the ontology too: full validation, naive evaluation, and pySHACL at the end.",
    ),
)


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended."""

    run: Run
    amount: int
    tests: int
    failed: tuple[str, ...]
    """Names of the tests that failed, were in error or were skipped."""
    seconds: float


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--share", type=float, default=1.0, help="share of the whole to run, above 0 (default: 1)")
    parser.add_argument("--only", choices=[run.name for run in RUNS], action="append", help="this run; may be repeated")
    parser.add_argument("--out", type=Path, default=PAGE, help="where the page goes (default: docs/reference/soak.md)")
    options = parser.parse_args(arguments)
    if options.share <= 0:
        parser.error("--share must be above 0")
    chosen = [run for run in RUNS if not options.only or run.name in options.only]
    results = [_carried_out(run, options.share) for run in chosen]
    options.out.write_text(page(results))
    print(f"\nwritten: {options.out.name}")
    return int(any(result.failed for result in results))


def _carried_out(run: Run, share: float) -> Result:
    amount = max(round(run.amount * share), 1)
    print(f"\n{run.name}: {amount * run.each:,} {run.unit}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", run.tests, f"--junitxml={report}", "--timeout=7200"]
        began = time.monotonic()
        subprocess.run(command, cwd=ROOT, env={**os.environ, run.variable: str(amount)}, check=False)
        seconds = time.monotonic() - began
        if not report.exists():
            return Result(run, amount, 0, ("pytest itself",), seconds)
        cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314  pytest has just written it
    failed = tuple(
        f"{c.get('name')}" for c in cases if any(c.find(t) is not None for t in ("failure", "error", "skipped"))
    )
    return Result(run, amount, len(cases), failed if cases else ("no test was found",), seconds)


def page(results: Sequence[Result]) -> str:
    """The page of reference, in Markdown."""
    lines = [
        "# The last long runs",
        "<!-- Written by `make soak`; change scripts/soak.py, not this page. -->",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, Twinwright {version('twinwright')}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores. In CI the same tests run with fewer seeds.",
        "",
        "| run | how much | tests | result | time | what it shows |",
        "|---|---|---|---|---|---|",
    ]
    for one in results:
        outcome = "passed" if not one.failed else f"**{len(one.failed)} failed**"
        amount = f"{one.amount * one.run.each:,} {one.run.unit} (`{one.run.variable}={one.amount}`)"
        lines.append(
            f"| {one.run.name} | {amount} | {one.tests:,} | {outcome} | {one.seconds / 60:.1f} min | {one.run.shows} |"
        )
    failures = [f"- {one.run.name}: `{name}`" for one in results for name in one.failed]
    if failures:
        lines += ["", "## What failed", "", *failures]
    left = [run.name for run in RUNS if run not in [one.run for one in results]]
    if left:
        lines += ["", f"Not run this time: {', '.join(left)}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
