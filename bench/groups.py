"""The groups of rows, and how one is measured: in a process of its own."""

from __future__ import annotations

import importlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from bench.harness import Met, Options, Row

FAILED: Final = "failed: "
GROUPS: Final = {
    "gate": "bench.gate_rows",
    "closure": "bench.closure_rows",
    "link": "bench.opcua_rows",
    "replica": "bench.replica_rows",
    "record": "bench.record_rows",
    "explanation": "bench.explanation_rows",
    "web": "bench.web_rows",
    "unbuilt": "bench.unbuilt_rows",
}
"""Each module has `rows(options)`."""


def measure_apart(name: str, options: Options) -> list[Row]:
    """The rows of a group, measured in a fresh process; one row that tells the error where that failed."""
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(measure, name, options).result()
        except Exception as error:  # noqa: BLE001  one group that fails must not take the others' figures along
            return [Row(name, "", "", f"{FAILED}{type(error).__name__}: {error}", Met.NOT_MEASURED)]


def measure(name: str, options: Options) -> list[Row]:
    """The rows of a group, measured in this process."""
    return list(importlib.import_module(GROUPS[name]).rows(options))
