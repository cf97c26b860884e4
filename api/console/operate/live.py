"""Keeps up in the browser what has been drawn once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from nicegui import ui

from api.console.operate.sheet import Sheet, Values, changed

_WHOLE_EVERY: Final = 15
"""Now and then everything is sent: a browser that was away for a moment has missed some."""


class Live:
    """Pieces of a page that are drawn with hooks. Texts that have changed are sent once a tick, nothing else."""

    def __init__(self) -> None:
        self._pieces: list[tuple[ui.html, Callable[[Sheet], str]]] = []
        self._shown: Values = {}
        self._ticks = 0

    def piece(self, markup: Callable[[Sheet], str]) -> ui.html:
        """An element with a piece of the page, empty until `draw`. What `markup` gives must be escaped."""
        made = ui.html("", sanitize=False)
        self._pieces.append((made, markup))
        return made

    def draw(self, values: Mapping[str, str]) -> None:
        """Draw all pieces anew: at first, and when there are other things to show."""
        self._shown = dict(values)
        for made, markup in self._pieces:
            made.set_content(markup(Sheet(self._shown)))

    def bring(self, values: Mapping[str, str]) -> None:
        """Send what has changed; an empty message too, as a sign of life."""
        self._ticks += 1
        news = dict(values) if self._ticks % _WHOLE_EVERY == 0 else changed(self._shown, values)
        self._shown = dict(values)
        ui.run_javascript(f"window.twSet?.({json.dumps(news)})")
