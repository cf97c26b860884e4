"""One gateway per data directory: a second one would be a second writer to the same controllers."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from kg.errors import DataDirectoryLocked


class GatewayLock:
    """Held from the making until `close` or the end of the process, however it ends.

    Raises DataDirectoryLocked while another gateway holds it.
    """

    def __init__(self, data: Path) -> None:
        self._descriptor: int | None = os.open(data / "gateway.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise DataDirectoryLocked(f"Another write gateway runs on {data}.", path=str(data)) from None

    def close(self) -> None:
        """Give the lock free; the file stays. Idempotent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
