"""`python -m bench`: run the groups of rows, each in a process of its own, and write the page of figures."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.groups import FAILED, GROUPS, measure_apart
from bench.harness import Options, Row, time_kernel
from bench.page import page, table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "speed.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 where every chosen group could be measured, whether or not its targets are met."""
    options = _parser().parse_args(arguments)
    chosen = Options(tuple(sorted(options.sizes)), options.quick)
    if options.quick and options.sizes == _SIZES:
        chosen = Options((10_000, 100_000), quick=True)
    found: dict[str, list[Row]] = {}
    kernels, loads = [time_kernel()], [os.getloadavg()[0]]
    for name in options.rows or GROUPS:
        begin = time.monotonic()
        found[name] = measure_apart(name, chosen)
        sys.stdout.write(f"{name}, {time.monotonic() - begin:.0f} s\n{table(found[name])}\n")
        sys.stdout.flush()
        kernels.append(time_kernel())
        loads.append(os.getloadavg()[0])
    target = options.out or (None if options.quick or options.rows else PAGE)
    if target is not None:
        target.write_text(page(found, _command(options), kernels, loads), encoding="utf-8")
        sys.stdout.write(f"written: {target.name}\n")
    return 1 if any(row.measured.startswith(FAILED) for rows in found.values() for row in rows) else 0


_SIZES = [10_000, 100_000, 1_000_000]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure; a complete run writes the page.")
    parser.add_argument("--sizes", type=int, nargs="+", default=_SIZES, metavar="N", help="triples of the plants")
    parser.add_argument("--rows", nargs="+", choices=list(GROUPS), metavar="NAME", help=f"groups: {', '.join(GROUPS)}")
    parser.add_argument("--quick", action="store_true", help="few repetitions, small plants; prints only")
    parser.add_argument("--out", type=Path, help="write the page here in any case")
    return parser


def _command(options: argparse.Namespace) -> str:
    sizes = "" if options.sizes == _SIZES else f" --sizes {' '.join(map(str, options.sizes))}"
    rows = f" --rows {' '.join(options.rows)}" if options.rows else ""
    return f"python -m bench{sizes}{rows}{' --quick' if options.quick else ''}"


if __name__ == "__main__":
    raise SystemExit(main())
