"""The plant as a program: `python -m plants.bottling --seed 7 --speed 20 --inject jam:labeller@60s`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

from plants.bottling.faults import FAULTS, FaultError, Target
from plants.bottling.options import DEFAULT_PORT, PASSWORD_VARIABLE, BottlingOptions
from plants.bottling.panel import Panel
from plants.bottling.server import BottlingServer, ListenError


async def run(options: BottlingOptions, announce: Callable[[str], None] = print) -> None:
    """Runs the plant until its duration is over or a signal (SIGTERM, SIGINT) ends it.

    Raises ListenError and FaultError before anything listens.
    """
    async with BottlingServer(options) as server, _panel(server, options.panel):
        announce(f"listening on {server.url}")
        if options.interactive:
            _read_faults(server, announce)
        work = asyncio.create_task(server.wait_until(options.duration_s))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, work.cancel)
        try:
            await asyncio.wait([work])
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            work.cancel()
        if not work.cancelled():
            work.result()


def main(options: BottlingOptions | None = None) -> int:
    """Runs the plant; without options those of the command line. Returns the exit code: 2 for what the caller can mend.

    The password of the user `gateway` comes from the environment if the options have none.
    """
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    # asyncua reports every refused or cut request of a client; what matters of it is in the write log
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    try:
        asyncio.run(run(parse_options(sys.argv[1:]) if options is None else options, _say))
    except (ListenError, FaultError) as error:
        sentence = error.strerror if isinstance(error, ListenError) else str(error)
        print(sentence, file=sys.stderr)
        return 2
    return 0


def parse_options(arguments: Sequence[str]) -> BottlingOptions:
    """The options of a command line. Ends the program with code 2 and a usage text where they are wrong."""
    defaults = BottlingOptions()
    parser = argparse.ArgumentParser(
        prog="python -m plants.bottling",
        description="A simulated bottling line behind an OPC UA server.",
        epilog=_fault_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=defaults.seed, help="of the hidden parameters and all chance")
    parser.add_argument("--speed", type=float, default=defaults.speed, help="plant seconds per second (0.1 to 100)")
    parser.add_argument("--line", choices=("good", "average"), default=defaults.line, help="how good the line is")
    parser.add_argument("--host", default=defaults.host, help="address to listen on")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one")
    parser.add_argument("--allow-remote", action="store_true", help="listen on other than loopback addresses")
    parser.add_argument("--inject", action="append", default=[], metavar="FAULT", help="may be repeated, see below")
    parser.add_argument("--interactive", action="store_true", help="read faults from standard input, one a line")
    parser.add_argument("--panel", type=Path, metavar="PATH", help="Unix socket of the operator's panel")
    parser.add_argument("--write-log", type=Path, metavar="FILE", help="append every write attempt as a line of JSON")
    parser.add_argument("--duration", type=float, metavar="SECONDS", help="of plant time after which to end")
    parser.add_argument("--start-hour", type=int, default=defaults.start_hour, help="of the plant's first day")
    parser.add_argument("--watchdog", type=float, default=defaults.watchdog_s, metavar="SECONDS", help="wall time")
    given = parser.parse_args(arguments)
    try:
        return BottlingOptions(
            seed=given.seed,
            speed=given.speed,
            host=given.host,
            port=given.port,
            allow_remote=given.allow_remote,
            inject=tuple(given.inject),
            interactive=given.interactive,
            panel=given.panel,
            write_log=given.write_log,
            line=given.line,
            password=os.environ.get(PASSWORD_VARIABLE),
            duration_s=given.duration,
            start_hour=given.start_hour,
            watchdog_s=given.watchdog,
        )
    except ValueError as error:
        parser.error(str(error))


def _panel(server: BottlingServer, path: Path | None) -> AbstractAsyncContextManager[object]:
    return nullcontext() if path is None else Panel(server, path)


def _fault_help() -> str:
    rows = [
        f"  {kind if target is Target.NOTHING else kind + ':TARGET':24}{what}"
        for kind, (target, what) in FAULTS.items()
    ]
    head = "faults, as KIND[:TARGET][@START][+DURATION], such as jam:labeller@60s+2m:"
    tail = f"The password of the user gateway comes from {PASSWORD_VARIABLE}; without it nobody may write."
    return "\n".join([head, *rows, "", tail])


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _read_faults(server: BottlingServer, announce: Callable[[str], None]) -> None:
    """Injects what is typed. A thread reads, because a blocked read cannot be cancelled."""
    loop = asyncio.get_running_loop()

    def inject(text: str) -> None:
        try:
            server.inject(text)
        except FaultError as error:
            announce(str(error))

    def read() -> None:
        for text in sys.stdin:
            if text.strip():
                loop.call_soon_threadsafe(inject, text)

    threading.Thread(target=read, name="faults", daemon=True).start()
