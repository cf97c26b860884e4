"""A program that makes things durable and says so: run under the shim, or killed, by the tests beside it.

    python workload.py DIRECTORY --seed 1 --steps 200 --part recorder_part.py:RecorderPart [--part ...] [--unsafe]

Each part does step 1, 2, 3, ... When all parts have returned from a step, the step is acknowledged: its number is
written to DIRECTORY/outside/marker and to standard output. Parts may tell more in that folder (`outside.py`). After a
crash the parts are asked (`check`) whether all that was acknowledged is there, and nothing half. A part is a class in a
file beside this one; see `Part`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import event
from sqlalchemy.pool import Pool

from kg.store import DataDirectory

#: Pages of the write-ahead log between checkpoints: few, so that many checkpoints fall into a short run.
CHECKPOINT_PAGES = 40
_HERE = Path(__file__).parent.absolute()


class Part(Protocol):
    """Something that keeps data in a data directory."""

    def __init__(self, data: DataDirectory, seed: int) -> None:
        """Open what is there, recovering it first; `data` stays owned by the caller."""

    def step(self, number: int) -> None:
        """Make step `number` durable before returning. A step that is there already is passed over."""

    def close(self) -> None: ...

    @classmethod
    def check(cls, data: DataDirectory, seed: int, acknowledged: int) -> None:
        """Recover after a crash. AssertionError or TwinError where an acknowledged step is missing or any is half."""


def load(name: str) -> Any:
    """The part class named `file.py:Class`, the file lying beside this one."""
    file, _, attribute = name.partition(":")
    if str(_HERE) not in sys.path:
        sys.path.append(str(_HERE))  # parts share files that lie beside them
    return getattr(importlib.import_module(Path(file).stem), attribute)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--part", action="append", required=True)
    parser.add_argument("--reopen-every", type=int, default=60)
    parser.add_argument("--unsafe", action="store_true", help="synchronous=OFF, to see that the tests would notice")
    options = parser.parse_args(arguments)

    @event.listens_for(Pool, "checkout")
    def configure(connection: Any, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        if options.unsafe:
            cursor.execute("PRAGMA synchronous=OFF")
        cursor.close()

    kinds = [load(name) for name in options.part]
    with DataDirectory(options.directory) as data:
        marker_file = data.paths.root / "outside" / "marker"
        marker_file.parent.mkdir(exist_ok=True)
        marker = os.open(marker_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        parts = [kind(data, options.seed) for kind in kinds]
        for number in range(1, options.steps + 1):
            for part in parts:
                part.step(number)
            os.write(marker, b"%d\n" % number)
            os.write(1, b"%d\n" % number)
            if number % options.reopen_every == 0:
                for part in parts:
                    part.close()
                parts = [kind(data, options.seed) for kind in kinds]
        for part in parts:
            part.close()
        os.close(marker)


if __name__ == "__main__":
    main(sys.argv[1:])
