"""How long Changes take from their arrival at the Gate until they are on record: the newest few thousand, by class."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

KEPT: Final = 2048


class Waits:
    """Seconds of requests (whatever may be refused) and of reports of reality, apart."""

    def __init__(self) -> None:
        self._seconds = {True: deque[float](maxlen=KEPT), False: deque[float](maxlen=KEPT)}

    def add(self, is_request: bool, seconds: float) -> None:
        self._seconds[is_request].append(seconds)

    def to_json(self) -> dict[str, dict[str, float | int]]:
        """p50, p99 and the largest in milliseconds, and of how many; sorts what is kept."""
        return {name: _figures(self._seconds[key]) for name, key in (("requests", True), ("readings", False))}


def _figures(seconds: Sequence[float]) -> dict[str, float | int]:
    if not seconds:
        return {"count": 0}
    ordered = sorted(seconds)
    at = {name: ordered[min(len(ordered) - 1, int(share * len(ordered)))] for name, share in _SHARES.items()}
    return {"count": len(ordered), **{name: round(1000 * value, 3) for name, value in at.items()}}


_SHARES: Final = {"p50_ms": 0.50, "p99_ms": 0.99, "max_ms": 1.0}
