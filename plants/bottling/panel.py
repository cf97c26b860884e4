"""The operator's panel: a Unix socket at which a person at the machines acts, past any twin.

One line of JSON in, one line out, see `panel_desk`. Only the owner of the socket may enter. What is not understood is
answered with a sentence; who says nothing for a while, or too much in one line, is cut off.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from plants.bottling.panel_desk import PanelDesk
from plants.bottling.server import BottlingServer, ListenError

_LONGEST_LINE = 4096
_MOST_GUESTS = 16
_SILENCE_S = 60.0
_LONGEST_PATH = 100
"""The kernel takes 107 characters."""


class Panel:
    """Serves the panel of a running plant. Use it as an asynchronous context manager."""

    def __init__(self, server: BottlingServer, path: Path) -> None:
        self._desk = PanelDesk(server)
        self._path = path
        self._listener: asyncio.Server | None = None
        self._guests: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Raises ListenError where the socket cannot be made, or another plant answers at it."""
        self._listener = await asyncio.start_unix_server(self._welcome, sock=_bound(self._path), limit=_LONGEST_LINE)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.close()
            self._path.unlink(missing_ok=True)
        for guest in list(self._guests):
            guest.cancel()
        await asyncio.gather(*self._guests, return_exceptions=True)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._guests) >= _MOST_GUESTS:
            writer.close()
            return
        guest = asyncio.create_task(self._serve(reader, writer), name="panel")
        self._guests.add(guest)
        guest.add_done_callback(self._guests.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(None) as patience:
                while line := await self._line(reader, patience):
                    await _send(writer, self._desk.answer(line))
        except (TimeoutError, ConnectionError):
            pass  # a guest that fell silent or left needs no answer
        except ValueError:
            with suppress(ConnectionError):
                await _send(writer, {"ok": False, "error": f"A line has at most {_LONGEST_LINE} characters."})
        finally:
            writer.close()

    async def _line(self, reader: asyncio.StreamReader, patience: asyncio.Timeout) -> bytes:
        patience.reschedule(asyncio.get_running_loop().time() + _SILENCE_S)
        return await reader.readline()


async def _send(writer: asyncio.StreamWriter, answer: dict[str, object]) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")
    await writer.drain()


def _bound(path: Path) -> socket.socket:
    try:
        with _short(path) as address:
            _clear_way(path, address)
            return _private(address)
    except OSError as error:
        if isinstance(error, ListenError):
            raise
        raise ListenError(error.errno, f"Cannot make the panel {path}: {error.strerror or error}.") from error


def _private(address: str) -> socket.socket:
    """A bound socket that was never open to others, not even for a moment."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        made.bind(address)
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made


def _clear_way(path: Path, address: str) -> None:
    """Removes the socket of a plant that has ended; nothing else, and not that of one that runs."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise ListenError(errno.EEXIST, f"{path} is not a socket; choose another path for the panel.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        if asking.connect_ex(address) == 0:
            raise ListenError(errno.EADDRINUSE, f"Another plant serves its panel at {path}; choose another path.")
    path.unlink()


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """An address of the socket that the kernel takes, however long the path is."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
