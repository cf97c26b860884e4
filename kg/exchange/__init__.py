"""Formats in which others write changes down: RDF Patch and SPARQL 1.1 Update, read into added and removed quads;
and, in `rdf_files`, those in which they write graphs down.

Speaks text on one side and the quads of `kg.change` on the other. Must not know who sends a change, how it travels or
how it is judged, and asks nobody: what the WHERE of an update needs is handed out as a query and its answer taken.
"""

from __future__ import annotations

from kg.exchange.effect import Effect
from kg.exchange.rdf_patch import Patch, Step, read_patch, read_steps, to_patch
from kg.exchange.sparql_update import Update, read_update

__all__ = ["Effect", "Patch", "Step", "Update", "read_patch", "read_steps", "read_update", "to_patch"]
