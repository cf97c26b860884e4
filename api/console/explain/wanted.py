"""Which decisions somebody wants to see: the filter above the list, as it stands in the address of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final
from urllib.parse import urlencode

from agents.explanation import DecisionSummary

#: Name in the address -> what people call these decisions, and the ends that belong to them (None: open).
STATES: Final[Mapping[str, tuple[str, frozenset[str | None]]]] = {
    "open": ("Open", frozenset({None})),
    "written": ("Written", frozenset({"committed", "confirmed", "compensated", "clamped"})),
    "refused": ("Refused or blocked", frozenset({"refused", "blocked"})),
    "rejected": ("Rejected by a person", frozenset({"rejected"})),
    "unknown": ("Unknown, frozen", frozenset({"unknown"})),
    "shadow": ("Shadow or advice only", frozenset({"shadow", "advised"})),
    "lapsed": ("Lapsed", frozenset({"withdrawn", "superseded", "expired", "outranked"})),
}
#: Name in the address -> words and seconds back from now.
SPANS: Final[Mapping[str, tuple[str, int]]] = {
    "15m": ("Last 15 minutes", 900),
    "1h": ("Last hour", 3600),
    "8h": ("Last 8 hours", 8 * 3600),
    "1d": ("Last 24 hours", 24 * 3600),
    "7d": ("Last 7 days", 7 * 24 * 3600),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter; an empty field asks for everything. IRIs for who, rule and machine."""

    state: str = ""
    who: str = ""
    rule: str = ""
    machine: str = ""
    span: str = ""
    until: str = ""
    """Only what began before this moment, `2026-11-22T08:15` in UTC."""

    @property
    def is_everything(self) -> bool:
        return self == Wanted()

    def address(self) -> str:
        """The path of the list with this filter."""
        given = {field.name: value for field in fields(self) if (value := getattr(self, field.name))}
        return "/explain" + (f"?{urlencode(given)}" if given else "")

    def since_us(self, now_us: int) -> int:
        """The moment from which on decisions are wanted; 0 for all."""
        seconds = SPANS[self.span][1] if self.span in SPANS else 0
        return now_us - seconds * 1_000_000 if seconds else 0

    def fits(self, summary: DecisionSummary, machine: str | None) -> bool:
        """Whether a decision on a machine is wanted. Who and when are looked at where the journal is read."""
        if self.state in STATES and summary.end not in STATES[self.state][1]:
            return False
        return (not self.rule or summary.rule == self.rule) and (not self.machine or machine == self.machine)
