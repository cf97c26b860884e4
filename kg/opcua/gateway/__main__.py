"""python -m kg.opcua.gateway --data DIR --plant DIR: the write gateway as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from kg.errors import TwinError
from kg.opcua.gateway.assembly import build
from kg.opcua.gateway.lock import GatewayLock

USER = "TWINWRIGHT_GATEWAY_USER"
PASSWORD = "TWINWRIGHT_GATEWAY_PASSWORD"  # noqa: S105  the name of the variable, not a password


def main(arguments: Sequence[str] | None = None) -> int:
    """0 after an orderly end, 2 where it could not start; the reason goes to stderr."""
    parser = argparse.ArgumentParser(prog="python -m kg.opcua.gateway", description="The write gateway of a twin.")
    parser.add_argument("--data", type=Path, required=True, help="the twin's data directory")
    parser.add_argument("--plant", type=Path, required=True, help="the plant folder")
    parser.add_argument("--endpoint", help="the OPC UA address, where it differs from the model's")
    name = os.environ.get(USER, "gateway")
    parser.add_argument("--user", default=name, help=f"OPC UA user name (default: {USER}, else gateway)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(_serve(options.data, options.plant, options.endpoint, options.user, os.environ.get(PASSWORD)))
    except TwinError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _serve(data: Path, plant: Path, endpoint: str | None, user: str, password: str | None) -> None:
    lock = GatewayLock(data)
    try:
        gateway = build(data, plant, user=user, password=password, endpoint=endpoint)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, gateway.close)
        await gateway.run()
    finally:
        lock.close()


if __name__ == "__main__":
    raise SystemExit(main())
