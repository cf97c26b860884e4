"""Benchmarks: every row of the table of required speeds, side by side with a dict-look-up kernel in the same run.

`make bench` (or `python -m bench`) writes docs/reference/speed.md; `python -m bench --quick` and `--rows` only print.
Each group of rows runs in a process of its own, so that none works in the memory of another. Never shipped, never a
timed test: tests look at counted work. A row whose part is not built yet says so in the table.
"""

from __future__ import annotations
