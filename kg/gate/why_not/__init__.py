"""Why not? What would have to be different for the Gate to admit a Change that it refuses.

`search` looks for the smallest sets of edits, `edits` says what an edit does to a Change or to facts, `facts` who
could make it, `trial` has the Gate judge suppositions that are taken back, `words` says it in sentences. Every repair
has been judged; nothing stays. Must not know shapes and rules but by the protocols of `kg.stages`.
"""

from __future__ import annotations

from kg.gate.why_not.search import Search
from kg.gate.why_not.trial import Inside

__all__ = ["Inside", "Search"]
