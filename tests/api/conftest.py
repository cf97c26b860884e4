"""Plant folders and data directories to spoil."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from api.run_info import RunInfo
from kg.change import Source
from kg.channel import Server, Unary
from kg.journal import Journal
from kg.plantfolder import PlantFolder, load
from kg.record import JournalEntry
from kg.store import DataPaths
from kg.tokens import create_tokens, local_name, socket_path, sources

BOTTLING = Path(str(files("plants.bottling")))


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """A copy of the bottling plant's folder: its manifest and its Turtle."""
    folder = tmp_path / "original"
    folder.mkdir()
    for path in (*BOTTLING.glob("*.ttl"), BOTTLING / "plant.toml"):
        shutil.copyfile(path, folder / path.name)
    return folder


Answer = Callable[[Source, Mapping[str, Any]], Mapping[str, Any]]


class FakeTwin:
    """A data directory on which a twin seems to run: real sockets and tokens, answers that a test sets."""

    def __init__(self, data: Path, plant: PlantFolder) -> None:
        self.data = data
        self.plant = replace(plant, folder=data / "plant")
        persons = self.plant.persons
        self.tokens = create_tokens(data, persons)
        RunInfo.of(self.plant).write(data)
        self.calls: list[tuple[str, str, str, Mapping[str, Any]]] = []
        """(part, method, person, body) in the order in which they came."""
        self._known = sources(self.tokens, persons, self.plant.agents[0])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[Server] = []
        self._thread.start()

    def serve(self, part: str, **answers: Answer) -> None:
        """Answer these methods of a part."""

        async def start() -> None:
            server = Server(socket_path(self.data, part), self._known)
            for method, answer in answers.items():
                server.unary(method, self._method(part, method, answer))
            await server.start()
            self._servers.append(server)

        asyncio.run_coroutine_threadsafe(start(), self._loop).result(10)

    def close(self) -> None:
        async def stop() -> None:
            for server in self._servers:
                await server.stop(0)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _method(self, part: str, method: str, answer: Answer) -> Unary:
        async def handle(source: Source, body: Mapping[str, Any]) -> Mapping[str, Any]:
            self.calls.append((part, method, local_name(source.author), body))
            return answer(source, body)

        return handle


@pytest.fixture(scope="session")
def bottling() -> PlantFolder:
    """The shipped plant, loaded once."""
    return load(BOTTLING)


@pytest.fixture
def fake(tmp_path: Path, plant: Path, bottling: PlantFolder) -> Iterator[FakeTwin]:
    data = tmp_path / "data"
    shutil.copytree(plant, data / "plant")
    twin = FakeTwin(data, bottling)
    yield twin
    twin.close()


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """Writes journal entries into a fresh data directory; gives its path."""

    def write(*entries: JournalEntry, data: Path | None = None) -> Path:
        place = data if data is not None else tmp_path / "recorded"
        place.mkdir(exist_ok=True)
        journal = Journal.open(DataPaths(place).journal)
        journal.append(entries)
        journal.close()
        return place

    return write
