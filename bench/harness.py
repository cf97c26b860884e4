"""Timing that can be compared: percentiles, and multiples of a dict-look-up kernel timed in the same run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum


class Met(Enum):
    """How a figure stands against what is required."""

    YES = "met"
    NO = "not met"
    NOT_BUILT = "not built yet"
    INFO = "for information"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, against what, with which command to repeat it."""

    what: str
    required: str
    measured: str
    met: Met
    note: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of many calls, sorted."""

    seconds: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """Seconds; `share` is 0.5 for the median."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]

    @property
    def p50(self) -> float:
        return self.percentile(0.50)

    @property
    def p99(self) -> float:
        return self.percentile(0.99)

    def text(self, kernel_s: float) -> str:
        """p50 / p99 in microseconds, and p50 as a multiple of the kernel."""
        return f"p50 {self.p50 * 1e6:.1f} us, p99 {self.p99 * 1e6:.1f} us ({self.p50 / kernel_s:.0f} kernels)"


def time_each(calls: Sequence[Callable[[], object]]) -> Timing:
    """Time every call on its own, with the collector frozen as in a running core."""
    clock = time.perf_counter
    seconds = []
    with frozen_collector():
        for call in calls:
            start = clock()
            call()
            seconds.append(clock() - start)
    return Timing(tuple(sorted(seconds)))


def kernel_s() -> float:
    """Seconds of the kernel: one look-up of a random key in a dict of 10^6 entries."""
    size = 1_000_000
    table = {n * 7919: n for n in range(size)}
    keys = [(n * 104_729 % size) * 7919 for n in range(200_000)]
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for key in keys:
            table[key]
        best = min(best, time.perf_counter() - start)
    return best / len(keys)


@contextmanager
def frozen_collector() -> Iterator[None]:
    """What is loaded is not walked by the collector again, as in a running core."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
