"""Operators' words for PackML states, stop reasons and stop modes."""

from __future__ import annotations

from typing import Final

#: PackML state -> word and style. Colour stands for what is abnormal (ISA-101), so a running machine has none.
STATES: Final[dict[int, tuple[str, str]]] = {
    1: ("clearing", ""),
    2: ("stopped", "yellow"),
    3: ("starting", ""),
    4: ("ready", ""),
    5: ("waiting", ""),
    6: ("running", ""),
    7: ("stopping", "yellow"),
    8: ("fault", "bold red"),
    9: ("fault", "bold red"),
    10: ("held", "yellow"),
    11: ("held", "yellow"),
    12: ("restarting", ""),
    13: ("waiting", ""),
    14: ("restarting", ""),
    15: ("resetting", ""),
    16: ("finishing", ""),
    17: ("finished", ""),
}

REASONS: Final[dict[int, str]] = {
    0: "",
    1: "jam",
    2: "breakdown",
    3: "no bottles",
    4: "backed up",
    5: "changeover",
    6: "break",
    7: "by operator",
    8: "no order",
}

STOP_MODES: Final[dict[str, str]] = {"NoWrites": "no writes", "ProposeOnly": "propose only", "ReadOnly": "read only"}

ENDS: Final[dict[str, tuple[str, str]]] = {
    "confirmed": ("written and confirmed", "green"),
    "committed": ("written and confirmed", "green"),
    "compensated": ("taken back", "yellow"),
    "clamped": ("controller took another value", "yellow"),
    "refused": ("refused", "red"),
    "blocked": ("blocked", "yellow"),
    "expired": ("expired", "dim"),
    "rejected": ("rejected by a person", "yellow"),
    "shadow": ("shadow only", "dim"),
    "advised": ("shown as advice", "dim"),
    "withdrawn": ("withdrawn", "dim"),
    "superseded": ("superseded", "dim"),
    "outranked": ("another rule went first", "dim"),
    "unknown": ("UNKNOWN, frozen", "bold red"),
}
"""How a decision ended -> words and style; what is not here is still open."""
