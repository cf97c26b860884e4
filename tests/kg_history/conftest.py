"""An open history with two tags, and a full disk."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from kg.change import Reading, TagId
from kg.history import History
from kg.store import DataDirectory

MakeReading = Callable[..., Reading]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataDirectory]:
    """A data directory, owned."""
    with DataDirectory(tmp_path / "data") as directory:
        yield directory


@pytest.fixture
def history(data: DataDirectory) -> Iterator[History]:
    """An empty history, open."""
    with History.open(data.paths.history) as opened:
        yield opened


@pytest.fixture
def speed(history: History) -> TagId:
    return history.register("urn:prop:Filler.CurMachSpeed", "Float")


@pytest.fixture
def state(history: History) -> TagId:
    return history.register("urn:prop:Filler.StateCurrent", "Int32")


@pytest.fixture
def reading() -> MakeReading:
    """A reading of a tag: value, source time; the rest filled in."""

    def make(tag: TagId, value: float | int | bool | str | None, source_us: int, status: int = 0) -> Reading:
        return Reading(tag, value, status, source_us, source_us + 5, source_us + 9, 1)

    return make


@pytest.fixture
def full_disk() -> Callable[[int], AbstractContextManager[None]]:
    """Within it no file can grow beyond a number of bytes."""

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited
