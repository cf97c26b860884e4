"""The link: keeps one OPC UA server subscribed for as long as the twin runs, and says so when it can't.

It supervises itself: connect, resolve the namespaces of this session, subscribe, watch; when the session is lost,
give it up, wait, begin again. Each loss leaves `tw:connected false`, each return a gap fact and every present value,
flagged INITIAL and AFTER_GAP. A node that the server refuses is reported as a reading with the server's status and
asked for again from time to time; it never holds up the others.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from rdflib import URIRef

from kg.bindings import DATA_TYPES, Binding, Server
from kg.change import ReadingFlag, TagId
from kg.errors import LinkDown, TwinError
from kg.opcua.facts import Gap, connection_change, gap_change
from kg.opcua.nodes import resolve
from kg.opcua.session import (
    FAILURES,
    Limits,
    Timeouts,
    close_session,
    open_session,
    read_limits,
    read_namespaces,
    standard_node,
    told,
)
from kg.opcua.subscription import Counters, Item, Sampling, Sink, Subscription
from kg.opcua.values import micros, status_name

_log = logging.getLogger(__name__)
_CURRENT_TIME = standard_node(ObjectIds.Server_ServerStatus_CurrentTime)


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """How the link behaves; times in wall seconds."""

    sampling: Sampling = field(default_factory=Sampling)
    timeouts: Timeouts = field(default_factory=Timeouts)
    first_delay_s: float = 0.2
    """Before the first new attempt; doubled with each failure up to `longest_delay_s`."""
    longest_delay_s: float = 10.0
    watchdog_s: float = 1.0
    """How often the server's clock is read, which proves that it answers."""
    silence_s: float = 8.0
    """Without any publish response for this long the session is given up."""
    retry_items_s: float = 30.0
    """How often refused nodes are asked for again."""
    gaps_kept: int = 50
    """Gap nodes that stay in the graph; older ones remain in the journal."""


def wall_us() -> int:
    """Wall time in microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


class Link:
    """One server's subscription, supervised. `run` lives until `close`.

    `tags` gives history's number of each property; bindings of other servers are left alone. `last_received_us` is
    the wall time of the last sample that an earlier run has left in history; the time since is then a gap.
    """

    def __init__(
        self,
        server: Server,
        bindings: Iterable[Binding],
        tags: Mapping[URIRef, TagId],
        sink: Sink,
        *,
        options: LinkOptions | None = None,
        now_us: Callable[[], int] = wall_us,
        last_received_us: int | None = None,
    ) -> None:
        self._server = server
        self._items = [_item(binding, tags) for binding in bindings if binding.server == server.iri]
        self._sink = sink
        self._options = options or LinkOptions()
        self._now_us = now_us
        self._silent_since_us = last_received_us
        self._cause = "not yet connected"
        self._gap_cause = "the twin was not running"
        self._counters = Counters()
        self._gaps: deque[Gap] = deque()
        self._subscriptions: list[Subscription] = []
        self._refused: dict[URIRef, int] = {}
        self._nodes: dict[int, list[tuple[int, ua.NodeId]]] = {}
        self._limits = Limits()
        self._connected: bool | None = None
        self._since_us: int | None = None
        self._offset_us: int | None = None
        self._newest_us = 0
        self._missed: asyncio.Event = asyncio.Event()
        self._lost: asyncio.Future[str] | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        return self._connected is True

    async def run(self) -> None:
        """Stay subscribed until `close`. Failures of the server never end it."""
        self._task = asyncio.current_task()
        delay_s = self._options.first_delay_s
        try:
            while not self._closing.is_set():
                if await self._one_session():
                    delay_s = self._options.first_delay_s
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), delay_s)
                delay_s = min(2 * delay_s, self._options.longest_delay_s)
        except asyncio.CancelledError:
            if not self._closing.is_set():
                raise
        finally:
            self._task = None

    async def close(self, within_s: float = 2.0) -> None:
        """End `run` and the session; a server that does not answer is left after the time. Idempotent."""
        self._closing.set()
        self._lose("the twin ends")
        task = self._task
        if task is None or task is asyncio.current_task():
            return
        _, pending = await asyncio.wait({task}, timeout=within_s / 2)
        if pending:
            task.cancel()
            await asyncio.wait({task}, timeout=within_s / 2)

    def status(self) -> dict[str, Any]:
        """What `link status` shows, as plain JSON."""
        last = max((s.last_publish_us for s in self._subscriptions), default=0)
        return {
            "url": self._server.url,
            "connected": self.is_connected,
            "since_us": self._since_us,
            "items": len(self._items) - len(self._refused),
            "refused": {str(prop): status_name(code) for prop, code in sorted(self._refused.items())},
            "subscription_id": self._subscriptions[0].id if self._subscriptions else None,
            "last_publish_us": last or None,
            "clock_offset_us": self._offset_us,
            "cause": None if self.is_connected else self._cause,
            **asdict(self._counters),
        }

    async def _one_session(self) -> bool:
        """Connect, watch, give up. True if the session had come to life."""
        client: Client | None = None
        self._lost = asyncio.get_running_loop().create_future()
        self._missed.clear()
        try:
            client = await self._connect()
            async with asyncio.timeout(self._options.timeouts.connect_s * 4):
                await self._subscribe(client)
            self._tell_connected()
            self._cause = await self._watch(client, self._lost)
        except (TwinError, *FAILURES) as error:
            self._cause = error.message if isinstance(error, TwinError) else told(error)
        except Exception as error:  # noqa: BLE001  a server may answer anything; the supervisor must outlive it
            _log.exception("the session with %s broke in an unforeseen way", self._server.url)
            self._cause = told(error)
        finally:
            lived = self.is_connected
            self._tell_lost()
            if client is not None:
                await close_session(client, self._options.timeouts)
        return lived

    async def _connect(self) -> Client:
        return await open_session(self._server.url, "link", self._options.timeouts, self._lose)

    async def _subscribe(self, client: Client) -> None:
        """Subscriptions for all items, in chunks that the server bears."""
        self._limits = await read_limits(client)
        await self._read_clock(client)
        known = resolve((item.node_id for item in self._items), await read_namespaces(client))
        first = self._silent_since_us is None
        flags = ReadingFlag.INITIAL if first else ReadingFlag.INITIAL | ReadingFlag.AFTER_GAP
        size = self._options.sampling.items_per_subscription
        self._subscriptions, self._nodes, self._refused = [], {}, {}
        for start in range(0, len(self._items), size):
            await self._subscribe_some(client, self._items[start : start + size], known, flags)

    async def _subscribe_some(
        self, client: Client, items: Sequence[Item], known: Mapping[str, ua.NodeId | None], flags: int
    ) -> None:
        subscription = Subscription(
            items, self._sink, self._counters, self._now_us, self._lose, self._miss, flags, newest_us=self._newest_us
        )
        await subscription.create(client, self._options.sampling)
        self._subscriptions.append(subscription)
        nodes = [(at, node) for at, item in enumerate(items) if (node := known[item.node_id]) is not None]
        bad = {at: int(StatusCodes.BadNodeIdUnknown) for at, item in enumerate(items) if known[item.node_id] is None}
        bad |= await subscription.watch(client, nodes, self._options.sampling, self._limits.items_per_call)
        self._nodes[subscription.id] = [(at, node) for at, node in nodes if at not in bad]
        self._refused |= {items[at].prop: code for at, code in bad.items()}
        subscription.report_bad(sorted(bad.items()))

    async def _watch(self, client: Client, lost: asyncio.Future[str]) -> str:
        """Wait until the session is lost; returns why."""
        retry_at = time.monotonic() + self._options.retry_items_s
        while not self._closing.is_set():
            await asyncio.wait({lost}, timeout=self._options.watchdog_s)
            if lost.done():
                return lost.result()
            await self._read_clock(client)
            silent_s = time.monotonic() - min((s.last_publish_s for s in self._subscriptions), default=time.monotonic())
            if silent_s > self._options.silence_s:
                return f"the server has published nothing for {silent_s:.0f} s"
            if self._missed.is_set():
                await self._reread(client)
            if self._refused and time.monotonic() > retry_at:
                retry_at = time.monotonic() + self._options.retry_items_s
                await self._retry(client)
        return "the twin ends"

    async def _read_clock(self, client: Client) -> None:
        """Raises TimeoutError where the server does not answer; keeps the offset of its clock."""
        async with asyncio.timeout(self._options.timeouts.request_s):
            before_us = self._now_us()
            (found,) = await client.uaclient.session.read_attributes([_CURRENT_TIME], AttributeIds.Value)
            middle_us = (before_us + self._now_us()) // 2
        theirs = found.Value.Value if found.Value is not None else None
        theirs_us = micros(theirs) if theirs is not None else micros(found.ServerTimestamp)
        self._offset_us = None if theirs_us is None else theirs_us - middle_us

    async def _reread(self, client: Client) -> None:
        """After missing messages: the present values of everything."""
        self._missed.clear()
        for subscription in self._subscriptions:
            await subscription.read_all(client, self._nodes[subscription.id], self._limits.nodes_per_read)

    async def _retry(self, client: Client) -> None:
        """Ask again for what was refused; what is there now begins with its present value."""
        known = resolve((item.node_id for item in self._items), await read_namespaces(client))
        for subscription in self._subscriptions:
            nodes = [
                (at, node)
                for at, item in enumerate(subscription.items)
                if item.prop in self._refused and (node := known[item.node_id]) is not None
            ]
            bad = await subscription.watch(client, nodes, self._options.sampling, self._limits.items_per_call)
            for at, node in nodes:
                prop = subscription.items[at].prop
                if at in bad:
                    self._refused[prop] = bad[at]
                else:
                    del self._refused[prop]
                    self._nodes[subscription.id].append((at, node))

    def _lose(self, cause: str) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(cause)

    def _miss(self, expected: int, found: int) -> None:
        """Messages are missing although the session lives."""
        self._missed.set()
        now_us = self._now_us()
        last = max((s.last_publish_us for s in self._subscriptions), default=now_us)
        self._tell_gap(min(last, now_us), now_us, f"messages {expected} to {found - 1} are missing")

    def _tell_connected(self) -> None:
        now_us = self._now_us()
        if self._silent_since_us is not None:
            self._tell_gap(self._silent_since_us, now_us, self._gap_cause)
            self._silent_since_us = None
        if self._counters.batches and self._connected is False:
            self._counters.reconnects += 1
        self._connected, self._since_us = True, now_us
        self._sink.facts(connection_change(self._server.iri, True, now_us))
        _log.info("%s: connected, %d items", self._server.url, len(self._items) - len(self._refused))

    def _tell_lost(self) -> None:
        now_us = self._now_us()
        if self._connected:
            self._newest_us = max((s.newest_us for s in self._subscriptions), default=self._newest_us)
            self._silent_since_us = max((s.last_publish_us for s in self._subscriptions), default=0) or now_us
            self._gap_cause = self._cause
        self._subscriptions, self._nodes = [], {}
        if self._connected is not False:
            self._connected, self._since_us = False, now_us
            self._sink.facts(connection_change(self._server.iri, False, now_us, self._cause))
            level = logging.INFO if self._closing.is_set() else logging.WARNING
            _log.log(level, "%s: not connected: %s", self._server.url, self._cause)

    def _tell_gap(self, from_us: int, until_us: int, cause: str) -> None:
        self._counters.gaps += 1
        forget = self._gaps.popleft() if len(self._gaps) >= self._options.gaps_kept else None
        self._gaps.append(Gap(self._server.iri, from_us, until_us, cause))
        self._sink.facts(gap_change(self._server.iri, from_us, until_us, cause, forget))


def _item(binding: Binding, tags: Mapping[URIRef, TagId]) -> Item:
    if binding.prop not in tags:
        raise LinkDown(f"{binding.prop} has no tag in history.", prop=str(binding.prop))
    return Item(
        prop=binding.prop,
        tag=tags[binding.prop],
        node_id=binding.node_id,
        kind=DATA_TYPES[binding.data_type],
        is_cyclic=binding.max_age_s is not None,
    )
