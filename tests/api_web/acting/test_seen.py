"""Whoever has changed something sees it in the next answer, and nobody waits for a picture that does not come."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from api.web.seen import seen


def twin_at(seq: int, *, connected: bool = True) -> Any:
    return SimpleNamespace(hub=SimpleNamespace(connected=connected, model=SimpleNamespace(seq=seq)))


async def test_waits_until_the_picture_holds_the_change():
    """Not longer."""
    twin = twin_at(6)
    waiting = asyncio.create_task(seen(twin, 7))
    await asyncio.sleep(0.03)
    early = waiting.done()

    twin.hub.model.seq = 7
    await waiting

    assert not early


@pytest.mark.parametrize(("twin", "seq"), [(twin_at(7), 7), (twin_at(6, connected=False), 7), (twin_at(6), None)])
async def test_does_not_wait_for_nothing(twin, seq):
    """What is there already, what nobody will tell, and what was not recorded."""
    await asyncio.wait_for(seen(twin, seq), 0.5)


async def test_gives_up_on_a_picture_that_lags(monkeypatch):
    """The act is on record all the same."""
    monkeypatch.setattr("api.web.seen._WITHIN_S", 0.02)

    await asyncio.wait_for(seen(twin_at(6), 7), 1.0)
