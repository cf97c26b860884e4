"""The groups of one sub-SELECT: an accumulator for each aggregate, and the row that rules look at.

Rows can be looked up as they are, and together with those that were there when the round began. Everything that a
round does is noted, so that it can be undone when the transaction goes back. Knows neither rules nor triples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from kg.terms import Node
from reasoner.rules.aggregates import Accumulator, Items, accumulator
from reasoner.rules.ir import Grouping

Key: TypeAlias = tuple[Node, ...]
RowNodes: TypeAlias = tuple[Node | None, ...]
"""Keys, then results; None for a result that is an error."""
Inputs: TypeAlias = tuple[Node | None, ...]
"""For each aggregate what a member gives it; None for an error."""


class Notes:
    """What one round did to a table, to be undone."""

    __slots__ = ("members", "rows")

    def __init__(self) -> None:
        self.members: list[tuple[Key, Inputs, bool]] = []
        self.rows: list[tuple[Key, RowNodes | None]] = []


class _Group:
    __slots__ = ("accumulators", "count")

    def __init__(self, accumulators: tuple[Accumulator[Node], ...]) -> None:
        self.count = 0
        self.accumulators = accumulators


class Table:
    """Groups by key."""

    def __init__(self, grouping: Grouping, items: Items[Node]) -> None:
        self._aggregates = grouping.aggregates
        self._items = items
        self._is_whole = not grouping.keys
        self._groups: dict[Key, _Group] = {}
        self._rows: dict[Key, RowNodes] = {}
        self._indexes: dict[tuple[int, ...], dict[Key, dict[Key, None]]] = {}
        self._before: dict[Key, RowNodes | None] = {}
        """Rows that may have changed in this round, as they were before it."""

    def size(self, key: Key) -> int:
        """How many members the group has."""
        group = self._groups.get(key)
        return 0 if group is None else group.count

    # rows as they are, and together with those that were before the round

    def at(self, key: Key) -> tuple[RowNodes, ...]:
        row = self._rows.get(key)
        return () if row is None else (row,)

    def at_either(self, key: Key) -> tuple[RowNodes, ...]:
        before = self._before.get(key)
        return self.at(key) if before is None else (*self.at(key), before)

    def where(self, places: tuple[int, ...], values: Key) -> Iterable[RowNodes]:
        """The rows that have these values as keys in these places."""
        if not places:
            return self._rows.values()
        index = self._indexes.get(places)
        if index is None:
            index = self._indexes[places] = {}
            for key in self._rows:
                _enter(index, places, key)
        return (self._rows[key] for key in index.get(values, ()))

    def where_either(self, places: tuple[int, ...], values: Key) -> Iterator[RowNodes]:
        yield from self.where(places, values)
        for key, row in self._before.items():
            if row is not None and tuple(key[place] for place in places) == values:
                yield row

    # changes

    def begin(self) -> None:
        """A round begins: what is now is what will have been before."""
        self._before.clear()

    def count(self, key: Key, inputs: Inputs, came: bool, notes: Notes | None = None) -> None:
        """Take a member into its group, or out of it. Rows follow with `settle`."""
        self._before.setdefault(key, self._rows.get(key))
        if notes is not None:
            notes.members.append((key, inputs, came))
        self._change(key, inputs, came)

    def settle(self, notes: Notes | None = None) -> Iterator[tuple[RowNodes | None, RowNodes | None]]:
        """Bring the rows of all groups counted in this round up to date: (before, now) of those that changed."""
        for key, before in self._before.items():
            now = self._row(key)
            if now != before:
                if notes is not None:
                    notes.rows.append((key, before))
                self._set(key, now)
                yield before, now

    def undo(self, notes: Notes) -> None:
        """Take back what has been noted, and forget it."""
        while notes.rows:
            self._set(*notes.rows.pop())
        while notes.members:
            key, inputs, came = notes.members.pop()
            self._change(key, inputs, not came)
        self._before.clear()

    def clear(self) -> Callable[[], None]:
        """Forget all groups. Gives back what brings them back."""
        held = self._groups, self._rows
        self._hold({}, {})
        if self._is_whole:
            self._before[()] = None
        return lambda: self._hold(*held)

    def _hold(self, groups: dict[Key, _Group], rows: dict[Key, RowNodes]) -> None:
        self._groups, self._rows = groups, rows
        self._indexes.clear()
        self._before.clear()

    def _change(self, key: Key, inputs: Inputs, came: bool) -> None:
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._empty()
        group.count += 1 if came else -1
        for held, item in zip(group.accumulators, inputs, strict=True):
            (held.add if came else held.remove)(item)
        if not group.count:
            del self._groups[key]

    def _empty(self) -> _Group:
        return _Group(tuple(accumulator(aggregate, self._items) for aggregate in self._aggregates))

    def _row(self, key: Key) -> RowNodes | None:
        group = self._groups.get(key)
        if group is None:
            if not self._is_whole:
                return None
            group = self._empty()
        return (*key, *(held.result() for held in group.accumulators))

    def _set(self, key: Key, row: RowNodes | None) -> None:
        if row is None:
            del self._rows[key]
            for places, index in self._indexes.items():
                part = tuple(key[place] for place in places)
                del index[part][key]
                if not index[part]:
                    del index[part]
            return
        if key not in self._rows:
            for places, index in self._indexes.items():
                _enter(index, places, key)
        self._rows[key] = row


def _enter(index: dict[Key, dict[Key, None]], places: tuple[int, ...], key: Key) -> None:
    index.setdefault(tuple(key[place] for place in places), {})[key] = None
