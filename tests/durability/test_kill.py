"""A twin that is killed leaves whole batches, time after time on the same directory."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from kg.store import DataDirectory

PARTS = ("recorder_part.py:RecorderPart",)
KILLS = 6


def test_sigkill_again_and_again(workload: ModuleType, tmp_path: Path) -> None:
    """Six kills at random moments: after each, all acknowledged batches are there, and the next run goes on."""
    rng = random.Random(3)
    program = str(Path(workload.__file__ or "").absolute())
    words = [word for part in PARTS for word in ("--part", part)]
    command = [sys.executable, program, str(tmp_path), "--seed", "8", "--steps", "100000", *words]
    acknowledged = 0
    for _ in range(KILLS):
        until = acknowledged + rng.randint(10, 60)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as twin:
            assert twin.stdout is not None
            for line in twin.stdout:
                acknowledged = max(acknowledged, int(line))
                if acknowledged >= until:
                    twin.kill()
                    break
            # What it acknowledged between the last line read and the kill counts as well.
            acknowledged = max([acknowledged, *(int(line) for line in twin.stdout if line.endswith("\n"))])
        with DataDirectory(tmp_path) as data:
            for part in PARTS:
                workload.load(part).check(data, 8, acknowledged)
        acknowledged += 1
