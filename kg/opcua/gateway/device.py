"""One OPC UA session with one controller, as the user that may write. The only place that writes to a plant."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_from_binary

from kg.bindings import Binding, Server
from kg.errors import LinkDown, TwinError
from kg.opcua.nodes import resolve
from kg.opcua.session import FAILURES, Timeouts, close_session, open_session, read_namespaces, standard_node, told
from kg.opcua.values import Value, micros, plain

_log = logging.getLogger(__name__)
_STATE = standard_node(ObjectIds.Server_ServerStatus_State)
_WATCHDOG_S = 1.0
_LONGEST_DELAY_S = 5.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A value as the controller's server tells it now."""

    value: Value
    status: int
    source_us: int
    """Plant time; 0 where the server gives none."""


class Device:
    """Keeps a session open until `close`; reads and writes through it. Never resends anything."""

    def __init__(
        self,
        server: Server,
        bindings: Iterable[Binding],
        user: str,
        password: str,
        timeouts: Timeouts | None = None,
        first_delay_s: float = 0.2,
    ) -> None:
        self.server = server
        self._node_ids = sorted({b.node_id for b in bindings if b.server == server.iri})
        self._user, self._password = user, password
        self._timeouts = timeouts if timeouts is not None else Timeouts()
        self._first_delay_s = first_delay_s
        self._client: Client | None = None
        self._nodes: Mapping[str, ua.NodeId | None] = {}
        self._lost: asyncio.Future[str] | None = None
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.cause = "not yet connected"
        self.sessions = 0

    @property
    def is_connected(self) -> bool:
        return self._client is not None

    async def run(self) -> None:
        """Stay connected until `close`. Failures of the server never end it."""
        self._task = asyncio.current_task()
        delay_s = self._first_delay_s
        try:
            while not self._closing.is_set():
                if await self._one_session():
                    delay_s = self._first_delay_s
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), delay_s)
                delay_s = min(2 * delay_s, _LONGEST_DELAY_S)
        except asyncio.CancelledError:
            if not self._closing.is_set():
                raise
        finally:
            self._task = None

    async def close(self, within_s: float = 2.0) -> None:
        """End `run` and the session. Idempotent."""
        self._closing.set()
        self._lose("the gateway ends")
        task = self._task
        if task is None:
            return
        _, pending = await asyncio.wait({task}, timeout=within_s / 2)
        if pending:
            task.cancel()
            await asyncio.wait({task}, timeout=within_s / 2)

    async def read(self, bindings: Iterable[Binding], timeout_s: float | None = None) -> list[Sample]:
        """The present values, in order. Raises LinkDown where the server can't be asked or does not answer."""
        client, nodes = self._ready(bindings)
        parameters = ua.ReadParameters(
            MaxAge=0.0,
            TimestampsToReturn=ua.TimestampsToReturn.Both,
            NodesToRead=[ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value) for node in nodes],
        )
        try:
            async with asyncio.timeout(timeout_s or self._timeouts.request_s):
                found = await client.uaclient.session.read(parameters)
        except FAILURES as error:
            raise LinkDown(f"{self.server.url} could not be read: {told(error)}.", url=self.server.url) from error
        if len(found) != len(nodes):
            raise LinkDown(f"{self.server.url} answered {len(found)} of {len(nodes)} reads.", url=self.server.url)
        return [_sample(data) for data in found]

    async def write(
        self, binding: Binding, variant: ua.Variant, timeout_s: float, still_allowed: Callable[[], bool]
    ) -> int | None:
        """Write one value, once. The controller's status code, or None where nobody can tell whether it arrived.

        No time stamps are sent: servers may refuse what they cannot take over. `still_allowed` is asked last,
        with nothing between its answer and the socket. Raises LinkDown where nothing was sent.
        """
        client, (node,) = self._ready([binding])
        request = ua.WriteRequest()
        value = ua.WriteValue(NodeId=node, AttributeId=AttributeIds.Value, Value=ua.DataValue(variant))
        request.Parameters.NodesToWrite = [value]
        if not still_allowed():
            raise LinkDown("This write is no longer allowed.", url=self.server.url)
        try:
            async with asyncio.timeout(timeout_s):
                # `session.write` knows no time-out of its own; this puts the remaining lease into the request's
                # TimeoutHint too, after which the server need not carry it out. Source: OPC 10000-4, 7.32.
                data = await client.uaclient.session._send_request(request, timeout_s)
            response = struct_from_binary(ua.WriteResponse, data)
            response.ResponseHeader.ServiceResult.check()
            return int(response.Results[0].value)
        except (*FAILURES, IndexError) as error:
            code = getattr(error, "code", None)
            return int(code) if code in _REFUSED_UNREAD else None

    def status(self) -> dict[str, Any]:
        return {
            "url": self.server.url,
            "connected": self.is_connected,
            "cause": None if self.is_connected else self.cause,
            "sessions": self.sessions,
        }

    def _ready(self, bindings: Iterable[Binding]) -> tuple[Client, list[ua.NodeId]]:
        client = self._client
        if client is None:
            raise LinkDown(f"{self.server.url} is not connected: {self.cause}.", url=self.server.url)
        nodes = []
        for binding in bindings:
            node = self._nodes.get(binding.node_id)
            if node is None:
                raise LinkDown(f"{self.server.url} has no namespace for {binding.node_id}.", url=self.server.url)
            nodes.append(node)
        return client, nodes

    async def _one_session(self) -> bool:
        client: Client | None = None
        lived = False
        self._lost = asyncio.get_running_loop().create_future()
        try:
            client = await open_session(
                self.server.url, "gateway", self._timeouts, self._lose, self._user, self._password
            )
            self._nodes = resolve(self._node_ids, await read_namespaces(client))
            self._client, lived = client, True
            self.sessions += 1
            self.cause = await self._watch(client, self._lost)
        except (TwinError, *FAILURES) as error:
            self.cause = error.message if isinstance(error, TwinError) else told(error)
        except Exception as error:  # noqa: BLE001  a server may answer anything; the supervisor must outlive it
            _log.exception("the session with %s broke in an unforeseen way", self.server.url)
            self.cause = told(error)
        finally:
            self._client = None
            if client is not None:
                await close_session(client, self._timeouts)
        return lived

    async def _watch(self, client: Client, lost: asyncio.Future[str]) -> str:
        while not self._closing.is_set():
            await asyncio.wait({lost}, timeout=_WATCHDOG_S)
            if lost.done():
                return lost.result()
            async with asyncio.timeout(self._timeouts.request_s):
                await client.uaclient.session.read_attributes([_STATE], AttributeIds.Value)
        return "the gateway ends"

    def _lose(self, cause: str) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(cause)


#: Service faults that are given before a write is looked at, so that nothing has been written.
_REFUSED_UNREAD = frozenset(
    {
        StatusCodes.BadSessionIdInvalid,
        StatusCodes.BadSessionClosed,
        StatusCodes.BadSessionNotActivated,
        StatusCodes.BadUserAccessDenied,
        StatusCodes.BadServiceUnsupported,
        StatusCodes.BadNothingToDo,
        StatusCodes.BadTooManyOperations,
        StatusCodes.BadDecodingError,
        StatusCodes.BadSecureChannelIdInvalid,
    }
)


def _sample(data: ua.DataValue) -> Sample:
    status = int(data.StatusCode.value) if data.StatusCode is not None else 0
    value = plain(data.Value.Value) if data.Value is not None else None
    return Sample(value, status, micros(data.SourceTimestamp) or micros(data.ServerTimestamp) or 0)
