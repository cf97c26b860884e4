"""Benchmarks: every row of the table of required speeds, side by side with a dict-look-up kernel in the same run.

`make bench` (or `python -m bench`) writes docs/reference/speed.md. Never shipped, never a timed test. A row whose part
is not built yet says so in the table.
"""

from __future__ import annotations
