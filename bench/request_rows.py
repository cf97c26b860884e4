"""Requests and edits at the Gate: alone, while readings flow, and beside pySHACL."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.flow import beside_readings
from bench.harness import Met, Options, Row, Timing, frozen_collector, quietest, span, time_each
from bench.loaded import Loaded, as_rdflib
from bench.peers import at_request
from bench.plant_shapes import shapes
from reasoner.references.pyshacl_reference import validate as pyshacl_validate

FLOW = 5000
"""Readings a second beside which requests are timed."""
ROUNDS = 3


def of_requests(here: Loaded, options: Options, name: str, kernel_s: float) -> Iterator[Row]:
    """An edit of ten triples, a request alone, and requests beside readings."""
    edit = quietest(ROUNDS, lambda: _edits(here, options))
    yield Row(
        f"an edit of ten triples, {name}",
        "p99 <= 1 ms",
        "<= 0.3 ms",
        edit.text(kernel_s),
        Met.of(edit.p99, 1e-3, 0.3e-3),
        "five limits replaced; five facts derived or withdrawn",
    )
    alone = quietest(ROUNDS, lambda: _requests(here, options))
    yield Row(
        f"a setpoint request, alone, {name}",
        "p99 <= 1 ms",
        "<= 0.3 ms",
        alone.text(kernel_s),
        Met.of(alone.p99, 1e-3, 0.3e-3),
        "twelve triples, judged on both projections and admitted",
    )
    flow, share = beside_readings(here, FLOW, options.some(10, 3))
    here.clear_requests()
    yield Row(
        f"a setpoint request while {FLOW:,} readings/s flow, {name}",
        "p99 <= 5 ms",
        "<= 1 ms",
        f"{flow.text(kernel_s)}; {share:.0%} of the readings were decided in time",
        Met.of(flow.p99, 5e-3, 1e-3) if share >= 0.98 else Met.NO,
        "from submission to verdict through the Runner; messages of 500 readings every 100 ms",
    )


def _edits(here: Loaded, options: Options) -> Timing:
    changes = [change for _ in range(options.some(200, 50)) for change in here.plant.relimit()]
    return time_each([lambda change=change: here.decide(change) for change in changes])  # type: ignore[misc]


def _requests(here: Loaded, options: Options) -> Timing:
    changes = [here.plant.request() for _ in range(options.some(300, 60))]
    timing = time_each([lambda change=change: here.decide(change) for change in changes])  # type: ignore[misc]
    here.clear_requests()
    return timing


def against_pyshacl(here: Loaded, size: int, options: Options) -> Iterator[Row]:
    """pySHACL on the same triples and shapes: told nothing, and told which nodes to look at."""
    ours = _requests(here, options)
    data = as_rdflib(here.plant.graph)
    start = time.perf_counter()
    with frozen_collector():
        pyshacl_validate(data, shapes())
    full_s = time.perf_counter() - start
    ratio = full_s / ours.p50
    yield Row(
        f"a setpoint request against full pySHACL, {size:,} triples",
        ">= 10,000x at 10^6 triples",
        "",
        f"{ratio:,.0f}x (pySHACL {span(full_s)} for {len(data):,} triples)",
        Met.INFO if size < 1_000_000 else Met.YES if ratio >= 10_000 else Met.NO,
        "pySHACL's time grows with the graph",
    )
    told_s = at_request(data, shapes(), here.plant.request(machine=3).adds)
    ratio = told_s / ours.p50
    yield Row(
        f"a setpoint request against pySHACL told where to look, {size:,} triples",
        "",
        ">= 10x",
        f"{ratio:,.1f}x (pySHACL {span(told_s)})",
        Met.AIM if ratio >= 10 else Met.INFO,
        "pySHACL is given the request and the two shapes that judge requests; the Gate finds out by itself",
    )
