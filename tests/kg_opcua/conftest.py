"""A small controller with a real OPC UA server on a thread of its own, the plant model that fits it, and a proxy."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import Server, ua
from asyncua.crypto.permission_rules import User, UserRole
from rdflib import Graph, URIRef

from kg.bindings import Binding, read_bindings, read_servers
from kg.bindings import Server as PlantServer
from kg.change import Change, Reading, Role, Source, TagId
from kg.channel import AsyncClient
from kg.opcua import Link, LinkOptions, Sampling, Timeouts
from kg.opcua.gateway import Executor, Gateway, GatewayLog, Lease, Order, Outcome, Pace, read_site
from kg.opcua.gateway.device import Device
from kg.tokens import part_iri
from ontology import TW

NAMESPACE = "https://example.org/mini/ua"
BOT = "https://example.org/mini#"
PASSWORD = "open sesame"
PLANT_START = datetime(2026, 1, 5, 5, tzinfo=UTC)
INTERNAL = User(role=UserRole.Admin)
TYPES = {"Float": ua.VariantType.Float, "Int32": ua.VariantType.Int32, "Boolean": ua.VariantType.Boolean}

#: path, predicate, type, first value, rest of the binding
VARIABLES = (
    (
        "Filler.SetMachSpeed",
        "pack:setMachSpeed",
        "Float",
        400.0,
        'ua:accessLevel "readWrite" ; '
        "tw:feedback bot:Filler.MachSpeed ; tw:effect bot:Filler.CurMachSpeed ; ua:euLow 0.0e0 ; ua:euHigh 600.0e0 ;",
    ),
    ("Filler.MachSpeed", "pack:machSpeed", "Float", 400.0, ""),
    ("Filler.CurMachSpeed", "pack:curMachSpeed", "Float", 400.0, "tw:maxAgeS 5.0e0 ;"),
    ("Filler.StateCurrent", "pack:stateCurrent", "Int32", 6, ""),
    ("Filler.UnitModeCurrent", "pack:unitModeCurrent", "Int32", 1, ""),
    ("Filler.Remote", "tw:siteRemote", "Boolean", True, ""),
    ("Filler.TwinEnable", "tw:twinEnable", "Boolean", True, ""),
    ("Filler.Maintenance", "tw:maintenance", "Boolean", False, ""),
    ("Line.Heartbeat", "tw:heartbeat", "Int32", 0, 'ua:accessLevel "readWrite" ;'),
    ("Line.HeartbeatOk", "tw:heartbeatOk", "Boolean", True, ""),
)
PREFIXES = f"""
@prefix tw: <https://w3id.org/twinwright/core#> . @prefix isa95: <https://w3id.org/twinwright/isa95#> .
@prefix ua: <https://w3id.org/twinwright/opcua#> . @prefix pack: <https://w3id.org/twinwright/packml#> .
@prefix bot: <{BOT}> .
"""
POLICY = """
bot:Filler.SetMachSpeed tw:writeGrant bot:Grant .
bot:Grant a tw:WriteGrant ; tw:minValue 100.0e0 ; tw:maxValue 440.0e0 ; tw:maxStep 120.0e0 ; tw:minIntervalS 10.0e0 ;
    tw:maxPerHour 5 ; tw:tolerance 0.5e0 ; tw:confirmWithinS 0.6e0 ; tw:riskClass 1 .
"""


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


@dataclass
class RecordingSink:
    """Keeps what the link hands over."""

    batches: list[list[Reading]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    has_room: bool = True

    def readings(self, batch: list[Reading]) -> None:
        self.batches.append(batch)

    def facts(self, change: Change) -> None:
        self.changes.append(change)

    @property
    def all(self) -> list[Reading]:
        return [reading for batch in self.batches for reading in batch]

    def kinds(self) -> list[str]:
        return [str(change.detail["link"]) for change in self.changes]


class Proxy:
    """Stands between link and server; can cut connections or swallow what passes."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.swallows = False
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self.cut()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there: asyncio.StreamWriter | None = None
        try:
            back, there = await asyncio.open_connection("127.0.0.1", self._target)
            await asyncio.gather(self._pump(reader, there), self._pump(back, writer))
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            self._tasks.discard(task)
            for stream in (writer, there):
                if stream is not None:
                    stream.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            if not self.swallows:
                sink.write(data)
                await sink.drain()
        raise ConnectionResetError


def model(url: str) -> Graph:
    """The plant model of the controller as Turtle says it."""
    lines = [
        PREFIXES,
        f'bot:LineServer a ua:Server ; ua:endpointUrl "{url}" . bot:Filler isa95:isPartOf bot:Line .',
        "bot:Line isa95:isPartOf bot:Packaging .",
    ]
    for path, predicate, data_type, _, rest in VARIABLES:
        unit = "" if data_type == "Boolean" else 'tw:unit "/min" ;'
        lines.append(
            f"bot:{path} a isa95:EquipmentProperty ; isa95:isPropertyOf bot:{path.partition('.')[0]} ; {unit} {rest} "
            f'tw:predicate {predicate} ; ua:server bot:LineServer ; ua:nodeId "nsu={NAMESPACE};s={path}" ; '
            f'ua:dataType "{data_type}" .'
        )
    return Graph().parse(data="\n".join(lines), format="turtle")


@dataclass(frozen=True)
class Plant:
    """The model read for the link."""

    server: PlantServer
    bindings: tuple[Binding, ...]
    tags: dict[URIRef, TagId]

    def tag(self, path: str) -> TagId:
        return self.tags[URIRef(BOT + path)]


def read_plant(url: str, extra: Mapping[str, str] | None = None) -> Plant:
    """`extra` are more cyclic Float properties, each with the path of the node it is bound to."""
    graph = model(url)
    (server,) = read_servers(graph)
    more = tuple(
        Binding(
            prop=URIRef(BOT + name),
            equipment=URIRef(BOT + "Extra"),
            predicate=TW.powerKw,
            server=server.iri,
            node_id=f"nsu={NAMESPACE};s={path}",
            data_type="Float",
            max_age_s=5.0,
        )
        for name, path in (extra or {}).items()
    )
    bindings = read_bindings(graph) + more
    return Plant(server, bindings, {b.prop: TagId(n) for n, b in enumerate(bindings)})


FAST = LinkOptions(
    sampling=Sampling(publishing_ms=20, sampling_ms=20, keep_alive_s=0.2),
    timeouts=Timeouts(connect_s=2.0, request_s=0.5, close_s=0.5),
    first_delay_s=0.05,
    longest_delay_s=0.2,
    watchdog_s=0.1,
    silence_s=1.0,
    retry_items_s=0.3,
)


@pytest.fixture(scope="session")
def shared_controller() -> Iterator[Controller]:
    made = Controller()
    made.start()
    yield made
    made.end()


@pytest.fixture
def controller(shared_controller: Controller) -> Controller:
    """The controller in its first state."""
    shared_controller.reset()
    return shared_controller


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


@pytest.fixture
def plant_of() -> Callable[..., Plant]:
    return read_plant


@pytest.fixture
def model_of() -> Callable[..., Graph]:
    return model


@pytest.fixture
def policy() -> Graph:
    return Graph().parse(data=PREFIXES + POLICY, format="turtle")


@dataclass
class Desk:
    """An executor with a connected device, without a service around it."""

    executor: Executor
    controller: Controller
    device: Device
    now_us: int = 1_800_000_000_000_000
    events: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0

    def order(self, value: float, **other: Any) -> Order:
        """A sound request for the filler's speed, but for what is given."""
        self.count += 1
        sound = Order(
            request=f"urn:r{self.count}",
            decision=f"urn:d{self.count}",
            target=BOT + "Filler.SetMachSpeed",
            value=value,
            prior=400.0,
            author=BOT + "LineAgent",
            agent=BOT + "LineAgent",
            rule=BOT + "CatchUp",
            token=1,
            expires_us=self.now_us + 30_000_000,
            release="release",
        )
        return replace(sound, **other)

    async def send(self, value: float, **other: Any) -> Outcome:
        """Execute an order with a fresh lease."""
        self.executor.lease.renew(1, 5.0, self.now_us)
        return await self.executor.execute(self.order(value, **other), self.events.append)

    @property
    def stages(self) -> list[tuple[str, bool]]:
        return [(str(event["stage"]), bool(event["ok"])) for event in self.events]

    def writes(self) -> list[float]:
        """What the controller saw of the filler's setpoint."""
        return [value for path, value in self.controller.writes if path == "Filler.SetMachSpeed"]


@pytest.fixture
async def desk(
    controller: Controller, policy: Graph, tmp_path: Path, until: Callable[..., Awaitable[None]]
) -> AsyncIterator[Desk]:
    """Ready to execute against the controller; its clock stands still unless the test moves it."""
    graph = model(controller.url)
    site = read_site(graph, policy)
    (server,) = site.servers.values()
    device = Device(server, read_bindings(graph), "gateway", PASSWORD, Timeouts(2.0, 1.0, 0.5), first_delay_s=0.05)
    log = GatewayLog(tmp_path / "gateway.sqlite")
    pace = Pace(write_s=0.4, poll_s=0.02, effect_s=0.5)
    executor = Executor(site, {server.iri: device}, log, Lease(log), lambda: made.now_us, pace=pace)
    made = Desk(executor, controller, device)
    task = asyncio.create_task(device.run())
    await until(lambda: device.is_connected)
    yield made
    await device.close()
    await task
    log.close()


CORE = Source(part_iri("core"), Role.CLOCK)
TOKENS = {
    "core-token": CORE,
    "olga-token": Source(URIRef(BOT + "olga"), Role.OPERATOR),
    "agent-token": Source(URIRef(BOT + "LineAgent"), Role.AGENT),
    "viewer-token": Source(URIRef(BOT + "vera"), Role.VIEWER),
}


@dataclass
class Served:
    """A gateway that serves a desk's executor on a socket."""

    desk: Desk
    socket: Path
    gateway: Gateway
    task: asyncio.Task[None]
    clients: list[AsyncClient] = field(default_factory=list)

    def client(self, who: str = "core") -> AsyncClient:
        client = AsyncClient(self.socket, f"{who}-token")
        self.clients.append(client)
        return client

    async def end(self) -> None:
        self.gateway.close()
        await self.task


@pytest.fixture
async def served(desk: Desk, tmp_path: Path, until: Callable[..., Awaitable[None]]) -> AsyncIterator[Served]:
    """The gateway's service; its clock is the desk's."""
    await desk.device.close()
    old = desk.device
    device = Device(old.server, read_bindings(model(desk.controller.url)), "gateway", PASSWORD, first_delay_s=0.05)
    desk.device = device
    desk.executor.devices = {old.server.iri: device}
    socket = tmp_path / "gateway.sock"
    gateway = Gateway(desk.executor, socket, TOKENS, heartbeat_s=0.05)
    made = Served(desk, socket, gateway, asyncio.create_task(gateway.run()))
    await until(lambda: device.is_connected and socket.exists())
    yield made
    for client in made.clients:
        await client.close()
    await made.end()


@pytest.fixture
def iri() -> Callable[[str], URIRef]:
    return lambda name: URIRef(BOT + name)


@pytest.fixture
def fast() -> LinkOptions:
    """Link options for impatient tests."""
    return FAST


@pytest.fixture
async def links() -> AsyncIterator[Callable[[Link], Link]]:
    """Starts links and ends them with the test."""
    running: list[tuple[Link, asyncio.Task[None]]] = []

    def start(link: Link) -> Link:
        running.append((link, asyncio.create_task(link.run())))
        return link

    yield start
    for link, task in running:
        await link.close()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def proxy_to() -> AsyncIterator[Callable[[Controller], Awaitable[Proxy]]]:
    made: list[Proxy] = []

    async def start(controller: Controller) -> Proxy:
        proxy = Proxy(controller._port)
        await proxy.start()
        made.append(proxy)
        return proxy

    yield start
    for proxy in made:
        await proxy.stop()


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Waits until a condition holds; fails after the time."""

    async def wait(condition: Callable[[], object], within_s: float = 8.0) -> None:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110  what is waited for happens on other threads
                await asyncio.sleep(0.01)

    return wait
