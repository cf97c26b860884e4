"""Machines and conveyors as they stand: words, figures and what is abnormal about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rdflib import URIRef

from api.console.operate.figures import count, name_of, number, percent
from api.console.operate.topology import Link, Topology
from api.live import LineModel
from api.live.words import STATES
from api.web.plant_view import word_of
from ontology import ISA95, PACK, TW

_FULL: Final = 0.9
_EMPTY: Final = 0.1
_PLANNED: Final = frozenset({5, 6, 8})
"""Stop reasons that are as planned: changeover, break, no order."""
_NOT_ITS_OWN: Final = _PLANNED | {3, 4}
"""Stop reasons that lie outside the machine: those and no bottles, backed up."""


class Severity(StrEnum):
    """How abnormal something is. NORMAL has no colour."""

    NORMAL = "normal"
    CAUTION = "caution"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class MachineView:
    """A machine. Texts are ready to be shown; shares are of the highest speed it may run."""

    node: URIRef
    name: str
    word: str
    severity: Severity
    speed: str
    set_speed: str
    speed_share: float
    set_share: float
    rejects: str
    power: str
    marks: tuple[str, ...]
    """What else is abnormal: local, twin off, maintenance, old values."""
    paces: bool
    """True for the machine that sets the pace of the line."""

    @property
    def sentence(self) -> str:
        """Everything in one line, to be read aloud."""
        marks = f", {', '.join(self.marks)}" if self.marks else ""
        parts = f"{self.speed} per minute, set to {self.set_speed}, {self.rejects} rejects, {self.power} kW"
        return f"{self.name}: {self.word}{marks}, {parts}"


@dataclass(frozen=True, slots=True)
class ConveyorView:
    """A conveyor between two machines."""

    node: URIRef
    name: str
    fill: float
    text: str
    word: str
    """Why its level is abnormal; empty where it is not."""
    severity: Severity

    @property
    def sentence(self) -> str:
        return f"{self.name}: {self.text} full{f', {self.word}' if self.word else ''}"


@dataclass(frozen=True, slots=True)
class LineView:
    """The whole line, machines and conveyors by their places in the topology."""

    machines: tuple[MachineView, ...]
    conveyors: tuple[ConveyorView, ...]
    power: str


def line_view(model: LineModel, topology: Topology) -> LineView:
    """The line as it stands."""
    line = model.layout.line if model.layout else URIRef("")
    stale = stale_nodes(model)
    return LineView(
        tuple(machine_view(model, machine, stale) for machine in topology.machines),
        tuple(_conveyor(model, link, _is_planned_stop(model)) for link in topology.links),
        count(number(model, line, TW.powerKw)),
    )


def machine_view(model: LineModel, machine: URIRef, stale: frozenset[str] = frozenset()) -> MachineView:
    """One machine as it stands. `stale` are the nodes of which a value is old."""
    state = number(model, machine, PACK.stateCurrent)
    reason = int(number(model, machine, PACK.stopReason) or 0)
    speed, wish = number(model, machine, PACK.curMachSpeed), number(model, machine, PACK.setMachSpeed)
    top = number(model, machine, TW.maxSpeed) or (model.layout.rated.get(machine) if model.layout else None) or 0.0
    return MachineView(
        node=machine,
        name=name_of(model, machine),
        word="no data" if state is None else word_of(int(state), reason),
        severity=_severity(state, reason),
        speed=count(speed),
        set_speed=count(wish),
        speed_share=_share(speed, top),
        set_share=_share(wish, top),
        rejects=count(number(model, machine, PACK.prodDefectiveCount)),
        power=count(number(model, machine, TW.powerKw)),
        marks=_marks(model, machine, stale),
        paces=model.layout is not None and model.layout.constraint == machine,
    )


def stale_nodes(model: LineModel) -> frozenset[str]:
    """Properties whose value is old, and the equipment that they belong to."""
    props = [s for s, value in model.facts.of(TW.stale).items() if value is True]
    owners = (model.get(prop, ISA95.isPropertyOf) for prop in props)
    return frozenset((*props, *(str(owner) for owner in owners if owner)))


def _severity(state: float | None, reason: int) -> Severity:
    if state is None:
        return Severity.CAUTION
    if reason in _NOT_ITS_OWN:
        return Severity.NORMAL
    _, style = STATES.get(int(state), ("", "yellow"))
    if "red" in style:
        return Severity.ALARM
    return Severity.CAUTION if style or reason else Severity.NORMAL


def _marks(model: LineModel, machine: URIRef, stale: frozenset[str]) -> tuple[str, ...]:
    told = (
        ("local", model.get(machine, TW.siteRemote) is False),
        ("twin off", model.get(machine, TW.twinEnable) is False),
        ("maintenance", model.get(machine, TW.maintenance) is True),
        ("old values", str(machine) in stale),
    )
    return tuple(word for word, holds in told if holds)


def _conveyor(model: LineModel, link: Link, stands: bool) -> ConveyorView:
    ratio = number(model, link.conveyor, TW.fillRatio)
    word = _abnormal(
        ratio, before=link.is_before_constraint and not stands, behind=link.is_behind_constraint and not stands
    )
    return ConveyorView(
        node=link.conveyor,
        name=name_of(model, link.conveyor),
        fill=0.0 if ratio is None else min(max(ratio, 0.0), 1.0),
        text=percent(ratio),
        word=word,
        severity=Severity.CAUTION if word else Severity.NORMAL,
    )


def _is_planned_stop(model: LineModel) -> bool:
    """True while the line stands as planned: then no level is abnormal."""
    if model.layout is None or model.get(model.layout.line, TW.plannedBusy) is False:
        return True
    return number(model, model.layout.constraint, PACK.stopReason) in _PLANNED


def _abnormal(ratio: float | None, *, before: bool, behind: bool) -> str:
    """A line is tuned so that conveyors before the machine that sets the pace are full and those behind it empty."""
    if ratio is None:
        return "no data"
    if before and ratio < _EMPTY:
        return "empty" if ratio < 0.01 else "nearly empty"
    if behind and ratio > _FULL:
        return "full" if ratio > 0.99 else "nearly full"
    return ""


def _share(speed: float | None, top: float) -> float:
    return 0.0 if speed is None or top <= 0 or speed != speed else min(max(speed / top, 0.0), 1.0)
