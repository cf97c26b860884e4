"""Rows of the table whose part of the twin is not built yet."""

from __future__ import annotations

from collections.abc import Iterator

from bench.harness import Met, Options, Row


def rows(options: Options) -> Iterator[Row]:
    """What is required of them, so that nobody takes their absence for success."""
    yield Row(
        "a release taking over at 10^6 triples",
        "no pause of the Gate > 50 ms",
        "none > 10 ms",
        "-",
        Met.NOT_BUILT,
        "a new release takes effect with a restart of the core",
    )
    yield Row(
        "what-if: 100 replications of one hour of a 10-station line",
        "<= 2 s",
        "<= 0.5 s",
        "-",
        Met.NOT_BUILT,
        "there is no surrogate of a line yet",
    )
