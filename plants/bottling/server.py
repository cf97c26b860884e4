"""The controllers' OPC UA server around a line.

    async with BottlingServer(BottlingOptions(speed=0, port=0, password="...")) as server:
        await server.advance(60.0)      # speed 0: plant time moves only when told to
        server.inject("jam:labeller+120s")

With a speed above 0 a task lets plant time follow wall time. If the machine is too slow, plant time falls behind
(`lag_s`) and is not caught up.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import math
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from asyncua import ua
from asyncua.server.binary_server_asyncio import BinaryServer
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds

from plants.bottling.faults import parse_fault
from plants.bottling.injection import Injector
from plants.bottling.line import Line, Transition
from plants.bottling.options import BottlingOptions
from plants.bottling.pace import Pace, check_speed
from plants.bottling.publisher import Publisher
from plants.bottling.tags import TwinSlots, plant_tags
from plants.bottling.ua_access import PlantInternalServer
from plants.bottling.ua_nodes import build_nodes, paths_by_node
from plants.bottling.ua_values import CURRENT_TIME, data_value
from plants.bottling.watchdog import Watchdog
from plants.bottling.write_desk import WriteDesk
from plants.bottling.write_log import WriteLog

_LOG = logging.getLogger(__name__)

_PATH = "/twinwright/bottling/"
#: Wall seconds between two publications, at least; and plant seconds between two cyclic values, at least.
_TICK_S = 0.1
_CYCLE_S = 1.0
#: A tick catches up at most so many ticks' worth of plant time.
_CATCH_UP_TICKS = 3


class ListenError(OSError):
    """The server cannot listen where it was told to; the message says what to do."""


class BottlingServer:
    """Line, controllers and server of one plant. Use it as an asynchronous context manager."""

    def __init__(self, options: BottlingOptions, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` is the wall clock in seconds of the watchdog and of the pace of plant time."""
        _check_host(options)
        self.options = options
        self._publisher: Publisher | None = None
        self.line = Line(options.seed, options.line, start_hour=options.start_hour, on_transition=self._note_transition)
        self.lag_s = 0.0
        """Plant seconds by which the plant has fallen behind because the machine was too slow."""
        self._clock = clock
        self._slots = TwinSlots({name: m.controller.local_nominal for name, m in self.line.machines.items()})
        self.tags = plant_tags(self.line, self._slots)
        names = [tag.name for tag in self.tags]
        self._faults = [parse_fault(text, names) for text in options.inject]
        self.write_log = WriteLog(options.write_log)
        self._watchdog = Watchdog(options.watchdog_s, clock)
        self._inner = PlantInternalServer(options.password, lambda: self.line.now)
        self._server = Server(iserver=self._inner)
        self._injector: Injector | None = None
        self._port = options.port
        self._last_cycle_s = -math.inf
        self._pace: Pace | None = None
        self._paced = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The endpoint; the real port once it listens."""
        return f"opc.tcp://{_bracketed(self.options.host)}:{self._port}{_PATH}"

    @property
    def is_listening(self) -> bool:
        return self._server.bserver is not None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Builds the address space and listens. Raises ListenError when the port is taken."""
        server, options = self._server, self.options
        await server.init()
        server.set_server_name("Twinwright bottling plant")
        await server.set_application_uri("urn:twinwright:plants:bottling")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.set_endpoint(self.url)
        server.disable_clock()
        nodes = await build_nodes(server, self.tags)
        self._publisher = Publisher(self._inner.aspace, self.tags, nodes)
        by_path = {tag.path: tag for tag in self.tags}
        self._inner.attributes.desk = WriteDesk(self.line, by_path, self._slots, self._watchdog, self.write_log)
        self._inner.attributes.paths = paths_by_node(nodes)
        self._injector = Injector(
            self.line,
            {tag.name: tag for tag in self.tags},
            self._publisher.frozen,
            self._publisher.bad,
            self._lose_network,
        )
        for fault in self._faults:
            self._injector.add(fault, 0.0)
        await self._publish()
        await self._listen_first()
        self._watchdog.restart()
        self._spawn(self._tell_time(), "server clock")
        if options.speed > 0:
            self._pace = Pace(options.speed, self.line.time, self._clock)
            self._spawn(self._follow_wall_time(self._pace), "plant time")

    async def stop(self) -> None:
        """Cuts connections, ends all tasks and closes the write log. May be called twice."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.is_listening:
            await self._stop_listening()
        await self._drop_sessions()
        await self._inner.stop()
        self.write_log.close()

    async def wait_until(self, time_s: float | None) -> None:
        """Returns when plant time has come there (never, for None), or fails with the error of the plant's own task."""
        pace = [task for task in self._tasks if task.get_name() == "plant time"]
        while time_s is None or self.line.time < time_s:
            if not pace:
                # a plant that stands still is moved by whoever steps it
                await asyncio.sleep(_TICK_S)
                continue
            done, _ = await asyncio.wait(pace, timeout=_TICK_S if time_s is not None else None)
            for task in done:
                await task

    def inject(self, text: str) -> None:
        """Injects a fault now, or after its start time counted from now. Raises FaultError."""
        if self._injector is None:
            raise RuntimeError("The plant has not been started.")
        fault = parse_fault(text, [tag.name for tag in self.tags])
        self._injector.add(fault, self.line.time)
        if fault.at_s is None:
            self._injector.step()

    @property
    def waiting_faults(self) -> int:
        """How many faults have still to begin or to end."""
        return 0 if self._injector is None else self._injector.waiting

    def clear(self, name: str) -> bool:
        """A person puts a machine or conveyor right: its stop and its faults end. False where nothing was wrong."""
        if self._injector is None:
            raise RuntimeError("The plant has not been started.")
        return self._injector.clear(name)

    @property
    def speed(self) -> float:
        """Plant seconds in a wall second; 0 stands still until it is stepped."""
        return 0.0 if self._pace is None else self._pace.speed

    def set_speed(self, speed: float) -> None:
        """Lets plant time go on from where it is at another speed. Raises ValueError for one that cannot be."""
        check_speed(speed)
        if self._pace is None:
            raise ValueError("This plant stands still and is stepped by hand; it has no speed to change.")
        self._pace.change(speed)
        self._paced.set()

    async def advance(self, seconds: float) -> None:
        """Lets so much plant time pass at once, with all publications; for a plant with speed 0."""
        until_s = self.line.time + seconds
        while self.line.time < until_s - 1e-9:
            self._watch()
            self._step()
            if self.line.time - self._last_cycle_s >= _CYCLE_S or self.line.time >= until_s:
                await self._publish()

    async def refresh(self) -> None:
        """Publishes what has changed, without letting plant time pass."""
        self._watch()
        await self._publish()

    def _step(self) -> None:
        if self._injector is not None:
            self._injector.step()
        self.line.step()

    def _watch(self) -> None:
        is_alive = self._watchdog.is_alive()
        if is_alive != self._slots.is_heartbeat_ok:
            self._slots.is_heartbeat_ok = is_alive
            self.line.set_supervised(is_alive)

    async def _publish(self) -> None:
        if self._publisher is None:
            return
        time_s = self.line.time
        is_cyclic_due = time_s - self._last_cycle_s >= _CYCLE_S
        if is_cyclic_due:
            self._last_cycle_s = time_s
        await self._publisher.publish(self.line.start, time_s, is_cyclic_due=is_cyclic_due)

    def _note_transition(self, transition: Transition) -> None:
        if self._publisher is not None:
            self._publisher.transitions.append(transition)

    async def _follow_wall_time(self, pace: Pace) -> None:
        """Plant time follows wall time at the chosen speed; what a slow machine cannot do is left out."""
        step_s = self.line.step_s
        while True:
            tick_s = max(_TICK_S, step_s / pace.speed)
            most_steps = math.ceil(_CATCH_UP_TICKS * tick_s * pace.speed / step_s - 1e-6)
            await self._wait(pace.wait_s(tick_s))
            due = math.floor((pace.due_s() - self.line.time) / step_s + 1e-6)
            self._watch()
            for _ in range(min(due, most_steps)):
                self._step()
            if due > most_steps:
                left_out_s = (due - most_steps) * step_s
                self.lag_s += left_out_s
                pace.leave_out(left_out_s)
                _LOG.warning("the machine is too slow: plant time is %.0f s behind", self.lag_s)
            await self._publish()

    async def _wait(self, within_s: float) -> None:
        """Waits for the next tick, or for a change of the speed, so that a slow tick does not outlive it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._paced.wait()
        self._paced.clear()

    async def _tell_time(self) -> None:
        """Server_ServerStatus_CurrentTime, every wall second: clients watch it for life."""
        while True:
            now = datetime.now(UTC)
            data = data_value(ua.Variant(now, ua.VariantType.DateTime), now, now)
            await self._inner.aspace.write_attribute_value(CURRENT_TIME, AttributeIds.Value, data)
            await asyncio.sleep(1.0)

    def _lose_network(self, away_s: float, loses_sessions: bool) -> None:
        if self.is_listening:
            self._spawn(self._be_away(away_s, loses_sessions), "network fault")

    async def _be_away(self, away_s: float, loses_sessions: bool) -> None:
        await self._stop_listening()
        if loses_sessions:
            await self._drop_sessions()
        await asyncio.sleep(away_s)
        while not self.is_listening:
            try:
                await self._listen()
            except OSError as error:
                _LOG.warning("cannot listen again on port %d: %s", self._port, error)
                await asyncio.sleep(1.0)

    async def _listen_first(self) -> None:
        # what Server.start does, without its logging of a traceback when the port is taken
        await self._server._setup_server_nodes()
        await self._inner.start()
        try:
            await self._listen()
        except OSError as error:
            await self._inner.stop()
            self.write_log.close()
            raise _listen_error(error, self.options) from error

    async def _listen(self) -> None:
        listener = BinaryServer(self._inner, self.options.host, self._port, self._server.limits)
        listener.set_policies(self._server._policies)
        await listener.start()
        self._server.bserver = listener
        self._port = listener.port

    async def _stop_listening(self) -> None:
        listener, self._server.bserver = self._server.bserver, None
        if listener is None:
            return
        for transport in list(self._inner.asyncio_transports):
            transport.abort()
        await listener.stop()

    async def _drop_sessions(self) -> None:
        for session in list(self._inner._external_sessions.values()):
            await session.close_session(True)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("the task %r failed", task.get_name(), exc_info=error)


def _check_host(options: BottlingOptions) -> None:
    """Without signing and encryption the server stays on this machine unless told otherwise."""
    with suppress(ValueError):
        if options.allow_remote or options.host == "localhost" or ipaddress.ip_address(options.host).is_loopback:
            return
    raise ListenError(
        errno.EACCES,
        f"{options.host} is not a loopback address, and this server neither signs nor encrypts. "
        "Use 127.0.0.1, or allow remote clients explicitly.",
    )


def _listen_error(error: OSError, options: BottlingOptions) -> ListenError:
    if error.errno == errno.EADDRINUSE:
        sentence = f"Port {options.port} on {options.host} is taken; stop the other program or choose another port."
    else:
        sentence = f"Cannot listen on {options.host}:{options.port}: {error.strerror or error}."
    return ListenError(error.errno, sentence)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
