"""The controllers' own log of every write that reached them: the truth that the twin's journal is compared with."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

from plants.bottling.controller import Result
from plants.bottling.tags import Value

#: So many writes are kept in memory; the file holds all.
KEPT: Final = 100_000


@dataclass(frozen=True, slots=True)
class Write:
    """One write attempt. Times are ISO 8601 in UTC; `accepted` is the value that the controller works with, if any."""

    wall: str
    plant: str
    node: str
    value: Value | None
    user: str
    result: Result
    status: str
    accepted: Value | None
    reason: str


class WriteLog:
    """Writes in the order in which they were answered; each is on disk, flushed, before its answer leaves."""

    def __init__(self, path: Path | None = None) -> None:
        self._writes: deque[Write] = deque(maxlen=KEPT)
        self._file: IO[str] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8", buffering=1)

    def append(self, write: Write) -> None:
        self._writes.append(write)
        if self._file is not None:
            self._file.write(json.dumps({**asdict(write), "result": write.result.value}) + "\n")
            self._file.flush()

    def writes(self, node: str | None = None) -> tuple[Write, ...]:
        """All writes, or those to one node (its path)."""
        return tuple(write for write in self._writes if node is None or write.node == node)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
