"""A twin that is killed finds itself whole, time after time on the same directory."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from kg.store import DataDirectory

KILLS = 5


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("parts", "between"),
    [
        (("recorder_part.py:RecorderPart", "gateway_part.py:GatewayPart"), (5, 40)),
        (("gate_part.py:GatePart",), (2, 12)),
    ],
    ids=["records and gateway", "core and gateway"],
)
def test_sigkill_again_and_again(
    workload: ModuleType, tmp_path: Path, parts: tuple[str, ...], between: tuple[int, int]
) -> None:
    """Five kills at random moments: after each all that was acknowledged is there, and the next run goes on."""
    rng = random.Random(3)
    program = str(Path(workload.__file__ or "").absolute())
    words = [word for part in parts for word in ("--part", part)]
    command = [sys.executable, program, str(tmp_path), "--seed", "8", "--steps", "100000", *words]
    acknowledged = 0
    for _ in range(KILLS):
        until = acknowledged + rng.randint(*between)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as twin:
            assert twin.stdout is not None
            for line in twin.stdout:
                acknowledged = max(acknowledged, int(line))
                if acknowledged >= until:
                    time.sleep(0.1 * rng.random())  # anywhere in the steps that follow
                    twin.kill()
                    break
            # What it acknowledged between the last line read and the kill counts as well.
            acknowledged = max([acknowledged, *(int(line) for line in twin.stdout if line.endswith("\n"))])
        with DataDirectory(tmp_path) as data:
            for part in parts:
                workload.load(part).check(data, 8, acknowledged)
        acknowledged += 1
