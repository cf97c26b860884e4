"""What a tour is fed with: what the twin says, what the plant itself says, and what the visitor did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from api.panel import PlantTruth


@dataclass(frozen=True, slots=True)
class Loss:
    """Minutes that the twin books on a machine and a reason."""

    machine: str
    reason: str
    minutes: float


@dataclass(frozen=True, slots=True)
class Seen:
    """A decision as the twin's picture has it."""

    id: str
    target: str
    value: str
    stage: str
    sentence: str
    is_proposal: bool
    """Made by an agent."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One look at twin and plant. What the twin says is old while it does not answer."""

    at_us: int
    """Wall time."""
    answers: bool
    """Whether the twin answers."""
    order: str | None = None
    target: int | None = None
    actual: int | None = None
    losses: tuple[Loss, ...] = ()
    decisions: tuple[Seen, ...] = ()
    """The newest last."""
    levels: tuple[str, ...] = ()
    """Of the agents' rules."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Machine -> why it stands, in the twin's words; running machines are left out."""
    local: frozenset[str] = frozenset()
    """Machines that the twin knows to be local."""
    effects: Mapping[str, str] = field(default_factory=dict)
    """Decision -> the sentence that holds its effect against its prediction."""
    truth: PlantTruth | None = None
    """The plant's own word; None where it could not be asked."""

    def loss(self, machine: str, reason: str) -> float:
        """Minutes booked on a machine and a reason."""
        return sum(loss.minutes for loss in self.losses if (loss.machine, loss.reason) == (machine, reason))

    def proposal(self, ident: str | None) -> Seen | None:
        """The proposal with this id."""
        return next((seen for seen in self.decisions if seen.is_proposal and seen.id == ident), None)


@dataclass(frozen=True, slots=True)
class Jammed:
    """The visitor let a machine jam."""

    machine: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The visitor opened a proposal and had it before their eyes."""

    decision: str


@dataclass(frozen=True, slots=True)
class Approved:
    """The visitor's approval was taken."""

    decision: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The visitor asked for a value, in earnest, and this is what the Gate said."""

    decision: str
    machine: str
    value: float
    unit: str
    admitted: bool
    sentence: str = ""
    """Why it was refused."""
    shape: str | None = None
    """The code of the shape that refused it; None where no shape did."""
    is_unsafe: bool = False
    """Beyond every limit, by intent."""


@dataclass(frozen=True, slots=True)
class Killed:
    """The visitor killed parts of the twin."""

    parts: tuple[str, ...]


Deed: TypeAlias = Jammed | Opened | Approved | Asked | Killed
