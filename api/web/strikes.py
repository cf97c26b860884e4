"""Who has let queries run into their time limit lately: after three in a minute, no more for a minute.

A query that cannot be ended takes the replica's process with it, which comes back within seconds. One person could keep
SPARQL from everybody by asking such queries again and again.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final

from api.web.errors import TooManyRequests

MOST: Final = 3
WITHIN_S: Final = 60.0


class Strikes:
    """By login. Belongs to one event loop."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._at: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST))

    def require_few(self, login: str) -> None:
        """Nothing for whoever may ask. Raises TooManyRequests for whoever must wait."""
        at = self._at[login]
        left_s = WITHIN_S - (self._now_s() - at[0]) if len(at) == MOST else 0.0
        if left_s > 0:
            told = f"{MOST} of your queries ran into their time limit. Ask again in {left_s:.0f} s, for less."
            raise TooManyRequests(told, wait_s=round(left_s))

    def out_of_time(self, login: str) -> None:
        """Another query of theirs has run into its time limit."""
        self._at[login].append(self._now_s())
