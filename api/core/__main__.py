"""python -m api.core --data DIR --plant DIR: the core as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from api.core.process import CoreProcess
from kg.errors import DataDirectoryLocked, TwinError
from kg.plantfolder import ENDPOINT_VARIABLE, load
from kg.store import DataDirectory

LOCKED = 3
"""Exit code where another twin owns the data directory."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 after an orderly end, 3 where the data directory is taken, 2 where it could not start otherwise."""
    parser = argparse.ArgumentParser(prog="python -m api.core", description="The core of a twin.")
    parser.add_argument("--data", type=Path, required=True, help="the twin's data directory")
    parser.add_argument("--plant", type=Path, required=True, help="the plant folder")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        with DataDirectory(options.data) as data:
            asyncio.run(_serve(options.plant, data))
    except DataDirectoryLocked as error:
        sys.stderr.write(f"{error}\n")
        return LOCKED
    except TwinError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _serve(folder: Path, data: DataDirectory) -> None:
    core = CoreProcess(load(folder, os.environ.get(ENDPOINT_VARIABLE)), data)
    gc.collect()
    gc.freeze()  # the loaded graph is not walked by the collector again
    sys.setswitchinterval(0.0005)  # the recording thread gets and gives the interpreter without delay
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, core.close)
    await core.run()


if __name__ == "__main__":
    raise SystemExit(main())
