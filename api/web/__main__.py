"""The web process: `python -m api.web --data DIR --plant DIR [--panel SOCKET]`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from api.settings import Settings
from kg.errors import TwinError
from kg.plantfolder import ENDPOINT_VARIABLE, load

_DRAIN_S = 2
_MOST_CONNECTIONS = 1024
_NICENESS = 5
"""People who look must not slow what controls: on a busy machine core and gateway go first."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 after an orderly end, 2 where it could not start."""
    parser = argparse.ArgumentParser(prog="python -m api.web", description="API and console of a twin.")
    parser.add_argument("--data", type=Path, required=True, help="the twin's data directory")
    parser.add_argument("--plant", type=Path, required=True, help="the plant folder")
    parser.add_argument("--panel", type=Path, help="socket of a simulated plant's operator panel")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    os.nice(_NICENESS)
    # the console's toolkit would otherwise make a folder where the process was started
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(given.data / "run" / "console"))
    try:
        asyncio.run(_serve(given.data, given.plant, given.panel))
    except TwinError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _serve(data: Path, folder: Path, panel: Path | None) -> None:
    from api.web.app import build_app  # after NICEGUI_STORAGE_PATH is set
    from api.web.twin import Twin

    sys.setswitchinterval(0.0005)  # threads that read the record give the interpreter back without delay
    settings = Settings.of()
    twin = Twin(data, load(folder, os.environ.get(ENDPOINT_VARIABLE)), settings, panel)
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(twin),
            host=settings.web_host,
            port=settings.web_port,
            ssl_certfile=settings.web_certificate,
            ssl_keyfile=settings.web_key,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_S,
            http="h11",  # httptools takes headers without end, before anybody is asked who he is
            ws_max_size=1 << 20,
            limit_concurrency=_MOST_CONNECTIONS,
            h11_max_incomplete_event_size=128 << 10,
        )
    )
    loop = asyncio.get_running_loop()
    serving = asyncio.ensure_future(server.serve())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    try:
        await serving
    finally:
        await twin.close()


if __name__ == "__main__":
    sys.exit(main())
