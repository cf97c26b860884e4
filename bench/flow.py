"""Requests to a Runner into which readings flow as the link hands them over: a message every 100 ms, in slices."""

from __future__ import annotations

import asyncio
import random
import time

from api.core.plant_side import SLICE
from bench.harness import Timing, frozen_collector
from bench.loaded import Loaded
from bench.plant import START_US
from kg.change import Change
from kg.gate import Clock, Runner

PUBLISHING_S = 0.1
REQUESTS_PER_S = 20


def beside_readings(here: Loaded, readings_per_s: int, seconds: int) -> tuple[Timing, float]:
    """From submitting a request to its verdict, at random moments; and the share of the readings that was decided."""
    with frozen_collector():
        return asyncio.run(_flow(here, readings_per_s, seconds))


async def _flow(here: Loaded, readings_per_s: int, seconds: int) -> tuple[Timing, float]:
    slices = _messages(here, readings_per_s, seconds)
    requests = [here.plant.request() for _ in range(REQUESTS_PER_S * seconds)]
    runner = Runner(here.gate, Clock(here.plant.tags), lambda: START_US)
    deciding = asyncio.create_task(runner.run())
    feeding = asyncio.create_task(_feed(runner, slices))
    waits = await _ask(runner, requests, here.plant.rng)
    await feeding
    share = (runner.decided - len(waits)) / sum(len(message) for message in slices)
    runner.close()
    await deciding
    return Timing(tuple(sorted(waits))), share


def _messages(here: Loaded, readings_per_s: int, seconds: int) -> list[list[Change]]:
    """The slices of each message."""
    whole, rest = divmod(round(readings_per_s * PUBLISHING_S), SLICE)
    sizes = [SLICE] * whole + [rest] * (rest > 0)
    return [[here.plant.slice(size) for size in sizes] for _ in range(round(seconds / PUBLISHING_S))]


async def _feed(runner: Runner, messages: list[list[Change]]) -> None:
    begin = time.perf_counter()
    for number, message in enumerate(messages, 1):
        for change in message:
            runner.offer(change)
        await asyncio.sleep(max(0.0, begin + number * PUBLISHING_S - time.perf_counter()))


async def _ask(runner: Runner, requests: list[Change], rng: random.Random) -> list[float]:
    waits = []
    for change in requests:
        pause_s = rng.random() * 2 / REQUESTS_PER_S
        await asyncio.sleep(pause_s)
        start = time.perf_counter()
        await runner.submit(change)
        waits.append(time.perf_counter() - start)
    return waits
