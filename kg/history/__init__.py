"""History: every sample of every bound equipment property, as it came.

Speaks of tags (durable numbers of equipment properties) and samples (a `Reading` with the seq of the Change that
brought it). One process writes; others read beside it. Samples are added, never changed; seals in the journal prove it.

Must not know the graph, the Gate or OPC UA. It is not asked for what the graph holds now, only for what was.
"""

from kg.history.digest import Tag
from kg.history.history import History
from kg.history.reader import HistoryReader
from kg.history.schema import Sample
from kg.history.seals import Seal, SealProblem, SealReport, verify_seals

__all__ = ["History", "HistoryReader", "Sample", "Seal", "SealProblem", "SealReport", "Tag", "verify_seals"]
