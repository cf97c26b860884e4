"""The line in a terminal: what an operator sees at a glance, kept up by the core's published Changes.

Reads quads and journal lines, speaks in operators' words. Must not write anything, nor know how a Change is judged.
"""

from __future__ import annotations

from api.live.model import LineModel
from api.live.picture import picture

__all__ = ["LineModel", "picture"]
