"""Why a decision was taken, from the journal and the history alone: a sentence, a tree, a picture, and PROV-O.

Works offline and read-only on the files of a data directory, whether or not a twin runs. Every branch ends in a sample
(value, source time, status, OPC UA node) or in an asserted fact of a named graph and release. Knows nothing of the
running core, and computes nothing anew: the proofs are the frozen ones that were recorded with the decision.
"""

from __future__ import annotations

from agents.explanation.explain import Explanation, explain
from agents.explanation.summaries import DecisionSummary, decisions
from agents.explanation.tree import Branch

__all__ = ["Branch", "DecisionSummary", "Explanation", "decisions", "explain"]
