"""Looks at a line as a test wants it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from api.panel import MachineTruth, PlantTruth
from api.tour import Facts

NAMES = ("Depalletiser", "Filler", "Labeller", "Packer", "Palletiser")


def machine(name: str, **changes: Any) -> MachineTruth:
    """A machine that runs at its own speed."""
    running = MachineTruth(name, 6, 0, 400.0, 400.0, 400.0, False, True, False, 1000, 5)
    return replace(running, **changes)


def truth(made: int = 1000, **machines: dict[str, Any]) -> PlantTruth:
    """The plant's own word; `machines` says what is unusual, by name."""
    return PlantTruth(
        plant_time=datetime(2026, 1, 5, 6, tzinfo=UTC),
        speed=5.0,
        lag_s=0.0,
        made=made,
        rejects=10,
        wip=500,
        order="PO-1",
        sku="A",
        order_target=60_000,
        order_actual=made,
        supervised=True,
        machines=tuple(machine(name, **machines.get(name, {})) for name in NAMES),
        conveyors=(),
    )


def facts(**changes: Any) -> Facts:
    """A calm look."""
    calm = Facts(
        at_us=1_000_000_000,
        answers=True,
        order="PO-1",
        target=60_000,
        actual=1000,
        levels=("shadow", "shadow"),
        truth=truth(),
    )
    return replace(calm, **changes)
