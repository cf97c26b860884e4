"""Killing parts of a running twin, to show that the line goes on without it and that the twin comes back by itself.

SIGKILL, so nobody can tidy up. Whom it hits is made certain first: a child of this data directory's supervisor that
runs the module of that part. The process is held by a pidfd, so that a number given anew in between hits nobody.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from api.supervisor import parts_path
from kg.errors import ServiceDown, UnknownNode
from kg.tokens import AGENTS, CORE, GATEWAY, REPLICA

#: What can be killed: part -> the module that its process runs. Never the supervisor, the plant, or who is asked.
MODULES: Final = {AGENTS: "agents", CORE: "api.core", GATEWAY: "kg.opcua.gateway", REPLICA: "kg.replica"}


def kill_parts(data: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Kill these parts, all at once as far as that goes; the names of those that were hit, in order.

    A part that is down already is left out. Raises UnknownNode for what is no such part, ServiceDown where no
    supervisor watches over this data directory.
    """
    for name in names:
        if name not in MODULES:
            raise UnknownNode(f"There is no part {name} to kill; there are: {', '.join(MODULES)}.", part=name)
    supervisor, pids = _supervisor(data), _pids(data)
    with contextlib.ExitStack() as stack:
        held = {
            name: fd
            for name in dict.fromkeys(names)
            if (fd := stack.enter_context(_held(pids.get(name), MODULES[name], supervisor))) is not None
        }
        return tuple(name for name, fd in held.items() if _kill(fd))


@contextlib.contextmanager
def _held(pid: int | None, module: str, supervisor: int) -> Iterator[int | None]:
    """A pidfd of the part's process; None where that is not (or no longer) what runs under this number."""
    try:
        fd = None if pid is None else os.pidfd_open(pid)
    except ProcessLookupError:
        fd = None
    if fd is None or pid is None:
        yield None
        return
    try:
        yield fd if _is_part(pid, module, supervisor) else None
    finally:
        os.close(fd)


def _is_part(pid: int, module: str, supervisor: int) -> bool:
    place = Path("/proc") / str(pid)
    try:
        parent = int((place / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[1])
        command = (place / "cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, IndexError):
        return False
    return parent == supervisor and command[1:4] == [b"-m", b"api.child", module.encode()]


def _kill(fd: int) -> bool:
    try:
        signal.pidfd_send_signal(fd, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _supervisor(data: Path) -> int:
    try:
        return int((data / "supervisor.lock").read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise ServiceDown(f"No supervisor watches over {data}.", part="supervisor") from None


def _pids(data: Path) -> dict[str, int | None]:
    return {str(part["name"]): part["pid"] for part in parts_of(data)}


def parts_of(data: Path) -> list[dict[str, Any]]:
    """What the supervisor last noted of its parts: name, pid, state, restarts. Raises ServiceDown where it did not."""
    try:
        told = json.loads(parts_path(data).read_text(encoding="utf-8"))
        return [dict(part) for part in told]
    except (OSError, ValueError, TypeError):
        raise ServiceDown(f"No supervisor has left word of its parts in {data}.", part="supervisor") from None
