"""The two rule engines of a Gate: domain rules with the ontology's entailments below, agents' conditions on top."""

from __future__ import annotations

from rdflib import RDF, URIRef

from kg.graph import WorkingGraph
from kg.names import VISIBLE, WORKING, GraphName, mask
from kg.plantfolder import PlantFolder
from ontology import TW
from reasoner.owl import compile_owl
from reasoner.rules import RuleEngine, check_guards, check_layers, guarded_by, read_rules, stratified


def rule_engines(graph: WorkingGraph, plant: PlantFolder) -> tuple[RuleEngine, RuleEngine]:
    """(domain rules, conditions). Raises RuleRefused for rules that are unsafe, or derive what no rule may."""
    guarded = guarded_by(plant.graphs[GraphName.PLANT])
    documents = read_rules(plant.graphs[GraphName.RULES])
    check_guards(documents, guarded)
    agents = {str(rule) for rule in agent_rules(plant)}
    entailed = compile_owl(plant.graphs[GraphName.ONTOLOGY], guarded=guarded)
    lower = stratified((*entailed, *(rule for rule in documents if rule.name not in agents)))
    upper = stratified(rule for rule in documents if rule.name in agents)
    check_layers(lower, upper)
    domain = RuleEngine(graph, lower, visible=mask(VISIBLE))
    return domain, RuleEngine(graph, upper, visible=mask(WORKING), below=domain)


def agent_rules(plant: PlantFolder) -> frozenset[URIRef]:
    """The agents' rules, whose matches become proposals."""
    found = plant.graphs[GraphName.RULES].subjects(RDF.type, TW.AgentRule)
    return frozenset(rule for rule in found if isinstance(rule, URIRef))
