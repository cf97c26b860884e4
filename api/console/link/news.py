"""What core, gateway, history and supervisor say now: asked once for all who look at the page."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from api.supervisor import parts_path
from api.web.routes.health import statuses
from api.web.twin import Twin
from kg.errors import TwinError
from kg.history.schema import Sample

_FRESH_S: Final = 0.9
_SHARE: Final = 5
"""Reading may take a fifth of the time at the most, however many items there are."""


@dataclass(frozen=True, slots=True)
class News:
    """Answers of one moment. A part that does not answer has `{"error": sentence}`."""

    core: Mapping[str, Any] = field(default_factory=dict)
    gateway: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Mapping[str, Any], ...] = ()
    samples: Mapping[str, Sample] = field(default_factory=dict)
    """The newest sample of each property."""
    error: str = ""
    """Why there are no samples."""


class Newsroom:
    """Keeps the newest answers of one twin."""

    def __init__(self) -> None:
        self._news = News()
        self._until_s = 0.0
        self._lock = asyncio.Lock()

    async def read(self, twin: Twin) -> News:
        """The answers, not older than a second where they can be had in that time."""
        async with self._lock:
            if time.monotonic() >= self._until_s:
                began_s = time.monotonic()
                self._news = await _ask(twin, self._news)
                took_s = time.monotonic() - began_s
                self._until_s = time.monotonic() + max(_FRESH_S - took_s, took_s * _SHARE)
        return self._news


def newsroom_of(twin: Twin) -> Newsroom:
    """The one newsroom of a twin."""
    return _KNOWN.setdefault(twin, Newsroom())


_KNOWN: Final[WeakKeyDictionary[Twin, Newsroom]] = WeakKeyDictionary()


async def _ask(twin: Twin, before: News) -> News:
    told = await statuses(twin)
    parts = await asyncio.to_thread(read_parts, twin.data)
    samples, error = before.samples, ""
    try:
        samples = await asyncio.to_thread(_newest, twin)
    except TwinError as failure:
        error = failure.message
    return News(told.get("core", {}), told.get("gateway", {}), parts, samples, error)


def _newest(twin: Twin) -> dict[str, Sample]:
    lasts, tags = twin.history.lasts(), twin.history.tags()
    return {tags[tag].prop: sample for tag, sample in lasts.items() if tag in tags}


def read_parts(data: Path) -> tuple[Mapping[str, Any], ...]:
    """What the supervisor has noted of its parts; nothing where there is no supervisor."""
    try:
        told = json.loads(parts_path(data).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(part for part in told if isinstance(part, dict)) if isinstance(told, list) else ()
