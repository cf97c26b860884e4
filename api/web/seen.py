"""Whoever has changed something sees it in the next answer: waiting for the hub to have heard of a Change."""

from __future__ import annotations

import asyncio
from typing import Final

from api.web.twin import Twin

_POLL_S: Final = 0.01
_WITHIN_S: Final = 1.0
"""What is on record is on record; a picture that lags longer is not waited for."""


async def seen(twin: Twin, seq: int | None) -> None:
    """Until the picture of the line holds a Change, for a second at the most. None where nothing was recorded."""
    end = asyncio.get_running_loop().time() + _WITHIN_S
    while seq is not None and twin.hub.connected and twin.hub.model.seq < seq:
        if asyncio.get_running_loop().time() >= end:
            return
        await asyncio.sleep(_POLL_S)
