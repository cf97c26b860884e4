"""Where machines and conveyors stand in the picture: columns by the order of flow, lanes for what runs side by side."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import URIRef

from api.live import LineModel
from ontology import TW


@dataclass(frozen=True, slots=True)
class Link:
    """A conveyor from one machine to the next; places in `Topology.machines`."""

    conveyor: URIRef
    start: int
    end: int
    is_before_constraint: bool
    is_behind_constraint: bool


@dataclass(frozen=True, slots=True)
class Topology:
    """What follows from the model alone: it changes when equipment is added, not when values do."""

    machines: tuple[URIRef, ...]
    links: tuple[Link, ...]
    columns: tuple[int, ...]
    lanes: tuple[int, ...]

    @property
    def width(self) -> int:
        return max(self.columns, default=-1) + 1

    @property
    def height(self) -> int:
        return max(self.lanes, default=-1) + 1


def topology_of(model: LineModel) -> Topology:
    """The line's layout with the conveyors that tw:feeds puts between machines; empty while there is no layout."""
    layout = model.layout
    if layout is None:
        return Topology((), (), (), ())
    machines = layout.machines
    places = {str(machine): number for number, machine in enumerate(machines)}
    ways = [(start, _way(model, machine, places)) for start, machine in enumerate(machines)]
    links = [(start, *way) for start, way in ways if way is not None]
    columns = _columns(len(machines), [(start, end) for start, _, end in links])
    pace = columns[places[str(layout.constraint)]] if layout.constraint is not None else None
    return Topology(
        machines,
        tuple(
            Link(
                conveyor,
                start,
                end,
                is_before_constraint=pace is not None and columns[end] <= pace,
                is_behind_constraint=pace is not None and columns[start] >= pace,
            )
            for start, conveyor, end in links
        ),
        columns,
        _lanes(columns),
    )


def _way(model: LineModel, machine: URIRef, places: dict[str, int]) -> tuple[URIRef, int] | None:
    """The conveyor behind a machine and the place of the machine that it leads to; None where it leads nowhere."""
    conveyor = model.get(machine, TW.feeds)
    if conveyor is None or conveyor in places:
        return None
    following, seen = conveyor, {str(machine)}
    while following is not None and following not in places and following not in seen:
        seen.add(following)
        following = model.get(following, TW.feeds)
    return (URIRef(conveyor), places[following]) if following in places else None


def _columns(number: int, edges: list[tuple[int, int]]) -> tuple[int, ...]:
    """The longest way from a start; a machine that nothing feeds, and that feeds nothing, keeps its place in order."""
    columns = [0] * number
    for _ in range(number):
        for start, end in edges:
            if start < end:  # the layout is in order of flow; a circle was cut there
                columns[end] = max(columns[end], columns[start] + 1)
    touched = {place for edge in edges for place in edge}
    for place in range(number):
        if place not in touched:
            columns[place] = max(columns, default=-1) + 1 if place else 0
    return tuple(columns)


def _lanes(columns: tuple[int, ...]) -> tuple[int, ...]:
    used: dict[int, int] = {}
    lanes = []
    for column in columns:
        lanes.append(used.get(column, 0))
        used[column] = lanes[-1] + 1
    return tuple(lanes)
