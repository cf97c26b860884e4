"""The page Link: servers, gateway, allow-list, bound items, gaps, and the parts of the twin, for control engineers.

Shows what core, gateway and history say of themselves; its view models know no toolkit. Must not write anything.
"""

from __future__ import annotations
