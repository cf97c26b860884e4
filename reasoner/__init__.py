"""What follows from the graph, what is wrong with it, and why.

`reasoner.rules` keeps derived facts complete through every transaction, `reasoner.owl` compiles an ontology into such
rules, `reasoner.shacl` checks shapes, `reasoner.proofs` renders and checks proofs, `reasoner.references` holds the
slow and plain ways to the same results. `validate`, `infer` and `Live` offer all of it over plain rdflib graphs. Speaks
working graphs, transactions and RDF terms and implements the protocols of `kg.stages`. Must not know agents, the
network, the clock or where anything is stored.
"""

from __future__ import annotations

from reasoner.live import Live, Outcome
from reasoner.owl import compile_owl
from reasoner.plain import infer, validate
from reasoner.report import Report
from reasoner.rules import RuleEngine, RuleSet, load

__all__ = ["Live", "Outcome", "Report", "RuleEngine", "RuleSet", "compile_owl", "infer", "load", "validate"]
