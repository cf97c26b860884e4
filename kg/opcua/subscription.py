"""One subscription: monitored items in, whole batches of readings out.

asyncua's own Subscription makes a task or a queue entry per value and drops what does not fit. Here the callback
of the publish loop is ours: it gets each PublishResponse whole and makes one list of readings of it. While the
receiver has no room the callback waits, the next PublishRequest waits with it, and the server's queues fill: what
they lose they mark with the overflow bit, so that no loss is silent.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from rdflib import URIRef

from kg.change import Change, Reading, ReadingFlag, TagId
from kg.errors import LinkDown
from kg.opcua.values import OVERFLOW, fits, micros, plain

_log = logging.getLogger(__name__)

#: How often a receiver without room is asked again.
_ASK_AGAIN_S = 0.005
_FILTER_REFUSED = frozenset(
    {
        StatusCodes.BadMonitoredItemFilterUnsupported,
        StatusCodes.BadMonitoredItemFilterInvalid,
        StatusCodes.BadFilterNotAllowed,
    }
)


class Sink(Protocol):
    """Where the link leaves what it sees. Calls come from the event loop and must be quick."""

    @property
    def has_room(self) -> bool:
        """False while more waits than the receiver keeps up with."""

    def readings(self, batch: list[Reading]) -> None:
        """The readings of one message, in the order in which the server reported them."""

    def facts(self, change: Change) -> None:
        """A fact about the link itself; see `kg.opcua.facts`."""


@dataclass(frozen=True, slots=True)
class Item:
    """A property to be watched."""

    prop: URIRef
    tag: TagId
    node_id: str
    """With its namespace URI."""
    kind: type
    """The Python type of its values."""
    is_cyclic: bool
    """True where a new time stamp is news although the value stays: its silence means something."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """What is asked of the server. Times in milliseconds and seconds of wall time."""

    publishing_ms: float = 100.0
    sampling_ms: float = 100.0
    queue_size: int = 100
    """Samples an item may hold between two messages; with 1 a loss could not even be noticed."""
    keep_alive_s: float = 2.0
    """A silent subscription says so this often."""
    lifetime_s: float = 60.0
    """How long the server keeps a subscription that nobody collects."""
    items_per_subscription: int = 10_000
    notifications_per_publish: int = 10_000


@dataclass(slots=True)
class Counters:
    """What has gone through a link since it was made; they outlive sessions."""

    received: int = 0
    batches: int = 0
    duplicates: int = 0
    """Samples equal to the one before in value, status and source time; not passed on."""
    overflow: int = 0
    """Samples that say the server's queue has lost others before them."""
    out_of_order: int = 0
    """Samples older than the one before of the same item; passed on."""
    reconnects: int = 0
    gaps: int = 0
    dropped: int = 0
    """Samples that the receiver did not take."""


@dataclass(slots=True)
class Subscription:
    """The items of one server subscription. Made anew with each session."""

    items: Sequence[Item]
    sink: Sink
    counters: Counters
    now_us: Callable[[], int]
    on_lost: Callable[[str], None]
    on_missed: Callable[[int, int], None]
    """Called with the first missing and the next received sequence number when messages are missing."""
    flags: int = ReadingFlag.INITIAL
    """Flags of each item's first reading."""
    id: int = 0
    last_publish_s: float = field(default_factory=time.monotonic)
    last_publish_us: int = 0
    newest_us: int = 0
    """The newest source time seen: how late it is in the plant."""
    _sequence: int = 0
    _last: list[tuple[object, int, int] | None] = field(default_factory=list)

    async def create(self, client: Client, sampling: Sampling) -> None:
        """The subscription, still without items. Raises what `session.FAILURES` holds."""
        period_s = sampling.publishing_ms / 1000
        parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=sampling.publishing_ms,
            RequestedLifetimeCount=max(math.ceil(sampling.lifetime_s / period_s), 30),
            RequestedMaxKeepAliveCount=max(math.ceil(sampling.keep_alive_s / period_s), 1),
            MaxNotificationsPerPublish=sampling.notifications_per_publish,
            PublishingEnabled=True,
            Priority=0,
        )
        self._last = [None] * len(self.items)
        result = await client.uaclient.session.create_subscription(parameters, self.publish)
        self.id = int(result.SubscriptionId)

    async def watch(
        self, client: Client, nodes: Sequence[tuple[int, ua.NodeId]], sampling: Sampling, per_call: int
    ) -> dict[int, int]:
        """Monitor the items at these positions. Returns the status codes of those that the server refused.

        An item whose filter is refused is asked for without one. Raises what `session.FAILURES` holds.
        """
        refused: dict[int, int] = {}
        for part in chunks(nodes, per_call):
            bad = await self._monitor(client, part, sampling, filtered=True)
            again = [(position, node) for position, node in part if bad.get(position) in _FILTER_REFUSED]
            if again:
                bad = {p: code for p, code in bad.items() if code not in _FILTER_REFUSED}
                bad |= await self._monitor(client, again, sampling, filtered=False)
            refused |= bad
        return refused

    async def publish(self, result: ua.PublishResult) -> None:
        """The publish loop's callback: one message, one batch."""
        self.last_publish_s = time.monotonic()
        self.last_publish_us = self.now_us()
        message = result.NotificationMessage
        data = message.NotificationData
        if not data:
            return
        if message.SequenceNumber:
            self._follow(int(message.SequenceNumber))
        for notification in data:
            if isinstance(notification, ua.DataChangeNotification):
                await self._deliver(notification.MonitoredItems)
            elif isinstance(notification, ua.StatusChangeNotification):
                self.on_lost(f"the server ended the subscription: {notification.Status.name}")

    async def read_all(self, client: Client, nodes: Sequence[tuple[int, ua.NodeId]], per_read: int) -> None:
        """Read the present values of the items at these positions and deliver them flagged AFTER_GAP."""
        for part in chunks(nodes, per_read):
            values = await client.uaclient.session.read_attributes([node for _, node in part], AttributeIds.Value)
            now_us = self.now_us()
            self._hand_over(
                [
                    self._reading(position, value, now_us, ReadingFlag.AFTER_GAP)
                    for (position, _), value in zip(part, values, strict=True)
                ]
            )

    def report_bad(self, statuses: Iterable[tuple[int, int]]) -> None:
        """Deliver a reading without a value for each (position, status code): the node itself is at fault."""
        now_us = self.now_us()
        batch = [
            Reading(self.items[position].tag, None, code, self.newest_us, now_us, now_us, self.flags)
            for position, code in statuses
        ]
        if batch:
            self._hand_over(batch)

    async def _monitor(
        self, client: Client, nodes: Sequence[tuple[int, ua.NodeId]], sampling: Sampling, filtered: bool
    ) -> dict[int, int]:
        parameters = ua.CreateMonitoredItemsParameters(
            SubscriptionId=ua.IntegerId(self.id),
            TimestampsToReturn=ua.TimestampsToReturn.Both,
            ItemsToCreate=[self._request(position, node, sampling, filtered) for position, node in nodes],
        )
        results = await client.uaclient.session.create_monitored_items(parameters)
        if len(results) != len(nodes):
            raise LinkDown(f"The server answered {len(results)} of {len(nodes)} items.")
        return {
            position: int(result.StatusCode.value)
            for (position, _), result in zip(nodes, results, strict=True)
            if not result.StatusCode.is_good()
        }

    def _request(
        self, position: int, node: ua.NodeId, sampling: Sampling, filtered: bool
    ) -> ua.MonitoredItemCreateRequest:
        parameters = ua.MonitoringParameters(
            ClientHandle=ua.IntegerId(position + 1),  # 0 is no valid handle
            SamplingInterval=sampling.sampling_ms,
            QueueSize=ua.Counter(sampling.queue_size),
            DiscardOldest=True,
        )
        if filtered:
            trigger = ua.DataChangeTrigger
            cyclic = self.items[position].is_cyclic
            parameters.Filter = ua.DataChangeFilter(
                Trigger=trigger.StatusValueTimestamp if cyclic else trigger.StatusValue
            )
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=parameters,
        )

    def _follow(self, sequence: int) -> None:
        """Sequence numbers run from 1 to 2**32-1 and begin again at 1. Source: OPC 10000-4, 7.13."""
        expected = self._sequence % 0xFFFFFFFF + 1
        if self._sequence and sequence != expected:
            self.on_missed(expected, sequence)
        self._sequence = sequence

    async def _deliver(self, items: Iterable[ua.MonitoredItemNotification]) -> None:
        now_us = self.now_us()
        last = self._last
        batch = []
        for item in items:
            position = item.ClientHandle - 1
            before = last[position]
            reading = self._reading(position, item.Value, now_us, 0 if before is not None else self.flags)
            now = (reading.value, reading.status, reading.source_us)
            if now == before:
                self.counters.duplicates += 1
                continue
            if before is not None and reading.source_us < before[2]:
                self.counters.out_of_order += 1
            last[position] = now
            batch.append(reading)
        if batch:
            self._hand_over(batch)
        while not self.sink.has_room:
            await asyncio.sleep(_ASK_AGAIN_S)
            self.last_publish_s = time.monotonic()

    def _reading(self, position: int, data: ua.DataValue, now_us: int, flags: int) -> Reading:
        item = self.items[position]
        status = data.StatusCode.value if data.StatusCode is not None else 0
        value = plain(data.Value.Value) if data.Value is not None else None
        if status & OVERFLOW == OVERFLOW:
            flags |= ReadingFlag.OVERFLOW
            self.counters.overflow += 1
        if status >> 30 == 0 and not fits(value, item.kind):
            flags |= ReadingFlag.IMPLAUSIBLE
        server_us = micros(data.ServerTimestamp)
        source_us = micros(data.SourceTimestamp)
        if source_us is None:
            source_us = server_us if server_us is not None else now_us
        if source_us > self.newest_us:
            self.newest_us = source_us
        return Reading(item.tag, value, status, source_us, server_us or source_us, now_us, flags)

    def _hand_over(self, batch: list[Reading]) -> None:
        self.counters.received += len(batch)
        self.counters.batches += 1
        try:
            self.sink.readings(batch)
        except Exception:  # noqa: BLE001  the publish loop must go on, and the loss must be counted
            self.counters.dropped += len(batch)
            _log.exception("%d readings were not taken", len(batch))


def chunks(nodes: Sequence[tuple[int, ua.NodeId]], size: int) -> Iterable[Sequence[tuple[int, ua.NodeId]]]:
    """The sequence in pieces of at most `size`."""
    return (nodes[start : start + size] for start in range(0, len(nodes), size))
