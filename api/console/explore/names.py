"""Nodes and predicates in words: short names of IRIs, and the few kinds of nodes that people tell apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

from rdflib import OWL, PROV, RDF, RDFS, SH

from api.run_info import RunInfo
from kg.names import GraphName
from ontology import ISA95, PACK, TW, UA

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORDS: Final = {str(RDF.type): "is a", str(RDFS.subClassOf): "is a kind of"}


class Kind(Enum):
    """What sort of thing a node is: word, sign in the drawn graph, classes that tell it. The first that fits counts."""

    SHAPE = "Shapes", "triangle", (SH.NodeShape, SH.PropertyShape)
    RULE = "Rules", "diamond", (TW.AgentRule, TW.DomainRule, SH.SPARQLRule)
    DECISION = "Decisions", "hollow diamond", (TW.Proposal, TW.Request, PROV.Activity)
    ORDER = "Orders and products", "rect", (TW.Order, ISA95.JobOrder, TW.Sku, TW.Changeover, ISA95.WorkCalendarEntry)
    PROPERTY = "Properties", "circle", (ISA95.EquipmentProperty,)
    EQUIPMENT = "Equipment", "roundRect", (ISA95.Equipment, PACK.Machine, TW.Conveyor, ISA95.ProductionLine, UA.Server)
    PERSON = "People and agents", "arrow", (TW.Person, TW.Agent, ISA95.PersonnelClass)
    VOCABULARY = "Classes and predicates", "hollow circle", (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
    OTHER = "Other", "hollow rect", ()

    word: str
    sign: str
    """A symbol of ECharts; `hollow` before it where it is not filled."""
    classes: frozenset[str]

    def __init__(self, word: str, sign: str, classes: tuple[str, ...]) -> None:
        self.word = word
        self.sign = sign
        self.classes = frozenset(map(str, classes))

    @classmethod
    def of(cls, types: Iterable[str]) -> Kind:
        """The kind of a node with these classes."""
        given = frozenset(types)
        return next((kind for kind in cls if kind.classes & given), cls.OTHER)


def short(info: RunInfo, iri: str) -> str:
    """The IRI as people write it; one without a known prefix by its last part, after dots."""
    name = info.short(iri)
    if name != iri:
        return name
    if iri.startswith("urn:uuid:"):
        return iri[9:17] + "…" + iri[45:]
    return "…" + iri[iri.rstrip("/#").rfind("/") + 1 :] if iri.startswith("http") else iri


def predicate_words(iri: str, label: str = "") -> str:
    """`is part of` for isa95:isPartOf; a label that the graph gives goes first."""
    if iri in _WORDS:
        return _WORDS[iri]
    if label:
        return label
    local = iri[max(iri.rfind("#"), iri.rfind("/"), iri.rfind(":")) + 1 :] or iri
    return _CAMEL.sub(" ", local).replace("_", " ").replace("-", " ").lower()


def graph_words(iri: str) -> str:
    """The short name of a named graph."""
    known = GraphName.of_iri(iri)
    return iri if known is None else known.value
