"""Is the record what was written? The verification of journal and history, once at a time however many ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg.history import HistoryReader, verify_seals
from kg.journal import JournalReader, verify
from kg.store import DataPaths

_MOST: Final = 20
"""Problems that are shown; more would say the same."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found."""

    ok: bool
    entries: int
    head: int
    hash: str
    samples: int
    seals: int
    unsealed: int
    problems: tuple[str, ...]
    anchored: bool
    """False where no head was kept, so that a cut at the end would not be seen."""
    at_us: int
    took_s: float


class Verification:
    """A verification of one data directory, under way or done."""

    def __init__(self, data: Path) -> None:
        self._paths = DataPaths(data)
        self._task: asyncio.Task[Verified] | None = None
        self.progress = ""
        """What is being done, in words; empty while nothing is."""

    @property
    def is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def run(self) -> Verified:
        """The result; who asks while one is under way waits for that one. Raises JournalBroken."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(asyncio.to_thread(verified, self._paths, self._tell))
        try:
            return await asyncio.shield(self._task)
        finally:
            if not self.is_running:
                self.progress = ""

    def _tell(self, words: str) -> None:
        self.progress = words


def verified(paths: DataPaths, tell: Callable[[str], None]) -> Verified:
    """Recompute every hash of the journal, then every seal of history. Blocks. Raises JournalBroken."""
    began_s = time.monotonic()
    tell("Recomputing the hash of every entry of the journal…")
    report = verify(paths.journal)
    problems = [problem.sentence for problem in report.problems]
    samples = seals = unsealed = 0
    if report.ok and paths.history.exists():
        tell(f"{report.entries:,} entries hold together. Comparing the samples of history with their seals…")
        with JournalReader.open(paths.journal) as journal, HistoryReader.open(paths.history) as history:
            found = verify_seals(history, journal.entries())
        samples, seals, unsealed = found.samples, found.seals, found.unsealed
        problems += [problem.sentence for problem in found.problems]
    return Verified(
        ok=not problems,
        entries=report.entries,
        head=report.head.index,
        hash=report.head.hash.hex(),
        samples=samples,
        seals=seals,
        unsealed=unsealed,
        problems=tuple(problems[:_MOST]),
        anchored=report.anchor is not None,
        at_us=time.time_ns() // 1000,
        took_s=time.monotonic() - began_s,
    )


def verification_of(data: Path) -> Verification:
    """The one verification of a data directory."""
    return _KNOWN.setdefault(data, Verification(data))


_KNOWN: Final[dict[Path, Verification]] = {}
