"""The gateway's service on the request channel: `execute`, `alive`, `stop`, `stops`, `unfreeze`, `outcomes`, `status`.

Only the core may execute and keep the lease. Any person who works in the plant may set a stop, release it and lift a
freeze, with the core running or not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from kg import channel
from kg.change import Role, Source
from kg.channel import Body
from kg.errors import BadValue, NotAuthorised, UnknownNode
from kg.opcua.gateway.executor import Executor, order_of
from kg.opcua.gateway.heartbeat import Heartbeat
from kg.opcua.gateway.limits import ends_heartbeat
from kg.opcua.gateway.records import Outcome, Stop, StopMode
from kg.tokens import CORE, part_iri

_log = logging.getLogger(__name__)
_PEOPLE = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER})
_RELEASE = "release"


class Gateway:
    """The running gateway: devices, heartbeat and the service. `run` lives until `close`."""

    def __init__(
        self, executor: Executor, socket: Path, tokens: Mapping[str, Source], *, heartbeat_s: float = 1.0
    ) -> None:
        self._executor = executor
        self._heartbeat = Heartbeat(executor.site.heartbeats, executor.devices, self._is_beating, heartbeat_s)
        self._server = channel.Server(socket, tokens)
        for name, method in (
            ("alive", self._alive),
            ("stop", self._stop),
            ("stops", self._stops),
            ("unfreeze", self._unfreeze),
            ("outcomes", self._outcomes),
            ("status", self._status),
        ):
            self._server.unary(name, method)
        self._server.streaming("execute", self._execute)
        self._running: set[asyncio.Task[Outcome]] = set()
        self._closing = asyncio.Event()

    async def run(self) -> None:
        """Serve until `close`; then finish what is being executed, and end the sessions."""
        lost = self._executor.log.recover(self._executor.now_us())
        for outcome in lost:
            _log.warning("%s: %s", outcome.target, outcome.sentence)
        devices = list(self._executor.devices.values())
        async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
            for device in devices:
                group.create_task(device.run())
                stack.push_async_callback(device.close)
            group.create_task(self._heartbeat.run())
            stack.callback(self._heartbeat.close)
            stack.push_async_callback(self._drain)
            await self._server.start()
            stack.push_async_callback(self._server.stop)
            await self._closing.wait()

    def close(self) -> None:
        """Ask `run` to end. Idempotent."""
        self._closing.set()

    async def _drain(self) -> None:
        """What is on its way to a controller is brought to its outcome."""
        if self._running:
            await asyncio.wait(self._running, timeout=10)

    async def _execute(self, source: Source, body: Body) -> AsyncIterator[Body]:
        _only_core(source)
        order = order_of(body)
        events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        task = asyncio.create_task(self._executor.execute(order, events.put_nowait))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: events.put_nowait(None))
        while (event := await events.get()) is not None:
            yield event
        yield task.result().to_json()

    async def _alive(self, source: Source, body: Body) -> Body:
        _only_core(source)
        self._executor.lease.renew(int(body["token"]), float(body["ttl_s"]), self._executor.now_us())
        return {"highest_token": self._executor.log.highest_token}

    async def _stop(self, source: Source, body: Body) -> Body:
        by = _who(source, body)
        scope, mode = str(body["scope"]), str(body["mode"])
        reason, now_us = str(body.get("reason") or ""), self._executor.now_us()
        if mode == _RELEASE:
            with suppress(UnknownNode):  # released before, or never set here: what is asked for is so
                self._executor.log.release_stop(scope, by, reason, now_us)
            return {"stops": self._in_force()}
        if mode not in set(StopMode):
            raise BadValue(f"A stop is {', '.join(StopMode)} or {_RELEASE}, not {mode}.", mode=mode)
        until_us = None if body.get("until_us") is None else int(body["until_us"])
        if until_us is not None and until_us <= now_us:
            raise BadValue("This stop would have ended before it began.", until_us=until_us)
        self._executor.log.set_stop(Stop(scope, StopMode(mode), until_us, reason, by, now_us))
        return {"stops": self._in_force()}

    async def _stops(self, _source: Source, _body: Body) -> Body:
        return {"stops": self._in_force()}

    async def _unfreeze(self, source: Source, body: Body) -> Body:
        by = _who(source, body)
        reason = str(body.get("reason") or "")
        if not reason:
            raise BadValue("Say what you have seen at the machine: a freeze is lifted with a reason.")
        prop, request = str(body["property"]), None
        with suppress(UnknownNode):
            request = self._executor.log.unfreeze(prop, by, reason, self._executor.now_us()).request
        return {"property": prop, "request": request, "by": by}

    async def _outcomes(self, _source: Source, body: Body) -> Body:
        """Recorded ends by request; null for what is in flight; what never came here is left out."""
        asked = [str(request) for request in body["requests"]]
        found: dict[str, Any] = {r: o.to_json() for r, o in self._executor.log.outcomes(asked).items()}
        running = self._executor.running()
        return {"outcomes": {**{r: None for r in asked if r in running}, **found}}

    async def _status(self, _source: Source, _body: Body) -> Body:
        executor = self._executor
        return {
            "read_only": executor.read_only,
            "targets": sorted(map(str, executor.site.targets)),
            "excluded": {str(prop): reason for prop, reason in executor.site.excluded.items()},
            "devices": {str(iri): device.status() for iri, device in executor.devices.items()},
            "lease_s": max(executor.lease.remaining_s(), 0.0) if executor.lease.is_fresh else 0.0,
            "highest_token": executor.log.highest_token,
            "heartbeat": {"beats": self._heartbeat.beats, "missed": self._heartbeat.missed},
            "frozen": {f.target: {"request": f.request, "at_us": f.at_us} for f in executor.log.frozen()},
            "running": list(executor.running()),
            "stops": self._in_force(),
        }

    def _in_force(self) -> list[dict[str, Any]]:
        return [stop.to_json() for stop in self._executor.log.stops(self._executor.now_us())]

    def _is_beating(self) -> bool:
        executor = self._executor
        return (
            executor.read_only is None
            and executor.lease.is_fresh
            and not ends_heartbeat(executor.log.stops(executor.now_us()))
        )


def _only_core(source: Source) -> None:
    if source.author != part_iri(CORE):
        raise NotAuthorised("Only the core sends requests and keeps the lease.", author=str(source.author))


def _who(source: Source, body: Mapping[str, Any]) -> str:
    """The person behind a stop or a freeze lifted: the source, or whom the core has authenticated."""
    if source.author == part_iri(CORE):
        return str(body.get("by") or source.author)
    if source.role not in _PEOPLE:
        raise NotAuthorised(f"The role {source.role} may not set stops or lift a freeze.", role=source.role)
    return str(source.author)
