"""Rules as people hold them in RDF, read into the form that the engine compiles.

SHACL documents with `sh:SPARQLRule` and `sh:TripleRule`, targets, conditions, node expressions; CONSTRUCT queries with
sub-SELECTs. Speaks rdflib graphs and the rule IR. Must not know graphs of nodes, transactions or how rules are run.
"""

from __future__ import annotations

from reasoner.rules.reading.documents import read_rules

__all__ = ["read_rules"]
