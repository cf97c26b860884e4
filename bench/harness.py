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

    AIM = "aim met"
    YES = "met"
    NO = "not met"
    NOT_BUILT = "not built yet"
    NOT_MEASURED = "not measured"
    INFO = "for information"

    @classmethod
    def of(cls, value: float, required: float, aim: float) -> Met:
        """For a figure that should be at most so large."""
        return cls.AIM if value <= aim else cls.YES if value <= required else cls.NO

    @classmethod
    def of_rate(cls, value: float, required: float, aim: float) -> Met:
        """For a figure that should be at least so large."""
        return cls.AIM if value >= aim else cls.YES if value >= required else cls.NO


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, against what, and what a reader must know to judge it."""

    what: str
    required: str
    aim: str
    measured: str
    met: Met
    note: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run measures."""

    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    """Asserted triples of the plants, smallest first."""
    quick: bool = False
    """Fewer repetitions and shorter spans: figures for a first look."""

    def some(self, full: int, quick: int) -> int:
        """A count of repetitions."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of many calls, sorted: on the clock, and of the processor where that was measured too."""

    seconds: tuple[float, ...]
    cpu: tuple[float, ...] = ()

    def percentile(self, share: float) -> float:
        """Seconds; `share` is 0.5 for the median."""
        return _at(self.seconds, share)

    @property
    def p50(self) -> float:
        return self.percentile(0.50)

    @property
    def p99(self) -> float:
        return self.percentile(0.99)

    def text(self, kernel_s: float) -> str:
        """p50 and p99, and the median as a multiple of the kernel."""
        cpu = f", p99 of processor time {span(_at(self.cpu, 0.99))}" if self.cpu else ""
        return f"p50 {span(self.p50)}, p99 {span(self.p99)}{cpu} ({self.p50 / kernel_s:,.0f} kernels)"


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def span(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} us"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def time_each(calls: Sequence[Callable[[], object]]) -> Timing:
    """Time every call on its own, with what is loaded frozen as in a running core."""
    clock, processor = time.perf_counter, time.thread_time
    seconds, cpu = [], []
    with frozen_collector():
        for call in calls:
            before = processor()
            start = clock()
            call()
            seconds.append(clock() - start)
            cpu.append(processor() - before)
    return Timing(tuple(sorted(seconds)), tuple(sorted(cpu)))


def quietest(rounds: int, measure: Callable[[], Timing]) -> Timing:
    """The round with the lowest median: other programs on the machine only ever make a round slower."""
    return min((measure() for _ in range(rounds)), key=lambda timing: timing.p50)


def time_kernel(rounds: int = 5) -> float:
    """Seconds of the kernel: one look-up of a scattered key in a dict of 10^6 entries, quietest of some rounds."""
    size = 1_000_000
    table = {number * 7919: number for number in range(size)}
    keys = [(number * 104_729 % size) * 7919 for number in range(200_000)]
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for key in keys:
            table[key]
        best = min(best, time.perf_counter() - start)
    return best / len(keys)


@contextmanager
def frozen_collector() -> Iterator[None]:
    """What is loaded is not walked by the collector again; new objects are, as in a running core."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
