"""When a rule may speak again: not twice for the same match, and less and less often after refusals."""

from __future__ import annotations

from collections.abc import Iterable

from rdflib import URIRef

from agents.pipeline import End
from kg.change import Match

_SECOND = 1_000_000
_AFTER: dict[End, int] = {
    End.SHADOW: 2 * _SECOND,
    End.ADVISED: 2 * _SECOND,
    End.OUTRANKED: 0,
    End.SUPERSEDED: 0,
    End.WITHDRAWN: 2 * _SECOND,
    End.EXPIRED: 30 * _SECOND,
    End.REJECTED: 300 * _SECOND,
    End.REFUSED: 1 * _SECOND,
    End.COMMITTED: 1 * _SECOND,
    End.COMPENSATED: 60 * _SECOND,
    End.CLAMPED: 60 * _SECOND,
    End.UNKNOWN: 300 * _SECOND,
}
"""Wall time for which a rule leaves a target alone after a decision."""
_DOUBLES = frozenset({End.REFUSED, End.EXPIRED})
_LONGEST = 300 * _SECOND
_AGAIN = 60 * _SECOND
"""A match that still holds this long after its value was committed is taken up again."""
_ONCE = frozenset({End.COMMITTED, End.CLAMPED, End.COMPENSATED, End.REJECTED})
_SHOWN = frozenset({End.SHADOW, End.ADVISED})


class Rests:
    """The cool-downs of one agent. Times are wall time in microseconds."""

    def __init__(self) -> None:
        self._until: dict[tuple[URIRef, URIRef], int] = {}
        self._refusals: dict[tuple[URIRef, URIRef], int] = {}
        self._spent: dict[Match, int] = {}
        self._shown: set[Match] = set()
        self._outranked: set[Match] = set()

    def after(self, match: Match, end: End, now_us: int) -> None:
        """Take note that a decision about this match has ended."""
        key = (match.rule, match.target)
        rest_us = _AFTER[end]
        if end in _DOUBLES:
            count = self._refusals[key] = self._refusals.get(key, 0) + 1
            rest_us = min(rest_us << min(count - 1, 16), _LONGEST)
        else:
            self._refusals.pop(key, None)
        self._until[key] = now_us + rest_us
        if end in _ONCE:
            self._spent[match] = now_us + _AGAIN
        elif end in _SHOWN:
            self._shown.add(match)
        elif end is End.OUTRANKED:
            self._outranked.add(match)

    def keep(self, matches: Iterable[Match]) -> None:
        """Forget the matches that no longer hold: should they begin again, they are new."""
        holding = set(matches)
        self._spent = {match: until for match, until in self._spent.items() if match in holding}
        self._shown &= holding
        self._outranked &= holding

    def regraded(self) -> None:
        """The levels have changed: what was only shown may now be worth more."""
        self._shown.clear()

    def is_resting(self, match: Match, now_us: int) -> bool:
        """True while this match must not become a proposal."""
        if match in self._shown or self._spent.get(match, 0) > now_us:
            return True
        return self._until.get((match.rule, match.target), 0) > now_us

    def was_outranked(self, match: Match) -> bool:
        """True where this match's defeat is on record already."""
        return match in self._outranked

    def next_us(self, now_us: int) -> int | None:
        """When the next rest ends; None where nothing rests."""
        return min((end for end in (*self._until.values(), *self._spent.values()) if end > now_us), default=None)
