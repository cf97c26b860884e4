"""Validation and inference over plain rdflib graphs: no twin, no plant, nothing kept."""

from __future__ import annotations

from rdflib import Graph

from reasoner.live import Live
from reasoner.report import Report
from reasoner.rules import RuleSet
from reasoner.shacl import Shapes


def validate(data: Graph, shapes: Graph | Shapes, *, rules: Graph | RuleSet | None = None, owl: bool = False) -> Report:
    """What the shapes find in the data, and in what follows from it by the rules and, with `owl`, by its own axioms.

    The data stay as they are. Raises ShapeRefused, RuleRefused, and BadTerm for what is no RDF.
    """
    return Live(data, shapes=shapes, rules=rules, owl=owl).report()


def infer(data: Graph, rules: Graph | RuleSet | None = None, *, owl: bool = True) -> Graph:
    """What follows from the data and does not stand in it: by the rules and, unless `owl` is false, by the axioms of
    OWL 2 RL in the data. The graph is new, with the data's prefixes.

    Raises RuleRefused, and BadTerm for what is no RDF.
    """
    live = Live(data, rules=rules, owl=owl)
    found = Graph(bind_namespaces="none")
    for prefix, namespace in data.namespaces():
        found.bind(prefix, namespace, replace=True)
    for fact in live.derived():
        found.add(fact)
    return found


__all__ = ["infer", "validate"]
