"""The replica's process: `python -m kg.replica --data DIR`.

Ends with 0 when told to, and with 75 (try again) when a query could not be ended; the supervisor starts it anew.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from kg.channel import AsyncClient, Server
from kg.errors import TwinError
from kg.replica.answer import Limits
from kg.replica.follow import Follower
from kg.replica.isolation import leave_network, limit_memory
from kg.replica.mirror import DEFAULT_SWAP_AFTER, Mirror
from kg.replica.prefixes import PREFIXES
from kg.replica.recorded import recorded_quads
from kg.replica.service import QueryService
from kg.tokens import CORE, REPLICA, read_tokens, socket_path, viewers

TRY_AGAIN = 75


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code. Runs until SIGTERM, SIGINT or a query that cannot be ended."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    isolated = leave_network()
    limit_memory(options.memory_mb)
    try:
        return asyncio.run(_serve(options, isolated))
    except TwinError as error:
        sys.stderr.write(f"{error}\n")
        return 3


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m kg.replica", description="SPARQL over a copy of the graph.")
    parser.add_argument("--data", type=Path, required=True, help="data directory of the twin")
    parser.add_argument("--timeout-s", type=float, default=10.0, help="default time limit of a query")
    parser.add_argument("--rows", type=int, default=10_000, help="default row limit of a query")
    parser.add_argument("--memory-mb", type=int, default=4096, help="address space that the process may use")
    parser.add_argument("--coalesce-ms", type=int, default=200, help="how long readings are gathered")
    parser.add_argument("--swap-after", type=int, default=DEFAULT_SWAP_AFTER, help="dead quads before a fresh store")
    parser.add_argument("--prefix", action="append", default=[], metavar="NAME=IRI", help="a prefix of the plant")
    return parser.parse_args(arguments)


async def _serve(options: argparse.Namespace, isolated: bool) -> int:
    tokens = read_tokens(options.data)
    core = AsyncClient(socket_path(options.data, CORE), tokens[REPLICA])
    mirror = Mirror(options.swap_after)
    follower = Follower(mirror, core, lambda: recorded_quads(options.data), options.coalesce_ms / 1000)
    prefixes = PREFIXES | dict(pair.split("=", 1) for pair in options.prefix)
    service = QueryService(follower, prefixes, Limits(options.timeout_s, options.rows), isolated)
    server = Server(socket_path(options.data, REPLICA), viewers(tokens))
    service.serve_on(server)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await server.start()
    following = asyncio.create_task(follower.run())
    ends = [asyncio.create_task(told.wait()), asyncio.create_task(service.over.wait()), following]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    await server.stop()
    code = TRY_AGAIN if service.over.is_set() else 0 if told.is_set() else 4
    if service.busy:
        os._exit(code)  # the thread of a query would keep an orderly exit waiting, perhaps for ever
    service.close()
    for task in ends:
        task.cancel()
    await asyncio.gather(*ends, return_exceptions=True)
    await core.close()
    return code


if __name__ == "__main__":
    raise SystemExit(main())
