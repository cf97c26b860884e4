"""Vocabularies of Twinwright: Turtle modules, their closed namespaces and their loader.

Speaks RDF only. Knows nothing of graphs at work, shapes, agents or OPC UA sessions.
"""

from __future__ import annotations

from ontology.vocabulary import ISA95, PACK, TW, UA

__all__ = ["ISA95", "PACK", "TW", "UA"]
