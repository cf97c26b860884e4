"""The data directory of a twin: where everything durable lies, and the lock that keeps a second twin out."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from kg.errors import DataDirectoryLocked


@dataclass(frozen=True, slots=True)
class DataPaths:
    """The names inside a data directory. Knows no lock: other processes of the same twin use it too."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "twin.lock"

    @property
    def journal(self) -> Path:
        return self.root / "journal.sqlite"

    @property
    def history(self) -> Path:
        return self.root / "history.sqlite"

    @property
    def gateway(self) -> Path:
        return self.root / "gateway.sqlite"

    @property
    def run(self) -> Path:
        """Sockets of the running twin."""
        return self.root / "run"


class DataDirectory:
    """A data directory that this process owns until it is closed or the process ends, however it ends.

    Made with mode 0700 where it does not exist; an existing one is closed to others. Raises DataDirectoryLocked,
    naming the process, while another twin owns it.
    """

    __slots__ = ("_descriptor", "paths")

    def __init__(self, path: Path | str) -> None:
        self.paths = DataPaths(Path(path).absolute())
        for directory in (self.paths.root, self.paths.run):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)
        self._descriptor: int | None = self._lock()

    def close(self) -> None:
        """Give the directory free. The lock file stays: removing it would let two twins lock two files."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _lock(self) -> int:
        descriptor = os.open(self.paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise DataDirectoryLocked(
                f"Process {owner or 'unknown'} runs a twin on {self.paths.root}.",
                path=str(self.paths.root),
                pid=int(owner) if owner.isdigit() else None,
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        return descriptor


__all__ = ["DataDirectory", "DataPaths"]
