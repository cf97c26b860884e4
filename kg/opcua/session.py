"""Sessions with an OPC UA server: opened within a time limit, closed without hanging.

asyncua's own reconnecting is not used. Its `restore` falls back to new subscriptions without telling anybody, its
republish loop never ends against a server that answers missing messages with empty ones (asyncua's own server
does), and after a black hole its `connect` may hang. So a lost session is given up with its Client object, and a new
one is made; whoever owns it records the gap. See docs/reference/link.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

from kg.errors import LinkDown

# Each failed request is a fact of ours or an error of ours; asyncua's tracebacks of the same would drown them.
logging.getLogger("asyncua.client").setLevel(logging.CRITICAL)

#: What asyncua raises when a server is unreachable, silent, broken or refuses.
FAILURES = (OSError, TimeoutError, UaError)

_NEVER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Time limits in wall seconds."""

    connect_s: float = 5.0
    """From the first packet to an activated session."""
    request_s: float = 3.0
    """One request."""
    close_s: float = 1.0
    """Saying goodbye; after that the socket is closed without."""
    session_s: float = 30.0
    """How long the server keeps a session that nobody speaks in. Short, so that lost ones do not pile up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """OperationLimits of a server; what it does not say or calls unlimited is given a size that servers bear."""

    items_per_call: int = 1000
    nodes_per_read: int = 1000


async def open_session(
    url: str,
    name: str,
    timeouts: Timeouts,
    on_lost: Callable[[str], None],
    user: str | None = None,
    password: str | None = None,
) -> Client:
    """A client with an activated session, anonymous without `user`. Raises LinkDown within `connect_s`.

    `on_lost` is called once, with the cause, when the connection breaks.
    """
    client = Client(url, timeout=timeouts.request_s, watchdog_intervall=_NEVER_S)
    client.name = client.description = f"Twinwright {name}"
    client.application_uri = f"urn:twinwright:{name}"
    client.session_timeout = round(timeouts.session_s * 1000)
    if user is not None:
        client.set_user(user)
        client.set_password(password or "")

    async def lost(error: Exception) -> None:
        on_lost(str(error) or type(error).__name__)

    client.connection_lost_callback = lost
    try:
        async with asyncio.timeout(timeouts.connect_s):
            await client.connect()
    except (*FAILURES, AttributeError, ValueError) as error:  # the last two: an answer that is no OPC UA
        client.disconnect_socket()
        raise LinkDown(f"{url} cannot be reached: {told(error)}.", url=url, cause=told(error)) from error
    except asyncio.CancelledError:
        client.disconnect_socket()
        raise
    return client


async def close_session(client: Client, timeouts: Timeouts) -> None:
    """End the session politely where the server answers in time, and the connection in any case. Never raises."""
    with suppress(*FAILURES, AttributeError, ValueError):
        async with asyncio.timeout(timeouts.close_s):
            await client.disconnect()
    client.disconnect_socket()


async def read_limits(client: Client) -> Limits:
    """The server's OperationLimits. Raises what FAILURES holds."""
    ids = (
        ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
        ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
    )
    told_values = await client.uaclient.session.read_attributes([standard_node(i) for i in ids], AttributeIds.Value)
    items, nodes = (_limit(value) for value in told_values)
    usual = Limits()
    return Limits(min(items or usual.items_per_call, 10_000), min(nodes or usual.nodes_per_read, 10_000))


async def read_namespaces(client: Client) -> list[str]:
    """The server's NamespaceArray. Raises LinkDown where it cannot be read."""
    node = standard_node(ObjectIds.Server_NamespaceArray)
    (found,) = await client.uaclient.session.read_attributes([node], AttributeIds.Value)
    value = found.Value.Value if found.Value is not None else None
    if not isinstance(value, list):
        raise LinkDown("The server does not tell its namespaces.")
    return [str(uri) for uri in value]


def standard_node(number: int) -> ua.NodeId:
    """A node of the OPC UA namespace, which always has the index 0."""
    return ua.NodeId(ua.Int32(number))


def told(error: BaseException) -> str:
    """An error in a few words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error).rstrip(".") or type(error).__name__


def _limit(value: ua.DataValue) -> int | None:
    number = value.Value.Value if value.Value is not None else None
    return number if isinstance(number, int) and number > 0 else None
