"""Readings at the Gate on bench/plant at each size, its requests (bench/request_rows), and independence of size."""

from __future__ import annotations

import time
from collections.abc import Iterator

from api.core.plant_side import SLICE
from bench.harness import Met, Options, Row, Timing, frozen_collector, quietest, span, time_each, time_kernel
from bench.loaded import Loaded, counted_work, loaded
from bench.request_rows import ROUNDS, against_pyshacl, of_requests
from kg.change import Change, Published


def rows(options: Options) -> Iterator[Row]:
    """All rows that the Gate answers for, one size after the other."""
    calm: dict[int, Timing] = {}
    work: dict[int, tuple[int, ...]] = {}
    for size in options.sizes:
        here = loaded(size)
        kernel_s = time_kernel()
        work[size] = counted_work(here)
        calm[size] = _calm(here, options)
        yield from _of_readings(here, options, f"{len(here.plant.graph):,} triples", calm[size], kernel_s)
        yield from of_requests(here, options, f"{size:,} triples", kernel_s)
        if size <= 1_000_000:
            yield from against_pyshacl(here, size, options)
        del here
    yield _independence(calm, work)


def _of_readings(here: Loaded, options: Options, name: str, calm: Timing, kernel_s: float) -> Iterator[Row]:
    yield Row(
        f"load, closure and validation, {name}",
        "",
        "",
        f"generated in {span(here.generated_s)}, closed and validated in {span(here.started_s)}",
        Met.INFO,
        f"{here.findings} findings",
    )
    yield Row(
        f"calm reading through the Gate, {name}",
        "p50 <= 20 us",
        "<= 5 us",
        calm.text(kernel_s),
        Met.of(calm.p50, 20e-6, 5e-6),
        "one reading, one Change, one verdict; nothing follows",
    )
    yield _in_slices(here, options, name)
    mixed = quietest(ROUNDS, lambda: _timed(here, list(here.plant.mixed(options.some(4000, 1000)))))
    yield Row(f"readings, one in ten crossing, {name}", "", "", mixed.text(kernel_s), Met.INFO)
    consequences = _consequences(here)
    crossing = quietest(ROUNDS, lambda: _timed(here, _crossings(here, options)))
    yield Row(
        f"reading with consequences, {name}",
        "p50 <= 100 us",
        "<= 40 us",
        crossing.text(kernel_s),
        Met.of(crossing.p50, 100e-6, 40e-6),
        f"{consequences:.1f} consequences a reading: derived facts, violation facts, findings",
    )


def _calm(here: Loaded, options: Options) -> Timing:
    return quietest(ROUNDS, lambda: _timed(here, [here.plant.calm() for _ in range(options.some(5000, 1000))]))


def _timed(here: Loaded, changes: list[Change]) -> Timing:
    return time_each([lambda change=change: here.decide(change) for change in changes])  # type: ignore[misc]


def _in_slices(here: Loaded, options: Options, name: str) -> Row:
    count = options.some(300, 50)
    best = 0.0
    for _ in range(ROUNDS):
        slices = [here.plant.slice(SLICE) for _ in range(count)]
        with frozen_collector():
            start = time.perf_counter()
            for change in slices:
                here.decide(change)
            best = max(best, count * SLICE / (time.perf_counter() - start))
    return Row(
        f"calm readings in slices of {SLICE}, {name}",
        "",
        ">= 500,000/s",
        f"{best:,.0f} readings/s",
        Met.AIM if best >= 500_000 else Met.INFO,
        "each value in its safe band: the stages are not asked",
    )


def _crossings(here: Loaded, options: Options) -> list[Change]:
    return [change for _ in range(options.some(1000, 200)) for change in here.plant.crossing()]


def _consequences(here: Loaded, pairs: int = 50) -> float:
    """Facts that come or go beside the value itself, and findings that open or close, for each crossing reading."""
    told: list[Published] = []

    class Listener:
        def published(self, event: Published) -> None:
            told.append(event)

    listener = Listener()
    here.gate.subscribe(listener)
    for _ in range(pairs):
        for change in here.plant.crossing():
            here.decide(change)
    here.gate._subscribers.remove(listener)
    counts = [len(e.added) + len(e.removed) - 2 + len(e.opened) + len(e.closed) for e in told]
    return sum(counts) / len(counts)


def _independence(calm: dict[int, Timing], work: dict[int, tuple[int, ...]]) -> Row:
    small, large = min(calm), max(calm)
    ratio = calm[large].p50 / calm[small].p50
    same = len(set(work.values())) == 1
    told = "; ".join(f"{size:,}: {'+'.join(map(str, counts))}" for size, counts in work.items())
    verdict = Met.NO if not same else Met.of(ratio, 3, 2)
    return Row(
        "independence of size",
        "counted work identical; wall time <= 3x",
        "wall time <= 2x",
        f"wall time of a calm reading {ratio:.2f}x from {small:,} to {large:,}; counted work {told}",
        verdict if verdict is Met.NO or large >= 10_000_000 else Met.INFO,
        "work: eight calm readings, eight crossing, eight back, one request; required from 10^5 to 10^7 (`--sizes`)",
    )
