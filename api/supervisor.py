"""Starts the processes of a twin in order, watches them, starts fallen ones again, and ends all of them in order.

One part's end never takes another down. What happens to each part is kept in DATA/run/parts.json for `status`; what
it says goes to DATA/logs/NAME.log.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from api.known_errors import error_class
from kg.errors import DataDirectoryLocked, ServiceDown, TwinError

_LOG = logging.getLogger(__name__)
_CODED = re.compile(r" \[([a-z-]+)\]")
_LONGEST_LOG = 10 * 1024 * 1024
_POLL_S = 0.1
TRY_AGAIN = 75
"""The exit code by which a part asks to be started again at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process to keep running. `ready` returns whether it answers; None means: as soon as it runs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_within_s: float = 60.0


@dataclass(slots=True)
class PartState:
    """What is known of a part; written to parts.json."""

    name: str
    pid: int | None = None
    state: str = "waiting"
    """waiting, starting, running, restarting, stopped."""
    restarts: int = 0
    last_exit: int | None = None
    since_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait before a part is started again: doubled each time it falls before `steady_s`."""

    first_s: float = 0.5
    longest_s: float = 30.0
    steady_s: float = 60.0

    def wait_s(self, falls: int) -> float:
        return float(min(self.longest_s, self.first_s * 2 ** max(0, falls - 1)))


class Supervisor:
    """Runs parts until `stop` is called. Parts are started in the order given and ended in `end_order`."""

    def __init__(
        self,
        data: Path,
        parts: Sequence[Part],
        end_order: Sequence[str] = (),
        stop_within_s: float = 5.0,
        backoff: Backoff | None = None,
    ) -> None:
        self.states = {part.name: PartState(part.name) for part in parts}
        self.ready = asyncio.Event()
        """Set when every part has answered once."""
        self._data = data
        self._parts = {part.name: part for part in parts}
        self._end_order = [*end_order, *(name for name in self._parts if name not in end_order)]
        self._stop_within_s = stop_within_s
        self._backoff = backoff if backoff is not None else Backoff()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask for an orderly end; `run` returns when it is done. Idempotent."""
        self._stopping.set()

    async def run(self) -> None:
        """Start everything, then watch until `stop`. Raises TwinError when a part cannot be started at first."""
        try:
            for part in self._parts.values():
                if not self._stopping.is_set():
                    await self._start_first(part)
            self.ready.set()
            await self._watch()
        finally:
            await self._end()

    async def _watch(self) -> None:
        async with asyncio.TaskGroup() as group:
            keepers = [group.create_task(self._keep(part)) for part in self._parts.values()]
            await self._stopping.wait()
            for keeper in keepers:
                keeper.cancel()

    async def _start_first(self, part: Part) -> None:
        _LOG.info("starting %s", part.name)
        process = await self._spawn(part)
        until = time.monotonic() + part.ready_within_s
        while not await self._answers(part, process):
            if process.returncode is not None:
                self._note(part.name, state="stopped", last_exit=process.returncode, pid=None)
                raise self._failed(part, process.returncode)
            if time.monotonic() > until:
                raise ServiceDown(f"The {part.name} did not answer within {part.ready_within_s:g} s.", part=part.name)
            if self._stopping.is_set():
                return
            await asyncio.sleep(_POLL_S)
        self._note(part.name, state="running")

    async def _answers(self, part: Part, process: asyncio.subprocess.Process) -> bool:
        if process.returncode is not None:
            return False
        return True if part.ready is None else await part.ready()

    async def _keep(self, part: Part) -> None:
        falls = 0
        while True:
            process, began = self._processes[part.name], time.monotonic()
            code = await process.wait()
            falls = 1 if time.monotonic() - began > self._backoff.steady_s else falls + 1
            wait_s = 0.0 if code == TRY_AGAIN else self._backoff.wait_s(falls)
            self._note(part.name, state="restarting", last_exit=code, pid=None)
            _LOG.warning("the %s ended with %s; starting it again in %g s", part.name, code, wait_s)
            await asyncio.sleep(wait_s)
            self.states[part.name].restarts += 1
            await self._spawn(part)
            self._note(part.name, state="running")

    async def _spawn(self, part: Part) -> asyncio.subprocess.Process:
        environment = {**os.environ, **part.environment, "TWINWRIGHT_PARENT_PID": str(os.getpid())}
        with self._log_file(part.name) as log:
            process = await asyncio.create_subprocess_exec(
                *part.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,  # a Ctrl-C in the terminal ends the parts in our order, not all at once
            )
        self._processes[part.name] = process
        self._note(part.name, state="starting", pid=process.pid, since_s=time.time())
        return process

    async def _end(self) -> None:
        """End the running parts one after the other; whoever does not go in its share of the time is killed."""
        until = time.monotonic() + self._stop_within_s
        left = [name for name in self._end_order if self._is_running(name)]
        while left:
            name = left.pop(0)
            share_s = max(0.2, (until - time.monotonic()) / (len(left) + 1))
            await self._end_part(name, share_s)
            self._note(name, state="stopped", pid=None, last_exit=self._processes[name].returncode)

    async def _end_part(self, name: str, within_s: float) -> None:
        process = self._processes[name]
        _signal(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(within_s):
                await process.wait()
        except TimeoutError:
            _LOG.warning("the %s did not end within %.1f s and is killed", name, within_s)
            _signal(process, signal.SIGKILL)
            await process.wait()

    def _is_running(self, name: str) -> bool:
        process = self._processes.get(name)
        return process is not None and process.returncode is None

    def _failed(self, part: Part, code: int) -> TwinError:
        """The error for a part that ended at its first start: its own last words and its own exit code."""
        path = self._log_path(part.name)
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        # the frames of a traceback are drawn with these
        said = (line.strip(" |+-") for line in reversed(lines))
        last = next((line for line in said if line), "it said nothing")
        # the parts end with `sentence [code] remedy`, as kg.errors writes an error
        coded = _CODED.search(last)
        named = error_class(coded[1]) if coded else None
        kind, told = (ServiceDown, last) if named is None or coded is None else (named, last[: coded.start()])
        return kind(f"The {part.name} could not start: {told}", part=part.name, exit=code, log=str(path))

    def _log_path(self, name: str) -> Path:
        return self._data / "logs" / f"{name}.log"

    def _log_file(self, name: str) -> Any:
        path = self._log_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LONGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")

    def _note(self, name: str, **changes: Any) -> None:
        state = self.states[name]
        for key, value in changes.items():
            setattr(state, key, value)
        path = parts_path(self._data)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps([asdict(state) for state in self.states.values()]), encoding="utf-8")
        fresh.replace(path)


class SupervisorLock:
    """Keeps a second supervisor away from a data directory, before it could replace the tokens of the first.

    Raises DataDirectoryLocked naming the process that holds it.
    """

    def __init__(self, data: Path) -> None:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = (data / "supervisor.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise DataDirectoryLocked(f"Process {owner} runs a twin on {data}.", path=str(data), pid=owner) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def close(self) -> None:
        """Let the next supervisor in. Idempotent."""
        self._file.close()


def parts_path(data: Path) -> Path:
    """Where a supervisor keeps what it knows of its parts."""
    return data / "run" / "parts.json"


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module as a child that ends with its supervisor."""
    return [sys.executable, "-m", "api.child", module, *arguments]


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)
