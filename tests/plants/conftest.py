"""A bottling plant in this process whose plant time and wall clock move only when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from asyncua import Client, Node, ua

from plants.bottling import BottlingOptions, BottlingServer

NAMESPACE = "https://w3id.org/twinwright/plants/bottling/ua"
PASSWORD = "a password for tests"


@dataclass
class FakeClock:
    """Wall seconds that a test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Plant:
    """A running server with a fake clock, and clients that end with it."""

    server: BottlingServer
    clock: FakeClock
    gateway: Client
    reader: Client
    index: int
    beats: int = 0

    def node(self, path: str, client: Client | None = None) -> Node:
        return (client or self.gateway).get_node(ua.NodeId(path, self.index))

    async def read(self, path: str) -> Any:
        return await self.node(path, self.reader).read_value()

    async def read_data(self, path: str) -> ua.DataValue:
        return await self.node(path, self.reader).read_data_value(raise_on_bad_status=False)

    async def write(
        self, path: str, value: Any, kind: ua.VariantType = ua.VariantType.Float, client: Client | None = None
    ) -> str:
        """The name of the status that the server answers."""
        item = ua.WriteValue(
            NodeId=ua.NodeId(path, self.index),
            AttributeId=ua.AttributeIds.Value,
            Value=ua.DataValue(ua.Variant(value, kind)),
        )
        parameters = ua.WriteParameters(NodesToWrite=[item])
        (status,) = await (client or self.gateway).uaclient.write(parameters)
        return str(status.name)

    async def beat(self) -> None:
        self.beats += 1
        await self.write("Line.Twin.Heartbeat", self.beats, ua.VariantType.Int32)


def client(url: str, password: str | None = None, user: str = "gateway") -> Client:
    """A client of the plant; anonymous without a password."""
    made = Client(url, timeout=4)
    if password is not None:
        made.set_user(user)
        made.set_password(password)
    return made


@asynccontextmanager
async def running_plant(**choices: Any) -> AsyncIterator[Plant]:
    """A plant with these options that stands still until it is advanced."""
    clock = FakeClock()
    options = BottlingOptions(**{"seed": 3, "speed": 0, "port": 0, "password": PASSWORD, **choices})
    async with (
        BottlingServer(options, clock) as server,
        client(server.url, PASSWORD) as gateway,
        client(server.url) as reader,
    ):
        index = await reader.get_namespace_index(NAMESPACE)
        yield Plant(server, clock, gateway, reader, index)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plant() -> AsyncIterator[Plant]:
    """One plant for the tests of a module, which leave it as they found it."""
    async with running_plant() as running:
        yield running


@pytest.fixture(scope="session")
def new_client() -> Callable[..., Client]:
    """Makes clients: (url, password=None, user="gateway")."""
    return client


@pytest.fixture(scope="session", name="running_plant")
def _running_plant() -> Callable[..., AbstractAsyncContextManager[Plant]]:
    """Starts plants: (**options) -> async context manager."""
    return running_plant
