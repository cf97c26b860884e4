"""How long the Gate takes, as it tells it itself."""

from __future__ import annotations

from kg.gate.waits import KEPT, Waits


def test_figures_are_of_the_newest() -> None:
    """Requests and readings apart; what is older than the newest few thousand no longer counts."""
    waits = Waits()
    waits.add(True, 99.0)
    for number in range(KEPT):
        waits.add(True, number / 1000)

    assert waits.to_json() == {
        "requests": {"count": KEPT, "p50_ms": 1024.0, "p99_ms": 2027.0, "max_ms": 2047.0},
        "readings": {"count": 0},
    }
