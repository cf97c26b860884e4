"""The agents: what follows from the graph for the line, and how a wish becomes a request.

Matches of agents' rules are found in the core; here they become proposals, and each proposal passes a recorded
pipeline up to a request that the Gate judges. Features and KPIs are computed here and reported as measures.
Explanations read the journal and history only.

Speaks Changes, proposals and plant properties. Holds no second graph, no OPC UA, no database of its own, and may
hang or crash: what the core admitted is the core's.
"""

from __future__ import annotations

from agents.levels import Autonomy, Level
from agents.pipeline import End, Stage
from agents.proposal import Proposal

__all__ = ["Autonomy", "End", "Level", "Proposal", "Stage"]
