"""Vocabularies of Twinwright: Turtle modules, their closed namespaces, the domain rules and their loader.

Five modules of terms (`core`, `isa95`, `opcua`, `packml`, `kpi`), inside OWL 2 RL, belong into the graph `ontology`;
the module `rules` holds the domain rules, documents that belong into the graph `rules`, and `alignments` says where our
terms meet those of others. `ontology.turtle` writes any graph in the one canonical form that all our Turtle has.

Speaks RDF only. Knows nothing of graphs at work, shapes, agents or OPC UA sessions.
"""

from __future__ import annotations

from ontology.modules import load, modules
from ontology.vocabulary import ISA95, KPI, PACK, TW, UA

__all__ = ["ISA95", "KPI", "PACK", "TW", "UA", "load", "modules"]
