"""The replica's methods on the request channel: `query` and `status`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from kg.change import Source
from kg.channel import Body, Server
from kg.errors import QueryOverLimit, QueryRefused, ServiceDown
from kg.replica.answer import Answer, Limits, run_query
from kg.replica.follow import Follower
from kg.replica.formats import Wanted
from kg.replica.gather import out_of_time
from kg.replica.safety import check_query

_LOG = logging.getLogger(__name__)
_THREADS = 4
_WAITING = 16
_LONGEST_S = 60.0
_MOST_ROWS = 100_000
_GRACE_S = 0.25
_STUCK_GRACE_S = 2.0
_Told: TypeAlias = dict[str, Any]


class QueryService:
    """Answers queries on threads. A query that Oxigraph does not end in time ends the process: `over` is set."""

    def __init__(
        self, follower: Follower, prefixes: Mapping[str, str], limits: Limits | None = None, isolated: bool = False
    ) -> None:
        self._follower = follower
        self._prefixes = prefixes
        self._limits = limits if limits is not None else Limits()
        self._isolated = isolated
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="query")
        self._running: set[asyncio.Future[_Told]] = set()
        self._watchers: set[asyncio.Task[None]] = set()
        self._counts: Counter[str] = Counter(answered=0, refused=0, out_of_time=0)
        self.over = asyncio.Event()
        """Set when a query cannot be ended; the process must make way for a fresh one."""

    def serve_on(self, server: Server) -> None:
        server.unary("query", self.query)
        server.unary("status", self.status)

    async def query(self, source: Source, body: Body) -> dict[str, Any]:
        """{"query", "timeout_s"?, "limit"?, "min_seq"?, "format"?} -> Answer.to_json plus seq, generation, seconds.

        With {"formats": {"table": name or null, "graph": name or null}} in place of `format` it is
        Answer.to_text_json: the answer as text in the format of its kind, nothing where that is null.
        Raises QueryRefused, QueryOverLimit, or ServiceDown where `min_seq` is not reached in time.
        """
        if self.over.is_set() or len(self._running) >= _WAITING:
            raise ServiceDown("The replica is busy; try again in a moment.", part="replica")
        limits = self._limits_of(body)
        await self._follower.reach(int(body.get("min_seq") or 0), limits.seconds)
        mirror = self._follower.mirror
        seq, generation, began = mirror.seq, mirror.generation, time.monotonic()
        formats = body.get("formats")
        wanted = Wanted(graph=str(body.get("format") or "turtle")) if formats is None else Wanted(**formats)
        as_json = Answer.to_json if formats is None else Answer.to_text_json
        try:
            told = await self._run(str(body["query"]), limits, wanted, as_json)
        except (QueryRefused, QueryOverLimit) as refusal:
            self._counts["out_of_time" if refusal.facts.get("limit") == "time" else "refused"] += 1
            raise
        self._counts["answered"] += 1
        return {**told, "seq": seq, "generation": generation, "seconds": time.monotonic() - began}

    async def status(self, source: Source, body: Body) -> dict[str, Any]:
        """How far the replica has come and what it did."""
        mirror = self._follower.mirror
        return {
            "seq": mirror.seq,
            "generation": mirror.generation,
            "quads": len(mirror.store),
            "dead": mirror.dead,
            "connected": self._follower.connected,
            "isolated": self._isolated,
            "running": len(self._running),
            "queries": dict(self._counts),
        }

    @property
    def busy(self) -> bool:
        """True while a query runs."""
        return bool(self._running)

    def close(self) -> None:
        """Take no more queries; running ones are left to their fate. Idempotent."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, text: str, limits: Limits, wanted: Wanted, as_json: Callable[[Answer], _Told]) -> _Told:
        store = self._follower.mirror.store

        def work() -> _Told:
            return as_json(run_query(store, check_query(text), self._prefixes, limits, wanted))

        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        try:
            async with asyncio.timeout(limits.seconds + _GRACE_S):
                return await asyncio.shield(running)
        except TimeoutError:
            self._watch(running, _STUCK_GRACE_S)
            raise out_of_time(limits.seconds) from None
        except asyncio.CancelledError:
            self._watch(running, limits.seconds + _STUCK_GRACE_S)  # nobody waits for it, but it holds a thread
            raise

    def _watch(self, running: asyncio.Future[_Told], within_s: float) -> None:
        task = asyncio.create_task(self._end_if_stuck(running, within_s))
        self._watchers.add(task)
        task.add_done_callback(self._watchers.discard)

    async def _end_if_stuck(self, running: asyncio.Future[_Told], within_s: float) -> None:
        with contextlib.suppress(QueryRefused, QueryOverLimit, TimeoutError):
            async with asyncio.timeout(within_s):
                await asyncio.shield(running)
        if not running.done():
            _LOG.warning("a query cannot be ended; making way for a fresh process")
            self.over.set()

    def _limits_of(self, body: Body) -> Limits:
        default = self._limits
        seconds = float(body.get("timeout_s") or default.seconds)
        rows = int(body.get("limit") or default.rows)
        if not 0 < seconds <= _LONGEST_S:
            raise QueryRefused(f"The time limit must be above 0 and at most {_LONGEST_S:g} s.", limit="time")
        if not 0 < rows <= _MOST_ROWS:
            raise QueryRefused(f"The row limit must be above 0 and at most {_MOST_ROWS}.", limit="rows")
        return Limits(seconds, rows, default.characters)
