"""Whenever the power goes: nothing acknowledged is lost, nothing is half there, and the twin can go on."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy.exc import DBAPIError

from kg.errors import TwinError
from kg.store import DataDirectory

#: Power cuts tried in all; 1,000 in `make soak`.
CUTS = int(os.environ.get("TWINWRIGHT_CUTS", "200"))
RECORDER, GATE, GATEWAY = "recorder_part.py:RecorderPart", "gate_part.py:GatePart", "gateway_part.py:GatewayPart"
#: What the runs keep, by seed, and how many steps they take. Parts of a run do not share files.
_KINDS = (((RECORDER, GATEWAY), 80), ((GATE,), 25))
RUNS = {seed: _KINDS[seed % 2] for seed in range(max(4, CUTS // 50))}

RunTraced = Callable[..., tuple[Path, Path]]
Parts = tuple[str, ...]


def arguments(seed: int, parts: Parts, steps: int) -> list[str]:
    words = [word for part in parts for word in ("--part", part)]
    return ["--seed", str(seed), "--steps", str(steps), "--reopen-every", str(max(steps // 3, 1)), *words]


def put(files: dict[str, bytes], old_root: Path, root: Path) -> None:
    """Write the files of a crashed disk below another root. Shared memory does not survive a power cut."""
    for path, content in files.items():
        if not path.endswith("-shm"):
            target = root / Path(path).relative_to(old_root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def crash_and_check(
    crash: ModuleType,
    workload: ModuleType,
    traced: tuple[Path, Path],
    place: Path,
    seed: int,
    parts: Parts,
    cuts: int,
) -> list[str]:
    """Cut a run at many points and check each; what went wrong, one line each."""
    old_root, trace = traced
    records = crash.read_trace(trace)
    rng = random.Random(f"cuts/{seed}")
    kinds = [workload.load(part) for part in parts]
    disk, done, wrong = crash.Disk(), 0, []
    for number, cut in enumerate(crash.cut_points(records, rng, cuts)):
        for record in records[done:cut]:
            disk.apply(record)
        done = cut
        root = place / str(number)
        root.mkdir()
        files = disk.crashed(rng)
        put(files, old_root, root)
        with DataDirectory(root) as data:
            for kind in kinds:
                try:
                    kind.check(data, seed, crash.acknowledged(files))
                except (AssertionError, TwinError, DBAPIError) as error:
                    wrong.append(f"seed {seed}, cut {number} after record {cut}: {error!s:.300}")
    return wrong


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", RUNS)
def test_power_cuts(crash: ModuleType, workload: ModuleType, run_traced: RunTraced, tmp_path: Path, seed: int) -> None:
    """At each seeded cut every part finds itself whole: see `check` of the parts for what that means."""
    parts, steps = RUNS[seed]
    root, trace = run_traced(*arguments(seed, parts, steps))

    assert (root / "outside" / "controller.jsonl").read_text().count("\n") >= 3
    assert crash_and_check(crash, workload, (root, trace), tmp_path, seed, parts, -(-CUTS // len(RUNS))) == []


def test_trace_is_complete(crash: ModuleType, run_traced: RunTraced) -> None:
    """Applied whole, the trace gives the files that the program left, byte for byte; the shim missed nothing."""
    root, trace = run_traced(*arguments(1009, (RECORDER, GATEWAY), 40))
    disk = crash.Disk()
    records = crash.read_trace(trace)
    for record in records:
        disk.apply(record)

    left = {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert disk.everything() == left
    assert crash.acknowledged(left) == 40
    assert {record.op for record in records} == set("NWTSDRU")


@pytest.mark.parametrize(("seed", "part", "steps"), [(1005, RECORDER, 60), (1007, GATE, 12), (1008, GATEWAY, 60)])
def test_without_syncs_what_was_acknowledged_is_lost(
    crash: ModuleType, workload: ModuleType, run_traced: RunTraced, tmp_path: Path, seed: int, part: str, steps: int
) -> None:
    """The harness can fail: with synchronous=OFF it finds cuts after which something acknowledged is missing."""
    traced = run_traced(*arguments(seed, (part,), steps), "--unsafe")

    assert crash_and_check(crash, workload, traced, tmp_path, seed, (part,), 12)


def test_a_disk_that_lies_about_syncs_is_noticed(
    crash: ModuleType, workload: ModuleType, run_traced: RunTraced, tmp_path: Path
) -> None:
    """The harness can fail: with half of the syncs not done, acknowledged batches are missing after some cuts."""
    root, trace = run_traced(*arguments(1006, (RECORDER,), 60))
    rng = random.Random(6)
    kept = [record for record in crash.read_trace(trace) if record.op != "S" or rng.random() < 0.5]
    lying = tmp_path / "trace"
    lying.write_bytes(b"".join(crash._HEADER.pack(r.op.encode(), r.file, r.offset, len(r.data)) + r.data for r in kept))

    assert crash_and_check(crash, workload, (root, lying), tmp_path, 1006, (RECORDER,), 20)


def test_a_gateway_that_writes_before_its_intent_is_noticed(
    crash: ModuleType, workload: ModuleType, run_traced: RunTraced, tmp_path: Path
) -> None:
    """The harness can fail: it finds the write without an intent of a log that is careless."""
    parts = ("gateway_part.py:CarelessGatewayPart",)
    traced = run_traced(*arguments(1010, parts, 60))

    wrong = crash_and_check(crash, workload, traced, tmp_path, 1010, parts, 40)
    assert any("written without an intent" in line for line in wrong)
