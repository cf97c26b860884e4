"""The words of `agents.words` with a terminal's colours: only what is abnormal has one (ISA-101)."""

from __future__ import annotations

from typing import Final

from agents import words
from agents.words import REASONS, STOP_MODES

__all__ = ["ENDS", "REASONS", "STATES", "STOP_MODES"]

_STATE_STYLES: Final = {
    2: "yellow",
    7: "yellow",
    8: "bold red",
    9: "bold red",
    10: "yellow",
    11: "yellow",
}
_END_STYLES: Final = {
    **dict.fromkeys(("confirmed", "committed"), "green"),
    **dict.fromkeys(("compensated", "clamped", "blocked", "rejected"), "yellow"),
    "refused": "red",
    **dict.fromkeys(("expired", "shadow", "advised", "withdrawn", "superseded", "outranked"), "dim"),
    "unknown": "bold red",
}

#: PackML state -> word and style; a running machine has none.
STATES: Final[dict[int, tuple[str, str]]] = {
    state: (word, _STATE_STYLES.get(state, "")) for state, word in words.STATES.items()
}
ENDS: Final[dict[str, tuple[str, str]]] = {end: (word, _END_STYLES[end]) for end, word in words.ENDS.items()}
"""How a decision ended -> words and style; what is not here is still open."""
