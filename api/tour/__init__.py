"""The tour of the demonstration: seven steps that lead a newcomer through what the twin does.

Steps are data, progress is a pure function of facts: what the twin's picture says, what the plant's own panel says,
and what the visitor did. A step is done when the facts say so, never because somebody pressed a button. Knows no
toolkit, no HTTP and no clock; pages and routes gather the facts and show what comes back.
"""

from __future__ import annotations

from api.tour.facts import Approved, Asked, Deed, Facts, Jammed, Killed, Loss, Opened, Seen
from api.tour.steps import STEPS, Mark, Step, StepId
from api.tour.tour import Tour, step_of
from api.tour.unsafe import Unsafe, unsafe_change, unsafe_wish

__all__ = [
    "STEPS",
    "Approved",
    "Asked",
    "Deed",
    "Facts",
    "Jammed",
    "Killed",
    "Loss",
    "Mark",
    "Opened",
    "Seen",
    "Step",
    "StepId",
    "Tour",
    "Unsafe",
    "step_of",
    "unsafe_change",
    "unsafe_wish",
]
