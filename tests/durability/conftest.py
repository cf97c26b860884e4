"""The shim compiled, and the workload run under it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"durability_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def crash() -> ModuleType:
    """The module crash.py."""
    return _module("crash")


@pytest.fixture(scope="session")
def workload() -> ModuleType:
    """The module workload.py."""
    return _module("workload")


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """shim.c as a shared library."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler (cc, gcc, clang) to compile the shim that records writes and syncs")
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    command = [
        compiler,
        "-shared",
        "-fPIC",
        "-O1",
        "-Wall",
        "-o",
        str(library),
        str(HERE / "shim.c"),
        "-ldl",
        "-lpthread",
    ]
    subprocess.run(command, check=True, timeout=60)
    return library


@pytest.fixture(scope="session")
def run_traced(shim: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, Path]]:
    """Run the workload with arguments under the shim: its data directory and its trace."""

    def run(*arguments: str) -> tuple[Path, Path]:
        place = tmp_path_factory.mktemp("traced")
        root, trace = place / "data", place / "trace"
        environment = {**os.environ, "LD_PRELOAD": str(shim), "TW_ROOT": str(root), "TW_TRACE": str(trace)}
        command = [sys.executable, str(HERE / "workload.py"), str(root), *arguments]
        subprocess.run(command, env=environment, check=True, timeout=120, stdout=subprocess.DEVNULL)
        return root, trace

    return run
