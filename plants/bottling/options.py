"""What can be chosen about a run of the bottling plant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from plants.bottling.pace import FASTEST, SLOWEST
from plants.bottling.parameters import LineQuality

PASSWORD_VARIABLE = "TWINWRIGHT_GATEWAY_PASSWORD"  # noqa: S105  # the name of the variable, not its value
DEFAULT_PORT = 4840


@dataclass(frozen=True, slots=True)
class BottlingOptions:
    """One run. Raises ValueError for a choice that cannot be."""

    seed: int = 7
    speed: float = 1.0
    """Plant seconds per wall second at the start; 0 stands still until it is stepped (for tests)."""
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    """0 takes a free port."""
    allow_remote: bool = False
    """Listen on an address other than loopback, although the channel is neither signed nor encrypted."""
    inject: tuple[str, ...] = ()
    """Faults, such as `jam:labeller@60s`."""
    interactive: bool = False
    """Read further faults from standard input, one a line."""
    panel: Path | None = None
    """Unix socket of the operator's panel; without one there is none."""
    write_log: Path | None = None
    line: LineQuality = "good"
    password: str | None = None
    """Of the user `gateway`; without one nobody may write."""
    duration_s: float | None = None
    """Plant seconds after which the run ends."""
    start_hour: int = 5
    watchdog_s: float = 10.0
    """Wall seconds without a changed heartbeat until the machines fall back."""

    def __post_init__(self) -> None:
        if self.speed != 0 and not SLOWEST <= self.speed <= FASTEST:
            raise ValueError(f"The speed must be between {SLOWEST:g} and {FASTEST:g}, or 0; it is {self.speed}.")
        if self.line not in ("good", "average"):
            raise ValueError(f"The line must be 'good' or 'average'; it is {self.line!r}.")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"The port must be between 0 and 65535; it is {self.port}.")
        if not 0 <= self.start_hour <= 23:
            raise ValueError(f"The start hour must be between 0 and 23; it is {self.start_hour}.")
        if self.watchdog_s <= 0:
            raise ValueError(f"The watchdog's time must be positive; it is {self.watchdog_s} s.")
