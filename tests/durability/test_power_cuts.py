"""Whenever the power goes: nothing acknowledged is lost, nothing is half there, and the twin can go on."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from kg.errors import TwinError
from kg.store import DataDirectory

#: Power cuts tried in all; 1,000 in `make soak`.
CUTS = int(os.environ.get("TWINWRIGHT_CUTS", "200"))
SEEDS = (1, 2, 3, 4)
PARTS = ("recorder_part.py:RecorderPart",)
STEPS = 100

RunTraced = Callable[..., tuple[Path, Path]]


def arguments(seed: int) -> list[str]:
    return [
        "--seed",
        str(seed),
        "--steps",
        str(STEPS),
        "--reopen-every",
        "40",
        *(word for part in PARTS for word in ("--part", part)),
    ]


def put(files: dict[str, bytes], old_root: Path, root: Path) -> None:
    """Write the files of a crashed disk below another root. Shared memory does not survive a power cut."""
    for path, content in files.items():
        if not path.endswith("-shm"):
            target = root / Path(path).relative_to(old_root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def crash_and_check(
    crash: ModuleType, workload: ModuleType, traced: tuple[Path, Path], place: Path, seed: int, cuts: int
) -> list[str]:
    """Cut a run at many points and check each; what went wrong, one line each."""
    old_root, trace = traced
    records = crash.read_trace(trace)
    rng = random.Random(f"cuts/{seed}")
    parts = [workload.load(part) for part in PARTS]
    disk, done, wrong = crash.Disk(), 0, []
    for number, cut in enumerate(crash.cut_points(records, rng, cuts)):
        for record in records[done:cut]:
            disk.apply(record)
        done = cut
        root = place / str(number)
        root.mkdir()
        put(disk.crashed(rng), old_root, root)
        with DataDirectory(root) as data:
            for part in parts:
                try:
                    part.check(data, seed, crash.acknowledged(records[:cut]))
                except (AssertionError, TwinError) as error:
                    wrong.append(f"seed {seed}, cut {number} after record {cut}: {error!s:.200}")
    return wrong


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
def test_power_cuts(crash: ModuleType, workload: ModuleType, run_traced: RunTraced, tmp_path: Path, seed: int) -> None:
    """At each seeded cut: the chain verifies, seals match, all acknowledged batches are there, one more can follow."""
    traced = run_traced(*arguments(seed))

    assert crash_and_check(crash, workload, traced, tmp_path, seed, -(-CUTS // len(SEEDS))) == []


def test_trace_is_complete(crash: ModuleType, run_traced: RunTraced) -> None:
    """Applied whole, the trace gives the files that the program left, byte for byte; the shim missed nothing."""
    root, trace = run_traced(*arguments(9))
    disk = crash.Disk()
    records = crash.read_trace(trace)
    for record in records:
        disk.apply(record)

    left = {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert disk.everything() == left
    assert crash.acknowledged(records) == STEPS
    ops = {record.op for record in records}
    assert ops == set("NWTSDRU")


def test_without_syncs_acknowledged_batches_are_lost(
    crash: ModuleType, workload: ModuleType, run_traced: RunTraced, tmp_path: Path
) -> None:
    """The harness can fail: with synchronous=OFF it finds cuts after which acknowledged batches are missing."""
    traced = run_traced(*arguments(5), "--unsafe")

    assert crash_and_check(crash, workload, traced, tmp_path, 5, 30)


def test_a_disk_that_lies_about_syncs_is_noticed(
    crash: ModuleType, workload: ModuleType, run_traced: RunTraced, tmp_path: Path
) -> None:
    """The harness can fail: with half of the syncs not done, acknowledged batches are missing after some cuts."""
    root, trace = run_traced(*arguments(6))
    rng = random.Random(6)
    kept = [record for record in crash.read_trace(trace) if record.op != "S" or rng.random() < 0.5]
    lying = tmp_path / "trace"
    lying.write_bytes(b"".join(crash._HEADER.pack(r.op.encode(), r.file, r.offset, len(r.data)) + r.data for r in kept))

    assert crash_and_check(crash, workload, (root, lying), tmp_path, 6, 30)
