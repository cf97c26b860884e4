"""The page Tour: leads a newcomer through the seven steps of `api.tour`, with buttons that do the thing.

Beside each other stand what the line itself says (its operator's panel) and what the twin says, so that one sees which
of them is there. Exists in a demonstration only. Decides nothing: a step is done when `api.tour` says so.
"""

from __future__ import annotations
