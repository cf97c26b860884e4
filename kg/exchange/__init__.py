"""Formats in which others write changes down: RDF Patch and SPARQL 1.1 Update, read into added and removed quads.

Speaks text on one side and the quads of `kg.change` on the other. Must not know who sends a change, how it travels or
how it is judged, and asks nobody: what the WHERE of an update needs is handed out as a query and its answer taken.
"""

from __future__ import annotations

from kg.exchange.effect import Effect
from kg.exchange.rdf_patch import Patch, read_patch, to_patch
from kg.exchange.sparql_update import Update, read_update

__all__ = ["Effect", "Patch", "Update", "read_patch", "read_update", "to_patch"]
