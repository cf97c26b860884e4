"""The proofs of a fact one after the other: the lowest first, and of equally low ones the smallest.

Each height has its own search, in which a *goal* asks for the proofs of a fact of exactly or at most one height. The
goals below a goal are lower, so circles in the derivations do no harm, and the proofs of a goal are joined from those
of the goals below it in order of size, as far as somebody asks. A proof that gives one fact in two ways is left out: it
holds a smaller one, and one that runs in a circle is always of that kind.

Source: L. Huang, D. Chiang, Better k-best parsing, IWPT 2005, algorithm 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Generic, NamedTuple, TypeAlias, TypeVar

import networkx as nx

from kg.proof import Measure
from reasoner.rules.match import TermTriple


class Spent(Exception):
    """More work was needed than was allowed. Stays inside this package."""


class Step(NamedTuple):
    """What a derivation is to the search: what it rests on, and its own size."""

    premises: tuple[TermTriple, ...]
    size: int


Way = TypeVar("Way")


@dataclass(frozen=True, slots=True)
class Found(Generic[Way]):
    """A proof of a fact: the way it is given, None for a leaf, and the proofs of what that rests on."""

    fact: TermTriple
    way: Way | None
    size: int
    below: tuple[Found[Way], ...]
    picks: Mapping[TermTriple, int]
    """Of the facts in it that can be given in several ways: which one was taken."""


class _Goal(NamedTuple):
    fact: TermTriple
    height: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class _Option:
    way: int
    goals: tuple[_Goal, ...]


_Ranks: TypeAlias = tuple[int, ...]


@dataclass(slots=True)
class _Cell(Generic[Way]):
    """What is known of a goal: the proofs found so far, and combinations that come next."""

    fact: TermTriple
    options: list[_Option]
    found: list[Found[Way]] = field(default_factory=list)
    heap: list[tuple[int, int, int, _Ranks]] = field(default_factory=list)
    offered: set[tuple[int, _Ranks]] = field(default_factory=set)
    last: tuple[int, _Ranks] | None = None
    """The combination taken last, whose neighbours have not been offered."""


class Search(Generic[Way]):
    """All proofs of a fact in order, from the ways to give it and all below it, and the leaves they end in."""

    def __init__(
        self,
        ways: Mapping[TermTriple, Sequence[tuple[Way, Step]]],
        leaves: Mapping[TermTriple, Measure],
        floors: Mapping[TermTriple, int],
        work: int,
    ) -> None:
        """`floors` are the least heights of all facts that have a proof; `work` limits goals and combinations."""
        self._ways = ways
        self._leaves = leaves
        self._floors = floors
        self._ceilings = _ceilings(ways, leaves)
        self._left = work
        self._cells: dict[_Goal, _Cell[Way]] = {}
        self._serial = count()

    def proofs(self, fact: TermTriple) -> Iterator[Found[Way]]:
        """The proofs, ended by Spent where there is no more work allowed."""
        for height in range(self._floors[fact], self._ceilings[fact] + 1):
            goal = _Goal(fact, height, True)
            for rank in count():
                self._fill(goal, rank)
                found = self._cells[goal].found
                if rank >= len(found):
                    break
                yield found[rank]

    def _fill(self, goal: _Goal, rank: int) -> None:
        """Find proofs of a goal up to this rank, if there are so many."""
        running = [self._filling(goal, rank)]
        while running:
            need = next(running[-1], None)
            if need is None:
                running.pop()
            else:
                running.append(self._filling(*need))

    def _filling(self, goal: _Goal, rank: int) -> Iterator[tuple[_Goal, int]]:
        """Yields what must be filled first."""
        cell = self._cells.get(goal)
        if cell is None:
            cell = self._cells[goal] = self._cell(goal)
            for place, option in enumerate(cell.options):
                yield from self._offer(cell, place, (0,) * len(option.goals))
        while len(cell.found) <= rank:
            if cell.last is not None:
                (place, ranks), cell.last = cell.last, None
                for index, each in enumerate(ranks):
                    yield from self._offer(cell, place, (*ranks[:index], each + 1, *ranks[index + 1 :]))
            if not cell.heap:
                return
            _, _, place, ranks = heappop(cell.heap)
            cell.last = place, ranks
            joined = self._joined(cell, cell.options[place], ranks)
            if joined is not None:
                cell.found.append(joined)

    def _offer(self, cell: _Cell[Way], place: int, ranks: _Ranks) -> Iterator[tuple[_Goal, int]]:
        """Put a combination where its turn will come, if there is such a one."""
        if (place, ranks) in cell.offered:
            return
        self._spend(1)
        cell.offered.add((place, ranks))
        option = cell.options[place]
        size = self._ways[cell.fact][option.way][1].size
        for goal, rank in zip(option.goals, ranks, strict=True):
            if goal not in self._cells or len(self._cells[goal].found) <= rank:
                yield goal, rank
            found = self._cells[goal].found
            if len(found) <= rank:
                return
            size += found[rank].size
        heappush(cell.heap, (size, next(self._serial), place, ranks))

    def _joined(self, cell: _Cell[Way], option: _Option, ranks: _Ranks) -> Found[Way] | None:
        below = tuple(self._cells[goal].found[rank] for goal, rank in zip(option.goals, ranks, strict=True))
        own = {cell.fact: option.way} if len(self._ways[cell.fact]) > 1 else {}
        parts = [each.picks for each in below if each.picks]
        picks = parts[0] if len(parts) == 1 and not own else self._merged([own, *parts])
        if picks is None:
            return None
        way, step = self._ways[cell.fact][option.way]
        return Found(cell.fact, way, step.size + sum(each.size for each in below), below, picks)

    def _merged(self, parts: Sequence[Mapping[TermTriple, int]]) -> Mapping[TermTriple, int] | None:
        """All picks together; None where two differ."""
        picks: dict[TermTriple, int] = {}
        for part in parts:
            self._spend(len(part))
            if any(picks.setdefault(fact, way) != way for fact, way in part.items()):
                return None
        return picks

    def _cell(self, goal: _Goal) -> _Cell[Way]:
        self._spend(1)
        leaf = self._leaves.get(goal.fact)
        if leaf is not None:
            return _Cell(goal.fact, [], [Found(goal.fact, None, leaf.size, (), {})])
        return _Cell(goal.fact, list(self._options(goal)))

    def _options(self, goal: _Goal) -> Iterator[_Option]:
        for way, (_, step) in enumerate(self._ways[goal.fact]):
            below = goal.height - 1
            if not goal.is_exact:
                goals = [self._at_most(premise, below) for premise in step.premises]
                yield from _option(way, goals)
            elif not step.premises and below == 0:
                yield _Option(way, ())
            for place, premise in enumerate(step.premises if goal.is_exact else ()):
                # the first premise that is so high; each proof of this height is met once
                before = [self._at_most(each, below - 1) for each in step.premises[:place]]
                after = [self._at_most(each, below) for each in step.premises[place + 1 :]]
                yield from _option(way, [*before, self._exactly(premise, below), *after])

    def _at_most(self, fact: TermTriple, height: int) -> _Goal | None:
        if height < self._floors[fact]:
            return None
        return _Goal(fact, min(height, self._ceilings[fact]), False)

    def _exactly(self, fact: TermTriple, height: int) -> _Goal | None:
        return _Goal(fact, height, True) if self._floors[fact] <= height <= self._ceilings[fact] else None

    def _spend(self, work: int) -> None:
        self._left -= work
        if self._left < 0:
            raise Spent


def _option(way: int, goals: Sequence[_Goal | None]) -> Iterator[_Option]:
    possible = tuple(goal for goal in goals if goal is not None)
    if len(possible) == len(goals):
        yield _Option(way, possible)


def _ceilings(
    ways: Mapping[TermTriple, Sequence[tuple[Way, Step]]], leaves: Mapping[TermTriple, Measure]
) -> dict[TermTriple, int]:
    """For each fact a height that none of its proofs passes: a circle of n facts adds n at most."""
    ceilings = {fact: leaf.height for fact, leaf in leaves.items()}
    graph: nx.DiGraph[TermTriple] = nx.DiGraph()
    graph.add_nodes_from(ways)
    graph.add_edges_from((f, p) for f, options in ways.items() for _, step in options for p in step.premises)
    for circle in nx.strongly_connected_components(graph):  # what a component rests on comes before it
        below = (p for fact in circle for _, step in ways.get(fact, ()) for p in step.premises if p not in circle)
        highest = max((ceilings[premise] for premise in below), default=0) + len(circle)
        ceilings.update((fact, highest) for fact in circle if fact in ways)
    return ceilings
