"""The page Explain: what was decided, why, and whether the record still is what was written.

Reads journal and history alone, on threads, and draws what `agents.explanation` found in them. Its view models know
no toolkit. Must not decide or change anything.
"""

from __future__ import annotations
