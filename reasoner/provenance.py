"""A proof as PROV-O: each inference an activity that used its premises and generated its fact, by the plan of a rule.

The words are those of a decision's provenance: facts are entities, rules are plans (`tw:rule`), named graphs are
collections whose members are the facts they assert. Facts are rdf:Statements, so that machines can read them. A bare
proof has no times; what was not found, and what was counted, is an entity of its own, with the `seq` at which it held.
Source: W3C PROV-O, https://www.w3.org/TR/prov-o/
"""

from __future__ import annotations

import hashlib

from rdflib import PROV, RDF, RDFS, BNode, Graph, Literal, URIRef

from kg.names import GraphName
from kg.proof import Proof
from kg.terms import term_text
from ontology import TW
from reasoner.proofs import Labels, absence_words, fact_text, group_text, rule_text

_REASONER = URIRef("urn:twinwright:reasoner")


def provenance(proof: Proof, labels: Labels | None = None) -> Graph:
    """The provenance of the proof's fact; equal proofs give equal IRIs."""
    return _Document(proof, labels or {}).graph


class _Document:
    def __init__(self, proof: Proof, labels: Labels) -> None:
        told = "\n".join(f"{' '.join(map(term_text, step.fact))} {step.rule or step.graph}" for step in proof.upwards())
        self._base = f"urn:twinwright:proof:{hashlib.sha256(told.encode(errors='replace')).hexdigest()[:32]}"
        self._labels = labels
        self._nodes: dict[int, URIRef] = {}
        self._leaves: dict[tuple[object, str | None], URIRef] = {}
        self.graph = Graph()
        self.graph.bind("prov", PROV)
        self.graph.bind("tw", TW._NS)
        self.graph.add((_REASONER, RDF.type, PROV.SoftwareAgent))
        self.graph.add((_REASONER, RDFS.label, Literal("Reasoner")))
        for step in proof.upwards():
            self._nodes[id(step)] = self._leaf(step) if step.rule is None else self._inferred(step, step.rule)

    def _leaf(self, step: Proof) -> URIRef:
        """The fact as a member of the graph that asserts it; the same fact stands there once."""
        node = self._leaves.get((step.fact, step.graph))
        if node is None:
            node = self._leaves[step.fact, step.graph] = self._fact(step)
            if step.graph is not None:
                home = URIRef(GraphName(step.graph).iri)
                self._entity(home, f"The graph {step.graph}", PROV.Collection)
                self.graph.add((home, PROV.hadMember, node))
        return node

    def _inferred(self, step: Proof, rule: str) -> URIRef:
        graph, node, plan = self.graph, self._fact(step), URIRef(rule)
        activity = URIRef(f"{node}-inference")
        self._entity(plan, rule_text(rule, self._labels), PROV.Plan)
        graph.add((activity, RDF.type, PROV.Activity))
        graph.add((activity, RDFS.label, Literal(f"Inference by {rule_text(rule, self._labels)}")))
        graph.add((activity, PROV.wasAssociatedWith, _REASONER))
        association = BNode(f"{hashlib.sha256(activity.encode()).hexdigest()[:16]}")
        graph.add((activity, PROV.qualifiedAssociation, association))
        graph.add((association, RDF.type, PROV.Association))
        graph.add((association, PROV.agent, _REASONER))
        graph.add((association, PROV.hadPlan, plan))
        graph.add((activity, PROV.generated, node))
        graph.add((node, PROV.wasGeneratedBy, activity))
        graph.add((node, TW.rule, plan))
        for premise in step.below():
            used = self._nodes[id(premise)]
            graph.add((activity, PROV.used, used))
            graph.add((node, PROV.wasDerivedFrom, used))
        absent = [("absence", text) for text in step.absent]
        counted = [("group", group_text(group, self._labels)) for group in step.groups]
        for number, (what, text) in enumerate([*absent, *counted], 1):
            note = URIRef(f"{node}-{what}-{number}")
            self._entity(note, absence_words(text, step.seq), None)
            graph.add((activity, PROV.used, note))
        return node

    def _fact(self, step: Proof) -> URIRef:
        node = URIRef(f"{self._base}#fact-{len(self._nodes) + 1}")
        self._entity(node, fact_text(step.fact, self._labels), RDF.Statement)
        for predicate, term in zip((RDF.subject, RDF.predicate, RDF.object), step.fact, strict=True):
            self.graph.add((node, predicate, term))
        return node

    def _entity(self, node: URIRef, label: str, kind: URIRef | None) -> None:
        self.graph.add((node, RDF.type, PROV.Entity))
        if kind is not None:
            self.graph.add((node, RDF.type, kind))
        if (node, RDFS.label, None) not in self.graph:
            self.graph.add((node, RDFS.label, Literal(label)))


__all__ = ["provenance"]
