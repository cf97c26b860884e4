"""The Gate: the only way into the graph.

Every Change passes stage -> infer -> check -> record -> publish, one writer, all or nothing. What enters is decided
here: who may say what (authority), what a request must carry, whether its preconditions still hold, and whether it
introduces or worsens a result of a blocking shape. Reality is never refused; requests never pass unproved.

Speaks Changes, nodes and findings. Knows the stages only by the protocols of `kg.stages`; knows no OPC UA, no agents
and no database.
"""

from __future__ import annotations

from kg.gate.approvals import Approvals, binding_hash
from kg.gate.clock import Clock
from kg.gate.gate import Batch, Gate, Release
from kg.gate.runner import Runner
from kg.gate.tags import Tags

__all__ = ["Approvals", "Batch", "Clock", "Gate", "Release", "Runner", "Tags", "binding_hash"]
