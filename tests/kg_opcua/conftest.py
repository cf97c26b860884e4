"""Link and gateway against a small controller with a real OPC UA server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph, URIRef

from kg.bindings import read_bindings
from kg.change import Change, Reading, Role, Source
from kg.channel import AsyncClient
from kg.opcua import Link, LinkOptions, Sampling, Timeouts
from kg.opcua.gateway import Executor, Gateway, GatewayLog, Lease, Order, Outcome, Pace, read_site
from kg.opcua.gateway.device import Device
from kg.tokens import part_iri

sys.path.insert(0, str(Path(__file__).parent))
from mini_controller import PASSWORD, Controller
from mini_model import BOT, POLICY, PREFIXES, Plant, model, read_plant
from mini_proxy import Proxy


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
