"""What holds for every test: no outside network, no leaked task, foreign material where it lies, no skips in CI."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def foreign_data() -> Path:
    """Test material that nobody in this project wrote; skips where it is absent."""
    folder = Path(os.environ.get("TWINWRIGHT_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"foreign test material is not at {folder}; set TWINWRIGHT_DATA")
    return folder


@pytest.fixture
async def _no_leaked_task() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task() and not task.done()}
    assert not left, f"These tasks were left running: {left}"


@pytest.fixture(autouse=True)
def task_guard(request: pytest.FixtureRequest) -> None:
    """A coroutine test that leaves a task running fails."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("_no_leaked_task")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI everything that tests need is installed, so a skip hides something."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if skipped and os.environ.get("CI"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        for report in skipped:
            reporter.write_line(f"skipped in CI: {report.nodeid} {report.longrepr}", red=True)
