"""What has to be durable: samples appended and read back, and requests decided and recorded."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.harness import Met, Options, Row, Timing, frozen_collector, quietest, span, time_each
from bench.loaded import Loaded, loaded
from kg.change import Change, Reading, TagId
from kg.history import History
from kg.journal import Journal
from kg.recorder import DurableRecorder

TAGS = 1000
DAY_S = 86_400
ROUNDS = 3
START_US = 1_800_000_000_000_000


def rows(options: Options) -> Iterator[Row]:
    """Appending, a day of one tag, and requests in batches of 1 and 64, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="twinwright-bench-") as name:
        folder = Path(name)
        sync = _sync(folder)
        note = f"one bare 4 KiB append and fsync takes {span(sync.p50)} here"
        yield from _history(folder, options, note)
        for batch in (1, 64):
            yield _requests(folder / f"requests{batch}", batch, options, note)


def _sync(folder: Path) -> Timing:
    """The peer of everything durable: an append and an fsync."""
    page = bytes(4096)
    with (folder / "sync").open("ab", buffering=0) as file:

        def once() -> None:
            file.write(page)
            os.fsync(file.fileno())

        return time_each([once] * 50)


def _history(folder: Path, options: Options, note: str) -> Iterator[Row]:
    with History.open(folder / "history.sqlite") as history:
        tags = list(history.register_all({f"urn:bench:{n}": "Double" for n in range(TAGS)}).values())
        for batch in (1_000, 25_000):
            yield _append(history, tags, batch, options.some(250_000, 50_000), note)
        day = history.register("urn:bench:day", "Double")
        samples = [(10**9 + second, _reading(day, second * 1_000_000)) for second in range(DAY_S)]
        for start in range(0, DAY_S, 20_000):
            history.append(samples[start : start + 20_000])
        end_us = START_US + DAY_S * 1_000_000
        taken = quietest(1, lambda: time_each([lambda: history.range(day, START_US, end_us)] * options.some(10, 3)))
        yield Row(
            "a day at 1 Hz aggregated",
            "< 50 ms",
            "< 20 ms",
            f"reading the {DAY_S:,} samples back, without an aggregate: p50 {span(taken.p50)}",
            Met.NOT_BUILT,
            "the history has no aggregates yet",
        )


_seq = iter(range(1, 10**9))


def _append(history: History, tags: list[TagId], batch: int, count: int, note: str) -> Row:
    best = 0.0
    for _ in range(ROUNDS):
        batches = [
            [(next(_seq), _reading(tags[n % TAGS], start + n)) for n in range(batch)]
            for start in range(0, count, batch)
        ]
        with frozen_collector():
            start = time.perf_counter()
            for samples in batches:
                history.append(samples)
            best = max(best, count / (time.perf_counter() - start))
    return Row(
        f"history append, batches of {batch:,}",
        ">= 100,000 samples/s",
        ">= 200,000/s",
        f"{best:,.0f} samples/s, each batch synced",
        Met.of_rate(best, 100_000, 200_000),
        f"{TAGS:,} tags; {note}",
    )


def _reading(tag: TagId, offset_us: int) -> Reading:
    at = START_US + offset_us
    return Reading(tag, 50.0 + offset_us % 1000 / 1000, 0, at, at, at)


def _requests(folder: Path, batch: int, options: Options, note: str) -> Row:
    folder.mkdir()
    with Journal.open(folder / "journal.sqlite") as journal, History.open(folder / "history.sqlite") as history:
        here = loaded(10_000, DurableRecorder(journal, history))
        count, best = options.some(640, 128), 0.0
        for _ in range(ROUNDS):
            changes = [here.plant.request(machine=number % here.plant.machines) for number in range(count)]
            best = max(best, _decided(here, changes, batch))
            here.clear_requests()
    return Row(
        f"durable requests, recorded in batches of {batch}",
        ">= 500/s",
        ">= 2,000/s",
        f"{best:,.0f} requests/s",
        Met.of_rate(best, 500, 2000),
        f"decided on a plant of 10,000 triples and admitted; {note}",
    )


def _decided(here: Loaded, changes: Sequence[Change], batch: int) -> float:
    """Requests a second, all of them admitted."""
    with frozen_collector():
        start = time.perf_counter()
        for first in range(0, len(changes), batch):
            verdicts = here.gate.process(changes[first : first + batch])
            assert all(verdict.admitted for verdict in verdicts)
        return len(changes) / (time.perf_counter() - start)
