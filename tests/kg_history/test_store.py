"""One twin owns a data directory."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kg.errors import DataDirectoryLocked
from kg.store import DataDirectory, DataPaths


def test_second_twin_is_refused_and_told_who_owns_it(tmp_path: Path) -> None:
    """The refusal names the process; after it ends the directory is free."""
    with DataDirectory(tmp_path / "data") as data, pytest.raises(DataDirectoryLocked) as caught:
        DataDirectory(data.paths.root)
    with DataDirectory(tmp_path / "data"):
        pass

    assert caught.value.facts["pid"] == os.getpid()
    assert str(os.getpid()) in str(caught.value)


def test_lock_of_another_process_ends_with_it(tmp_path: Path) -> None:
    """A killed twin leaves its directory free, and its children do not inherit the lock."""
    program = (
        "import os, subprocess, sys; from kg.store import DataDirectory; d = DataDirectory(sys.argv[1])\n"
        "child = subprocess.Popen(['sleep', '5'], stdout=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as twin:
        assert twin.stdout is not None
        child = int(twin.stdout.readline())
        with pytest.raises(DataDirectoryLocked) as caught:
            DataDirectory(tmp_path)
        twin.kill()
        twin.wait(10)
        with DataDirectory(tmp_path) as data:
            assert data.paths.lock.read_text().strip() == str(os.getpid())
        os.kill(child, 9)

    assert caught.value.facts["pid"] == twin.pid


def test_directory_is_closed_to_others(tmp_path: Path) -> None:
    """Only the owner may look into it, also where it existed with other rights."""
    (tmp_path / "data").mkdir(mode=0o755)
    with DataDirectory(tmp_path / "data") as data:
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (data.paths.root, data.paths.run)]

    assert modes == [0o700, 0o700]


def test_names_are_known_without_the_lock(tmp_path: Path) -> None:
    """Other processes of the same twin find the files."""
    paths = DataPaths(tmp_path)

    assert {paths.journal.name, paths.history.name, paths.gateway.name, paths.run.name, paths.lock.name} == {
        "journal.sqlite",
        "history.sqlite",
        "gateway.sqlite",
        "run",
        "twin.lock",
    }


def test_close_twice(tmp_path: Path) -> None:
    """Closing again does nothing, in particular not to a file that got the same number meanwhile."""
    data = DataDirectory(tmp_path)
    data.close()
    descriptor = os.open(tmp_path, os.O_RDONLY)
    data.close()

    os.fstat(descriptor)
    os.close(descriptor)
