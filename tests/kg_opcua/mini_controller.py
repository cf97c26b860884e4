"""A small controller with a real OPC UA server on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import Server, ua
from asyncua.crypto.permission_rules import User, UserRole
from mini_model import NAMESPACE, VARIABLES

PASSWORD = "open sesame"
PLANT_START = datetime(2026, 1, 5, 5, tzinfo=UTC)
INTERNAL = User(role=UserRole.Admin)
TYPES = {"Float": ua.VariantType.Float, "Int32": ua.VariantType.Int32, "Boolean": ua.VariantType.Boolean}


class _Users:
    """The gateway's user may write, anonymous may read, nobody else comes in."""

    def get_user(
        self, _server: Any, username: Any = None, password: Any = None, certificate: Any = None
    ) -> User | None:
        if username is None:
            return User(role=UserRole.User, name="anonymous")
        return User(role=UserRole.User, name="gateway") if (username, password) == ("gateway", PASSWORD) else None


class Controller:
    """A filler's controller: obeys, clamps, refuses, ignores or falls silent, as `behaviour` says."""

    def __init__(self) -> None:
        self.behaviour = "obey"
        self.delay_s = 0.02
        self.limit = 420.0
        self.writes: list[tuple[str, float]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: Server | None = None
        self._index = 0
        self._began = time.monotonic()
        self._port = 0
        self._later: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self._port}/mini/"

    def start(self, namespaces_before: int = 0) -> None:
        self._call(self._start(namespaces_before))

    def stop(self) -> None:
        if self._server is not None:
            self._call(self._stop())

    def end(self) -> None:
        self.stop()
        self._call(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def reset(self) -> None:
        """First values and good behaviour again."""
        self.behaviour, self.delay_s, self.limit = "obey", 0.02, 420.0
        for path, _, _, value, _ in VARIABLES:
            self.set(path, value)
        self.writes.clear()

    def set(self, path: str, value: Any, status: int = 0) -> None:
        self._call(self._put(path, value, status))

    def get(self, path: str) -> Any:
        assert self._server is not None
        return self._server.iserver.aspace.read_attribute_value(self._node(path), ua.AttributeIds.Value).Value.Value

    def add(self, path: str, value: float) -> None:
        """A variable that was not there when the server started."""
        assert self._server is not None
        name = ua.QualifiedName(path, self._index)
        self._call(self._server.nodes.objects.add_variable(self._node(path), name, value, TYPES["Float"]))

    def plant_time(self) -> datetime:
        return PLANT_START + timedelta(seconds=20 * (time.monotonic() - self._began))

    def _call(self, work: Awaitable[Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)  # type: ignore[arg-type]

    def _node(self, path: str) -> ua.NodeId:
        return ua.NodeId(path, self._index)

    async def _start(self, namespaces_before: int) -> None:
        server = Server(user_manager=_Users())
        server.disable_clock()
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self._port}/mini/")
        for number in range(namespaces_before):
            await server.register_namespace(f"urn:example:before:{number}")
        self._index = await server.register_namespace(NAMESPACE)
        self._server = server
        for path, _, kind, value, _ in VARIABLES:
            node = await server.nodes.objects.add_variable(
                self._node(path), ua.QualifiedName(path, self._index), value, TYPES[kind]
            )
            if path in ("Filler.SetMachSpeed", "Line.Heartbeat"):
                await node.set_writable()
        self._obeyed = server.iserver.attribute_service.write
        server.iserver.attribute_service.write = self._written  # type: ignore[method-assign]
        await server.start()
        assert server.bserver is not None
        self._port = server.bserver.port

    async def _stop(self) -> None:
        assert self._server is not None
        for task in self._later:
            task.cancel()
        await self._server.stop()
        self._server = None

    async def _put(self, path: str, value: Any, status: int) -> None:
        assert self._server is not None
        kind = next((kind for p, _, kind, _, _ in VARIABLES if p == path), "Float")
        stamp = self.plant_time()
        data = ua.DataValue(ua.Variant(value, TYPES[kind]), ua.StatusCode(status), stamp, datetime.now(UTC))
        await self._server.iserver.aspace.write_attribute_value(self._node(path), ua.AttributeIds.Value, data)

    async def _written(self, params: ua.WriteParameters, user: User = INTERNAL) -> list[ua.StatusCode]:
        if user.role is UserRole.Admin:
            return await self._obeyed(params, user)
        if user.name != "gateway":
            return [ua.StatusCode(ua.StatusCodes.BadUserAccessDenied)] * len(params.NodesToWrite)
        (write,) = params.NodesToWrite
        path, value = str(write.NodeId.Identifier), write.Value.Value.Value
        assert write.Value.SourceTimestamp is None
        self.writes.append((path, value))
        if path != "Filler.SetMachSpeed":
            await self._put(path, value, 0)
            return [ua.StatusCode()]
        return [ua.StatusCode(await self._judge(path, value))]

    async def _judge(self, path: str, value: float) -> int:
        accepted = value
        match self.behaviour:
            case "refuse":
                return int(ua.StatusCodes.BadOutOfRange)
            case "busy":
                return int(ua.StatusCodes.BadCommunicationError)
            case "ignore":
                return 0
            case "ignore-fresh":
                self._soon("Filler.MachSpeed", self.get("Filler.MachSpeed"))
                return 0
            case "hang":
                await asyncio.sleep(5)
            case "clamp" | "clamp-status":
                accepted = min(value, self.limit)
        await self._put(path, value, 0)
        self._soon("Filler.MachSpeed", accepted)
        self._soon("Filler.CurMachSpeed", accepted)
        if self.behaviour == "busy-obeys":
            return int(ua.StatusCodes.BadCommunicationError)
        if self.behaviour == "clamp-status":
            return int(ua.StatusCodes.GoodClamped)
        return int(ua.StatusCodes.GoodCompletesAsynchronously) if self.behaviour == "asynchronous" else 0

    def _soon(self, path: str, value: float) -> None:
        async def later() -> None:
            await asyncio.sleep(self.delay_s)
            await self._put(path, value, 0)

        task = asyncio.get_running_loop().create_task(later())
        self._later.add(task)
        task.add_done_callback(self._later.discard)


async def _cancel_all() -> None:
    """asyncua leaves the watchdogs of sessions and subscriptions running when a server stops."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
