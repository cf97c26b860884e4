"""The supervisor, with tiny children."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from api.supervisor import Backoff, Part, Supervisor, SupervisorLock, parts_path
from kg.errors import DataDirectoryLocked, RecordFailed, ServiceDown

QUICK = Backoff(first_s=0.02, longest_s=0.1, steady_s=60.0)
PATIENT = "import time\nwhile True: time.sleep(1)"
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen('up', 'w')\nwhile True: time.sleep(1)"
)


def child(code: str) -> list[str]:
    return [sys.executable, "-S", "-E", "-c", code]


@asynccontextmanager
async def supervised(supervisor: Supervisor) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(supervisor.run())
    try:
        async with asyncio.timeout(20):
            await supervisor.ready.wait()
            yield task
    finally:
        supervisor.stop()
        await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # what is waited for happens in another process
            await asyncio.sleep(0.01)


def told(data: Path) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in json.loads(parts_path(data).read_text())}


async def test_a_killed_part_is_started_again_and_others_live_on(tmp_path: Path) -> None:
    """One part's end takes nobody down; the restart is counted and visible."""
    parts = [Part("one", child(PATIENT)), Part("two", child(PATIENT))]
    supervisor = Supervisor(tmp_path, parts, backoff=QUICK)
    async with supervised(supervisor):
        first, other = supervisor.states["one"].pid, supervisor.states["two"].pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: supervisor.states["one"].restarts == 1 and supervisor.states["one"].state == "running")

        assert supervisor.states["one"].pid not in (None, first)
        assert supervisor.states["one"].last_exit == -signal.SIGKILL
        assert supervisor.states["two"].pid == other
        assert told(tmp_path)["one"]["restarts"] == 1

    assert {part["state"] for part in told(tmp_path).values()} == {"stopped"}


async def test_a_part_that_keeps_falling_is_started_less_and_less_often(tmp_path: Path) -> None:
    """The waits double; the part that falls does not keep the machine busy."""
    fallen = Backoff(first_s=0.5, longest_s=30.0)

    assert [fallen.wait_s(falls) for falls in (1, 2, 3, 4, 99)] == [0.5, 1.0, 2.0, 4.0, 30.0]
    supervisor = Supervisor(tmp_path, [Part("falls", child("pass"), ready=_is_true)], backoff=QUICK)
    async with supervised(supervisor):
        await until(lambda: supervisor.states["falls"].restarts >= 2)


async def test_ends_in_order_and_in_time(tmp_path: Path) -> None:
    """Parts end one after the other; one that ignores the signal is killed within its share of the time."""
    log = tmp_path / "ends"
    code = (
        "import signal, sys, time\n"
        f"def end(*_): open({str(log)!r}, 'a').write(sys.argv[1] + ' '); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nopen(sys.argv[1], 'w')\nwhile True: time.sleep(0.01)"
    )
    parts = [
        Part("core", [*child(code), str(tmp_path / "core")], ready=_exists(tmp_path / "core")),
        Part("stubborn", child(STUBBORN.replace("'up'", repr(str(tmp_path / "up")))), ready=_exists(tmp_path / "up")),
        Part("agents", [*child(code), str(tmp_path / "agents")], ready=_exists(tmp_path / "agents")),
    ]
    supervisor = Supervisor(tmp_path, parts, ("agents", "stubborn", "core"), stop_within_s=1.5)
    async with supervised(supervisor):
        pass
    began = time.monotonic()

    assert [Path(word).name for word in log.read_text().split()] == ["agents", "core"]
    assert supervisor.states["stubborn"].last_exit == -signal.SIGKILL
    assert time.monotonic() - began < 2.5


async def test_a_part_that_cannot_start_ends_the_start(tmp_path: Path) -> None:
    """Its last words are the error, of the class that its code names; what had been started is ended."""
    code = "import sys; print('The disk is full. [record-failed] Free space.', file=sys.stderr); sys.exit(3)"
    parts = [Part("first", child(PATIENT)), Part("core", child(code), ready=_is_false)]
    supervisor = Supervisor(tmp_path, parts)

    with pytest.raises(
        RecordFailed, match=r"core could not start: The disk is full\. \[record-failed\] Free space or"
    ) as failed:
        await supervisor.run()

    assert failed.value.facts["exit"] == 3
    assert told(tmp_path)["first"]["state"] == "stopped"


async def test_the_lock_of_a_core_is_passed_through(tmp_path: Path) -> None:
    """A data directory that another twin owns is told as such."""
    error = DataDirectoryLocked("Process 1 runs a twin here.")
    code = f"import sys; print({str(error)!r}, file=sys.stderr); sys.exit(3)"
    supervisor = Supervisor(tmp_path, [Part("core", child(code), ready=_is_false)])

    with pytest.raises(DataDirectoryLocked, match="Process 1 runs a twin here"):
        await supervisor.run()


async def test_a_part_that_never_answers_is_named(tmp_path: Path) -> None:
    """Waiting for readiness ends."""
    supervisor = Supervisor(tmp_path, [Part("mute", child(PATIENT), ready=_is_false, ready_within_s=0.2)])

    with pytest.raises(ServiceDown, match=r"mute did not answer within 0\.2 s"):
        await supervisor.run()


def test_one_supervisor_a_data_directory(tmp_path: Path) -> None:
    """The second is refused with the first one's process id, and may come in when the first has gone."""
    first = SupervisorLock(tmp_path)

    with pytest.raises(DataDirectoryLocked, match=str(os.getpid())):
        SupervisorLock(tmp_path)

    first.close()
    SupervisorLock(tmp_path).close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_children_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    """A supervisor that is killed leaves nobody behind who holds the data directory."""
    (tmp_path / "patient.py").write_text("import time\nprint('up', flush=True)\nwhile True: time.sleep(0.1)\n")
    starter = (
        "import os, subprocess, sys, time\n"
        "os.environ['TWINWRIGHT_PARENT_PID'] = str(os.getpid())\n"
        "p = subprocess.Popen([sys.executable, '-m', 'api.child', 'patient'], stdout=subprocess.PIPE)\n"
        "p.stdout.readline(); print(p.pid, flush=True)\ntime.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    for _ in range(200):
        if not _is_alive(pid):
            break
        time.sleep(0.02)
    assert not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def _is_true() -> bool:
    return True


async def _is_false() -> bool:
    return False


def _exists(path: Path) -> Callable[[], Any]:
    async def ready() -> bool:
        return await asyncio.to_thread(path.exists)

    return ready
