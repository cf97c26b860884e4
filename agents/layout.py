"""How the machines of a line follow one another, read once from the plant's model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rdflib import Graph, Literal, URIRef

from kg.change import Quad
from kg.names import GraphName
from ontology import ISA95, PACK, TW


@dataclass(frozen=True, slots=True)
class Layout:
    """One line: its machines in the order of flow."""

    line: URIRef
    machines: tuple[URIRef, ...]
    constraint: URIRef | None
    """The machine that sets the pace."""
    rated: Mapping[URIRef, float]
    """Rated speeds of machines, per minute."""

    @property
    def end(self) -> URIRef | None:
        """The machine at which the line's output is counted."""
        return self.machines[-1] if self.machines else None

    def before(self, machine: URIRef) -> tuple[URIRef, ...]:
        """The machines upstream, the nearest first."""
        return tuple(reversed(self.machines[: self.machines.index(machine)]))

    def behind(self, machine: URIRef) -> tuple[URIRef, ...]:
        """The machines downstream, the nearest first."""
        return self.machines[self.machines.index(machine) + 1 :]


def read_layouts(quads: Iterable[Quad]) -> tuple[Layout, ...]:
    """The lines of a plant: what has a tw:constraint, with the machines that have a PackML state, in order of flow."""
    model = Graph()
    for quad in quads:
        if quad.g is GraphName.PLANT:
            model.add((quad.s, quad.p, quad.o))
    lines = dict(model.subject_objects(TW.constraint))
    return tuple(
        _layout(model, line, machine)
        for line, machine in sorted(lines.items())
        if isinstance(line, URIRef) and isinstance(machine, URIRef)
    )


def _layout(model: Graph, line: URIRef, constraint: URIRef) -> Layout:
    with_state = {
        equipment
        for prop in model.subjects(TW.predicate, PACK.stateCurrent)
        for equipment in model.objects(prop, ISA95.isPropertyOf)
        if (equipment, ISA95.isPartOf, line) in model and isinstance(equipment, URIRef)
    }
    machines = tuple(sorted(with_state, key=lambda machine: (-_machines_after(model, machine, with_state), machine)))
    rated = {machine: _number(model.value(machine, TW.ratedSpeed)) for machine in machines}
    return Layout(line, machines, constraint if constraint in with_state else None, rated)


def _machines_after(model: Graph, machine: URIRef, machines: set[URIRef]) -> int:
    """How many machines lie downstream; flow may not run in circles, and circles are cut where they close."""
    seen: set[object] = {machine}
    ahead: list[object] = [machine]
    while ahead:
        for following in model.objects(ahead.pop(), TW.feeds):  # type: ignore[arg-type]
            if following not in seen:
                seen.add(following)
                ahead.append(following)
    return len(seen & machines) - 1


def _number(term: object) -> float:
    value = term.value if isinstance(term, Literal) else None
    return float(value) if isinstance(value, int | float) else 0.0
