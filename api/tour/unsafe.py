"""What the tour asks for in earnest: a value that no site would allow, and an ordinary one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.acts.request import request_change
from kg.bindings import Binding
from kg.change import Change
from kg.errors import PlantIncomplete
from kg.plantfolder import PlantFolder

_TIMES: Final = 2.0
REASON: Final = "The tour: will the twin let an unsafe value through?"


@dataclass(frozen=True, slots=True)
class Unsafe:
    """What is asked for, and what would be allowed at most. In the property's unit."""

    binding: Binding
    value: float
    limit: float


def unsafe_wish(plant: PlantFolder) -> Unsafe:
    """Twice the highest value that the policy grants, for the riskiest property that may be written at all.

    Raises PlantIncomplete where the policy lets nothing be written.
    """
    if not plant.grants:
        raise PlantIncomplete(f"The policy of {plant.name} lets nothing be written, so nothing unsafe can be tried.")
    grant = max(plant.grants, key=lambda grant: (grant.risk_class, str(grant.prop)))
    binding = next(binding for binding in plant.bindings if binding.prop == grant.prop)
    return Unsafe(binding, _TIMES * grant.maximum, grant.maximum)


def unsafe_change(wish: Unsafe, at_us: int) -> Change:
    """The Change with which a person asks for it."""
    return request_change(wish.binding, wish.value, REASON, at_us)
