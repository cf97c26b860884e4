"""The named graphs of a Gate domain, and which of them rules and shapes may see."""

from __future__ import annotations

from enum import Enum
from typing import Final

_BASE = "https://w3id.org/twinwright/graph/"


class GraphName(Enum):
    """A named graph: its short name is the value, `iri` its full name, `bit` its mark in the working graph."""

    ONTOLOGY = "ontology"
    SHAPES = "shapes"
    RULES = "rules"
    POLICY = "policy"
    PLANT = "plant"
    STATE = "state"
    DESIRED = "desired"
    KPI = "kpi"
    INFERRED = "inferred"
    VIOLATIONS = "violations"
    DECISIONS = "decisions"

    iri: str
    bit: int

    def __init__(self, short: str) -> None:
        self.iri = _BASE + short
        self.bit = 1 << len(type(self).__members__)

    @classmethod
    def of_iri(cls, iri: str) -> GraphName | None:
        return _BY_IRI.get(iri)


_BY_IRI: Final = {name.iri: name for name in GraphName}

#: Asserted graphs that shapes and rules read; `inferred` comes on top unless a shape asks for asserted facts only.
ASSERTED: Final = frozenset(
    {GraphName.ONTOLOGY, GraphName.PLANT, GraphName.STATE, GraphName.DESIRED, GraphName.POLICY, GraphName.KPI}
)
#: What shapes and domain rules see.
VISIBLE: Final = ASSERTED | {GraphName.INFERRED}
#: What the working graph holds. Shapes and rules are held as documents; decisions live in the journal and the replicas.
WORKING: Final = VISIBLE | {GraphName.VIOLATIONS}


def mask(names: frozenset[GraphName]) -> int:
    """The marks of several graphs in one number."""
    return sum(name.bit for name in names)
