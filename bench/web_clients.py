"""People and programs at the doors: `python -m bench.web_clients --url U --token T... --clients N --seconds S`.

Each client asks for something once a second, as a page that refreshes does; one in five follows the events instead.
Prints one line of JSON: requests, failures by status, p50 and p99 in seconds, events seen.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
import time
from collections import Counter

import httpx

QUERY = "SELECT ?p ?o WHERE { <https://w3id.org/twinwright/bench#m0.0> ?p ?o } LIMIT 20"
ASKED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/v1/sparql", {"query": QUERY}),
    ("/v1/sparql", {"query": QUERY}),
    ("/v1/proposals", {}),
    ("/v1/decisions", {"limit": "20"}),
    ("/v1/violations", {"limit": "20"}),
    ("/v1/stops", {}),
)


class Account:
    """What became of the requests."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.failures: Counter[str] = Counter()
        self.events = 0

    def to_json(self) -> str:
        ordered = sorted(self.seconds) or [0.0]
        p50, p99 = (ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99))
        told = {"requests": len(self.seconds), "failures": dict(self.failures), "p50_s": p50, "p99_s": p99}
        return json.dumps(told | {"events": self.events})


async def _asks(client: httpx.AsyncClient, account: Account, until: float, rng: random.Random) -> None:
    await asyncio.sleep(rng.random())
    while time.monotonic() < until:
        path, params = rng.choice(ASKED)
        start = time.monotonic()
        try:
            answer = await client.get(path, params=params)
            if answer.status_code >= 400:
                account.failures[f"{path} {answer.status_code}"] += 1
        except httpx.HTTPError as error:
            account.failures[f"{path} {type(error).__name__}"] += 1
        account.seconds.append(time.monotonic() - start)
        await asyncio.sleep(max(0.0, 1.0 - (time.monotonic() - start)))


async def _follows(client: httpx.AsyncClient, account: Account, until: float) -> None:
    while time.monotonic() < until:
        try:
            async with asyncio.timeout(until - time.monotonic()), client.stream("GET", "/v1/events") as stream:
                async for line in stream.aiter_lines():
                    account.events += line.startswith("data:")
        except TimeoutError:
            return
        except httpx.HTTPError as error:
            account.failures[f"/v1/events {type(error).__name__}"] += 1
            await asyncio.sleep(1)


async def load(url: str, tokens: list[str], clients: int, seconds: float) -> Account:
    """Be so many clients for so long."""
    account, until, rng = Account(), time.monotonic() + seconds, random.Random(3)
    limits = httpx.Limits(max_connections=2)
    async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for number in range(clients):
            headers = {"Authorization": f"Bearer {tokens[number % len(tokens)]}"}
            client = httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=30)
            await stack.enter_async_context(client)
            follows = number % 5 == 4
            group.create_task(_follows(client, account, until) if follows else _asks(client, account, until, rng))
    return account


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.web_clients")
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True, nargs="+", help="of the people among whom the clients are shared out")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    os.nice(10)  # people look from machines of their own; here they must at least not go first
    account = asyncio.run(load(given.url, given.token, given.clients, given.seconds))
    sys.stdout.write(account.to_json() + "\n")


if __name__ == "__main__":
    main()
